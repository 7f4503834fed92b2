//! A change through the API: judged as if somebody had written it into the file, then written there.

use std::collections::BTreeMap;

use diwan_kernel::config::{Fault, FaultKind, Layers, NOT_A_SETTING, Source, nearest_setting, unmasked, variable};
use diwan_kernel::{Ctx, Problem};
use serde_json::Value;

use crate::accept::{Acceptable, Accepted, changed_meanwhile, save};
use crate::compare::{Change, compare};
use crate::document::{self, Unusual};
use crate::reasons;
use crate::settings::Settings;
use crate::version::Cause;
use crate::watch::refused_problem;

/// What is to be: values by setting (`mail.port`); null for its default.
pub(crate) type Changes = BTreeMap<String, Value>;

/// What a change would come to.
pub(crate) enum Judged {
    /// It is acceptable.
    Acceptable(Box<Layers>, Vec<Change>),
    /// It is not.
    Refused(Vec<Fault>),
}

impl Settings {
    /// Judges a change without making it.
    ///
    /// # Errors
    /// 409 when the file is written in a way that cannot be edited.
    pub(crate) async fn judge_edit(&self, ctx: &Ctx, changes: &Changes) -> Result<Judged, Problem> {
        let now = self.now().layers.clone();
        let mut text = now.text().unwrap_or_default().to_owned();
        let mut faults = vec![];
        for (name, value) in changes {
            match self.edit_of(ctx, &now, name, value).await {
                Ok((section, key, value)) => {
                    text = document::edit(&text, section, key, value.as_ref()).map_err(|Unusual| unusual())?;
                }
                Err(fault) => faults.push(fault),
            }
        }
        match self.judge(&text) {
            Err(refused) => faults.extend(refused.0.into_iter().map(without_place)),
            Ok(layers) if self.parts().house.shuts_out(&layers, ctx.address()) => faults.push(shut_out(ctx)),
            Ok(layers) if faults.is_empty() => {
                let changes = compare(self.sections(), &now, &layers);
                return Ok(Judged::Acceptable(Box::new(layers), changes));
            }
            Ok(_) => {}
        }
        Ok(Judged::Refused(faults))
    }

    /// Makes a change.
    ///
    /// # Errors
    /// 422 when it is refused; 409 when the settings or the file changed meanwhile, or the file cannot
    /// be written.
    pub(crate) async fn edit(
        &self,
        ctx: &Ctx,
        changes: &Changes,
        base: Option<i64>,
        comment: String,
    ) -> Result<Accepted, Problem> {
        let _changing = self.change().await;
        if base.is_some_and(|base| base != self.now().version) {
            return Err(changed_meanwhile());
        }
        self.require_file_as_known()?;
        match self.judge_edit(ctx, changes).await? {
            Judged::Refused(faults) => Err(refused_problem(&faults)),
            Judged::Acceptable(layers, _) if layers.text() == self.now().layers.text() => Ok(Accepted::unchanged(self)),
            Judged::Acceptable(layers, _) => {
                let new = Acceptable { layers: *layers, cause: Cause::Edit, comment, rolled_back_to: None };
                save(self, ctx, new).await
            }
        }
    }

    /// What somebody wrote into the file and nobody has taken up is not written over.
    ///
    /// # Errors
    /// 409 when the file says something else than what is in force.
    pub(crate) fn require_file_as_known(&self) -> Result<(), Problem> {
        let text = self.read_file();
        if text.as_ref().is_ok_and(|text| text.as_deref() == self.now().layers.text()) {
            return Ok(());
        }
        Err(Problem::conflict(
            "settings_file_changed",
            "The configuration file was changed by hand",
            "What the configuration file says is not what is in force: it was changed just now, or what it says is refused.",
            "Wait a second; if the file is refused, mend it first. `diwan config reload` says what is wrong with it.",
        ))
    }

    /// One change, as it has to stand in the file.
    async fn edit_of(
        &self,
        ctx: &Ctx,
        now: &Layers,
        name: &str,
        value: &Value,
    ) -> Result<(&'static str, &str, Option<Value>), Fault> {
        let Some((section, key)) = self.find(name) else { return Err(self.unknown(name)) };
        if let Some(source) = self.locked_by(section.name, &key.name) {
            let why = match source {
                Source::Environment => reasons::LOCKED_VARIABLE.with([("variable", variable(section.name, &key.name))]),
                _ => reasons::LOCKED_FLAG.into(),
            };
            let fault = Fault::invalid(name, why);
            return Err(Fault { kind: FaultKind::Locked, source, ..fault });
        }
        if value.is_null() {
            return Ok((section.name, &key.name, None));
        }
        let before = now.value(section.name, key);
        let value = unmasked(&key.schema, value.clone(), &before);
        self.require_referable(ctx, name, key, &before, &value).await?;
        Ok((section.name, &key.name, Some(value)))
    }

    fn unknown(&self, name: &str) -> Fault {
        let nearest = name.split_once('.').and_then(|(section, key)| nearest_setting(section, key, self.sections()));
        Fault { kind: FaultKind::Unknown, nearest, ..Fault::invalid(name, NOT_A_SETTING) }
    }
}

/// Lines of a text that nobody has saved lead nowhere.
fn without_place(fault: Fault) -> Fault {
    Fault { file: None, line: None, column: None, ..fault }
}

pub(crate) fn shut_out(ctx: &Ctx) -> Fault {
    // Nobody is shut out whose address is not known.
    let address = ctx.address().map(|address| address.to_string()).unwrap_or_default();
    Fault::invalid("identity.allowed_addresses", reasons::SHUT_OUT.with([("address", address)]))
}

/// The file cannot be edited by lines.
pub(crate) fn unusual() -> Problem {
    Problem::conflict(
        "settings_file_unusual",
        "The configuration file cannot be edited here",
        "The file is written in a way (such as maps in braces, or anchors) that cannot be edited without spoiling it.",
        "Change the file by hand; it is taken up at once.",
    )
}
