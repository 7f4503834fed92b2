//! Lists the rotations of the master key.

use axum::extract::State;
use diwan_kernel::answers::GuardedRead;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::Json;
use diwan_kernel::{Page, Problem};

use crate::rewrap::MasterRotation;
use crate::table::rewrap;
use crate::vault::Vault;

/// So many of the latest are shown: there is hardly more than one a month.
const LATEST: usize = 100;

/// The latest rotations of the master key.
#[utoipa::path(
    get,
    path = "/vault/rotations",
    operation_id = "list_master_rotations",
    tag = "secrets",
    responses((status = 200, description = "The rotations, newest first", body = Page<MasterRotation>), GuardedRead),
    extensions(("x-permission" = json!("secrets.manage"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn list_master_rotations(
    _: Allowed<may::SecretsManage>,
    State(vault): State<Vault>,
) -> Result<Json<Page<MasterRotation>>, Problem> {
    let found = rewrap::list(vault.db(), LATEST).await?;
    Ok(Json(Page::whole(found.into_iter().map(MasterRotation::from).collect())))
}
