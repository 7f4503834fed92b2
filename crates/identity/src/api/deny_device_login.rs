//! Denies a command line that waits.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Done, Path};

use super::answers::GuardedWrite;
use crate::identity::Identity;
use crate::table::device_login::Stage;

/// Refuse a command line that wants to sign in as you.
#[utoipa::path(
    post,
    path = "/auth/device/{user_code}/deny",
    operation_id = "deny_device_login",
    tag = "identity",
    params(("user_code" = String, Path, description = "The code that the command line shows")),
    responses((status = 204, description = "Done"), GuardedWrite),
    extensions(("x-permission" = json!("profile.self"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn deny_device_login(
    ctx: Allowed<may::ProfileSelf>,
    State(identity): State<Identity>,
    Path(user_code): Path<String>,
) -> Result<Done, Problem> {
    identity.decide_device_login(&ctx, &user_code, Stage::Denied).await?;
    Ok(Done)
}
