//! The envelope: how a value is encrypted, and what it is bound to.
//!
//! Every version of every secret has a data key of its own, used for that one value. The data key is
//! wrapped by the master key. Both ciphertexts are bound to the secret's id and the version's number,
//! so that rows that were swapped, copied or cut do not open.
//!
//! A secret's description is not secret but must be true: which version is current, what it is
//! called. The vouching key signs it ([`Vouching`]), so that a row edited in the database is noticed.
//!
//! Layouts: wrapped key = 1 · master id (8) · nonce (12) · key and tag (48);
//! value = 1 · nonce (12) · ciphertext and tag.

use std::sync::Arc;

use diwan_kernel::key_file::{KEY_LEN, KeyBytes};
use diwan_kernel::stack::cleanly;
use diwan_kernel::{Secret, World};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use zeroize::Zeroizing;

use crate::deliver::key_text;
use crate::hook::HookId;
use crate::secret::SecretId;

const TAG_LEN: usize = 16;
const FORMAT: u8 = 1;
const WRAPPED_LEN: usize = 1 + MasterId::LEN + NONCE_LEN + KEY_LEN + TAG_LEN;

/// Which master key it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct MasterId([u8; Self::LEN]);

impl MasterId {
    const LEN: usize = 8;

    /// A new one.
    pub(crate) fn new(world: &World) -> Self {
        Self(world.random())
    }

    /// Its bytes.
    pub(crate) const fn bytes(self) -> [u8; Self::LEN] {
        self.0
    }

    /// Reads the form with sixteen hexadecimal digits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.len() == 2 * Self::LEN && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        u64::from_str_radix(text, 16).ok().filter(|_| digits).map(|n| Self(n.to_be_bytes()))
    }
}

impl std::fmt::Display for MasterId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Where a value lives. It opens only there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// Whose value it is.
    pub(crate) secret: SecretId,
    /// Which of its versions.
    pub(crate) version: i64,
}

impl Place {
    fn associated_data(self, what: &str) -> Vec<u8> {
        let mut bytes = format!("diwan.vault.{what}.v1").into_bytes();
        bytes.extend(self.secret.bits().to_be_bytes());
        bytes.extend(self.version.to_be_bytes());
        bytes
    }
}

/// Why an envelope does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EnvelopeError {
    /// The bytes are no envelope.
    #[error("the stored bytes are not an envelope of this format")]
    Malformed,
    /// It was wrapped by a master key that is not at hand.
    #[error("it was wrapped by the master key {0}, which is not at hand")]
    OtherMaster(MasterId),
    /// It was changed, or belongs to another row.
    #[error("it was changed, or it belongs to another row")]
    Tampered,
}

/// What the wrapped vouching key is bound to. The second form says that everything is vouched for.
const VOUCHING: &[u8] = b"diwan.vault.vouching-key.v2";
const VOUCHING_FIRST: &[u8] = b"diwan.vault.vouching-key.v1";

/// A master key: it wraps data keys and nothing else.
#[derive(Clone)]
pub(crate) struct MasterKey {
    id: MasterId,
    key: Arc<LessSafeKey>,
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MasterKey({})", self.id)
    }
}

/// The first of the keys that the cipher spreads one out to are the key itself.
fn cipher(key: &[u8; KEY_LEN]) -> Result<Arc<LessSafeKey>, EnvelopeError> {
    cleanly(|| UnboundKey::new(&AES_256_GCM, key).map(|key| Arc::new(LessSafeKey::new(key))))
        .map_err(|_| EnvelopeError::Malformed)
}

impl MasterKey {
    /// The master key with these bytes.
    pub(crate) fn new(id: MasterId, bytes: &KeyBytes) -> Result<Self, EnvelopeError> {
        Ok(Self { id, key: cipher(bytes)? })
    }

    /// Its id.
    pub(crate) const fn id(&self) -> MasterId {
        self.id
    }

    /// Wraps a data key for its place.
    pub(crate) fn wrap(&self, world: &World, key: &KeyBytes, place: Place) -> Result<Vec<u8>, EnvelopeError> {
        self.wrap_for(world, key, &place.associated_data("data-key"))
    }

    /// Takes a data key out, at its place.
    pub(crate) fn unwrap(&self, wrapped: &[u8], place: Place) -> Result<KeyBytes, EnvelopeError> {
        self.unwrap_for(wrapped, &place.associated_data("data-key"))
    }

    /// Wraps the vouching key.
    pub(crate) fn wrap_vouching(&self, world: &World, key: &KeyBytes) -> Result<Vec<u8>, EnvelopeError> {
        self.wrap_for(world, key, VOUCHING)
    }

