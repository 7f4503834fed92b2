//! Shows how far a change of the fleet's own keys is.

use axum::extract::State;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::Json;
use diwan_kernel::{Problem, Timestamp};
use serde::Serialize;

use crate::fleet::Fleet;
use crate::machine::MachineId;
use crate::succession::KeyStatus;

/// The keys that machines know the control plane by.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct FleetKeys {
    /// How many times they were changed, and one.
    generation: u64,
    /// SHA-256 of the authority: what machines that join from now on are told.
    fingerprint: String,
    /// When they were changed last.
    changed_at: Option<Timestamp>,
    /// Until when the keys before are still good; null when only the newest are.
    overlap_ends_at: Option<Timestamp>,
    /// How many machines there are that were not put out.
    machines: u64,
    /// How many of them have not learned the newest keys.
    count_without: u64,
    /// The first of those, by name. Once the overlap has ended they have to join again.
    without: Vec<MachineWithoutKeys>,
}

/// A machine that has not learned the newest keys.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct MachineWithoutKeys {
    /// Its id.
    id: MachineId,
    /// What it is called.
    name: String,
}

impl From<KeyStatus> for FleetKeys {
    fn from(status: KeyStatus) -> Self {
        let without = status.without.into_iter().map(|(id, name)| MachineWithoutKeys { id, name });
        Self {
            generation: status.generation,
            fingerprint: status.fingerprint.to_string(),
            changed_at: status.since,
            overlap_ends_at: status.overlap_ends,
            machines: status.machines,
            count_without: status.count_without,
            without: without.collect(),
        }
    }
}

/// The keys that machines know the control plane by, and which machines have not learned the newest.
#[utoipa::path(
    get,
    path = "/fleet/keys",
    operation_id = "get_fleet_keys",
    tag = "machines",
    responses((status = 200, description = "The keys", body = FleetKeys), GuardedKept),
    extensions(("x-permission" = json!("machines.manage"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn get_fleet_keys(
    _: Allowed<may::MachinesManage>,
    State(fleet): State<Fleet>,
) -> Result<Json<FleetKeys>, Problem> {
    Ok(Json(fleet.key_status().await?.into()))
}
