//! Asks whether a command line was approved.

use axum::extract::State;
use diwan_kernel::ctx::{Allowed, Anyone};
use diwan_kernel::http::Json;
use diwan_kernel::{Problem, Secret};
use serde::Deserialize;

use super::answers::OpenWrite;
use super::no_store::NoStore;
use super::read::{Reading, bounded};
use crate::identity::Identity;
use crate::sign_in::TokenPair;

/// Which one.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PollDeviceLogin {
    /// What the program kept.
    #[schema(value_type = String, min_length = 1, max_length = 128)]
    device_code: Secret<String>,
}

/// Ask whether a command line was approved. Until then the answer is 400 `authorization_pending`.
#[utoipa::path(
    post,
    path = "/auth/device/token",
    operation_id = "poll_device_login",
    tag = "identity",
    request_body = PollDeviceLogin,
    responses((status = 200, description = "It was: the tokens", body = TokenPair), OpenWrite),
    extensions(("x-permission" = json!("none"))),
)]
pub(crate) async fn poll_device_login(
    ctx: Allowed<Anyone>,
    State(identity): State<Identity>,
    Json(body): Json<PollDeviceLogin>,
) -> Result<NoStore<TokenPair>, Problem> {
    let mut reading = Reading::default();
    reading.take(bounded("device_code", body.device_code.expose(), 128));
    reading.done()?;
    identity.poll_device_login(&ctx, body.device_code.expose()).await.map(NoStore)
}
