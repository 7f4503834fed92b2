//! Copies files that commands have left into the object storage, when one is set: in the background, a few commands at
//! once, each file once.
//!
//! How far it has come is written down with the list of files. Whatever a crash left undone is found by that; what is put
//! there twice is the same.

use std::io::{Error, ErrorKind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use diwan_kernel::db::Unrecorded;
use diwan_kernel::{Ctx, DbError, Problem, TaskPolicy, Timestamp};
use diwan_objects::{Bucket, ObjectError};
use futures::{Stream, StreamExt, stream};
use tokio::sync::Notify;

use super::fetch::{moment, object_name};
use super::pieces::{Pieces, hash_of};
use super::table::{self, Copies, ToCopy};
use super::told::LeftFile;
use crate::commands::id::CommandId;
use crate::commands::queue::Queue;
use crate::commands::table::Command;
use crate::commands::words::plain;
use crate::fleet::Fleet;

/// Whatever waits is looked for again: its machine may have come, or the storage be well.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// What could not be copied is tried again after this, then after twice as long, and so on.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// No machine keeps files for longer.
const LONGEST_KEPT: Duration = Duration::from_secs(31 * 24 * 60 * 60);
/// The files of so many commands are copied at once.
const AT_ONCE: usize = 4;
/// So many are looked up in one question.
const A_PAGE: u32 = 100;
/// After so many files it is written down how far it has come.
const NOTED_EVERY: u32 = 16;
/// No name of an object may be longer.
const LONGEST_NAME: usize = 1024;
const LONGEST_PROBLEM: usize = 300;

/// What is waited for.
#[derive(Debug, Default)]
pub(crate) struct CopyQueue {
    ended: Queue,
    look: Notify,
}

impl CopyQueue {
    /// A command has ended and left files.
    pub(crate) fn add(&self, id: CommandId) {
        self.ended.add(id);
    }

    /// A machine has come: what it keeps can be had now.
    pub(crate) fn look(&self) {
        self.look.notify_one();
    }
}

/// Begins to copy.
pub(crate) fn start(fleet: &Fleet) {
    let this = fleet.clone();
    fleet.supervisor().spawn("copier of files", TaskPolicy::Critical, async move {
        let supervisor = this.supervisor().clone();
        let mut settings = this.artifacts_live();
        loop {
            if let Err(error) = this.copy_what_waits().await {
                tracing::warn!(%error, "which files are to be copied cannot be looked up now");
            }
            let mut until = std::pin::pin!(supervisor.pause(LOOK_AGAIN));
            loop {
                let ended = tokio::select! {
                    biased;
                    is_time = &mut until => if is_time { break } else { return },
                    _ = settings.changed() => break,
                    () = this.commands().to_copy().look.notified() => break,
                    ended = this.commands().to_copy().ended.take() => ended,
                };
                this.copy_these(ended).await;
            }
        }
    });
}

/// What became of a file.
enum Outcome {
    Copied,
    /// There will be no copy.
    Never(String),
    /// It is tried again, at longer and longer intervals.
    Later(String),
    /// The machine is not there: it is tried again when it is.
    Away,
}

impl Copies {
    /// It is done with the next one, of which there may be no copy.
    fn go_on(&mut self, why_not: Option<String>) {
        if let Some(why) = why_not {
            self.missing.insert(self.done);
            self.problem = Some(why);
        } else if self.missing.is_empty() {
            self.problem = None;
        }
        self.failed = 0;
        self.done += 1;
    }

    /// The next one could not be copied now.
    fn wait(&mut self, now: Timestamp, why: String) {
        let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(self.failed)).min(LONGEST_PAUSE);
        self.failed = self.failed.saturating_add(1);
        self.problem = Some(why);
        self.next_at = Some(now.plus(pause));
    }
}

impl Fleet {
    /// Copies all that waits and can be had now.
    async fn copy_what_waits(&self) -> Result<(), DbError> {
        let mut after = None;
        while self.makes_copies() && !self.supervisor().is_stopping() {
            let now = self.world().now();
            let some = table::to_copy(self.db(), now, after, A_PAGE).await?;
            let Some(last) = some.last() else { break };
            after = Some(last.command);
            let is_possible = |one: &ToCopy| is_over(one.ended_at, now) || self.is_there(one.machine);
            self.copy_these(some.into_iter().filter(is_possible).map(|one| one.command)).await;
        }
        Ok(())
    }

    async fn copy_these(&self, commands: impl IntoIterator<Item = CommandId>) {
        let copying = stream::iter(commands).for_each_concurrent(AT_ONCE, |id| async move {
            if let Err(error) = self.copy_files_of(id).await {
                tracing::warn!(command = %id, %error, "how far its files are copied cannot be written down now");
            }
        });
        tokio::select! {
            biased;
            () = self.supervisor().stopping() => {}
            () = copying => {}
        }
    }

