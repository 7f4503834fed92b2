//! Destroys a version.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};
use diwan_kernel::http::{Done, Path};

use crate::secret::SecretId;
use crate::vault::Vault;

/// Destroy the value of a version that is not current. It cannot be brought back.
#[utoipa::path(
    delete,
    path = "/secrets/{id}/versions/{version}",
    operation_id = "destroy_secret_version",
    tag = "secrets",
    params(("id" = SecretId, Path, description = "Which secret"), ("version" = i64, Path, description = "Which version", minimum = 1)),
    responses((status = 204, description = "Done"), GuardedKept),
    extensions(("x-permission" = json!("secrets.use")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn destroy_secret_version(
    ctx: Allowed<SteppedUp<may::SecretsUse>>,
    State(vault): State<Vault>,
    Path((id, version)): Path<(SecretId, i64)>,
) -> Result<Done, Problem> {
    vault.destroy_version(&ctx, id, version).await?;
    Ok(Done)
}
