//! Unseals the vault.

use axum::extract::State;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Done, Json};
use diwan_kernel::{Problem, Secret};
use serde::Deserialize;

use crate::vault::Vault;

/// What to unseal with.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UnsealVault {
    /// The passphrase, when that is the guard.
    #[schema(value_type = Option<String>, max_length = 1024)]
    passphrase: Option<Secret<String>>,
}

/// Unseal the vault: with the passphrase, or with the key file or key service when they are back.
#[utoipa::path(
    post,
    path = "/vault/unseal",
    operation_id = "unseal_vault",
    tag = "secrets",
    request_body = UnsealVault,
    responses((status = 204, description = "Done"), GuardedKept),
    extensions(("x-permission" = json!("vault.manage"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn unseal_vault(
    ctx: Allowed<may::VaultManage>,
    State(vault): State<Vault>,
    Json(body): Json<UnsealVault>,
) -> Result<Done, Problem> {
    vault.unseal(&ctx, body.passphrase).await?;
    Ok(Done)
}
