//! Makes an older value current again.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Created, Json, Path};
use serde::Deserialize;

use crate::secret::{SecretId, SecretView};
use crate::vault::Vault;

/// Which value.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RollBackSecret {
    /// The version whose value becomes current again.
    #[schema(minimum = 1)]
    version: i64,
}

/// Make the value of an older version current again, as a new version.
#[utoipa::path(
    post,
    path = "/secrets/{id}/roll-back",
    operation_id = "roll_back_secret",
    tag = "secrets",
    params(("id" = SecretId, Path, description = "Which secret")),
    request_body = RollBackSecret,
    responses((status = 201, description = "The secret, without its value", body = SecretView), GuardedKept),
    extensions(("x-permission" = json!("secrets.use"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn roll_back_secret(
    ctx: Allowed<may::SecretsUse>,
    State(vault): State<Vault>,
    Path(id): Path<SecretId>,
    Json(body): Json<RollBackSecret>,
) -> Result<Created<SecretView>, Problem> {
    let secret = vault.roll_back_secret(&ctx, id, body.version).await?;
    Ok(Created(vault.view(&ctx, secret).await?))
}
