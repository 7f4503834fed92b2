//! Lists the leases.

use axum::extract::State;
use diwan_kernel::answers::GuardedRead;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Query};
use diwan_kernel::{Page, PageQuery, Problem};

use crate::lease::{Lease, LeaseId};
use crate::table::lease;
use crate::vault::Vault;

/// Which machines, jobs and agents hold which secrets, newest first.
#[utoipa::path(
    get,
    path = "/secret-leases",
    operation_id = "list_secret_leases",
    tag = "secrets",
    params(PageQuery),
    responses((status = 200, description = "The leases", body = Page<Lease>), GuardedRead),
    extensions(("x-permission" = json!("secrets.manage"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn list_secret_leases(
    _: Allowed<may::SecretsManage>,
    State(vault): State<Vault>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Lease>>, Problem> {
    let (limit, before) = (page.limit()?, page.position::<LeaseId>()?);
    let found = lease::list(vault.db(), before, limit + 1).await?;
    Ok(Json(Page::cut(found, limit, |l| l.id).map(Lease::from)))
}
