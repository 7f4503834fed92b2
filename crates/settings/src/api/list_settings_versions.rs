//! Lists the versions of the settings.

use axum::extract::State;
use diwan_kernel::answers::GuardedRead;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Query};
use diwan_kernel::{Page, PageQuery, Problem};

use crate::settings::Settings;
use crate::table;
use crate::version::{Version, VersionView};

/// The versions of the settings, newest first: who changed what, when and why.
#[utoipa::path(
    get,
    path = "/settings/versions",
    operation_id = "list_settings_versions",
    tag = "settings",
    params(PageQuery),
    responses((status = 200, description = "The versions", body = Page<VersionView>), GuardedRead),
    extensions(("x-permission" = json!("settings.read"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn list_settings_versions(
    _: Allowed<may::SettingsRead>,
    State(settings): State<Settings>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<VersionView>>, Problem> {
    let (limit, before) = (page.limit()?, page.position::<i64>()?);
    let versions = table::list(settings.db(), settings.server(), before, limit + 1).await?;
    let page = Page::cut(versions, limit, |version: &Version| version.number);
    Ok(Json(page.map(VersionView::from)))
}
