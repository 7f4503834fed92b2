//! Shows a command line that waits to be approved.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path};
use diwan_kernel::world::Timestamp;
use serde::Serialize;

use super::answers::GuardedReadOne;
use crate::identity::Identity;

/// A command line that waits.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PendingDeviceLogin {
    /// The code that it shows.
    user_code: String,
    /// What it calls itself.
    client_name: String,
    /// The address that it asks from.
    address: Option<String>,
    /// When it asked.
    requested_at: Timestamp,
    /// Until when it can be approved.
    expires_at: Timestamp,
}

/// See who wants to sign in as you before you approve it.
#[utoipa::path(
    get,
    path = "/auth/device/{user_code}",
    operation_id = "get_device_login",
    tag = "identity",
    params(("user_code" = String, Path, description = "The code that the command line shows")),
    responses((status = 200, description = "It waits", body = PendingDeviceLogin), GuardedReadOne),
    extensions(("x-permission" = json!("profile.self"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn get_device_login(
    ctx: Allowed<may::ProfileSelf>,
    State(identity): State<Identity>,
    Path(user_code): Path<String>,
) -> Result<Json<PendingDeviceLogin>, Problem> {
    let login = identity.get_device_login(&ctx, &user_code).await?;
    Ok(Json(PendingDeviceLogin {
        user_code: login.user_code,
        client_name: login.client_name,
        address: login.address,
        requested_at: login.created_at,
        expires_at: login.expires_at,
    }))
}
