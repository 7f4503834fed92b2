//! What a bridge keeps in its directory: its key, what it joined, how often it connected, and the room for
//! its commands. One process has the directory at a time.

use std::path::{Path, PathBuf};

use diwan_kernel::World;
use diwan_kernel::world::DirLock;
use diwan_protocol::{decode, encode};
use zeroize::Zeroizing;

use crate::commands::{OpenTerminal, open_terminals};
use crate::error::StateError;
use crate::membership::{Identity, Membership};

/// Where the bridge of root keeps its state.
const OF_ROOT: &str = "/var/lib/diwan-bridge";
/// Where that of anybody else does, below their home.
const OF_A_PERSON: &str = ".local/state/diwan-bridge";

const IDENTITY: &str = "identity";
const NEXT_KEY: &str = "next.key";
const CONNECTIONS: &str = "connections";

/// The state of a bridge, taken for this process.
#[derive(Debug)]
pub struct State {
    world: World,
    dir: PathBuf,
    _lock: DirLock,
}

impl State {
    /// Where it is kept unless somebody says otherwise: below `home`, or in the system's place for root.
    pub fn usual_place(home: Option<&Path>) -> PathBuf {
        if rustix::process::geteuid().is_root() {
            return OF_ROOT.into();
        }
        home.map_or_else(|| OF_ROOT.into(), |home| home.join(OF_A_PERSON))
    }

    /// Takes the directory, which is made when it is not there.
    ///
    /// # Errors
    /// When another bridge has it, or it cannot be used.
    pub fn open(world: &World, dir: &Path) -> Result<Self, StateError> {
        world.disk().create_dir(dir)?;
        let lock = world.disk().lock_dir(dir)?.ok_or_else(|| StateError::Taken(dir.to_owned()))?;
        Ok(Self { world: world.clone(), dir: dir.to_owned(), _lock: lock })
    }

