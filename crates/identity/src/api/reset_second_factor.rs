//! Takes somebody's second factor away for them.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};
use diwan_kernel::http::{Done, Path, Query};
use diwan_kernel::id::UserId;
use serde::Deserialize;

use super::answers::GuardedWrite;
use crate::factor::reset;
use crate::identity::Identity;

/// What else is removed.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ResetSecondFactor {
    /// Whether their passkeys are removed too. Left out: they stay.
    #[serde(default)]
    #[param(required = false)]
    passkeys: bool,
}

/// Remove somebody's authenticator app and recovery codes, because they lost them. Their sessions end,
/// and they are told by mail. Only owners do this to owners and admins.
#[utoipa::path(
    delete,
    path = "/users/{id}/second-factor",
    operation_id = "reset_second_factor",
    tag = "identity",
    params(("id" = UserId, Path, description = "Who"), ResetSecondFactor),
    responses((status = 204, description = "It is gone"), GuardedWrite),
    extensions(("x-permission" = json!("users.manage")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn reset_second_factor(
    ctx: Allowed<SteppedUp<may::UsersManage>>,
    State(identity): State<Identity>,
    Path(id): Path<UserId>,
    Query(query): Query<ResetSecondFactor>,
) -> Result<Done, Problem> {
    reset::reset(&identity, &ctx, id, query.passkeys).await?;
    Ok(Done)
}
