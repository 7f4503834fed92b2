//! Replaces one's recovery codes.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};

use super::answers::GuardedWrite;
use super::confirm_totp::RecoveryCodes;
use super::no_store::NoStore;
use crate::factor::{recovery, session_user};
use crate::identity::Identity;

/// Replace your recovery codes; the old ones are worth nothing then.
#[utoipa::path(
    post,
    path = "/me/recovery-codes",
    operation_id = "regenerate_recovery_codes",
    tag = "identity",
    responses((status = 200, description = "The new codes", body = RecoveryCodes), GuardedWrite),
    extensions(("x-permission" = json!("profile.self")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn regenerate_recovery_codes(
    ctx: Allowed<SteppedUp<may::ProfileSelf>>,
    State(identity): State<Identity>,
) -> Result<NoStore<RecoveryCodes>, Problem> {
    let user = session_user(&ctx)?;
    Ok(NoStore(recovery::regenerate(&identity, &ctx, user).await?.into()))
}
