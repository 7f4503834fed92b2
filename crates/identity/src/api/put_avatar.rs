//! Sets the caller's picture.

use axum::extract::{Request, State};
use diwan_kernel::Problem;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, read_body};

use super::answers::GuardedWrite;
use crate::avatar::LARGEST;
use crate::identity::Identity;
use crate::view::User;

/// Set your picture: PNG, JPEG or WebP, at most 128 KiB. Its bytes say what it is, not its sender.
#[utoipa::path(
    put,
    path = "/me/avatar",
    operation_id = "put_avatar",
    tag = "identity",
    request_body(content(
        ("image/png"),
        ("image/jpeg"),
        ("image/webp"),
    )),
    responses((status = 200, description = "You, with your picture", body = User), GuardedWrite),
    extensions(("x-permission" = json!("profile.self"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn put_avatar(
    ctx: Allowed<may::ProfileSelf>,
    State(identity): State<Identity>,
    request: Request,
) -> Result<Json<User>, Problem> {
    let bytes = read_body(request, LARGEST).await?;
    Ok(Json(identity.put_avatar(&ctx, &bytes).await?.into()))
}
