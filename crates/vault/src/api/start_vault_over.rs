//! Gives up a vault whose master key is lost.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};
use diwan_kernel::http::Json;
use serde::Serialize;

use super::body::GuardBody;
use crate::vault::Vault;

/// What was given up.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct VaultStartedOver {
    /// How many secrets were removed.
    removed: usize,
}

/// Give up a vault whose master key is lost: every secret is removed, and a new master key is made.
#[utoipa::path(
    post,
    path = "/vault/start-over",
    operation_id = "start_vault_over",
    tag = "secrets",
    request_body = GuardBody,
    responses((status = 200, description = "What was given up", body = VaultStartedOver), GuardedKept),
    extensions(("x-permission" = json!("vault.manage")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn start_vault_over(
    ctx: Allowed<SteppedUp<may::VaultManage>>,
    State(vault): State<Vault>,
    Json(body): Json<GuardBody>,
) -> Result<Json<VaultStartedOver>, Problem> {
    let removed = vault.start_over(&ctx, body.guard, body.passphrase).await?;
    Ok(Json(VaultStartedOver { removed }))
}
