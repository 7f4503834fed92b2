//! Says who can do something with a secret.

use axum::extract::State;
use diwan_kernel::answers::GuardedReadOne;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path, Query};
use diwan_kernel::{Page, Problem};
use serde::Deserialize;

use crate::policy::Action;
use crate::readers::Reader;
use crate::secret::SecretId;
use crate::vault::Vault;

/// What is asked.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ReaderQuery {
    /// What they can do; `read` by default.
    #[param(inline)]
    action: Option<Action>,
}

/// Who can read this secret, or write or rotate it, and by which policy: what each of them would be answered.
#[utoipa::path(
    get,
    path = "/secrets/{id}/readers",
    operation_id = "list_secret_readers",
    tag = "secrets",
    params(("id" = SecretId, Path, description = "Which secret"), ReaderQuery),
    responses((status = 200, description = "Who can", body = Page<Reader>), GuardedReadOne),
    extensions(("x-permission" = json!("secrets.manage"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn list_secret_readers(
    ctx: Allowed<may::SecretsManage>,
    State(vault): State<Vault>,
    Path(id): Path<SecretId>,
    Query(query): Query<ReaderQuery>,
) -> Result<Json<Page<Reader>>, Problem> {
    let secret = vault.get_secret(id).await?;
    let action = query.action.unwrap_or(Action::Read);
    Ok(Json(Page::whole(vault.who_can(&ctx, action, &secret.name).await?)))
}
