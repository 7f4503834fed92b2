//! Brings a secret in.

use axum::extract::State;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Created, Json};
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Problem, Secret};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::body::{check_days, check_end, check_label, check_recipe, present};
use crate::config::LOCAL;
use crate::generate::Recipe;
use crate::keep::{NewSecret, Source};
use crate::kind::SecretKind;
use crate::name::SecretName;
use crate::secret::SecretView;
use crate::vault::Vault;

/// A new secret. Either `value` or `generate` is needed.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateSecret {
    /// Its name: a path like `git/github-token`.
    #[schema(max_length = 128, pattern = "^[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*$")]
    name: String,
    /// What it is.
    kind: SecretKind,
    /// What it is for.
    #[serde(default)]
    #[schema(max_length = 500)]
    description: String,
    /// Whose service it opens.
    #[serde(default)]
    #[schema(max_length = 80)]
    provider: String,
    /// Where its values are kept; our own database by default.
    #[schema(max_length = 128)]
    backend: Option<String>,
    /// The value.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 65536)]
    value: Option<Secret<String>>,
    /// How the value is made, now and at every rotation.
    generate: Option<Recipe>,
    /// After how many days a new value is due; null is never.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u16>, minimum = 1, maximum = 3650)]
    rotation_days: Option<Option<u16>>,
    /// For how many hours the value before still counts.
    #[schema(maximum = 2160)]
    overlap_hours: Option<u16>,
    /// When it ends.
    expires_at: Option<Timestamp>,
}

impl CreateSecret {
    fn read(self, now: Timestamp) -> Result<NewSecret, Problem> {
        let source = match (self.value, &self.generate) {
            (Some(value), _) => Source::Given(Zeroizing::new(value.expose().clone())),
            (None, Some(_)) => Source::Made,
            (None, None) => {
                let message = "Either a value is needed, or how to generate one.";
                return Err(Problem::invalid_field("value", "value_missing", message));
            }
        };
        check_recipe(self.generate.as_ref())?;
        check_days(self.rotation_days.flatten(), self.overlap_hours)?;
        check_end(self.expires_at, now)?;
        Ok(NewSecret {
            name: SecretName::read("name", &self.name)?,
            kind: self.kind,
            description: check_label("description", &self.description, 500)?,
            provider: check_label("provider", &self.provider, 80)?,
            backend: self.backend.unwrap_or_else(|| LOCAL.to_owned()),
            recipe: self.generate,
            source,
            rotation_days: self.rotation_days,
            overlap_hours: self.overlap_hours,
            expires_at: self.expires_at,
        })
    }
}

/// Bring a secret in, with its value or with how to make one.
#[utoipa::path(
    post,
    path = "/secrets",
    operation_id = "create_secret",
    tag = "secrets",
    request_body = CreateSecret,
    responses((status = 201, description = "The secret, without its value", body = SecretView), GuardedKept),
    extensions(("x-permission" = json!("secrets.use"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn create_secret(
    ctx: Allowed<may::SecretsUse>,
    State(vault): State<Vault>,
    Json(body): Json<CreateSecret>,
) -> Result<Created<SecretView>, Problem> {
    let secret = vault.create_secret(&ctx, body.read(ctx.now())?).await?;
    Ok(Created(vault.view(&ctx, secret).await?))
}