    /// Takes the vouching key out. That it opens proves that this is the right master key.
    pub(crate) fn unwrap_vouching(&self, wrapped: &[u8]) -> Result<KeyBytes, EnvelopeError> {
        self.unwrap_for(wrapped, VOUCHING).or_else(|_| self.unwrap_for(wrapped, VOUCHING_FIRST))
    }

    /// Wraps it as it was wrapped then.
    #[cfg(test)]
    pub(crate) fn wrap_first_vouching(&self, world: &World, key: &KeyBytes) -> Result<Vec<u8>, EnvelopeError> {
        self.wrap_for(world, key, VOUCHING_FIRST)
    }

    /// Whether it was wrapped before everything was vouched for that is now. Nobody can make it look
    /// so again without the master key.
    pub(crate) fn is_first_vouching(&self, wrapped: &[u8]) -> bool {
        self.unwrap_for(wrapped, VOUCHING_FIRST).is_ok()
    }

    fn wrap_for(&self, world: &World, key: &KeyBytes, about: &[u8]) -> Result<Vec<u8>, EnvelopeError> {
        let mut wrapped = Vec::with_capacity(WRAPPED_LEN);
        wrapped.push(FORMAT);
        wrapped.extend(self.id.0);
        seal_onto(&mut wrapped, &self.key, world, &key[..], about)?;
        Ok(wrapped)
    }

    fn unwrap_for(&self, wrapped: &[u8], about: &[u8]) -> Result<KeyBytes, EnvelopeError> {
        let found = wrapped_by(wrapped)?;
        if found != self.id {
            return Err(EnvelopeError::OtherMaster(found));
        }
        let opened = open_from(&wrapped[1 + MasterId::LEN..], &self.key, about)?;
        KeyBytes::copied(&opened).ok_or(EnvelopeError::Malformed)
    }
}

/// By which master key a data key is wrapped.
pub(crate) fn wrapped_by(wrapped: &[u8]) -> Result<MasterId, EnvelopeError> {
    match wrapped {
        [FORMAT, rest @ ..] if wrapped.len() == WRAPPED_LEN => {
            rest.first_chunk().map(|id| MasterId(*id)).ok_or(EnvelopeError::Malformed)
        }
        _ => Err(EnvelopeError::Malformed),
    }
}

/// Encrypts a value under its data key.
pub(crate) fn seal_value(world: &World, key: &KeyBytes, value: &[u8], place: Place) -> Result<Vec<u8>, EnvelopeError> {
    let mut sealed = Vec::with_capacity(1 + NONCE_LEN + value.len() + TAG_LEN);
    sealed.push(FORMAT);
    let cipher = cipher(key)?;
    seal_onto(&mut sealed, &cipher, world, value, &place.associated_data("value"))?;
    Ok(sealed)
}

/// Decrypts a value at its place.
pub(crate) fn open_value(key: &KeyBytes, sealed: &[u8], place: Place) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
    match sealed {
        [FORMAT, rest @ ..] => {
            let cipher = cipher(key)?;
            open_from(rest, &cipher, &place.associated_data("value"))
        }
        _ => Err(EnvelopeError::Malformed),
    }
}

/// Appends nonce, ciphertext and tag.
fn seal_onto(
    out: &mut Vec<u8>,
    key: &LessSafeKey,
    world: &World,
    plain: &[u8],
    about: &[u8],
) -> Result<(), EnvelopeError> {
    let nonce: [u8; NONCE_LEN] = world.random();
    let mut body = Zeroizing::new(plain.to_vec());
    let tag = key
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(about), &mut body)
        .map_err(|_| EnvelopeError::Malformed)?;
    out.extend(nonce);
    out.extend(&body[..]);
    out.extend(tag.as_ref());
    Ok(())
}

fn open_from(bytes: &[u8], key: &LessSafeKey, about: &[u8]) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
    let (nonce, body) = bytes.split_at_checked(NONCE_LEN).ok_or(EnvelopeError::Malformed)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| EnvelopeError::Malformed)?;
    let mut body = Zeroizing::new(body.to_vec());
    let length = key.open_in_place(nonce, Aad::from(about), &mut body).map_err(|_| EnvelopeError::Tampered)?.len();
    body.truncate(length);
    Ok(body)
}

/// Signs descriptions of secrets, so that a row that was edited in the database is noticed.
pub(crate) struct Vouching(Box<hmac::Key>);

impl std::fmt::Debug for Vouching {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vouching")
    }
}

impl Vouching {
    /// Signs with this key.
    pub(crate) fn new(key: &KeyBytes) -> Self {
        Self(cleanly(|| Box::new(hmac::Key::new(hmac::HMAC_SHA256, &key[..]))))
    }

    /// The signature over these parts, each bound to its length.
    pub(crate) fn sign(&self, parts: &[&[u8]]) -> Vec<u8> {
        hmac::sign(&self.0, &joined(parts)).as_ref().to_vec()
    }

