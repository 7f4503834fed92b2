//! Fetches a file that a command has left from the machine that keeps it, as fast as whoever wants it takes it. Nothing
//! of it is kept here.

use std::io::{Error, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use bytes::Bytes;
use diwan_kernel::db::Unrecorded;
use diwan_kernel::{Ctx, DbError, Problem};
use diwan_link::{Priority, Stream};
use diwan_protocol::artifacts::{FetchArtifact, FoundArtifact, LONGEST_PIECE};
use diwan_protocol::control::ability;
use diwan_protocol::{Opening, decode, encode};
use ring::digest::{Context, SHA256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Artifact, table};
use crate::commands::id::CommandId;
use crate::commands::words::plain;
use crate::fleet::Fleet;

/// A machine answers, and goes on, within this time.
const PATIENCE: Duration = Duration::from_secs(30);
/// So many bytes may be under way.
const WINDOW: u32 = 1024 * 1024;
/// More files at once this server does not fetch.
const MOST: usize = 64;

/// How many are being fetched.
#[derive(Debug)]
pub(crate) struct Fetches(Arc<Semaphore>);

impl Default for Fetches {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MOST)))
    }
}

/// A file on its way.
#[derive(Debug)]
pub(super) struct Fetched {
    /// What it is.
    pub(super) file: Artifact,
    /// The bytes that are wanted of it.
    pub(super) pieces: Pieces,
}

/// The bytes of a file, or of a part of it.
pub(super) struct Pieces {
    stream: Stream,
    left: u64,
    /// The first piece, which was waited for and is not given yet.
    first: Option<Bytes>,
    /// Of all of it, what has come is compared with what was told.
    hash: Option<Context>,
    wanted: [u8; 32],
    _held: OwnedSemaphorePermit,
}

impl std::fmt::Debug for Pieces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pieces").field("left", &self.left).finish_non_exhaustive()
    }
}

impl Pieces {
    /// Waits for the first piece: what goes wrong until then can still be answered.
    async fn begin(self) -> Result<Self, Error> {
        if self.left == 0 {
            return Ok(self);
        }
        let (bytes, pieces) = self.next().await?.ok_or_else(broken_off)?;
        Ok(Self { first: Some(bytes), ..pieces })
    }

    /// What comes next; nothing at the end. The last piece of a whole file is given only if all of it is what was told.
    pub(super) async fn next(mut self) -> Result<Option<(Bytes, Self)>, Error> {
        if let Some(bytes) = self.first.take() {
            return Ok(Some((bytes, self)));
        }
        if self.left == 0 {
            return Ok(None);
        }
        let received = tokio::time::timeout(PATIENCE, self.stream.receive()).await;
        let received = received.map_err(|_| Error::new(ErrorKind::TimedOut, "The machine did not go on in time."))?;
        let bytes = received.map_err(Error::other)?.ok_or_else(broken_off)?;
        let length = bytes.len() as u64;
        if length == 0 || length > self.left || bytes.len() > LONGEST_PIECE {
            return Err(Error::new(ErrorKind::InvalidData, "The machine gave what it was not asked for."));
        }
        self.left -= length;
        if let Some(hash) = &mut self.hash {
            hash.update(&bytes);
        }
        if self.left == 0 {
            self.stream.finish();
            let is_it = self.hash.take().is_none_or(|hash| hash.finish().as_ref() == self.wanted);
            if !is_it {
                return Err(Error::new(ErrorKind::InvalidData, "The file is not what the machine told of it."));
            }
        }
        Ok(Some((bytes, self)))
    }
}

