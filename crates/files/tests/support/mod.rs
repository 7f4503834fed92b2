//! A client and an agent that talk over a pair of sockets.
#![allow(dead_code, reason = "each test uses a part of it")]
#![allow(missing_docs, reason = "of tests")]

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread::JoinHandle;

use diwan_files::{Access, Agent, Client, FilesError, Tree};
pub(crate) use tempfile::{TempDir, tempdir as new_tempdir};

pub(crate) struct Talk {
    pub(crate) client: Client<UnixStream, UnixStream>,
    agent: JoinHandle<Result<Option<String>, FilesError>>,
}

impl Talk {
    pub(crate) fn with(root: &Path, scope: &str, access: Access) -> Self {
        let (mine, its) = UnixStream::pair().unwrap();
        let agent = spawn_agent(root, scope, access, its);
        Self { client: Client::begin(mine.try_clone().unwrap(), mine).unwrap(), agent }
    }

    /// What the agent says at its end: what failed, if anything did.
    pub(crate) fn end(self) -> Result<Option<String>, FilesError> {
        drop(self.client);
        self.agent.join().unwrap()
    }
}

pub(crate) fn spawn_agent(
    root: &Path,
    scope: &str,
    access: Access,
    socket: UnixStream,
) -> JoinHandle<Result<Option<String>, FilesError>> {
    let tree = Tree::open(root).unwrap();
    let agent =
        Agent::new(tree, scope, access, (1 << 31, 1_900_000_000), (socket.try_clone().unwrap(), socket)).unwrap();
    std::thread::spawn(move || agent.serve())
}

pub(crate) fn tempdir() -> TempDir {
    new_tempdir().unwrap()
}

pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for chunk in bytes.chunks_mut(8) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        chunk.copy_from_slice(&state.to_le_bytes()[..chunk.len()]);
    }
    bytes
}

pub(crate) fn names(directory: &TempDir) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(directory.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
