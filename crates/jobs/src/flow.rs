//! Flows: waiting jobs that differ in nothing that decides whether one may begin, so that when the first of them may
//! not, none of them may.

use std::collections::BTreeSet;

use diwan_fleet::MachineId;
use diwan_kernel::Timestamp;
use ring::digest::{SHA256, digest};

use crate::id::JobId;
use crate::spec::{JobSpec, JobTarget};

/// The number of a flow: it follows from what the flow is.
pub(crate) type FlowId = i64;

/// What the jobs of a flow have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Flow {
    /// The queue that they stand in.
    pub(crate) queue: String,
    /// Where they are for.
    pub(crate) target: JobTarget,
    /// The machines among these that have refused it.
    pub(crate) avoids: BTreeSet<MachineId>,
    /// The key of which only so many are under way at once.
    pub(crate) key: Option<String>,
    /// Whose they are.
    pub(crate) owner: String,
    /// How urgent.
    pub(crate) priority: i32,
    /// Whether nothing is done on the machine, so that they are carried in batches.
    pub(crate) is_light: bool,
}

/// The place of a job in its flow: who was ready first comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place {
    /// Since when it is ready.
    pub(crate) ready_at: Timestamp,
    /// Which job.
    pub(crate) job: JobId,
}

impl Flow {
    /// The flow of a job of this owner.
    pub(crate) fn of(spec: &JobSpec, owner: &str) -> Self {
        Self {
            queue: spec.queue.clone(),
            target: spec.target.clone(),
            avoids: BTreeSet::new(),
            key: spec.concurrency.as_ref().map(|concurrency| concurrency.key.clone()),
            owner: owner.to_owned(),
            priority: spec.priority,
            is_light: spec.is_light(),
        }
    }

    /// Its number.
    pub(crate) fn id(&self) -> FlowId {
        let key = self.key.as_ref().map_or_else(|| "-".to_owned(), |key| format!("+{key}"));
        // No part holds a line break.
        let weight = if self.is_light { "light" } else { "" };
        let priority = self.priority.to_string();
        let mut all = [&self.queue, &self.target.stored(), &key, &self.owner, &priority, weight].join("\n");
        if !self.avoids.is_empty() {
            all = all + "\n" + &stored(&self.avoids);
        }
        let digest = digest(&SHA256, all.as_bytes());
        let first: [u8; 8] = std::array::from_fn(|at| digest.as_ref()[at]);
        i64::from_be_bytes(first)
    }
}

/// Machines as they stand in the database.
pub(crate) fn stored(machines: &BTreeSet<MachineId>) -> String {
    machines.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// Reads what is stored.
pub(crate) fn parse_stored(machines: &str) -> Option<BTreeSet<MachineId>> {
    machines.split(',').filter(|id| !id.is_empty()).map(|id| id.parse().ok()).collect()
}
