//! Has a new value made for a secret.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Created, Path};

use crate::keep::Source;
use crate::secret::{SecretId, SecretView};
use crate::vault::Vault;

/// Have a new value made now. The one before still counts for the hours of the overlap.
#[utoipa::path(
    post,
    path = "/secrets/{id}/rotate",
    operation_id = "rotate_secret",
    tag = "secrets",
    params(("id" = SecretId, Path, description = "Which secret")),
    responses((status = 201, description = "The secret, without its value", body = SecretView), GuardedKept),
    extensions(("x-permission" = json!("secrets.use"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn rotate_secret(
    ctx: Allowed<may::SecretsUse>,
    State(vault): State<Vault>,
    Path(id): Path<SecretId>,
) -> Result<Created<SecretView>, Problem> {
    let secret = vault.put_version(&ctx, id, Source::Made).await?;
    Ok(Created(vault.view(&ctx, secret).await?))
}
