//! Describes a secret anew.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path};
use diwan_kernel::world::Timestamp;
use serde::Deserialize;

use super::body::{check_days, check_end, check_label, check_recipe, present};
use crate::generate::Recipe;
use crate::keep::Change;
use crate::name::SecretName;
use crate::secret::{SecretId, SecretView};
use crate::vault::Vault;

/// What changes about a secret. What is not named stays.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateSecret {
    /// Its name.
    #[schema(max_length = 128, pattern = "^[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*$")]
    name: Option<String>,
    /// What it is for.
    #[schema(max_length = 500)]
    description: Option<String>,
    /// Whose service it opens.
    #[schema(max_length = 80)]
    provider: Option<String>,
    /// How a new value is made; null when only people can give one.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Recipe>)]
    generate: Option<Option<Recipe>>,
    /// After how many days a new value is due; null is never.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u16>, minimum = 1, maximum = 3650)]
    rotation_days: Option<Option<u16>>,
    /// For how many hours the value before still counts.
    #[schema(maximum = 2160)]
    overlap_hours: Option<u16>,
    /// When it ends; null is never.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Timestamp>)]
    expires_at: Option<Option<Timestamp>>,
}

impl UpdateSecret {
    fn read(self, now: Timestamp) -> Result<Change, Problem> {
        check_recipe(self.generate.as_ref().and_then(Option::as_ref))?;
        check_days(self.rotation_days.flatten(), self.overlap_hours)?;
        check_end(self.expires_at.flatten(), now)?;
        let label = |field, text: Option<String>, longest| text.map(|t| check_label(field, &t, longest)).transpose();
        Ok(Change {
            name: self.name.map(|name| SecretName::read("name", &name)).transpose()?,
            description: label("description", self.description, 500)?,
            provider: label("provider", self.provider, 80)?,
            recipe: self.generate,
            rotation_days: self.rotation_days,
            overlap_hours: self.overlap_hours,
            expires_at: self.expires_at,
        })
    }
}

/// Change what is known about a secret. Its value is changed by a new version.
#[utoipa::path(
    patch,
    path = "/secrets/{id}",
    operation_id = "update_secret",
    tag = "secrets",
    params(("id" = SecretId, Path, description = "Which secret")),
    request_body = UpdateSecret,
    responses((status = 200, description = "The secret", body = SecretView), GuardedKept),
    extensions(("x-permission" = json!("secrets.use"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn update_secret(
    ctx: Allowed<may::SecretsUse>,
    State(vault): State<Vault>,
    Path(id): Path<SecretId>,
    Json(body): Json<UpdateSecret>,
) -> Result<Json<SecretView>, Problem> {
    let secret = vault.change_secret(&ctx, id, body.read(ctx.now())?).await?;
    Ok(Json(vault.view(&ctx, secret).await?))
}
