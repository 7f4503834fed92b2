//! What the bridge knows of itself while it runs: who it is, which keys it believes, which policy holds.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diwan_kernel::World;
use diwan_link::tls;
use diwan_protocol::VerifyingKey;
use minicbor::bytes::ByteVec;
use rustls::ClientConfig;
use tokio::sync::watch;

use crate::error::{RunError, StateError};
use crate::identity::MachineKey;
use crate::membership::{Identity, Membership};
use crate::policy_file::PolicyFile;
use crate::state::State;
use crate::tls_time::WorldTime;

/// What the bridge knows of itself. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct SelfKnowledge {
    world: World,
    state: Arc<State>,
    identity: Arc<Mutex<Identity>>,
    keys: watch::Sender<Vec<VerifyingKey>>,
    pub(crate) policy: PolicyFile,
}

impl SelfKnowledge {
    pub(crate) fn new(world: &World, state: State, policy: PolicyFile) -> Result<Self, RunError> {
        let identity = state.identity()?.ok_or(RunError::NotJoined)?;
        let keys = watch::Sender::new(identity.membership.keys.clone());
        let (state, identity) = (Arc::new(state), Arc::new(Mutex::new(identity)));
        Ok(Self { world: world.clone(), state, identity, keys, policy })
    }

    /// Whose machine this is.
    pub(crate) fn membership(&self) -> Membership {
        self.lock().membership.clone()
    }

    /// The keys that sign commands, and every change of them.
    pub(crate) fn keys(&self) -> watch::Receiver<Vec<VerifyingKey>> {
        self.keys.subscribe()
    }

    /// How this machine proves itself.
    pub(crate) fn tls(&self) -> Result<ClientConfig, RunError> {
        let identity = self.lock();
        let wrong = |e: &dyn std::fmt::Display| RunError::Identity(e.to_string());
        let key = MachineKey::read(&identity.key).map_err(|e| wrong(&e))?;
        let chain = identity.membership.certificates();
        let authority = chain.last().cloned().ok_or_else(|| wrong(&"it has no certificate"))?;
        let proof = tls::Identity { chain, key: key.private() };
        tls::machine(proof, &authority, Arc::new(WorldTime(self.world.clone()))).map_err(|e| wrong(&e))
    }

    /// Counts a connection before it is made.
    pub(crate) async fn count_connection(&self) -> Result<u64, StateError> {
        let state = Arc::clone(&self.state);
        let counted = self.world.heavy(move || state.count_connection()).await;
        counted.unwrap_or(Err(StateError::Stopped))
    }

    /// Whether half of the certificate's life is over.
    pub(crate) fn wants_renewal(&self) -> bool {
        let Some((from, until)) = self.lock().membership.validity_ms() else { return true };
        self.world.now().as_millis() >= from + (until - from) / 2
    }

    /// A request for a new certificate, for the same key.
    pub(crate) fn request(&self) -> Option<ByteVec> {
        let request = MachineKey::read(&self.lock().key).and_then(|key| key.request());
        request.inspect_err(|why| tracing::error!("no certificate can be asked for: {why}")).ok().map(Into::into)
    }

    /// A new certificate came.
    pub(crate) async fn renewed(&self, chain: Vec<ByteVec>) {
        let before = self.lock().membership.chain.clone();
        // The authority is whom we trust: another one is not taken over the wire.
        if chain.len() < 2 || chain.last() != before.last() {
            return tracing::error!("a certificate of another authority was sent, and is not taken");
        }
        self.change(|membership| membership.chain = chain).await;
        if self.tls().is_err() {
            tracing::error!("a certificate was sent that does not fit, and is not taken");
            return self.change(|membership| membership.chain = before).await;
        }
        tracing::info!("the certificate of this machine is renewed");
    }

    /// Other keys sign commands from now on.
    pub(crate) async fn keys_are(&self, keys: Vec<VerifyingKey>) {
        if *self.keys.borrow() == keys || keys.is_empty() {
            return;
        }
        self.keys.send_replace(keys.clone());
        self.change(|membership| membership.keys = keys).await;
    }

    /// The machine has another name.
    pub(crate) async fn name_is(&self, name: String) {
        if self.lock().membership.name != name {
            self.change(|membership| membership.name = name).await;
        }
    }

    /// Changes what is known and writes it down. What could not be written holds until the next start.
    async fn change(&self, change: impl FnOnce(&mut Membership)) {
        let identity = {
            let mut identity = self.lock();
            change(&mut identity.membership);
            identity.clone()
        };
        let state = Arc::clone(&self.state);
        let kept = self.world.heavy(move || state.keep(&identity)).await;
        if let Ok(Err(error)) = kept {
            tracing::error!("what the control plane told cannot be written down: {error}");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Identity> {
        self.identity.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