impl Fleet {
    /// Looks a file up by its path and has its machine give it, or the part that `part` makes of its length: the first
    /// place and how many bytes.
    ///
    /// # Errors
    /// 404; 409 while the machine is not connected; 410 when it keeps the file no longer, or another in its place; 429;
    /// 502.
    pub(super) async fn fetch_artifact(
        &self,
        id: CommandId,
        path: &str,
        part: impl FnOnce(u64) -> (u64, u64),
    ) -> Result<Fetched, Problem> {
        let command = self.get_command(id).await?;
        let row = table::find(self.db(), id).await?.ok_or_else(|| Problem::not_found("artifact"))?;
        if row.gone_at.is_some() {
            return Err(gone(&command.machine_name));
        }
        let found = row.told.files.into_iter().find(|file| file.shown.path == path);
        let found = found.ok_or_else(|| Problem::not_found("artifact"))?;
        let connected = self.connections().find(command.machine).ok_or_else(|| away(&command.machine_name))?;
        if !connected.hello.is_able(ability::ARTIFACTS) {
            return Err(too_old(&command.machine_name));
        }
        let fetches = Arc::clone(&self.commands().fetches().0);
        let held = fetches.try_acquire_owned().map_err(|_| too_many())?;
        let hash = hash_of(&found.shown.sha256).ok_or_else(|| Problem::internal("a hash that is none"))?;
        let (from, length) = part(found.shown.size_bytes);
        let wanted = FetchArtifact {
            command: id.to_string(),
            number: found.number,
            hash: hash.into(),
            from,
            length: Some(length),
        };
        let opened = connected.link.open(Priority::Bulk, encode(&Opening::Artifact(wanted)).into());
        let mut stream = opened.map_err(|ended| interrupted(&ended.to_string()))?;
        stream.widen(WINDOW);
        let answer = tokio::time::timeout(PATIENCE, stream.receive()).await;
        let answer = answer.map_err(|_| interrupted("The machine did not answer in time."))?;
        let answer = answer.map_err(|reset| interrupted(&reset.to_string()))?.unwrap_or_default();
        match decode::<FoundArtifact>(&answer) {
            Ok(Some(FoundArtifact::Here)) => {}
            Ok(Some(FoundArtifact::Gone)) => {
                self.set_artifacts_gone(id).await?;
                return Err(gone(&command.machine_name));
            }
            _ => return Err(interrupted("What the machine answered makes no sense.")),
        }
        let is_whole = length == found.shown.size_bytes;
        let hasher = is_whole.then(|| Context::new(&SHA256));
        let pieces = Pieces { stream, left: length, first: None, hash: hasher, wanted: hash, _held: held };
        let pieces = pieces.begin().await.map_err(|error| match error.kind() {
            ErrorKind::InvalidData | ErrorKind::UnexpectedEof => damaged(&command.machine_name),
            _ => interrupted(&error.to_string()),
        })?;
        Ok(Fetched { file: found.shown, pieces })
    }

    async fn set_artifacts_gone(&self, id: CommandId) -> Result<(), DbError> {
        let mut tx = self.db().begin(&Ctx::system(self.world(), "fleet")).await?;
        table::set_gone(&mut tx, id, self.world().now()).await?;
        tx.commit_unrecorded(Unrecorded::Bookkeeping).await
    }
}

fn broken_off() -> Error {
    Error::new(ErrorKind::UnexpectedEof, "The file broke off.")
}

fn hash_of(hex: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    for (at, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(hash)
}

fn away(machine: &str) -> Problem {
    Problem::conflict(
        "machine_offline",
        "The machine is not connected",
        format!("The file is kept on {machine}, which is not connected to this control plane now."),
        "Start its bridge and try again: the machine keeps the file for up to 30 days.",
    )
}

fn gone(machine: &str) -> Problem {
    Problem::new(
        StatusCode::GONE,
        "artifact_gone",
        "The file is not kept any longer",
        format!("{machine} keeps files of jobs for up to 30 days, and the oldest make room for new ones."),
        "Run the job again.",
    )
}

/// Another attempt would end no better.
fn damaged(machine: &str) -> Problem {
    Problem::new(
        StatusCode::GONE,
        "artifact_damaged",
        "The copy is damaged",
        format!("What {machine} keeps is not the file that it told of when the job ended."),
        "Run the job again.",
    )
}

fn too_old(machine: &str) -> Problem {
    Problem::conflict(
        "bridge_too_old",
        "The bridge is too old",
        format!("The bridge of {machine} is one that knows nothing of files that jobs leave."),
        "Put a new one there, with the line of `diwan machine add`.",
    )
}

fn too_many() -> Problem {
    let detail = format!("This server fetches {MOST} files for others already.");
    Problem::too_many("too_many_downloads", detail, Duration::from_secs(5))
}

fn interrupted(why: &str) -> Problem {
    Problem::new(
        StatusCode::BAD_GATEWAY,
        "files_interrupted",
        "The way to the machine was interrupted",
        plain(why, 500),
        "Try again.",
    )
}
