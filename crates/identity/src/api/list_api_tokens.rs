//! Lists the caller's API tokens.

use axum::extract::State;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Query};
use diwan_kernel::id::ApiTokenId;
use diwan_kernel::{Page, PageQuery, Problem};

use super::answers::GuardedRead;
use crate::identity::Identity;
use crate::table::api_token;
use crate::view::ApiToken;

/// Your API tokens, newest first. Their secrets are not among it.
#[utoipa::path(
    get,
    path = "/me/tokens",
    operation_id = "list_api_tokens",
    tag = "identity",
    params(PageQuery),
    responses((status = 200, description = "Your tokens", body = Page<ApiToken>), GuardedRead),
    extensions(("x-permission" = json!("profile.self"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn list_api_tokens(
    ctx: Allowed<may::ProfileSelf>,
    State(identity): State<Identity>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<ApiToken>>, Problem> {
    let (limit, before) = (query.limit()?, query.position::<ApiTokenId>()?);
    let tokens = api_token::list(identity.db(), ctx.user_id()?, before, limit + 1).await?;
    Ok(Json(Page::cut(tokens, limit, |t| t.id).map(ApiToken::from)))
}
