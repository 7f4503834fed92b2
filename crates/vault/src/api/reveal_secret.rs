//! Takes a value out.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Actor, Allowed, may};
use diwan_kernel::http::{Json, Path};
use serde::Deserialize;

use super::body::{RevealedSecret, check_purpose, check_reason};
use crate::secret::SecretId;
use crate::take::Wish;
use crate::vault::Vault;

/// Why a value is taken out.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RevealSecret {
    /// Why, in your own words. It is written into the audit trail.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
    /// What for, in the words that policies use: `git.clone`.
    #[schema(max_length = 80, pattern = "^[a-z0-9][a-z0-9._-]*$")]
    purpose: Option<String>,
    /// Which version; the current one by default.
    #[schema(minimum = 1)]
    version: Option<i64>,
}

/// Take a value out. A person confirms who they are first; an API token needs the scope `secrets.use`.
#[utoipa::path(
    post,
    path = "/secrets/{id}/reveal",
    operation_id = "reveal_secret",
    tag = "secrets",
    params(("id" = SecretId, Path, description = "Which secret")),
    request_body = RevealSecret,
    responses((status = 200, description = "The value", body = RevealedSecret), GuardedKept),
    extensions(("x-permission" = json!("secrets.use"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn reveal_secret(
    ctx: Allowed<may::SecretsUse>,
    State(vault): State<Vault>,
    Path(id): Path<SecretId>,
    Json(body): Json<RevealSecret>,
) -> Result<RevealedSecret, Problem> {
    // A person confirms who they are; a token was given this scope by one who did.
    if matches!(ctx.actor, Actor::User { .. }) {
        ctx.require_step_up()?;
    }
    let reason = Some(check_reason(&body.reason)?);
    let purpose = body.purpose.as_deref().map(check_purpose).transpose()?;
    let taken = vault.take(&ctx, id, &Wish { version: body.version, purpose, reason }).await?;
    Ok(RevealedSecret::from(taken))
}
