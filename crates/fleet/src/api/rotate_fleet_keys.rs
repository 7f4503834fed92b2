//! Changes the fleet's own keys.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};
use diwan_kernel::http::Json;

use super::get_fleet_keys::FleetKeys;
use crate::fleet::Fleet;

/// Change the keys that machines know the control plane by: its authority, and the key that signs commands.
/// Machines that are connected learn the new ones at once, others when they come within 30 days; those that stay
/// away longer have to join again.
#[utoipa::path(
    post,
    path = "/fleet/rotate-keys",
    operation_id = "rotate_fleet_keys",
    tag = "machines",
    responses((status = 200, description = "The new keys", body = FleetKeys), GuardedKept),
    extensions(("x-permission" = json!("vault.manage")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn rotate_fleet_keys(
    ctx: Allowed<SteppedUp<may::VaultManage>>,
    State(fleet): State<Fleet>,
) -> Result<Json<FleetKeys>, Problem> {
    let (ctx, this) = ((*ctx).clone(), fleet.clone());
    Ok(Json(fleet.to_the_end(async move { this.rotate_keys(&ctx).await }).await?.into()))
}
