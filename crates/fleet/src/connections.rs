//! The machines that are connected now. The newest connection of a machine takes the place of the one before.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use diwan_kernel::world::Timestamp;
use diwan_link::{Link, Sending};
use diwan_protocol::control::{Hello, ToBridge};
use diwan_protocol::encode;
use diwan_protocol::facts::PolicyInForce;
use tokio::sync::{Mutex, watch};
use tokio::time::timeout;

use crate::farewell::Farewell;
use crate::machine::MachineId;

/// A machine reads what it is told within this time.
const LISTENS: Duration = Duration::from_secs(5);

/// A machine that is there.
#[derive(Debug)]
pub(crate) struct Connected {
    /// Which.
    pub(crate) machine: MachineId,
    /// What it is reached over.
    pub(crate) link: Link,
    /// The generation of keys that it knows.
    pub(crate) generation: u64,
    /// How it presented itself. Its facts and the text of its policy are in the database, not here.
    pub(crate) hello: Hello,
    /// Its policy, as it last told; without its text.
    pub(crate) policy: watch::Sender<PolicyInForce>,
    /// Since when it is there.
    pub(crate) since: Timestamp,
    /// How far its clock is ahead of ours, in milliseconds, as it last told.
    pub(crate) skew_ms: AtomicI64,
    /// The control stream.
    pub(crate) control: Mutex<Sending>,
    /// Why it is to go, once it is.
    pub(crate) leaving: watch::Sender<Option<Farewell>>,
}

impl Connected {
    /// How far its clock is ahead of ours.
    pub(crate) fn skew_ms(&self) -> i64 {
        self.skew_ms.load(Ordering::Relaxed)
    }

    /// It told that its clock shows this.
    pub(crate) fn clock_shows(&self, at_ms: i64, now: Timestamp) {
        self.skew_ms.store(at_ms.saturating_sub(now.as_millis()), Ordering::Relaxed);
    }

    /// Says something on the control stream. When the machine is gone, nobody hears it; one that does not
    /// listen is sent away.
    pub(crate) async fn tell(&self, message: &ToBridge) {
        let told = async { self.control.lock().await.send(encode(message).into()).await };
        if timeout(LISTENS, told).await.is_err() {
            self.send_away(Farewell::protocol("it does not read what it is told"));
        }
    }

    /// Ends the connection.
    pub(crate) fn send_away(&self, farewell: Farewell) {
        self.leaving.send_if_modified(|leaving| {
            let is_first = leaving.is_none();
            if is_first {
                *leaving = Some(farewell);
            }
            is_first
        });
    }

    /// Waits until the connection is to end; says why.
    pub(crate) async fn sent_away(&self) -> Farewell {
        let mut leaving = self.leaving.subscribe();
        let found = leaving.wait_for(Option::is_some).await;
        found.ok().and_then(|farewell| farewell.clone()).unwrap_or_else(Farewell::done)
    }
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

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.open.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// All that are there.
    pub(crate) fn all(&self) -> Vec<Arc<Connected>> {
        self.open.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
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
