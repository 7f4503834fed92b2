//! Lists the webhooks of a secret.

use axum::extract::State;
use diwan_kernel::answers::GuardedReadOne;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path};
use diwan_kernel::{Page, Problem};

use crate::hook::HookView;
use crate::secret::SecretId;
use crate::vault::Vault;

/// The webhooks of a secret, and how the last delivery to each went.
#[utoipa::path(
    get,
    path = "/secrets/{id}/hooks",
    operation_id = "list_secret_hooks",
    tag = "secrets",
    params(("id" = SecretId, Path, description = "Which secret")),
    responses((status = 200, description = "The webhooks", body = Page<HookView>), GuardedReadOne),
    extensions(("x-permission" = json!("secrets.manage"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn list_secret_hooks(
    _: Allowed<may::SecretsManage>,
    State(vault): State<Vault>,
    Path(id): Path<SecretId>,
) -> Result<Json<Page<HookView>>, Problem> {
    Ok(Json(Page::whole(vault.list_hooks(id).await?)))
}
