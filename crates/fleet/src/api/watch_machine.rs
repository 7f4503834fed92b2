//! Watches a machine.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedReadOne;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path};
use diwan_protocol::control::ToBridge;
use serde::Serialize;

use crate::fleet::Fleet;
use crate::machine::MachineId;
use crate::samples::MachineSample;
use crate::talk::millis;
use crate::watchers::{WATCH, WATCHED};

/// A watch that began.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct MachineWatch {
    /// For how many seconds it lasts unless it is renewed.
    lasts_s: u64,
    /// How often the machine reports meanwhile, in milliseconds.
    every_ms: u64,
    /// How it was doing a moment ago.
    sample: Option<MachineSample>,
}

/// Watch a machine: for half a minute it reports every two seconds, as `machine.sample` on the live feed of
/// whoever watches it. Ask again to go on.
#[utoipa::path(
    post,
    path = "/machines/{id}/watch",
    operation_id = "watch_machine",
    tag = "machines",
    params(("id" = MachineId, Path, description = "Which machine")),
    responses((status = 200, description = "The watch", body = MachineWatch), GuardedReadOne),
    extensions(("x-permission" = json!("machines.read"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn watch_machine(
    ctx: Allowed<may::MachinesRead>,
    State(fleet): State<Fleet>,
    Path(id): Path<MachineId>,
) -> Result<Json<MachineWatch>, Problem> {
    fleet.require_machine(id).await?;
    let is_first = fleet.watchers().watch(id, ctx.user_id()?, ctx.world.monotonic()).ok_or_else(too_many)?;
    if let Some(connected) = fleet.connections().find(id).filter(|_| is_first) {
        connected.tell(&ToBridge::SampleEvery(millis(WATCHED))).await;
    }
    let sample = fleet.samples().last(id);
    Ok(Json(MachineWatch { lasts_s: WATCH.as_secs(), every_ms: millis(WATCHED), sample }))
}

fn too_many() -> Problem {
    let detail = "Nobody looks at more than 64 machines at once; those that you do not renew end by themselves.";
    Problem::too_many("too_many_watches", detail, WATCH)
}
