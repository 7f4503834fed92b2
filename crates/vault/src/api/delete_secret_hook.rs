//! Removes a webhook.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedWrite;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};
use diwan_kernel::http::{Done, Path};

use crate::hook::HookId;
use crate::vault::Vault;

/// Remove a webhook. What it was not told yet, it is not told any more.
#[utoipa::path(
    delete,
    path = "/secret-hooks/{id}",
    operation_id = "delete_secret_hook",
    tag = "secrets",
    params(("id" = HookId, Path, description = "Which webhook")),
    responses((status = 204, description = "Done"), GuardedWrite),
    extensions(("x-permission" = json!("secrets.manage")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn delete_secret_hook(
    ctx: Allowed<SteppedUp<may::SecretsManage>>,
    State(vault): State<Vault>,
    Path(id): Path<HookId>,
) -> Result<Done, Problem> {
    vault.delete_hook(&ctx, id).await?;
    Ok(Done)
}
