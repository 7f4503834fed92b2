//! A file of keys that lives outside the database: one key a line, readable by its owner alone.
//!
//! The first key is the one in use; the others open what was written before. A retired key is kept
//! for backups that still need it.

use std::ops::Deref;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::{Zeroize, Zeroizing};

use crate::stack::cleanly;
use crate::world::World;

/// How many bytes tell keys apart.
pub const KEY_ID_LEN: usize = 8;
/// How many bytes a key has.
pub const KEY_LEN: usize = 32;

/// The bytes of a key: in one place, however often they change hands, and wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyBytes(Box<[u8; KEY_LEN]>);

impl KeyBytes {
    /// A copy; `None` when these are not the bytes of a key.
    pub fn copied(bytes: &[u8]) -> Option<Self> {
        (bytes.len() == KEY_LEN).then(|| Self::filled(|key| key.copy_from_slice(bytes)))
    }

    /// New ones.
    pub fn fresh(world: &World) -> Self {
        Self::filled(|key| world.fill(key))
    }

    /// Written in their place.
    pub fn filled(fill: impl FnOnce(&mut [u8])) -> Self {
        let mut key = Self(Box::new([0; KEY_LEN]));
        fill(&mut key.0[..]);
        key
    }
}

impl Deref for KeyBytes {
    type Target = [u8; KEY_LEN];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Drop for KeyBytes {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl std::fmt::Debug for KeyBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyBytes")
    }
}

/// One line of the file.
#[derive(Clone)]
pub struct StoredKey {
    /// Which key.
    pub id: [u8; KEY_ID_LEN],
    /// The key itself.
    pub key: KeyBytes,
    /// Whether it is only kept for old backups.
    pub retired: bool,
}

impl std::fmt::Debug for StoredKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredKey").field("id", &hex(&self.id)).field("retired", &self.retired).finish_non_exhaustive()
    }
}

impl StoredKey {
    /// A new key.
    pub fn fresh(world: &World) -> Self {
        Self { id: world.random(), key: KeyBytes::fresh(world), retired: false }
    }

    fn line(&self) -> Zeroizing<String> {
        let word = if self.retired { "retired" } else { "key" };
        let key = Zeroizing::new(STANDARD_NO_PAD.encode(&self.key[..]));
        Zeroizing::new(format!("{word} {} {}\n", hex(&self.id), *key))
    }
}

/// Why the file is not usable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the key file {path} is not usable: {why}")]
pub struct KeyFileError {
    /// Which file.
    pub path: String,
    /// What is wrong with it.
    pub why: String,
}

/// The file.
#[derive(Debug, Clone)]
pub struct KeyFile {
    world: World,
    path: PathBuf,
    heading: &'static str,
}

impl KeyFile {
    /// The file at this path; the heading is a comment for whoever opens it.
    pub fn at(world: &World, path: &Path, heading: &'static str) -> Self {
        Self { world: world.clone(), path: path.to_owned(), heading }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its keys; `None` when there is no file.
    ///
    /// # Errors
    /// When the file is readable by others, malformed, or cannot be read.
    pub fn read(&self) -> Result<Option<Vec<StoredKey>>, KeyFileError> {
        cleanly(|| self.stored())
    }

    fn stored(&self) -> Result<Option<Vec<StoredKey>>, KeyFileError> {
        let content = match self.world.disk().read(&self.path) {
            Ok(content) => Zeroizing::new(content),
            Err(e) if e.is_missing() => return Ok(None),
            Err(e) => return Err(self.unusable(e.to_string())),
        };
        self.refuse_if_others_can_read()?;
        let text = std::str::from_utf8(&content).map_err(|_| self.unusable("it is not text"))?;
        let lines = text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
        let keys = lines.map(parse_line).collect::<Option<Vec<_>>>();
        let keys = keys.ok_or_else(|| self.unusable("a line is not of the form `key ID KEY`"))?;
        if keys.is_empty() {
            return Err(self.unusable("it holds no key"));
        }
        Ok(Some(keys))
    }

    /// Makes the file. It must not be there yet.
    ///
    /// # Errors
    /// When it is there, or cannot be written.
    pub fn create(&self, keys: &[StoredKey]) -> Result<(), KeyFileError> {
        let created = cleanly(|| self.world.disk().create(&self.path, self.content(keys).as_bytes()));
        created.map_err(|e| self.unusable(e.to_string()))
    }

    /// Replaces the file in one step.
    ///
    /// # Errors
    /// When it cannot be written; the old one is still whole then.
    pub fn replace(&self, keys: &[StoredKey]) -> Result<(), KeyFileError> {
        let replaced = cleanly(|| self.world.disk().replace(&self.path, self.content(keys).as_bytes()));
        replaced.map_err(|e| self.unusable(e.to_string()))
    }

    fn content(&self, keys: &[StoredKey]) -> Zeroizing<String> {
        let mut content = Zeroizing::new(format!("# {}\n", self.heading));
        // Grown in one step, so that no half of it is left behind in freed memory.
        content.reserve(keys.len() * 80);
        keys.iter().for_each(|key| content.push_str(&key.line()));
        content
    }

    fn refuse_if_others_can_read(&self) -> Result<(), KeyFileError> {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&self.path).map_err(|e| self.unusable(e.to_string()))?.permissions().mode();
        if mode & 0o077 == 0 {
            return Ok(());
        }
        let path = self.path.display();
        Err(self.unusable(format!("others can read it (mode {:o}); run: chmod 600 {path}", mode & 0o777)))
    }