    /// Copies those files of a command that are not copied yet, one after the other.
    async fn copy_files_of(&self, id: CommandId) -> Result<(), DbError> {
        let Some(row) = table::find(self.db(), id).await? else { return Ok(()) };
        let Some(command) = crate::commands::table::find(self.db(), id).await? else { return Ok(()) };
        let (now, mut copies) = (self.world().now(), row.copies);
        if copies.next_at.is_none_or(|at| at > now) {
            return Ok(());
        }
        let bucket = match self.storage().await {
            Ok(Some(bucket)) => bucket,
            Ok(None) => return Ok(()),
            Err(problem) => {
                copies.wait(now, plain(problem.detail(), LONGEST_PROBLEM));
                return self.note_copies(id, &copies).await;
            }
        };
        let is_gone = row.gone_at.is_some() || is_over(command.ended_at, now);
        let mut left = row.told.files.iter().skip(copies.done as usize);
        copies.next_at = loop {
            let Some(file) = left.next() else { break None };
            let outcome = match is_gone {
                true => Outcome::Never(format!("{} does not keep it any longer", command.machine_name)),
                false => self.copy_file(&bucket, &command, file).await,
            };
            match outcome {
                Outcome::Copied => copies.go_on(None),
                Outcome::Never(why) => copies.go_on(Some(why)),
                Outcome::Later(why) => {
                    tracing::warn!(command = %id, why, "a file that it has left cannot be copied now");
                    copies.wait(self.world().now(), why);
                    break copies.next_at;
                }
                Outcome::Away => break copies.next_at,
            }
            if copies.done % NOTED_EVERY == 0 {
                self.note_copies(id, &copies).await?;
            }
        };
        self.note_copies(id, &copies).await
    }

    async fn copy_file(&self, bucket: &Bucket, command: &Command, file: &LeftFile) -> Outcome {
        let name = object_name(command.id, &file.shown.path);
        if name.len() > LONGEST_NAME {
            return Outcome::Never(format!("its name is longer than the {LONGEST_NAME} bytes that a storage takes"));
        }
        let Some(hash) = hash_of(&file.shown.sha256) else { return Outcome::Never("its hash is none".to_owned()) };
        let length = file.shown.size_bytes;
        let kept = match self.commands().fetches().hold() {
            Ok(held) => self.fetch_kept(command, file, (0, length), held).await,
            Err(problem) => Err(problem),
        };
        let pieces = match kept {
            Ok(pieces) => pieces,
            Err(problem) => return not_given(&problem),
        };
        let broken = Arc::default();
        let put = bucket.put(moment(self.world().now()), &name, (length, &hash), content(pieces, &broken)).await;
        let Err(error) = put else { return Outcome::Copied };
        if let Some(error) = broken.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return broken_off(&error);
        }
        if matches!(error, ObjectError::Refused(_)) {
            self.commands().storage().forget();
        }
        Outcome::Later(plain(&error.to_string(), LONGEST_PROBLEM))
    }

    async fn note_copies(&self, id: CommandId, copies: &Copies) -> Result<(), DbError> {
        let mut tx = self.db().begin(&Ctx::system(self.world(), "fleet")).await?;
        table::set_copies(&mut tx, id, copies).await?;
        tx.commit_unrecorded(Unrecorded::Bookkeeping).await
    }
}

/// Whether no machine keeps any longer what was left then.
fn is_over(ended_at: Option<Timestamp>, now: Timestamp) -> bool {
    ended_at.is_some_and(|at| now.since(at) > LONGEST_KEPT)
}

/// What breaks off on its way from the machine, as opposed to what fails at the storage.
type Broken = Arc<Mutex<Option<Error>>>;

fn content(pieces: Pieces, broken: &Broken) -> impl Stream<Item = Result<Bytes, Error>> + use<> {
    let broken = Arc::clone(broken);
    stream::try_unfold(pieces, move |pieces| {
        let broken = Arc::clone(&broken);
        async move {
            pieces.next().await.map_err(|error| {
                let told = Error::from(error.kind());
                *broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                told
            })
        }
    })
}

fn not_given(problem: &Problem) -> Outcome {
    match problem.code() {
        "machine_offline" => Outcome::Away,
        "artifact_gone" | "artifact_damaged" => Outcome::Never(plain(problem.detail(), LONGEST_PROBLEM)),
        _ => Outcome::Later(plain(problem.detail(), LONGEST_PROBLEM)),
    }
}

fn broken_off(error: &Error) -> Outcome {
    let why = plain(&error.to_string(), LONGEST_PROBLEM);
    match error.kind() {
        ErrorKind::InvalidData | ErrorKind::UnexpectedEof => Outcome::Never(why),
        _ => Outcome::Later(why),
    }
}
