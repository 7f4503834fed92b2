//! Where values are kept. What is known about a secret is always in our database; its values are
//! there too, under their envelope ([`local`]), or with a vault that somebody runs already.

pub(crate) mod kv;
pub(crate) mod local;

use async_trait::async_trait;
use zeroize::Zeroizing;

use crate::envelope::{EnvelopeError, MasterId, Place};
use crate::master::Plain;
use crate::name::SecretName;

/// Which value of which secret.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spot<'a> {
    pub(crate) place: Place,
    pub(crate) name: &'a SecretName,
}

/// What our database remembers of a value.
#[derive(Debug, Clone)]
pub(crate) enum Stored {
    /// The value itself, under its envelope.
    Here {
        /// What wraps the data key.
        master: MasterId,
        /// The wrapped data key.
        data_key: Vec<u8>,
        /// The ciphertext.
        value: Vec<u8>,
    },
    /// How the other vault calls it.
    There(String),
}

impl Stored {
    /// How the other vault calls it, if it is there.
    pub(crate) fn remote(&self) -> Option<&str> {
        match self {
            Self::Here { .. } => None,
            Self::There(remote) => Some(remote),
        }
    }
}

/// Why a back end did not do it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BackendError {
    /// The vault is sealed.
    #[error("the vault is sealed")]
    Sealed,
    /// What is stored does not open.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// The other vault refused, with what it said.
    #[error("the back end refused: {0}")]
    Refused(String),
    /// The other vault does not answer.
    #[error("the back end does not answer: {0}")]
    Away(String),
    /// The other vault has no such value.
    #[error("the back end does not have this value any more")]
    Gone,
    /// Somebody changed the value there meanwhile.
    #[error("the value was changed in the back end by somebody else")]
    Changed,
    /// The other vault has something under this name that is not ours.
    #[error("the back end has something else under this name")]
    Taken,
}

/// Keeps values.
#[async_trait]
pub(crate) trait Backend: Send + Sync + std::fmt::Debug {
    /// Takes a value into keeping, after the one before. Nothing of ours is written yet.
    async fn put(
        &self,
        spot: Spot<'_>,
        before: Option<&Stored>,
        value: &Zeroizing<String>,
    ) -> Result<Stored, BackendError>;

    /// Gives a value back.
    async fn get(&self, spot: Spot<'_>, stored: &Stored) -> Result<Plain, BackendError>;

    /// Destroys a value, after ours was destroyed. What is gone already counts as done.
    async fn destroy(&self, spot: Spot<'_>, stored: &Stored) -> Result<(), BackendError>;

    /// Forgets that there ever was this secret, after all its values were destroyed.
    async fn forget(&self, spot: Spot<'_>) -> Result<(), BackendError>;
}
