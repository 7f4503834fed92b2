//! Takes a fresh proof of who is there.

use axum::extract::State;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::Json;
use diwan_kernel::{Problem, Secret};
use serde::Deserialize;

use super::answers::GuardedWrite;
use super::read::{Reading, password};
use crate::identity::Identity;
use crate::step_up::{StepUpMethod, SteppedUp};

/// The proof.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepUp {
    /// What is proved.
    method: StepUpMethod,
    /// The password or the code.
    #[schema(value_type = String, format = Password, min_length = 1, max_length = 256)]
    secret: Secret<String>,
}

/// Confirm that it is you: dangerous actions are open for the next ten minutes.
#[utoipa::path(
    post,
    path = "/auth/step-up",
    operation_id = "step_up",
    tag = "identity",
    request_body = StepUp,
    responses((status = 200, description = "Until when that counts", body = SteppedUp), GuardedWrite),
    extensions(("x-permission" = json!("profile.self"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn step_up(
    ctx: Allowed<may::ProfileSelf>,
    State(identity): State<Identity>,
    Json(body): Json<StepUp>,
) -> Result<SteppedUp, Problem> {
    let mut reading = Reading::default();
    reading.take(password("secret", &body.secret));
    reading.done()?;
    identity.step_up(&ctx, body.method, &body.secret).await
}
