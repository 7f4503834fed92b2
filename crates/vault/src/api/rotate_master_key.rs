//! Rotates the master key.

use axum::extract::State;
use axum::http::StatusCode;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};
use diwan_kernel::http::Json;
use diwan_kernel::{Problem, Secret};
use serde::Deserialize;

use crate::rewrap::MasterRotation;
use crate::unseal::Guard;
use crate::vault::Vault;

/// How the master key is guarded.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RotateMasterKey {
    /// What guards it from now on.
    guard: Guard,
    /// The passphrase, when that is the guard: 15 to 1024 characters.
    #[schema(value_type = Option<String>, max_length = 1024)]
    passphrase: Option<Secret<String>>,
}

/// Rotate the master key, perhaps to another guard. Reading and writing go on meanwhile.
#[utoipa::path(
    post,
    path = "/vault/rotate-master-key",
    operation_id = "rotate_master_key",
    tag = "secrets",
    request_body = RotateMasterKey,
    responses((status = 202, description = "It has begun", body = MasterRotation), GuardedKept),
    extensions(("x-permission" = json!("vault.manage")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn rotate_master_key(
    ctx: Allowed<SteppedUp<may::VaultManage>>,
    State(vault): State<Vault>,
    Json(body): Json<RotateMasterKey>,
) -> Result<(StatusCode, Json<MasterRotation>), Problem> {
    let rotation = vault.rotate_master(&ctx, body.guard, body.passphrase).await?;
    Ok((StatusCode::ACCEPTED, Json(rotation)))
}
