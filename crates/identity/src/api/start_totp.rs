//! Begins to set up an authenticator app.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};
use serde::Serialize;

use super::answers::GuardedWrite;
use super::no_store::NoStore;
use crate::factor::{session_user, totp};
use crate::identity::Identity;

/// A key for an authenticator app, shown once.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct TotpEnrolment {
    /// The key in base 32, for typing.
    secret: String,
    /// The `otpauth` address, for scanning.
    uri: String,
}

/// Begin to set up an authenticator app. It counts once a code confirms it.
#[utoipa::path(
    post,
    path = "/me/totp",
    operation_id = "start_totp",
    tag = "identity",
    responses((status = 200, description = "The key", body = TotpEnrolment), GuardedWrite),
    extensions(("x-permission" = json!("profile.self")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn start_totp(
    ctx: Allowed<SteppedUp<may::ProfileSelf>>,
    State(identity): State<Identity>,
) -> Result<NoStore<TotpEnrolment>, Problem> {
    let user = session_user(&ctx)?;
    let enrolment = totp::start(&identity, &ctx, user).await?;
    let (secret, uri) = (enrolment.secret.expose().clone(), enrolment.uri.expose().clone());
    Ok(NoStore(TotpEnrolment { secret, uri }))
}
