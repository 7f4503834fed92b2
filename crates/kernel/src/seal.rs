//! Sealed columns: whatever is secret in the database is AES-256-GCM ciphertext there.
//!
//! The keys live in a file outside the database (0600). Each ciphertext names its key, so that keys
//! can be changed, and is bound to its table, column and row, so that it opens nowhere else.
//!
//! Layout: version (1) · key id (8) · nonce (12) · ciphertext and tag.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::key_file::{KEY_ID_LEN, KeyFile, KeyFileError, StoredKey, hex};
use crate::world::World;

const VERSION: u8 = 1;
const HEADER_LEN: usize = 1 + KEY_ID_LEN + NONCE_LEN;
const FILE_HEADING: &str = "Diwan sealing keys. The first one seals; all open. Keep a copy apart from the database.";

/// Random nonces stay safe up to 2³² seals under one key; a key is due for change well before.
pub const SEALS_PER_KEY: u64 = 3_865_470_566;

/// Where a sealed value lives: it opens only there.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The row's id.
    pub row: &'a str,
}

impl Place<'_> {
    fn associated_data(&self) -> Vec<u8> {
        let mut bytes = b"diwan.sealed.v1".to_vec();
        for part in [self.table, self.column, self.row] {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend(part.as_bytes());
        }
        bytes
    }
}

/// Why something did not seal or open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The bytes are not a sealed value.
    #[error("this is not a sealed value")]
    Malformed,
    /// The key it was sealed with is not in the key file.
    #[error("sealed with the key {0}, which is not in the key file")]
    UnknownKey(String),
    /// It was changed, or belongs to another row, or another key has this id.
    #[error("a sealed value was changed or belongs to another row")]
    Tampered,
    /// The key file is not usable.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
}

struct SealingKey {
    id: [u8; KEY_ID_LEN],
    key: LessSafeKey,
    seals: AtomicU64,
}

impl SealingKey {
    fn new(stored: &StoredKey) -> Option<Self> {
        let key = UnboundKey::new(&AES_256_GCM, &stored.key[..]).ok()?;
        Some(Self { id: stored.id, key: LessSafeKey::new(key), seals: AtomicU64::new(0) })
    }
}

/// Seals and opens. Cheap to clone.
#[derive(Clone)]
pub struct Sealer {
    world: World,
    keys: Arc<[SealingKey]>,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealer").field("active_key", &self.active_key_id()).finish_non_exhaustive()
    }
}

impl Sealer {
    /// Opens the key file, making one with a fresh key on the first start.
    ///
    /// # Errors
    /// When the file is readable by others, malformed, or cannot be made.
    pub fn open(world: &World, path: &Path) -> Result<Self, SealError> {
        let file = KeyFile::at(world, path, FILE_HEADING);
        let stored = match file.read()? {
            Some(stored) => stored,
            None => {
                let fresh = vec![StoredKey::fresh(world)];
                file.create(&fresh)?;
                fresh
            }
        };
        let keys = stored.iter().filter(|k| !k.retired).map(SealingKey::new).collect::<Option<Vec<_>>>();
        let keys = keys.filter(|keys| !keys.is_empty()).ok_or_else(|| file.unusable("it holds no key in use"))?;
        Ok(Self { world: world.clone(), keys: keys.into() })
    }

    /// Puts a fresh key in front: from the next start on it seals, and the old ones still open.
    ///
    /// # Errors
    /// When the file cannot be read or replaced.
    pub fn add_key(world: &World, path: &Path) -> Result<(), SealError> {
        let file = KeyFile::at(world, path, FILE_HEADING);
        let mut keys = vec![StoredKey::fresh(world)];
        keys.extend(file.read()?.unwrap_or_default());
        Ok(file.replace(&keys)?)
    }

    /// Seals a value for one place.
    ///
    /// # Errors
    /// Never in practice: only for values of many gigabytes.
    pub fn seal(&self, plain: &[u8], place: Place<'_>) -> Result<Vec<u8>, SealError> {
        let active = &self.keys[0];
        active.seals.fetch_add(1, Ordering::Relaxed);
        let nonce: [u8; NONCE_LEN] = self.world.random();
        let mut sealed = Vec::with_capacity(HEADER_LEN + plain.len() + AES_256_GCM.tag_len());
        sealed.push(VERSION);
        sealed.extend(active.id);
        sealed.extend(nonce);
        let mut body = plain.to_vec();
        let nonce = Nonce::assume_unique_for_key(nonce);
        let done = active.key.seal_in_place_append_tag(nonce, Aad::from(place.associated_data()), &mut body);
        done.map_err(|_| SealError::Malformed)?;
        sealed.append(&mut body);
        Ok(sealed)
    }

