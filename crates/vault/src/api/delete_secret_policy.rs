//! Removes a policy.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedWrite;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};
use diwan_kernel::http::{Done, Path};

use crate::policy::PolicyId;
use crate::vault::Vault;

/// Remove a policy. What it allowed is not allowed any more.
#[utoipa::path(
    delete,
    path = "/secret-policies/{id}",
    operation_id = "delete_secret_policy",
    tag = "secrets",
    params(("id" = PolicyId, Path, description = "Which policy")),
    responses((status = 204, description = "Done"), GuardedWrite),
    extensions(("x-permission" = json!("secrets.manage")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn delete_secret_policy(
    ctx: Allowed<SteppedUp<may::SecretsManage>>,
    State(vault): State<Vault>,
    Path(id): Path<PolicyId>,
) -> Result<Done, Problem> {
    vault.delete_policy(&ctx, id).await?;
    Ok(Done)
}
