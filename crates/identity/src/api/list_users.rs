//! Lists people.

use axum::extract::State;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Query};
use diwan_kernel::id::UserId;
use diwan_kernel::{Page, PageQuery, Problem, Role};
use serde::Deserialize;

use super::answers::GuardedRead;
use crate::identity::Identity;
use crate::person::Status;
use crate::table::user::{self, Filter};
use crate::view::User;

/// Which people are wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UserQuery {
    /// A part of their name or address.
    #[param(max_length = 200)]
    search: Option<String>,
    /// What they are here.
    role: Option<Role>,
    /// Whether they may come in.
    #[param(inline)]
    status: Option<Status>,
}

/// Who is here, newest first.
#[utoipa::path(
    get,
    path = "/users",
    operation_id = "list_users",
    tag = "identity",
    params(PageQuery, UserQuery),
    responses((status = 200, description = "People", body = Page<User>), GuardedRead),
    extensions(("x-permission" = json!("users.read"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn list_users(
    _: Allowed<may::UsersRead>,
    State(identity): State<Identity>,
    Query(query): Query<PageQuery>,
    Query(wanted): Query<UserQuery>,
) -> Result<Json<Page<User>>, Problem> {
    let (limit, before) = (query.limit()?, query.position::<UserId>()?);
    if wanted.search.as_ref().is_some_and(|text| text.chars().count() > 200) {
        return Err(Problem::invalid_field("search", "too_long", "It must not be longer than 200 characters."));
    }
    let filter = Filter { search: wanted.search, role: wanted.role, status: wanted.status };
    let people = user::list(identity.db(), filter, before, limit + 1).await?;
    Ok(Json(Page::cut(people, limit, |u| u.id).map(User::from)))
}
