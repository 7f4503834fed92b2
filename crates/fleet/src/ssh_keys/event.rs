//! What is announced about SSH keys on machines.

use diwan_kernel::Permission;
use diwan_kernel::events::{Audience, DomainEvent};
use serde::Serialize;

use super::id::SshKeyId;
use crate::machine::MachineId;

/// A key is wanted on a machine, came a step further, or is gone.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SshKeyChanged {
    pub(crate) id: SshKeyId,
    pub(crate) machine_id: MachineId,
}

impl DomainEvent for SshKeyChanged {
    const TOPIC: &'static str = "machines";
    const NAME: &'static str = "machine_ssh_key.changed";

    fn audience(&self) -> Audience {
        Audience::Permission(Permission::MachinesRead)
    }
}