    /// What a directory says about the bridge in it, whether or not it runs; `None` when it never joined.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn describe(world: &World, dir: &Path) -> Result<Option<Membership>, StateError> {
        Ok(read_identity(world, dir)?.map(|identity| identity.membership.clone()))
    }

    /// Who this machine is.
    pub(crate) fn identity(&self) -> Result<Option<Identity>, StateError> {
        read_identity(&self.world, &self.dir)
    }

    /// Writes down who this machine is: the key and what it proves together, so that they never part.
    pub(crate) fn keep(&self, identity: &Identity) -> Result<(), StateError> {
        self.replace(IDENTITY, &Zeroizing::new(encode(identity)))
    }

    /// The key that a certificate was asked for and may have been given already.
    pub(crate) fn next_key(&self) -> Result<Option<Zeroizing<Vec<u8>>>, StateError> {
        match self.world.disk().read(&self.dir.join(NEXT_KEY)) {
            Ok(key) => Ok(Some(Zeroizing::new(key))),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes down a key before anything is asked with it.
    pub(crate) fn keep_next_key(&self, key: &[u8]) -> Result<(), StateError> {
        self.replace(NEXT_KEY, key)
    }

    /// The next key became the one in use.
    pub(crate) fn forget_next_key(&self) -> Result<(), StateError> {
        Ok(self.world.disk().remove(&self.dir.join(NEXT_KEY))?)
    }

    /// Counts one more attempt to connect, on the disk before it is made: of two who have the same identity,
    /// one falls behind.
    pub(crate) fn count_connection(&self) -> Result<u64, StateError> {
        let path = self.dir.join(CONNECTIONS);
        let before = match self.world.disk().read(&path) {
            Ok(bytes) => read_number(&bytes).ok_or(StateError::Damaged(path))?,
            Err(error) if error.is_missing() => 0,
            Err(error) => return Err(error.into()),
        };
        let now = before.saturating_add(1);
        self.replace(CONNECTIONS, now.to_string().as_bytes())?;
        Ok(now)
    }

    /// Begins to count anew, for a new identity.
    pub(crate) fn forget_connections(&self) -> Result<(), StateError> {
        Ok(self.world.disk().remove(&self.dir.join(CONNECTIONS))?)
    }

    /// Where the journal of commands is.
    pub(crate) fn journal(&self) -> PathBuf {
        self.dir.join("journal")
    }

    /// Where it is written which terminals are open.
    pub(crate) fn terminals(&self) -> PathBuf {
        terminals_in(&self.dir)
    }

    /// The terminals that are open in the bridge of this directory, if one runs.
    ///
    /// # Errors
    /// When that cannot be looked up.
    pub(crate) fn open_terminals(world: &World, dir: &Path) -> Result<Vec<OpenTerminal>, StateError> {
        if world.disk().lock_dir(dir)?.is_some() {
            // Nobody has the directory: what ran there has ended.
            return Ok(vec![]);
        }
        open_terminals(world, &terminals_in(dir)).map_err(|_| StateError::Damaged(terminals_in(dir)))
    }

    /// Where the output of commands is.
    pub(crate) fn spool(&self) -> PathBuf {
        self.dir.join("spool")
    }

    /// Where files are that commands left.
    pub(crate) fn artifacts(&self) -> PathBuf {
        self.dir.join("artifacts")
    }

    /// A file is made for the owner alone; later ones take after it.
    fn replace(&self, name: &str, content: &[u8]) -> Result<(), StateError> {
        Ok(self.world.disk().replace(&self.dir.join(name), content)?)
    }
}

fn terminals_in(dir: &Path) -> PathBuf {
    dir.join("terminals")
}

fn read_identity(world: &World, dir: &Path) -> Result<Option<Identity>, StateError> {
    let path = dir.join(IDENTITY);
    let bytes = match world.disk().read(&path) {
        Ok(bytes) => Zeroizing::new(bytes),
        Err(error) if error.is_missing() => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let found = decode(&bytes).map_err(|_| StateError::Damaged(path.clone()))?;
    found.map(Some).ok_or(StateError::Damaged(path))
}

fn read_number(bytes: &[u8]) -> Option<u64> {
    std::str::from_utf8(bytes).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> (tempfile::TempDir, State) {
        let dir = tempfile::tempdir().unwrap();
        let state = State::open(&World::real(), &dir.path().join("bridge")).unwrap();
        (dir, state)
    }

    #[test]
    fn f69_every_attempt_to_connect_counts_on() {
        let (dir, state) = open();
        assert_eq!(state.count_connection().unwrap(), 1);
        assert_eq!(state.count_connection().unwrap(), 2);
        drop(state);
        let again = State::open(&World::real(), &dir.path().join("bridge")).unwrap();
        assert_eq!(again.count_connection().unwrap(), 3);
    }

    #[test]
    fn a_counter_that_cannot_be_read_is_not_begun_anew() {
        let (dir, state) = open();
        std::fs::write(dir.path().join("bridge/connections"), "many").unwrap();
        assert!(matches!(state.count_connection(), Err(StateError::Damaged(_))));
    }

    #[test]
    fn two_bridges_never_share_a_directory() {
        let (dir, _state) = open();
        let second = State::open(&World::real(), &dir.path().join("bridge"));
        assert!(matches!(second, Err(StateError::Taken(_))));
    }

    #[test]
    fn keys_are_for_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let (dir, state) = open();
        assert!(state.next_key().unwrap().is_none());
        state.keep_next_key(b"first").unwrap();
        state.keep_next_key(b"second").unwrap();
        assert_eq!(state.next_key().unwrap().unwrap().as_slice(), b"second");
        let mode = |path: &str| std::fs::metadata(dir.path().join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("bridge"), mode("bridge/next.key")), (0o700, 0o600));
        state.forget_next_key().unwrap();
        assert!(state.next_key().unwrap().is_none());
    }
}
