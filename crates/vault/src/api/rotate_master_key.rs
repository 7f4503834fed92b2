//! Rotates the master key.

use axum::extract::State;
use axum::http::StatusCode;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};
use diwan_kernel::http::Json;

use super::body::RotationBody;
use crate::rewrap::MasterRotation;
use crate::vault::Vault;

/// Rotate the master key, perhaps to another guard. Reading and writing go on meanwhile.
#[utoipa::path(
    post,
    path = "/vault/rotate-master-key",
    operation_id = "rotate_master_key",
    tag = "secrets",
    request_body = RotationBody,
    responses((status = 202, description = "It has begun", body = MasterRotation), GuardedKept),
    extensions(("x-permission" = json!("vault.manage")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn rotate_master_key(
    ctx: Allowed<SteppedUp<may::VaultManage>>,
    State(vault): State<Vault>,
    Json(body): Json<RotationBody>,
) -> Result<(StatusCode, Json<MasterRotation>), Problem> {
    let rotation = vault.rotate_master(&ctx, body.guard, body.passphrase).await?;
    Ok((StatusCode::ACCEPTED, Json(rotation)))
}
