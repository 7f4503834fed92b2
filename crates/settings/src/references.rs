//! Settings that name secrets of the vault: who may have them do so, which secrets are needed for it,
//! and which are not there.
//!
//! Through the front door nobody names a secret that is not there or that they may not read. A file
//! that somebody wrote may come before its secrets, so it comes into force, and a warning says what lacks.

use diwan_kernel::config::{Definition, Fault, Key, Layers, references};
use diwan_kernel::{Ctx, Problem};
use serde_json::Value;

use crate::reasons;
use crate::settings::Settings;

/// A setting that names a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedSecret {
    /// Which setting: `mail.password`.
    pub setting: String,
    /// What the secret is called.
    pub secret: String,
}

/// The settings that name secrets.
pub fn named_secrets(sections: &[Definition], layers: &Layers) -> Vec<NamedSecret> {
    let keys = sections.iter().flat_map(|section| section.keys.iter().map(move |key| (section.name, key)));
    let named = keys.flat_map(|(section, key)| {
        let secrets = references(&key.schema, &layers.value(section, key));
        secrets.into_iter().map(move |secret| NamedSecret { setting: format!("{section}.{}", key.name), secret })
    });
    named.collect()
}

impl Settings {
    /// The setting that names this secret, when one does.
    pub fn setting_that_needs(&self, secret: &str) -> Option<String> {
        let named = named_secrets(self.sections(), &self.now().layers);
        named.into_iter().find(|named| named.secret == secret).map(|named| named.setting)
    }

    /// The settings that name secrets which the vault does not hold.
    pub(crate) async fn dangling(&self) -> Result<Vec<NamedSecret>, Problem> {
        let mut dangling = named_secrets(self.sections(), &self.now().layers.clone());
        let mut at = 0;
        while let Some(named) = dangling.get(at) {
            if self.parts().keeper.holds(&named.secret).await? {
                dangling.remove(at);
            } else {
                at += 1;
            }
        }
        Ok(dangling)
    }

    /// Why the caller may not bring these layers into force: what they name anew.
    pub(crate) async fn not_referable(&self, ctx: &Ctx, layers: &Layers) -> Vec<Fault> {
        let before = self.now().layers.clone();
        let mut faults = vec![];
        for section in self.sections() {
            for key in &section.keys {
                let (name, before) = (format!("{}.{}", section.name, key.name), before.value(section.name, key));
                let judged = self.require_referable(ctx, &name, key, &before, &layers.value(section.name, key)).await;
                faults.extend(judged.err());
            }
        }
        faults
    }

    /// Whether the caller may have a setting name what it did not name before.
    pub(crate) async fn require_referable(
        &self,
        ctx: &Ctx,
        name: &str,
        key: &Key,
        before: &Value,
        value: &Value,
    ) -> Result<(), Fault> {
        let known = references(&key.schema, before);
        for secret in references(&key.schema, value).into_iter().filter(|secret| !known.contains(secret)) {
            self.parts().keeper.require_referable(ctx, &secret).await.map_err(|problem| {
                let phrase = match problem.code() {
                    "not_found" | "not_allowed" => reasons::NO_SECRET,
                    _ => reasons::SECRET_AWAY,
                };
                let text = format!("vault:{secret}: {problem}");
                Fault::invalid(name, phrase.with([("name", secret.clone())]).said(text))
            })?;
        }
        Ok(())
    }
}
