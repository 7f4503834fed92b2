//! Sets the vault up.

use axum::extract::State;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};
use diwan_kernel::http::{Done, Json};
use diwan_kernel::{Problem, Secret};
use serde::Deserialize;

use crate::unseal::Guard;
use crate::vault::Vault;

/// How the master key is guarded.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InitialiseVault {
    /// What guards it.
    guard: Guard,
    /// The passphrase, when that is the guard: 15 to 1024 characters.
    #[schema(value_type = Option<String>, max_length = 1024)]
    passphrase: Option<Secret<String>>,
}

/// Make the first master key. `make up` does this by itself with a key file.
#[utoipa::path(
    post,
    path = "/vault/initialise",
    operation_id = "initialise_vault",
    tag = "secrets",
    request_body = InitialiseVault,
    responses((status = 204, description = "Done"), GuardedKept),
    extensions(("x-permission" = json!("vault.manage")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn initialise_vault(
    ctx: Allowed<SteppedUp<may::VaultManage>>,
    State(vault): State<Vault>,
    Json(body): Json<InitialiseVault>,
) -> Result<Done, Problem> {
    vault.initialise(&ctx, body.guard, body.passphrase).await?;
    Ok(Done)
}
