//! Verifies the vault.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::Json;

use crate::vault::Vault;
use crate::verify::VaultVerification;

/// Verify everything that is kept: that each description is as it was signed, that each value opens where it is.
#[utoipa::path(
    post,
    path = "/vault/verify",
    operation_id = "verify_vault",
    tag = "secrets",
    responses((status = 200, description = "What was found", body = VaultVerification), GuardedKept),
    extensions(("x-permission" = json!("secrets.manage"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn verify_vault(
    ctx: Allowed<may::SecretsManage>,
    State(vault): State<Vault>,
) -> Result<Json<VaultVerification>, Problem> {
    Ok(Json(vault.verify(&ctx).await?))
}
