//! Begins signing in at a command line.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::ctx::{Allowed, Anyone};
use diwan_kernel::http::Json;
use serde::{Deserialize, Serialize};

use super::answers::OpenWrite;
use super::no_store::NoStore;
use crate::device_login::{INTERVAL, LIFETIME};
use crate::identity::Identity;
use crate::person::read_line;

/// Who asks.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartDeviceLogin {
    /// What the program calls itself, so that its owner recognises it: `diwan on amina-laptop`.
    #[schema(min_length = 1, max_length = 80)]
    client_name: String,
}

/// What the program shows, and what it keeps.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DeviceLogin {
    /// To ask with; only the program knows it.
    device_code: String,
    /// To type in the browser.
    user_code: String,
    /// Where to type it.
    verification_uri: String,
    /// The same, with the code filled in.
    verification_uri_complete: String,
    /// How long it can be approved.
    expires_in_s: u64,
    /// How long to wait between questions.
    interval_s: u64,
}

/// Begin signing in at a command line: somebody approves it in the browser.
#[utoipa::path(
    post,
    path = "/auth/device",
    operation_id = "start_device_login",
    tag = "identity",
    request_body = StartDeviceLogin,
    responses((status = 200, description = "What to show", body = DeviceLogin), OpenWrite),
    extensions(("x-permission" = json!("none"))),
)]
pub(crate) async fn start_device_login(
    ctx: Allowed<Anyone>,
    State(identity): State<Identity>,
    Json(body): Json<StartDeviceLogin>,
) -> Result<NoStore<DeviceLogin>, Problem> {
    let client_name = read_line("client_name", &body.client_name, 80).map_err(|e| Problem::invalid_fields(vec![e]))?;
    let begun = identity.begin_device_login(&ctx, client_name).await?;
    Ok(NoStore(DeviceLogin {
        verification_uri: identity.link("device"),
        verification_uri_complete: identity.link(&format!("device?code={}", begun.user_code)),
        device_code: begun.device_code,
        user_code: begun.user_code,
        expires_in_s: LIFETIME.as_secs(),
        interval_s: INTERVAL.as_secs(),
    }))
}
