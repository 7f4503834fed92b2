//! Tries a webhook.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path};

use crate::hook::{HookId, SecretHookDelivery};
use crate::vault::Vault;

/// Send a webhook a signed `hook.test` now, and say how it answered. It is sent once.
#[utoipa::path(
    post,
    path = "/secret-hooks/{id}/test",
    operation_id = "test_secret_hook",
    tag = "secrets",
    params(("id" = HookId, Path, description = "Which webhook")),
    responses((status = 200, description = "How it went", body = SecretHookDelivery), GuardedKept),
    extensions(("x-permission" = json!("secrets.manage"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn test_secret_hook(
    ctx: Allowed<may::SecretsManage>,
    State(vault): State<Vault>,
    Path(id): Path<HookId>,
) -> Result<Json<SecretHookDelivery>, Problem> {
    Ok(Json(vault.test_hook(&ctx, id).await?))
}
