//! The anchor: the latest checkpoint, kept in a file outside the database. Who brings back an older
//! database, or cuts the trail together with its checkpoints, cannot bring the anchor back with it.

use std::path::{Path, PathBuf};

use diwan_kernel::World;
use diwan_kernel::world::DiskError;

use crate::checkpoint::{AuditCheckpoint, Checkpoint};
use crate::keys::Vouching;

const FILE: &str = "audit.anchor";

/// The file.
#[derive(Debug, Clone)]
pub(crate) struct AnchorFile {
    path: PathBuf,
}

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Anchor {
    /// There is no file.
    Missing,
    /// It cannot be read, or is not signed by our key.
    Damaged(String),
    /// The checkpoint it holds.
    At(Checkpoint),
}

impl AnchorFile {
    /// The file in this data directory.
    pub(crate) fn in_dir(data_dir: &Path) -> Self {
        Self { path: data_dir.join(FILE) }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads it and checks its signature.
    pub(crate) fn read(&self, world: &World, vouching: &Vouching) -> Anchor {
        let content = match world.disk().read(&self.path) {
            Ok(content) => content,
            Err(e) if e.is_missing() => return Anchor::Missing,
            Err(e) => return Anchor::Damaged(e.to_string()),
        };
        let document = serde_json::from_slice::<AuditCheckpoint>(&content);
        match document.ok().and_then(|document| document.read()) {
            None => Anchor::Damaged("it is not the form of a checkpoint".into()),
            Some(checkpoint) if !checkpoint.is_signed(vouching) => {
                Anchor::Damaged("its signature is not of this installation's key".into())
            }
            Some(checkpoint) => Anchor::At(checkpoint),
        }
    }

    /// Replaces it, whole.
    pub(crate) fn write(&self, world: &World, checkpoint: &Checkpoint) -> Result<(), DiskError> {
        let mut content = serde_json::to_vec_pretty(&AuditCheckpoint::from(checkpoint)).unwrap_or_default();
        content.push(b'\n');
        world.disk().replace(&self.path, &content)
    }
}
