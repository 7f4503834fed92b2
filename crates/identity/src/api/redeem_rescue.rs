//! Sets a new password with a rescue link.

use axum::extract::State;
use diwan_kernel::ctx::{Allowed, Anyone};
use diwan_kernel::http::{Done, Json};
use diwan_kernel::{Problem, Secret};
use serde::Deserialize;

use super::answers::OpenWrite;
use super::read::{Reading, bounded, password};
use crate::identity::Identity;

/// The new password.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RedeemRescue {
    /// From the link that `diwan user rescue` printed.
    #[schema(value_type = String, min_length = 1, max_length = 128)]
    token: Secret<String>,
    /// A new password.
    #[schema(value_type = String, format = Password, min_length = 1, max_length = 256)]
    password: Secret<String>,
}

/// Set a new password with a rescue link. All your sessions end; sign in with the new password then.
#[utoipa::path(
    post,
    path = "/auth/rescue",
    operation_id = "redeem_rescue",
    tag = "identity",
    request_body = RedeemRescue,
    responses((status = 204, description = "It is set"), OpenWrite),
    extensions(("x-permission" = json!("none"))),
)]
pub(crate) async fn redeem_rescue(
    ctx: Allowed<Anyone>,
    State(identity): State<Identity>,
    Json(body): Json<RedeemRescue>,
) -> Result<Done, Problem> {
    let mut reading = Reading::default();
    reading.take(bounded("token", body.token.expose(), 128));
    reading.take(password("password", &body.password));
    reading.done()?;
    identity.rescue(&ctx, body.token.expose(), &body.password).await?;
    Ok(Done)
}
