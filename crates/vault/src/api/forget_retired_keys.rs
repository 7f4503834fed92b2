//! Forgets master keys that only old backups need.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};
use diwan_kernel::http::Json;
use serde::Serialize;

use crate::vault::Vault;

/// What was forgotten.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct RetiredKeysForgotten {
    /// How many keys were removed from the key file.
    forgotten: usize,
}

/// Remove the retired master keys from the key file: no backup made before the last rotation opens any more.
#[utoipa::path(
    post,
    path = "/vault/forget-retired-keys",
    operation_id = "forget_retired_keys",
    tag = "secrets",
    responses((status = 200, description = "What was forgotten", body = RetiredKeysForgotten), GuardedKept),
    extensions(("x-permission" = json!("vault.manage")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn forget_retired_keys(
    ctx: Allowed<SteppedUp<may::VaultManage>>,
    State(vault): State<Vault>,
) -> Result<Json<RetiredKeysForgotten>, Problem> {
    Ok(Json(RetiredKeysForgotten { forgotten: vault.forget_retired_keys(&ctx).await? }))
}
