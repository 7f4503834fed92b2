//! Sets the vault up.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};
use diwan_kernel::http::{Done, Json};

use super::body::GuardBody;
use crate::vault::Vault;

/// Make the first master key. `make up` does this by itself with a key file.
#[utoipa::path(
    post,
    path = "/vault/initialise",
    operation_id = "initialise_vault",
    tag = "secrets",
    request_body = GuardBody,
    responses((status = 204, description = "Done"), GuardedKept),
    extensions(("x-permission" = json!("vault.manage")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn initialise_vault(
    ctx: Allowed<SteppedUp<may::VaultManage>>,
    State(vault): State<Vault>,
    Json(body): Json<GuardBody>,
) -> Result<Done, Problem> {
    vault.initialise(&ctx, body.guard, body.passphrase).await?;
    Ok(Done)
}
