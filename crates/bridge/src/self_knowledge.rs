//! What the bridge knows of itself while it runs: who it is, which keys it believes, which policy holds.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diwan_kernel::World;
use diwan_link::tls;
use diwan_protocol::VerifyingKey;
use diwan_protocol::succession::{SignedSuccession, Succession};
use minicbor::bytes::ByteVec;
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
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
    /// What the control plane's keys vouched for, until there is a certificate of the new authority.
    coming: Arc<Mutex<Option<Succession>>>,
    pub(crate) policy: PolicyFile,
}

impl SelfKnowledge {
    pub(crate) fn new(world: &World, state: State, policy: PolicyFile) -> Result<Self, RunError> {
        let identity = state.identity()?.ok_or(RunError::NotJoined)?;
        let keys = watch::Sender::new(identity.membership.believed(world.now().as_millis()));
        let coming = Arc::default();
        let (state, identity) = (Arc::new(state), Arc::new(Mutex::new(identity)));
        Ok(Self { world: world.clone(), state, identity, keys, coming, policy })
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
        self.tls_with(&identity.key, &identity.membership.chain)
    }

    /// How it did before the control plane changed its keys, while that is still good.
    pub(crate) fn former_tls(&self) -> Option<ClientConfig> {
        let identity = self.lock();
        let former = identity.membership.former_at(self.world.now().as_millis())?;
        self.tls_with(&identity.key, &former.chain).ok()
    }

    fn tls_with(&self, key: &[u8], chain: &[ByteVec]) -> Result<ClientConfig, RunError> {
        let wrong = |e: &dyn std::fmt::Display| RunError::Identity(e.to_string());
        let key = MachineKey::read(key).map_err(|e| wrong(&e))?;
        let chain: Vec<_> = chain.iter().map(|der| CertificateDer::from(der.to_vec())).collect();
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

    /// The control plane has other keys. They are believed when one of the newest vouches for them, never one from
    /// before; then a certificate of the new authority is asked for.
    pub(crate) fn request_after(&self, signed: &SignedSuccession) -> Option<ByteVec> {
        let succession = match signed.open(&self.membership().keys) {
            Ok(succession) => succession,
            Err(why) => {
                tracing::error!("the control plane says that it has other keys, and nobody vouches for them: {why}");
                return None;
            }
        };
        if self.lock().membership.chain.last() == Some(&succession.authority) {
            return None;
        }
        *self.coming.lock().unwrap_or_else(PoisonError::into_inner) = Some(succession);
        self.request()
    }

    /// A new certificate came; says whether it is one of a new authority, and everything about that is written down.
    pub(crate) async fn renewed(&self, chain: Vec<ByteVec>) -> bool {
        let coming = self.coming.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match coming.filter(|coming| chain.last() == Some(&coming.authority) && chain.len() > 1) {
            Some(coming) => self.succeed(&coming, chain).await,
            None => {
                self.renewed_as_ever(chain).await;
                false
            }
        }
    }

    /// Either all of the new keys come into force or none of them.
    async fn succeed(&self, coming: &Succession, chain: Vec<ByteVec>) -> bool {
        let before = self.membership();
        if self.tls_with(&self.lock().key, &chain).is_err() {
            tracing::error!("a certificate of the new authority was sent that does not fit, and is not taken");
            return false;
        }
        if !self.change(|membership| membership.succeed(coming, chain)).await {
            self.lock().membership = before;
            return false;
        }
        *self.coming.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.keys.send_replace(self.believed());
        tracing::info!(authority = self.membership().fingerprint, "the control plane has other keys from now on");
        true
    }

    fn believed(&self) -> Vec<VerifyingKey> {
        self.lock().membership.believed(self.world.now().as_millis())
    }

    async fn renewed_as_ever(&self, chain: Vec<ByteVec>) {
        let before = self.lock().membership.chain.clone();
        // The authority is whom we trust: another one is not taken over the wire.
        if chain.len() < 2 || chain.last() != before.last() {
            return tracing::error!("a certificate of another authority was sent, and is not taken");
        }
        self.change(|membership| membership.chain = chain).await;
        if self.tls().is_err() {
            tracing::error!("a certificate was sent that does not fit, and is not taken");
            self.change(|membership| membership.chain = before).await;
            return;
        }
        tracing::info!("the certificate of this machine is renewed");
    }

    /// These keys sign commands. None is believed for that: one that was believed before has to vouch for it.
    pub(crate) fn keys_are(&self, keys: &[VerifyingKey]) {
        self.keys.send_replace(self.believed());
        if !keys.iter().any(|key| self.keys.borrow().contains(key)) {
            tracing::error!("the control plane signs with keys that nobody vouched for: its commands are not believed");
        }
    }

    /// The machine has another name.
    pub(crate) async fn name_is(&self, name: String) {
        if self.lock().membership.name != name {
            let _ = self.change(|membership| membership.name = name).await;
        }
    }

    /// Changes what is known and writes it down; says whether it is written. What could not be written holds until
    /// the next start.
    async fn change(&self, change: impl FnOnce(&mut Membership)) -> bool {
        let identity = {
            let mut identity = self.lock();
            change(&mut identity.membership);
            identity.clone()
        };
        let state = Arc::clone(&self.state);
        let kept = self.world.heavy(move || state.keep(&identity)).await;
        if let Ok(Err(error)) = &kept {
            tracing::error!("what the control plane told cannot be written down: {error}");
        }
        matches!(kept, Ok(Ok(())))
    }

    fn lock(&self) -> MutexGuard<'_, Identity> {
        self.identity.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
