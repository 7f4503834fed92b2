//! Takes a value out past the policies.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};
use diwan_kernel::http::{Json, Path};
use serde::Deserialize;

use super::body::{RevealedSecret, check_reason};
use crate::secret::SecretId;
use crate::take::Wish;
use crate::vault::Vault;

/// Why a value is taken out.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BreakGlass {
    /// Why, in your own words. It is written into the audit trail.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
    /// Which version; the current one by default.
    #[schema(minimum = 1)]
    version: Option<i64>,
}

/// Take a value out past the policies, in an emergency. It is written down twice and announced to all who manage secrets.
#[utoipa::path(
    post,
    path = "/secrets/{id}/break-glass",
    operation_id = "break_glass",
    tag = "secrets",
    params(("id" = SecretId, Path, description = "Which secret")),
    request_body = BreakGlass,
    responses((status = 200, description = "The value", body = RevealedSecret), GuardedKept),
    extensions(("x-permission" = json!("vault.manage")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn break_glass(
    ctx: Allowed<SteppedUp<may::VaultManage>>,
    State(vault): State<Vault>,
    Path(id): Path<SecretId>,
    Json(body): Json<BreakGlass>,
) -> Result<RevealedSecret, Problem> {
    let reason = Some(check_reason(&body.reason)?);
    let taken = vault.break_glass(&ctx, id, &Wish { version: body.version, purpose: None, reason }).await?;
    Ok(RevealedSecret::from(taken))
}
