//! Hands out somebody's picture.

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::Path;
use diwan_kernel::id::UserId;
use diwan_kernel::{Permission, Problem};

use super::answers::GuardedReadOne;
use crate::identity::Identity;
use crate::table::avatar;

/// Whatever a picture holds, a browser that is led to it does nothing but show it.
const HARMLESS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    (header::CONTENT_DISPOSITION, "inline; filename=\"picture\""),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
];

/// Somebody's picture: your own, or anybody's if you may see people.
#[utoipa::path(
    get,
    path = "/users/{id}/avatar",
    operation_id = "get_avatar",
    tag = "identity",
    params(("id" = UserId, Path, description = "Whose")),
    responses((status = 200, description = "The picture", content(("image/*"))), GuardedReadOne),
    extensions(("x-permission" = json!("profile.self"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn get_avatar(
    ctx: Allowed<may::ProfileSelf>,
    State(identity): State<Identity>,
    Path(id): Path<UserId>,
) -> Result<Response, Problem> {
    let nothing = || Problem::not_found("picture");
    // Who may not see people does not learn who there is.
    if ctx.user_id()? != id && !ctx.permissions.has(Permission::UsersRead) {
        return Err(nothing());
    }
    let avatar = avatar::find(identity.db(), id).await?.ok_or_else(nothing)?;
    let media_type = HeaderValue::from_str(&avatar.media_type).map_err(Problem::internal)?;
    let mut response = avatar.bytes.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    for (name, value) in HARMLESS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}