    pub(crate) fn unusable(&self, why: impl Into<String>) -> KeyFileError {
        KeyFileError { path: self.path.display().to_string(), why: why.into() }
    }
}

fn parse_line(line: &str) -> Option<StoredKey> {
    let mut words = line.split(' ');
    let (word, id, key, None) = (words.next()?, words.next()?, words.next()?, words.next()) else { return None };
    let retired = match word {
        "key" => false,
        "retired" => true,
        _ => return None,
    };
    let digits = id.len() == 2 * KEY_ID_LEN && id.bytes().all(|b| b.is_ascii_hexdigit());
    let id = u64::from_str_radix(id, 16).ok().filter(|_| digits)?.to_be_bytes();
    let bytes = Zeroizing::new(STANDARD_NO_PAD.decode(key).ok()?);
    Some(StoredKey { id, key: KeyBytes::copied(&bytes)?, retired })
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::os::unix::fs::PermissionsExt;

    type Checked = Result<(), Box<dyn std::error::Error>>;

    fn file(dir: &tempfile::TempDir) -> KeyFile {
        KeyFile::at(&World::real(), &dir.path().join("test.key"), "Keys of a test.")
    }

    #[test]
    fn keys_read_back_in_their_order() -> Checked {
        let dir = tempfile::tempdir()?;
        let file = file(&dir);
        assert!(file.read()?.is_none());
        let world = World::real();
        let keys = [StoredKey::fresh(&world), StoredKey { retired: true, ..StoredKey::fresh(&world) }];
        file.create(&keys)?;
        assert!(file.create(&keys).is_err(), "an existing file is not overwritten");
        let read = file.read()?.ok_or("no file")?;
        assert_eq!(
            read.iter().map(|k| (k.id, k.retired)).collect::<Vec<_>>(),
            [(keys[0].id, false), (keys[1].id, true)]
        );
        assert_eq!(read[0].key, keys[0].key);
        assert_eq!(std::fs::metadata(file.path())?.permissions().mode() & 0o777, 0o600);
        Ok(())
    }

    #[test]
    fn a_file_that_others_can_read_or_that_makes_no_sense_is_refused() -> Checked {
        let dir = tempfile::tempdir()?;
        let file = file(&dir);
        for text in
            ["", "# only words\n", "key 00 AA\n", "key 0011223344556677 AA extra\n", "lock 0011223344556677 AA\n"]
        {
            std::fs::write(file.path(), text)?;
            std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o600))?;
            assert!(file.read().is_err(), "{text:?}");
        }
        file.replace(&[StoredKey::fresh(&World::real())])?;
        assert!(file.read().is_ok());
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o640))?;
        assert!(file.read().is_err_and(|e| e.why.contains("chmod 600")));
        Ok(())
    }

    proptest! {
        #[test]
        fn no_key_line_makes_the_parser_panic(line in "\\PC*") {
            let _ = parse_line(&line);
        }
    }
}
