//! The seal: whether the master keys are at hand, and why not.

use std::sync::{Arc, PoisonError, RwLock};

use serde::Serialize;

use crate::master::Masters;

/// Why the vault is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WhySealed {
    /// Nobody has said yet what guards the master key.
    NotInitialised,
    /// Somebody has to type the passphrase.
    PassphraseNeeded,
    /// Somebody sealed it.
    ByHand,
    /// The key file is missing, damaged or of another installation.
    KeyFile,
    /// The key service did not help.
    Transit,
    /// The master key that came back does not open what is stored.
    WrongKey,
}

/// That no secret is to be had now, for whoever looks after the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Why, in a sentence.
    pub detail: String,
    /// What to do.
    pub next: &'static str,
}

#[derive(Debug)]
enum State {
    Sealed(WhySealed, String),
    Unsealed(Arc<Masters>),
}

/// Holds the keys of an unsealed vault, and wipes them when it is sealed. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Seal(Arc<RwLock<State>>);

impl Seal {
    /// A sealed one.
    pub(crate) fn sealed(why: WhySealed, detail: impl Into<String>) -> Self {
        Self(Arc::new(RwLock::new(State::Sealed(why, detail.into()))))
    }

    /// The keys, while they are at hand.
    pub(crate) fn masters(&self) -> Option<Arc<Masters>> {
        match &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            State::Unsealed(masters) => Some(Arc::clone(masters)),
            State::Sealed(..) => None,
        }
    }

    /// Why it is sealed, and in a sentence; `None` when it is not.
    pub(crate) fn why(&self) -> Option<(WhySealed, String)> {
        match &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            State::Unsealed(_) => None,
            State::Sealed(why, detail) => Some((why.clone(), detail.clone())),
        }
    }

    /// Takes the keys in hand.
    pub(crate) fn open(&self, masters: Masters) {
        self.set(State::Unsealed(Arc::new(masters)));
    }

    /// Puts others in the place of the keys at hand. What was sealed meanwhile stays sealed.
    pub(crate) fn exchange(&self, change: impl FnOnce(&Masters) -> Masters) {
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let State::Unsealed(masters) = &*state {
            let changed = Arc::new(change(masters));
            *state = State::Unsealed(changed);
        }
    }

    /// Lets go of the keys. Whoever is in the middle of a read finishes it; then they are wiped.
    pub(crate) fn close(&self, why: WhySealed, detail: impl Into<String>) {
        self.set(State::Sealed(why, detail.into()));
    }

    fn set(&self, state: State) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = state;
    }
}
