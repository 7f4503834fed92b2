//! Lists join tokens.

use axum::extract::State;
use diwan_kernel::answers::GuardedRead;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Query};
use diwan_kernel::{Page, PageQuery, Problem};

use super::body::JoinTokenView;
use crate::fleet::Fleet;
use crate::table::join_token::{self, JoinToken};

/// The join tokens of the last days, newest first. Never the tokens themselves.
#[utoipa::path(
    get,
    path = "/join-tokens",
    operation_id = "list_join_tokens",
    tag = "machines",
    params(PageQuery),
    responses((status = 200, description = "Join tokens", body = Page<JoinTokenView>), GuardedRead),
    extensions(("x-permission" = json!("machines.manage"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn list_join_tokens(
    _: Allowed<may::MachinesManage>,
    State(fleet): State<Fleet>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<JoinTokenView>>, Problem> {
    let (limit, before) = (page.limit()?, page.position()?);
    let tokens = join_token::list(fleet.db(), before, limit + 1).await?;
    let page = Page::cut(tokens, limit, |token: &JoinToken| token.id);
    Ok(Json(page.map(|token| JoinTokenView::new(&fleet, token))))
}
