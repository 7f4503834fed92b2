//! Confirms an authenticator app.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::Json;
use serde::{Deserialize, Serialize};

use super::answers::GuardedWrite;
use super::no_store::NoStore;
use crate::factor::{recovery, session_user, totp};
use crate::identity::Identity;

/// Apps show six digits, some with a gap.
const LONGEST_CODE: usize = 16;

/// A code.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmTotp {
    /// What the app shows.
    #[schema(min_length = 1, max_length = 16)]
    code: String,
}

/// Codes for the day the phone is lost, shown once.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct RecoveryCodes {
    /// Each is good for once.
    #[schema(min_items = 10, max_items = 10)]
    recovery_codes: Vec<String>,
}

impl From<recovery::Codes> for RecoveryCodes {
    fn from(codes: recovery::Codes) -> Self {
        Self { recovery_codes: codes.into_texts() }
    }
}

/// Confirm the authenticator app with a code from it; from now on sign-in asks for one.
#[utoipa::path(
    post,
    path = "/me/totp/confirm",
    operation_id = "confirm_totp",
    tag = "identity",
    request_body = ConfirmTotp,
    responses((status = 200, description = "The recovery codes", body = RecoveryCodes), GuardedWrite),
    extensions(("x-permission" = json!("profile.self"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn confirm_totp(
    ctx: Allowed<may::ProfileSelf>,
    State(identity): State<Identity>,
    Json(body): Json<ConfirmTotp>,
) -> Result<NoStore<RecoveryCodes>, Problem> {
    let user = session_user(&ctx)?;
    if !(1..=LONGEST_CODE).contains(&body.code.chars().count()) {
        return Err(Problem::invalid_field("code", "wrong_length", "A code has six digits."));
    }
    Ok(NoStore(totp::confirm(&identity, &ctx, user, &body.code).await?.into()))
}