    /// Opens a value at its place.
    ///
    /// # Errors
    /// When it was changed, moved to another row, or its key is gone.
    pub fn unseal(&self, sealed: &[u8], place: Place<'_>) -> Result<Zeroizing<Vec<u8>>, SealError> {
        if sealed.len() < HEADER_LEN + AES_256_GCM.tag_len() || sealed[0] != VERSION {
            return Err(SealError::Malformed);
        }
        let (header, body) = sealed.split_at(HEADER_LEN);
        let key_id = &header[1..=KEY_ID_LEN];
        let key = self.keys.iter().find(|k| k.id == key_id).ok_or_else(|| SealError::UnknownKey(hex(key_id)))?;
        let nonce = Nonce::try_assume_unique_for_key(&header[1 + KEY_ID_LEN..]).map_err(|_| SealError::Malformed)?;
        let mut body = Zeroizing::new(body.to_vec());
        let opened = key.key.open_in_place(nonce, Aad::from(place.associated_data()), &mut body);
        let length = opened.map_err(|_| SealError::Tampered)?.len();
        body.truncate(length);
        Ok(body)
    }

    /// The id of the key that seals now.
    pub fn active_key_id(&self) -> String {
        hex(&self.keys[0].id)
    }

    /// Whether a value was sealed with another key than the one that seals now.
    pub fn is_outdated(&self, sealed: &[u8]) -> bool {
        sealed.get(1..=KEY_ID_LEN) != Some(&self.keys[0].id[..])
    }

    /// How often the active key has sealed since the start; see [`SEALS_PER_KEY`].
    pub fn seals(&self) -> u64 {
        self.keys[0].seals.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    type Checked = Result<(), Box<dyn std::error::Error>>;
    const PLACE: Place<'_> = Place { table: "totp", column: "seed", row: "usr_1" };

    fn sealer(dir: &tempfile::TempDir) -> Result<Sealer, SealError> {
        Sealer::open(&World::real(), &dir.path().join("seal.key"))
    }

    #[test]
    fn a_value_opens_only_where_it_was_sealed() -> Checked {
        let dir = tempfile::tempdir()?;
        let sealer = sealer(&dir)?;
        let sealed = sealer.seal(b"seed", PLACE)?;
        assert_eq!(*sealer.unseal(&sealed, PLACE)?, b"seed");
        for place in
            [Place { row: "usr_2", ..PLACE }, Place { column: "see", ..PLACE }, Place { table: "top", ..PLACE }]
        {
            assert_eq!(sealer.unseal(&sealed, place), Err(SealError::Tampered));
        }
        Ok(())
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() -> Checked {
        let dir = tempfile::tempdir()?;
        let sealer = sealer(&dir)?;
        let sealed = sealer.seal(b"seed", PLACE)?;
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(sealer.unseal(&changed, PLACE).is_err(), "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert!(sealer.unseal(&sealed[..length], PLACE).is_err(), "length {length}");
        }
        Ok(())
    }

    #[test]
    fn old_keys_open_after_a_new_one_was_added() -> Checked {
        let dir = tempfile::tempdir()?;
        let old = sealer(&dir)?;
        let sealed = old.seal(b"seed", PLACE)?;
        Sealer::add_key(&World::real(), &dir.path().join("seal.key"))?;
        let new = sealer(&dir)?;
        assert_ne!(new.active_key_id(), old.active_key_id());
        assert!(new.is_outdated(&sealed));
        assert_eq!(*new.unseal(&sealed, PLACE)?, b"seed");
        assert!(matches!(old.unseal(&new.seal(b"seed", PLACE)?, PLACE), Err(SealError::UnknownKey(_))));
        Ok(())
    }

    #[test]
    fn a_key_file_that_others_can_read_is_refused() -> Checked {
        let dir = tempfile::tempdir()?;
        sealer(&dir)?;
        let path = dir.path().join("seal.key");
        assert_eq!(std::fs::metadata(&path)?.permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644))?;
        assert!(matches!(sealer(&dir), Err(SealError::KeyFile(_))));
        Ok(())
    }
}
