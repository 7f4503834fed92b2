//! Sealed columns: whatever is secret in the database is AES-256-GCM ciphertext there.
//!
//! The keys live in a file outside the database (0600). Each ciphertext names its key, so that keys
//! can be changed, and is bound to its table, column and row, so that it opens nowhere else.
//!
//! Layout: version (1) · key id (8) · nonce (12) · ciphertext and tag.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::{Zeroize, Zeroizing};

use crate::world::World;

const VERSION: u8 = 1;
const KEY_ID_LEN: usize = 8;
const HEADER_LEN: usize = 1 + KEY_ID_LEN + NONCE_LEN;
const FILE_HEADING: &str = "# Diwan sealing keys. The first one seals; all open. Keep a copy apart from the database.";

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
    #[error("the key file {path} is not usable: {why}")]
    KeyFile {
        /// Which file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
}

struct SealingKey {
    id: [u8; KEY_ID_LEN],
    key: LessSafeKey,
    seals: AtomicU64,
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
        let unusable = |why: String| SealError::KeyFile { path: path.display().to_string(), why };
        let content = match world.disk().read(path) {
            Ok(content) => Zeroizing::new(content),
            Err(e) if e.is_missing() => {
                let fresh = Zeroizing::new(format!("{FILE_HEADING}\n{}\n", *fresh_line(world)));
                world.disk().create(path, fresh.as_bytes()).map_err(|e| unusable(e.to_string()))?;
                Zeroizing::new(fresh.as_bytes().to_vec())
            }
            Err(e) => return Err(unusable(e.to_string())),
        };
        refuse_if_others_can_read(path).map_err(unusable)?;
        let text = std::str::from_utf8(&content).map_err(|_| unusable("it is not text".into()))?;
        let lines = text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
        let keys = lines.map(parse_line).collect::<Option<Vec<_>>>();
        let keys = keys.ok_or_else(|| unusable("a line is not of the form `key ID KEY`".into()))?;
        if keys.is_empty() {
            return Err(unusable("it holds no key".into()));
        }
        Ok(Self { world: world.clone(), keys: keys.into() })
    }

    /// Puts a fresh key in front: from the next start on it seals, and the old ones still open.
    ///
    /// # Errors
    /// When the file cannot be read or replaced.
    pub fn add_key(world: &World, path: &Path) -> Result<(), SealError> {
        let unusable = |why: String| SealError::KeyFile { path: path.display().to_string(), why };
        let old = Zeroizing::new(world.disk().read(path).map_err(|e| unusable(e.to_string()))?);
        let old = std::str::from_utf8(&old).map_err(|_| unusable("it is not text".into()))?;
        let keys = Zeroizing::new(old.replacen(FILE_HEADING, "", 1).trim_start().to_owned());
        let new = Zeroizing::new(format!("{FILE_HEADING}\n{}\n{}", *fresh_line(world), *keys));
        world.disk().replace(path, new.as_bytes()).map_err(|e| unusable(e.to_string()))
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

fn fresh_line(world: &World) -> Zeroizing<String> {
    let id: [u8; KEY_ID_LEN] = world.random();
    let mut key: [u8; 32] = world.random();
    let line = Zeroizing::new(format!("key {} {}", hex(&id), STANDARD_NO_PAD.encode(key)));
    key.zeroize();
    line
}

fn parse_line(line: &str) -> Option<SealingKey> {
    let mut words = line.split(' ');
    let ("key", id, key, None) = (words.next()?, words.next()?, words.next()?, words.next()) else { return None };
    let id = u64::from_str_radix(id, 16).ok().filter(|_| id.len() == 2 * KEY_ID_LEN)?.to_be_bytes();
    let key = Zeroizing::new(STANDARD_NO_PAD.decode(key).ok()?);
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).ok()?);
    Some(SealingKey { id, key, seals: AtomicU64::new(0) })
}

fn refuse_if_others_can_read(path: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path).map_err(|e| e.to_string())?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(format!("others can read it (mode {:o}); run: chmod 600 {}", mode & 0o777, path.display()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
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
        assert!(matches!(sealer(&dir), Err(SealError::KeyFile { .. })));
        Ok(())
    }

    proptest! {
        #[test]
        fn no_key_line_makes_the_parser_panic(line in "\\PC*") {
            let _ = parse_line(&line);
        }
    }
}
