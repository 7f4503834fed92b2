//! Seals the vault.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};
use diwan_kernel::http::Done;

use crate::vault::Vault;

/// Seal the vault: until an owner unseals it, over restarts too, no secret is to be had.
#[utoipa::path(
    post,
    path = "/vault/seal",
    operation_id = "seal_vault",
    tag = "secrets",
    responses((status = 204, description = "Done"), GuardedKept),
    extensions(("x-permission" = json!("vault.manage")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn seal_vault(
    ctx: Allowed<SteppedUp<may::VaultManage>>,
    State(vault): State<Vault>,
) -> Result<Done, Problem> {
    vault.seal_by_hand(&ctx).await?;
    Ok(Done)
}
