//! The master keys at hand while the vault is unsealed: the one that wraps new data keys, and, during
//! a rotation, the one that is on its way out.

use diwan_kernel::World;
use diwan_kernel::key_file::KeyBytes;
use zeroize::Zeroizing;

use crate::envelope::{EnvelopeError, MasterId, MasterKey, Place, Vouching, wrapped_by};

/// Random nonces stay safe up to 2³² wraps under one key. This is nine tenths of that: from here on
/// the key has to be rotated before anything else is wrapped.
pub(crate) const MOST_WRAPS: i64 = 3_865_470_566;

/// What an unsealed vault works with.
#[derive(Debug)]
pub(crate) struct Masters {
    active: MasterKey,
    others: Vec<MasterKey>,
    vouching: Vouching,
    vouching_key: KeyBytes,
}

impl Masters {
    /// The active key first; the vouching key as it came out of the active key's row.
    pub(crate) fn new(active: MasterKey, others: Vec<MasterKey>, vouching_key: KeyBytes) -> Self {
        Self { active, others, vouching: Vouching::new(&vouching_key), vouching_key }
    }

    /// The key that wraps new data keys.
    pub(crate) const fn active(&self) -> &MasterKey {
        &self.active
    }

    /// What signs descriptions.
    pub(crate) const fn vouching(&self) -> &Vouching {
        &self.vouching
    }

    /// The vouching key wrapped by another master, for its row.
    pub(crate) fn vouching_under(&self, world: &World, master: &MasterKey) -> Result<Vec<u8>, EnvelopeError> {
        master.wrap_vouching(world, &self.vouching_key)
    }

    /// Whether these are the keys at hand, the active one first.
    pub(crate) fn are(&self, keys: &[MasterId]) -> bool {
        let at_hand = || std::iter::once(&self.active).chain(&self.others).map(MasterKey::id);
        keys.first() == Some(&self.active.id())
            && keys.len() == at_hand().count()
            && at_hand().all(|id| keys.contains(&id))
    }

    /// Takes a data key out, whichever of the keys at hand wrapped it.
    pub(crate) fn unwrap(&self, wrapped: &[u8], place: Place) -> Result<KeyBytes, EnvelopeError> {
        let id = wrapped_by(wrapped)?;
        let mut keys = std::iter::once(&self.active).chain(&self.others);
        keys.find(|k| k.id() == id).ok_or(EnvelopeError::OtherMaster(id))?.unwrap(wrapped, place)
    }

    /// The same, with a new key in front.
    pub(crate) fn succeeded_by(&self, new: MasterKey) -> Self {
        let others = std::iter::once(&self.active).chain(&self.others).cloned().collect();
        Self::new(new, others, self.vouching_key.clone())
    }

    /// The same, with the active key alone.
    pub(crate) fn active_alone(&self) -> Self {
        Self::new(self.active.clone(), vec![], self.vouching_key.clone())
    }
}

/// A value taken out of the vault, wiped when dropped.
pub(crate) type Plain = Zeroizing<Vec<u8>>;
