//! Ends a lease.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedWrite;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Done, Path};

use crate::lease::{LeaseEnd, LeaseId};
use crate::vault::Vault;

/// End a lease. Whoever holds it is told to forget the value; rotate the secret if that is not enough.
#[utoipa::path(
    delete,
    path = "/secret-leases/{id}",
    operation_id = "revoke_secret_lease",
    tag = "secrets",
    params(("id" = LeaseId, Path, description = "Which lease")),
    responses((status = 204, description = "Done"), GuardedWrite),
    extensions(("x-permission" = json!("secrets.manage"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn revoke_secret_lease(
    ctx: Allowed<may::SecretsManage>,
    State(vault): State<Vault>,
    Path(id): Path<LeaseId>,
) -> Result<Done, Problem> {
    vault.end_lease(&ctx, id, LeaseEnd::Revoked).await?;
    Ok(Done)
}