    /// The key that the deliveries of a hook are signed with. It is not stored: it can be made again for as
    /// long as there is this key, and for another hook it is another one.
    pub(crate) fn hook_key(&self, hook: HookId) -> Secret<String> {
        let mut bytes = b"diwan.vault.hook-key.v1".to_vec();
        bytes.extend(hook.bits().to_be_bytes());
        key_text(hmac::sign(&self.0, &bytes).as_ref())
    }

    /// Whether the signature is right.
    pub(crate) fn holds(&self, parts: &[&[u8]], signature: &[u8]) -> bool {
        hmac::verify(&self.0, &joined(parts), signature).is_ok()
    }
}

fn joined(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = b"diwan.vault.description.v1".to_vec();
    for part in parts {
        bytes.extend((part.len() as u64).to_be_bytes());
        bytes.extend(*part);
    }
    bytes
}

#[cfg(test)]
mod vectors;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Checked = Result<(), EnvelopeError>;

    fn place(secret: u128, version: i64) -> Place {
        Place { secret: SecretId::from_bits(secret), version }
    }

    fn master(world: &World) -> Result<MasterKey, EnvelopeError> {
        MasterKey::new(MasterId::new(world), &KeyBytes::fresh(world))
    }

    #[test]
    fn a_data_key_opens_under_its_master_and_at_its_place_only() -> Checked {
        let world = World::real();
        let (right, wrong, key) = (master(&world)?, master(&world)?, KeyBytes::fresh(&world));
        let wrapped = right.wrap(&world, &key, place(1, 1))?;
        assert_eq!(right.unwrap(&wrapped, place(1, 1))?, key);
        assert_eq!(right.unwrap(&wrapped, place(1, 2)).err(), Some(EnvelopeError::Tampered));
        assert_eq!(right.unwrap(&wrapped, place(2, 1)).err(), Some(EnvelopeError::Tampered));
        assert_eq!(wrong.unwrap(&wrapped, place(1, 1)).err(), Some(EnvelopeError::OtherMaster(right.id())));
        // Another key under the same id is a forgery too.
        let forged = MasterKey::new(right.id(), &KeyBytes::fresh(&world))?;
        assert_eq!(forged.unwrap(&wrapped, place(1, 1)).err(), Some(EnvelopeError::Tampered));
        // A data key is no vouching key.
        assert_eq!(right.unwrap_vouching(&wrapped).err(), Some(EnvelopeError::Tampered));
        Ok(())
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() -> Checked {
        let world = World::real();
        let (master, key, place) = (master(&world)?, KeyBytes::fresh(&world), place(7, 3));
        let wrapped = master.wrap(&world, &key, place)?;
        let sealed = seal_value(&world, &key, b"correct horse", place)?;
        for bit in 0..wrapped.len() * 8 {
            let mut changed = wrapped.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(master.unwrap(&changed, place).is_err(), "key bit {bit}");
        }
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(open_value(&key, &changed, place).is_err(), "value bit {bit}");
        }
        for length in 0..wrapped.len() {
            assert!(master.unwrap(&wrapped[..length], place).is_err(), "key length {length}");
        }
        for length in 0..sealed.len() {
            assert!(open_value(&key, &sealed[..length], place).is_err(), "value length {length}");
        }
        Ok(())
    }

    #[test]
    fn a_description_is_bound_part_by_part() {
        let vouching = Vouching::new(&KeyBytes::fresh(&World::real()));
        let signature = vouching.sign(&[b"ab", b"c"]);
        assert!(vouching.holds(&[b"ab", b"c"], &signature));
        assert!(!vouching.holds(&[b"a", b"bc"], &signature));
        assert!(!vouching.holds(&[b"ab", b"c", b""], &signature));
    }

    #[test]
    fn ids_of_masters_read_back_and_nothing_else_does() {
        let id = MasterId::new(&World::real());
        assert_eq!(MasterId::parse(&id.to_string()), Some(id));
        for text in ["", "12", "0123456789ABCDEF", "+123456789abcdef", "0123456789abcdef0"] {
            assert_eq!(MasterId::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn values_come_back_as_they_went_in(value in proptest::collection::vec(any::<u8>(), 0..4096), secret: u128, version: i64) {
            let world = World::real();
            let (key, place) = (KeyBytes::fresh(&world), place(secret, version));
            let sealed = seal_value(&world, &key, &value, place);
            let opened = sealed.and_then(|s| open_value(&key, &s, place)).ok();
            prop_assert_eq!(opened.map(|o| o.to_vec()), Some(value));
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
            let world = World::real();
            let (key, place) = (KeyBytes::fresh(&world), place(1, 1));
            prop_assert!(open_value(&key, &bytes, place).is_err());
            prop_assert!(MasterKey::new(MasterId::new(&world), &key).and_then(|m| m.unwrap(&bytes, place)).is_err());
        }
    }
}
