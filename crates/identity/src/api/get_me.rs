//! Shows the caller to themselves.

use axum::extract::State;
use diwan_kernel::ctx::{Allowed, Duty, may};
use diwan_kernel::http::Json;
use diwan_kernel::id::SessionId;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Actor, Permission, Problem};
use serde::Serialize;

use super::answers::GuardedRead;
use crate::identity::Identity;
use crate::plan::PlanQuotas;
use crate::refusal;
use crate::table::own_account;
use crate::view::User;

/// The session that asks.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CurrentSession {
    /// Its id.
    id: SessionId,
    /// Until when dangerous actions are open.
    step_up_until: Option<Timestamp>,
}

/// The caller.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Me {
    /// Who you are.
    user: User,
    /// What you may do, by this session or token.
    permissions: Vec<Permission>,
    /// The session that asks; null for API tokens.
    session: Option<CurrentSession>,
    /// Whether you must set up a second factor before you can do anything else.
    second_factor_needed: bool,
    /// Whether you must choose a longer password before you can do anything else.
    longer_password_needed: bool,
    /// Whether signing in asks for a code.
    totp_enabled: bool,
    /// How many passkeys you have.
    passkey_count: u32,
    /// How many recovery codes are left.
    recovery_codes_left: u32,
    /// Whether you have a password.
    has_password: bool,
    /// Which plan you have and what it bounds.
    plan: PlanQuotas,
}

/// Who you are and what you may do.
#[utoipa::path(
    get,
    path = "/me",
    operation_id = "get_me",
    tag = "identity",
    responses((status = 200, description = "You", body = Me), GuardedRead),
    extensions(("x-permission" = json!("profile.self"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn get_me(
    ctx: Allowed<may::ProfileSelf>,
    State(identity): State<Identity>,
) -> Result<Json<Me>, Problem> {
    let account = own_account::find(identity.db(), ctx.user_id()?).await?.ok_or_else(refusal::session_ended)?;
    let user = account.user;
    let step_up_until = ctx.stepped_up_until.filter(|until| *until > ctx.now());
    let session = match ctx.actor {
        Actor::User { session, .. } => Some(CurrentSession { id: session, step_up_until }),
        _ => None,
    };
    Ok(Json(Me {
        permissions: ctx.permissions.iter().collect(),
        session,
        second_factor_needed: ctx.duty == Some(Duty::SecondFactor),
        longer_password_needed: ctx.duty == Some(Duty::LongerPassword),
        totp_enabled: user.two_factor,
        passkey_count: account.passkeys,
        recovery_codes_left: account.recovery_codes_left,
        has_password: user.has_password,
        plan: user.plan.into(),
        user: user.into(),
    }))
}
