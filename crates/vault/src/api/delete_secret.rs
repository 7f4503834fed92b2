//! Removes a secret.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};
use diwan_kernel::http::{Done, Path};

use crate::secret::SecretId;
use crate::vault::Vault;

/// Remove a secret with all its versions. Its leases end.
#[utoipa::path(
    delete,
    path = "/secrets/{id}",
    operation_id = "delete_secret",
    tag = "secrets",
    params(("id" = SecretId, Path, description = "Which secret")),
    responses((status = 204, description = "Done"), GuardedKept),
    extensions(("x-permission" = json!("secrets.use")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn delete_secret(
    ctx: Allowed<SteppedUp<may::SecretsUse>>,
    State(vault): State<Vault>,
    Path(id): Path<SecretId>,
) -> Result<Done, Problem> {
    vault.delete_secret(&ctx, id).await?;
    Ok(Done)
}
