//! A secret that stands in the file is put into the vault, and a reference takes its place.

use axum::http::StatusCode;
use diwan_kernel::config::{PlainSecret, Source, VAULT, plain_secrets, replace_secret};
use diwan_kernel::{Ctx, Problem, Secret};
use serde::Serialize;

use crate::accept::{Acceptable, Accepted, save};
use crate::document::{self, Unusual};
use crate::edit::unusual;
use crate::settings::Settings;
use crate::version::Cause;
use crate::watch::refused_problem;

/// A secret that anybody who reads the file can read.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PlainSecret)]
pub(crate) struct PlainView {
    /// Which setting it is: `mail.password`, `oidc.providers[0].client_secret`.
    key: String,
    /// In which line of the file it stands.
    line: Option<u64>,
    /// A name that it could have in the vault.
    name: String,
}

impl Settings {
    /// The secrets that stand in the file as they are.
    pub(crate) fn plain_in_file(&self) -> Vec<PlainView> {
        let now = self.now();
        let view = |plain: PlainSecret| PlainView {
            line: now.layers.place_of(&plain.path).map(|(line, _)| line),
            name: name_for(&plain.name),
            key: plain.path,
        };
        let keys = self.sections().iter().flat_map(|s| s.keys.iter().map(move |k| (s.name, k)));
        let plain = keys.filter_map(|(section, key)| {
            let value = now.layers.said_by(Source::File, section, &key.name)?;
            Some(plain_secrets(&key.schema, value, &format!("{section}.{}", key.name)))
        });
        plain.flatten().map(view).collect()
    }

    /// Moves a secret from the file into the vault.
    ///
    /// # Errors
    /// 404 when no secret stands there, what the vault says about the name, 409 when the file cannot be
    /// edited.
    pub(crate) async fn move_secret(&self, ctx: &Ctx, path: &str, name: &str) -> Result<Accepted, Problem> {
        let _changing = self.change().await;
        self.require_file_as_known()?;
        let now = self.now().clone();
        let setting = path.split('[').next().unwrap_or(path);
        let found =
            self.find(setting).or_else(|| self.find(&setting.splitn(3, '.').take(2).collect::<Vec<_>>().join(".")));
        let (section, key) = found.ok_or_else(nothing_there)?;
        let root = format!("{}.{}", section.name, key.name);
        let mut value = now.layers.said_by(Source::File, section.name, &key.name).cloned().ok_or_else(nothing_there)?;
        if !plain_secrets(&key.schema, &value, &root).iter().any(|plain| plain.path == path) {
            return Err(nothing_there());
        }
        let reference = format!("{VAULT}{name}");
        let plain = replace_secret(&key.schema, &mut value, &root, path, &reference).ok_or_else(nothing_there)?;
        let text = now.layers.text().unwrap_or_default();
        let text = document::edit(text, section.name, &key.name, Some(&value)).map_err(|Unusual| unusual())?;
        let layers = self.judge(&text).map_err(|refused| refused_problem(&refused.0))?;
        self.parts().keeper.keep(ctx, name, path, Secret::new(plain)).await?;
        let new = Acceptable { layers, cause: Cause::SecretMoved, comment: String::new(), rolled_back_to: None };
        save(self, ctx, new).await
    }
}

/// `oidc.providers[acme].client_secret` becomes `oidc/acme/client-secret`.
fn name_for(path: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let parts =
        path.split(['.', '[', ']']).filter(|part| !part.is_empty() && *part != "providers" && *part != "backends");
    let words = parts.map(|part| part.chars().map(letter).collect::<String>().trim_matches('-').to_owned());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("/")
}

fn nothing_there() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "Not found",
        "No secret stands in plain text at this place of the configuration file.",
        "`GET /api/v1/settings` lists those that do, as `plain_secrets`.",
    )
}
