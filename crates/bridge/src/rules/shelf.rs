//! Where requests for rules are kept until the owner has decided: a file each, in the state of the bridge.

use std::path::{Path, PathBuf};

use diwan_kernel::World;
use diwan_kernel::world::DiskError;
use diwan_protocol::rules::is_id;
use diwan_protocol::{SignedRules, decode, encode};

const DIR: &str = "rules";

/// The requests of one bridge. Exactly what was signed is kept, so that whoever reads it can check it again.
#[derive(Debug, Clone)]
pub(crate) struct Shelf {
    world: World,
    dir: PathBuf,
}

impl Shelf {
    pub(crate) fn new(world: &World, state_dir: &Path) -> Self {
        Self { world: world.clone(), dir: state_dir.join(DIR) }
    }

    /// All that are kept, the oldest first; what cannot be read is passed over.
    pub(crate) fn list(&self) -> Result<Vec<(String, SignedRules)>, DiskError> {
        let files = match self.world.disk().list(&self.dir) {
            Ok(files) => files,
            Err(error) if error.is_missing() => return Ok(vec![]),
            Err(error) => return Err(error),
        };
        Ok(files.iter().filter_map(|path| self.read(path)).collect())
    }

    fn read(&self, path: &Path) -> Option<(String, SignedRules)> {
        let id = path.file_name()?.to_str().filter(|name| is_id(name))?;
        // What others may have put there is no request, and may be no file.
        let bytes = path.symlink_metadata().ok().filter(std::fs::Metadata::is_file);
        let bytes = bytes.and_then(|_| self.world.disk().read(path).ok())?;
        Some((id.to_owned(), decode(&bytes).ok().flatten()?))
    }

    /// Keeps one, so that it outlives a crash.
    pub(crate) fn keep(&self, id: &str, signed: &SignedRules) -> Result<(), DiskError> {
        self.world.disk().create_dir(&self.dir)?;
        self.world.disk().replace(&self.dir.join(id), &encode(signed))
    }

    /// It is not wanted any longer. An id that is none names nothing.
    pub(crate) fn forget(&self, id: &str) -> Result<(), DiskError> {
        if is_id(id) { self.world.disk().remove(&self.dir.join(id)) } else { Ok(()) }
    }
}
