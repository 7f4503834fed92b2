//! Fetches a file that a command has left from the machine that keeps it, or else its copy from the object storage, as
//! fast as whoever wants it takes it. Nothing of it is kept here.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use diwan_kernel::db::Unrecorded;
use diwan_kernel::{Ctx, DbError, Problem, Timestamp};
use diwan_link::Priority;
use diwan_objects::ObjectError;
use diwan_protocol::artifacts::{FetchArtifact, FoundArtifact};
use diwan_protocol::control::ability;
use diwan_protocol::{Opening, decode, encode};
use time::OffsetDateTime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::pieces::{PATIENCE, Pieces, Source, hash_of};
use super::storage::problem_of;
use super::told::LeftFile;
use super::{Artifact, table};
use crate::commands::id::CommandId;
use crate::commands::table::Command;
use crate::commands::words::plain;
use crate::fleet::Fleet;

/// So many bytes may be under way.
const WINDOW: u32 = 1024 * 1024;
/// More files at once this server does not fetch.
const MOST: usize = 64;
/// No more damaged files are remembered; whichever is forgotten is found out again.
const MOST_DAMAGED: usize = 10_000;

/// How many are being fetched.
#[derive(Debug)]
pub(crate) struct Fetches {
    room: Arc<Semaphore>,
    /// What machines gave turned out not to be these files, which was seen when most of it had been given.
    damaged: Mutex<BTreeSet<(CommandId, u32)>>,
}

/// Room for one of them.
pub(super) type Held = Arc<OwnedSemaphorePermit>;

impl Default for Fetches {
    fn default() -> Self {
        Self { room: Arc::new(Semaphore::new(MOST)), damaged: Mutex::default() }
    }
}

impl Fetches {
    /// From now on this file comes from its copy, if there is one.
    pub(super) fn set_damaged(&self, id: CommandId, number: u32) {
        let mut damaged = self.damaged.lock().unwrap_or_else(PoisonError::into_inner);
        if damaged.len() >= MOST_DAMAGED {
            damaged.clear();
        }
        damaged.insert((id, number));
    }

    fn is_damaged(&self, id: CommandId, number: u32) -> bool {
        self.damaged.lock().unwrap_or_else(PoisonError::into_inner).contains(&(id, number))
    }

    /// Room for one more.
    ///
    /// # Errors
    /// 429.
    pub(super) fn hold(&self) -> Result<Held, Problem> {
        Arc::clone(&self.room).try_acquire_owned().map(Arc::new).map_err(|_| too_many())
    }
}

/// A file on its way.
#[derive(Debug)]
pub(super) struct Fetched {
    /// What it is.
    pub(super) file: Artifact,
    /// By which number its machine knows it.
    pub(super) number: u32,
    /// The bytes that are wanted of it.
    pub(super) pieces: Pieces,
}

/// What is called so in the object storage, below the address that is set.
pub(super) fn object_name(id: CommandId, path: &str) -> String {
    format!("{id}/{path}")
}

/// A moment as the object storage is told it.
pub(super) fn moment(now: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(now.as_secs()).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

impl Fleet {
    /// Looks a file up by its path and has its machine give it, or the part that `part` makes of its length: the first
    /// place and how many bytes. What the machine cannot give comes from the object storage, if that has a copy.
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
        let found = row.told.files.into_iter().enumerate().find(|(_, file)| file.shown.path == path);
        let (at, file) = found.ok_or_else(|| Problem::not_found("artifact"))?;
        let held = self.commands().fetches().hold()?;
        let part = part(file.shown.size_bytes);
        let kept = match row.gone_at {
            Some(_) => Err(gone(&command.machine_name)),
            None if self.commands().fetches().is_damaged(id, file.number) => Err(damaged(&command.machine_name)),
            None => self.fetch_kept(&command, &file, part, held.clone()).await,
        };
        let place = self.place_of_copies();
        let has_copy = place.is_some_and(|place| row.copies.at(&place).has(at));
        let pieces = match kept {
            Err(problem) if has_copy => match self.fetch_copy(id, &file.shown, part, held).await {
                // Without the copy it is as it would be if there were none.
                Err(other) if is_lost(&other) => return Err(problem),
                copied => copied?,
            },
            other => other?,
        };
        Ok(Fetched { number: file.number, file: file.shown, pieces })
    }

    /// What a machine keeps.
    ///
    /// # Errors
    /// 409 while the machine is not connected; 410 when it keeps the file no longer, or another in its place; 502.
    pub(super) async fn fetch_kept(
        &self,
        command: &Command,
        file: &LeftFile,
        (from, length): (u64, u64),
        held: Held,
    ) -> Result<Pieces, Problem> {
        let connected = self.connections().find(command.machine).ok_or_else(|| away(&command.machine_name))?;
        if !connected.hello.is_able(ability::ARTIFACTS) {
            return Err(too_old(&command.machine_name));
        }
        let hash = hash_of(&file.shown.sha256).ok_or_else(|| Problem::internal("a hash that is none"))?;
        let wanted = FetchArtifact {
            command: command.id.to_string(),
            number: file.number,
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
                self.set_artifacts_gone(command.id).await?;
                return Err(gone(&command.machine_name));
            }
            _ => return Err(interrupted("What the machine answered makes no sense.")),
        }
        let pieces = Pieces::begin(Source::Machine(stream), &file.shown, length, held).await;
        pieces.map_err(|error| match error.kind() {
            ErrorKind::InvalidData | ErrorKind::UnexpectedEof => damaged(&command.machine_name),
            _ => interrupted(&error.to_string()),
        })
    }

    /// What the object storage has.
    async fn fetch_copy(
        &self,
        id: CommandId,
        file: &Artifact,
        (from, length): (u64, u64),
        held: Held,
    ) -> Result<Pieces, Problem> {
        let (storage, _) = self.storage().await?.ok_or_else(|| Problem::not_found("artifact"))?;
        let is_whole = length == file.size_bytes;
        let part = (!is_whole).then_some((from, length));
        let object = storage.get(moment(self.world().now()), &object_name(id, &file.path), part).await;
        let object = object.map_err(|error| {
            self.heard_from_storage(&error);
            problem_of(&error)
        })?;
        if object.length != length {
            return Err(damaged("the object storage"));
        }
        let pieces = Pieces::begin(Source::Storage(object), file, length, held).await;
        pieces.map_err(|error| match error.kind() {
            ErrorKind::InvalidData | ErrorKind::UnexpectedEof => damaged("the object storage"),
            _ => problem_of(&ObjectError::Away(error.to_string())),
        })
    }

    async fn set_artifacts_gone(&self, id: CommandId) -> Result<(), DbError> {
        let mut tx = self.db().begin(&Ctx::system(self.world(), "fleet")).await?;
        table::set_gone(&mut tx, id, self.world().now()).await?;
        tx.commit_unrecorded(Unrecorded::Bookkeeping).await
    }
}

/// Whether there is no such copy any longer, or one that is of no use.
fn is_lost(problem: &Problem) -> bool {
    matches!(problem.code(), "artifact_gone" | "artifact_damaged")
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
fn damaged(who: &str) -> Problem {
    Problem::new(
        StatusCode::GONE,
        "artifact_damaged",
        "The copy is damaged",
        format!("What {who} keeps is not the file that the job has left."),
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
