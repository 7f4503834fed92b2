//! Which terminals are open and whose they are, written where the owner of the machine is shown it: by
//! `diwan bridge show`, which is a process of its own.

use std::io::Result;
use std::path::{Path, PathBuf};

use diwan_kernel::World;
use diwan_kernel::world::{DiskError, Opens};
use diwan_protocol::{Command, Operation, decode, encode};
use minicbor::{Decode, Encode};

/// The terminals that are open.
#[derive(Debug)]
pub(crate) struct OpenTerminals {
    world: World,
    dir: PathBuf,
}

/// A terminal that is open.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct OpenTerminal {
    /// The id of its command.
    #[n(0)]
    pub(crate) command: String,
    /// Who opened it: the id, and the name.
    #[n(1)]
    pub(crate) actor: String,
    #[n(2)]
    pub(crate) name: String,
    /// Since when, in milliseconds since 1970.
    #[n(3)]
    pub(crate) since_ms: i64,
    /// Where it began.
    #[n(4)]
    pub(crate) root: String,
    #[n(5)]
    pub(crate) path: String,
    /// Whether the control plane records it.
    #[n(6)]
    pub(crate) is_recorded: bool,
}

/// A terminal is open as long as this is there.
#[derive(Debug)]
pub(crate) struct Open(World, PathBuf);

impl Drop for Open {
    fn drop(&mut self) {
        if let Err(error) = self.0.disk().remove(&self.1) {
            tracing::warn!("a terminal that is closed is still shown as open: {error}");
        }
    }
}

impl OpenTerminals {
    /// None are, to begin with: those of an earlier life ended with it.
    pub(crate) fn begin(world: &World, dir: &Path) -> Result<Self> {
        world.disk().create_dir(dir)?;
        for left in world.disk().list(dir)? {
            world.disk().remove(&left)?;
        }
        Ok(Self { world: world.clone(), dir: dir.to_owned() })
    }

    /// Writes down that a terminal is open, if the command is one.
    ///
    /// # Errors
    /// When that cannot be written: nobody has a terminal here that its owner is not shown.
    pub(crate) fn open(&self, command: &Command, since_ms: i64) -> Result<Option<Open>> {
        let Operation::Terminal(terminal) = &command.operation else { return Ok(None) };
        let shown = OpenTerminal {
            command: command.id.clone(),
            actor: command.actor.id.clone(),
            name: command.actor.name.clone(),
            since_ms,
            root: terminal.place.root.clone(),
            path: terminal.place.path.clone(),
            is_recorded: terminal.recorded == Some(true),
        };
        let path = self.dir.join(&command.id);
        let open = Open(self.world.clone(), path.clone());
        // It need not outlive the machine: the terminal does not either.
        self.world.disk().open(&path, Opens::New)?.write_at(0, &encode(&shown))?;
        Ok(Some(open))
    }
}

/// The terminals that are written down as open here, the oldest first.
///
/// # Errors
/// When they cannot be read.
pub(crate) fn list(world: &World, dir: &Path) -> std::result::Result<Vec<OpenTerminal>, DiskError> {
    let paths = match world.disk().list(dir) {
        Ok(paths) => paths,
        Err(error) if error.is_missing() => return Ok(vec![]),
        Err(error) => return Err(error),
    };
    // One that is closed in this moment is not open.
    let texts = paths.iter().filter_map(|path| world.disk().read(path).ok());
    let mut all: Vec<OpenTerminal> = texts.filter_map(|text| decode(&text).ok().flatten()).collect();
    all.sort_by_key(|terminal| terminal.since_ms);
    Ok(all)
}
