//! Shows a secret.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedReadOne;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path};

use crate::secret::{SecretId, SecretView};
use crate::vault::Vault;

/// A secret, without its value.
#[utoipa::path(
    get,
    path = "/secrets/{id}",
    operation_id = "get_secret",
    tag = "secrets",
    params(("id" = SecretId, Path, description = "Which secret")),
    responses((status = 200, description = "The secret", body = SecretView), GuardedReadOne),
    extensions(("x-permission" = json!("secrets.read"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn get_secret(
    ctx: Allowed<may::SecretsRead>,
    State(vault): State<Vault>,
    Path(id): Path<SecretId>,
) -> Result<Json<SecretView>, Problem> {
    let secret = vault.known_secret(&ctx, id).await?;
    Ok(Json(vault.view(&ctx, secret).await?))
}
