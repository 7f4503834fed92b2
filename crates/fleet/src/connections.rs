//! The machines that are connected now. The newest connection of a machine takes the place of the one before.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use diwan_link::Link;
use diwan_protocol::control::Hello;
use diwan_protocol::facts::PolicyInForce;
use tokio::sync::watch;

use crate::machine::MachineId;

/// A machine that is there.
#[derive(Debug)]
pub(crate) struct Connected {
    /// Which.
    pub(crate) machine: MachineId,
    /// What it is reached over.
    pub(crate) link: Link,
    /// How it presented itself.
    pub(crate) hello: Hello,
    /// Its policy, as it last told.
    pub(crate) policy: watch::Sender<PolicyInForce>,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    open: RwLock<BTreeMap<MachineId, Arc<Connected>>>,
}

impl Connections {
    /// The connection of this machine.
    pub(crate) fn find(&self, machine: MachineId) -> Option<Arc<Connected>> {
        self.open.read().unwrap_or_else(PoisonError::into_inner).get(&machine).cloned()
    }

    /// Puts a machine in; gives the connection that was there before.
    pub(crate) fn put(&self, connected: Arc<Connected>) -> Option<Arc<Connected>> {
        self.open.write().unwrap_or_else(PoisonError::into_inner).insert(connected.machine, connected)
    }

    /// Takes a connection out, unless a newer one has its place. Says whether it did.
    pub(crate) fn take_out(&self, connected: &Arc<Connected>) -> bool {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        let is_here = open.get(&connected.machine).is_some_and(|here| Arc::ptr_eq(here, connected));
        if is_here {
            open.remove(&connected.machine);
        }
        is_here
    }
}
