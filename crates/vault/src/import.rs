//! Bringing many secrets in at once, from an environment file or another keeper.

use diwan_kernel::{Ctx, Problem};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::config::LOCAL;
use crate::keep::{NewSecret, Source};
use crate::kind::SecretKind;
use crate::name::SecretName;
use crate::table::secret;
use crate::vault::Vault;

/// One secret of an import.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) name: SecretName,
    pub(crate) kind: SecretKind,
    pub(crate) value: Zeroizing<String>,
}

/// What became of an import.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
pub(crate) struct ImportedSecrets {
    /// The names that are new.
    created: Vec<String>,
    /// The names that were there and have a new version now.
    replaced: Vec<String>,
    /// What was not taken, and why.
    refused: Vec<RefusedSecret>,
}

/// A secret that was not taken.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RefusedSecret {
    /// Its name.
    name: String,
    /// Why, stable for programs.
    code: String,
    /// Why, in a sentence.
    detail: String,
}

impl Vault {
    /// Takes secrets in one by one: what is wrong with one is no reason to refuse the others.
    ///
    /// # Errors
    /// 503 while the vault is sealed; then nothing was taken.
    pub(crate) async fn import(
        &self,
        ctx: &Ctx,
        arrivals: Vec<Arrival>,
        replace: bool,
    ) -> Result<ImportedSecrets, Problem> {
        self.current_masters().await?;
        let mut report = ImportedSecrets::default();
        for arrival in arrivals {
            let name = arrival.name.to_string();
            match self.import_one(ctx, arrival, replace).await {
                Ok(true) => report.created.push(name),
                Ok(false) => report.replaced.push(name),
                Err(problem) => report.refused.push(RefusedSecret {
                    name,
                    code: problem.code().to_owned(),
                    detail: problem.detail().to_owned(),
                }),
            }
        }
        Ok(report)
    }

    /// True when the secret is new.
    async fn import_one(&self, ctx: &Ctx, arrival: Arrival, replace: bool) -> Result<bool, Problem> {
        let known = if replace { secret::find_named(self.db(), &arrival.name).await? } else { None };
        if let Some(known) = known {
            self.put_version(ctx, known.id, Source::Imported(arrival.value)).await?;
            return Ok(false);
        }
        let new = NewSecret {
            name: arrival.name,
            kind: arrival.kind,
            description: String::new(),
            provider: String::new(),
            backend: LOCAL.to_owned(),
            recipe: None,
            source: Source::Imported(arrival.value),
            rotation_days: None,
            overlap_hours: None,
            expires_at: None,
        };
        self.create_secret(ctx, new).await.map(|_| true)
    }
}
