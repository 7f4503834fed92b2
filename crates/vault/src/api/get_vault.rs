//! Shows how the vault is.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedRead;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::Json;

use crate::status::VaultStatus;
use crate::vault::Vault;

/// How the vault is: sealed or not, what guards its master key, how a rotation goes.
#[utoipa::path(
    get,
    path = "/vault",
    operation_id = "get_vault",
    tag = "secrets",
    responses((status = 200, description = "How it is", body = VaultStatus), GuardedRead),
    extensions(("x-permission" = json!("status.read"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn get_vault(
    ctx: Allowed<may::StatusRead>,
    State(vault): State<Vault>,
) -> Result<Json<VaultStatus>, Problem> {
    Ok(Json(vault.status(&ctx).await?))
}
