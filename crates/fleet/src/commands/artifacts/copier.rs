//! Copies files that commands have left into the object storage, when one is set: in the background, each file once, of
//! each machine those of one command at a time, so that none keeps the others waiting.
//!
//! How far it has come is written down with the list of files. Whatever a crash left undone is found by that; what is put
//! there twice is the same.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Error, ErrorKind};
use std::ops::Bound;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use diwan_kernel::db::Unrecorded;
use diwan_kernel::{Ctx, DbError, Problem, TaskPolicy, Timestamp};
use diwan_objects::{Bucket, ObjectError};
use futures::stream::FuturesUnordered;
use futures::{Stream, StreamExt, stream};
use tokio::sync::Notify;

use super::fetch::{moment, object_name};
use super::pieces::{Pieces, hash_of};
use super::table::{self, Copies};
use super::told::LeftFile;
use crate::commands::id::CommandId;
use crate::commands::queue::Queue;
use crate::commands::table::Command;
use crate::commands::words::plain;
use crate::fleet::Fleet;
use crate::machine::MachineId;

/// Whatever waits is looked for again: its machine may have come, or the storage be well.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// What could not be copied is tried again after this, then after twice as long, and so on.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// No machine keeps files for longer.
const LONGEST_KEPT: Duration = Duration::from_secs(31 * 24 * 60 * 60);
/// No machine keeps more of one command, whatever it tells.
const MOST_OF_ONE: u64 = 1024 * 1024 * 1024;
/// From so many machines something is copied at once.
const AT_ONCE: usize = 8;
/// So many are looked up in one question.
const A_PAGE: u32 = 100;
/// No more are remembered; the others are found when these are done.
const MOST_WAITING: usize = 10_000;
/// After so many files it is written down how far it has come.
const NOTED_EVERY: u32 = 16;
const LONGEST_PROBLEM: usize = 300;

/// What has to be copied, as it becomes known.
#[derive(Debug, Default)]
pub(crate) struct CopyQueue {
    ended: Queue<(MachineId, CommandId)>,
    look: Notify,
}

impl CopyQueue {
    /// A command has ended and left files.
    pub(crate) fn add(&self, machine: MachineId, id: CommandId) {
        self.ended.add((machine, id));
    }

    /// A machine has come: what it keeps can be had now.
    pub(crate) fn look(&self) {
        self.look.notify_one();
    }
}

/// What waits to be copied, by machine.
#[derive(Default)]
struct Work {
    waiting: BTreeMap<MachineId, BTreeSet<CommandId>>,
    busy: BTreeSet<MachineId>,
    /// Whose turn it was last.
    last: Option<MachineId>,
}

impl Work {
    fn add(&mut self, machine: MachineId, id: CommandId) {
        self.waiting.entry(machine).or_default().insert(id);
    }

    fn is_full(&self) -> bool {
        self.waiting.values().map(BTreeSet::len).sum::<usize>() >= MOST_WAITING
    }

    /// Something of the next machine of which nothing is being copied.
    fn next(&mut self) -> Option<(MachineId, CommandId)> {
        let after = self.last.map_or(Bound::Unbounded, Bound::Excluded);
        let in_turn = self.waiting.range((after, Bound::Unbounded)).chain(&self.waiting);
        let machine = *in_turn.map(|(machine, _)| machine).find(|machine| !self.busy.contains(machine))?;
        let commands = self.waiting.get_mut(&machine)?;
        let id = commands.pop_first()?;
        if commands.is_empty() {
            self.waiting.remove(&machine);
        }
        self.busy.insert(machine);
        self.last = Some(machine);
        Some((machine, id))
    }

    fn is_over(&mut self, machine: MachineId, fared: &Fared) {
        self.busy.remove(&machine);
        // What waits is found again when it is looked for.
        match fared {
            Fared::Well => {}
            Fared::MachineFails => drop(self.waiting.remove(&machine)),
            Fared::StorageFails => self.waiting.clear(),
        }
    }
}

/// How it went with the files of a command.
enum Fared {
    Well,
    /// The machine gives nothing, or the database takes nothing.
    MachineFails,
    /// The storage takes nothing, or cannot be asked.
    StorageFails,
}

/// Begins to copy.
pub(crate) fn start(fleet: &Fleet) {
    let this = fleet.clone();
    fleet.supervisor().spawn("copier of files", TaskPolicy::Critical, async move {
        let queue = this.commands().to_copy();
        let mut settings = this.artifacts_live();
        let (mut work, mut copying) = (Work::default(), FuturesUnordered::new());
        let mut until = pin!(this.supervisor().pause(Duration::ZERO));
        this.begin_anew().await;
        loop {
            while copying.len() < AT_ONCE
                && let Some((machine, id)) = work.next()
            {
                let this = &this;
                copying.push(async move { (machine, this.copy_files_of(id).await) });
            }
            let is_to_look = tokio::select! {
                biased;
                () = this.supervisor().stopping() => return,
                Some((machine, fared)) = copying.next() => {
                    work.is_over(machine, &fared);
                    false
                }
                _ = settings.changed() => {
                    this.begin_anew().await;
                    true
                }
                ended = queue.ended.take() => {
                    ended.into_iter().for_each(|(machine, id)| work.add(machine, id));
                    false
                }
                () = queue.look.notified() => true,
                _ = &mut until => true,
            };
            if is_to_look {
                until.set(this.supervisor().pause(LOOK_AGAIN));
                if let Err(error) = this.find_what_waits(&mut work).await {
                    tracing::warn!(%error, "which files are to be copied cannot be looked up now");
                }
            }
        }
    });
}

/// What became of a file.
enum Outcome {
    Copied,
    /// There will be no copy.
    Never(String),
    /// The machine could not give it; it is tried again, at longer and longer intervals.
    NotGiven(String),
    /// The storage did not take it; likewise.
    NotTaken(String),
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
    /// What was copied to another address is to be copied to the one that is set.
    async fn begin_anew(&self) {
        let Some(place) = self.place_of_copies() else { return };
        let begun = async {
            let mut tx = self.db().begin(&Ctx::system(self.world(), "fleet")).await?;
            table::copy_anew(&mut tx, &place).await?;
            tx.commit_unrecorded(Unrecorded::Bookkeeping).await
        };
        if let Err(error) = begun.await {
            tracing::warn!(%error, "files that are copied elsewhere cannot be copied anew");
        }
    }

    /// Looks for what waits and can be had now.
    async fn find_what_waits(&self, work: &mut Work) -> Result<(), DbError> {
        let mut after = None;
        while self.place_of_copies().is_some() && !work.is_full() {
            let now = self.world().now();
            let some = table::to_copy(self.db(), now, after, A_PAGE).await?;
            let Some(last) = some.last() else { break };
            after = Some(last.command);
            for one in some {
                if is_too_old(one.ended_at, now) || self.is_there(one.machine) {
                    work.add(one.machine, one.command);
                }
            }
        }
        Ok(())
    }

    async fn copy_files_of(&self, id: CommandId) -> Fared {
        self.try_copy_files_of(id).await.unwrap_or_else(|error| {
            tracing::warn!(command = %id, %error, "how far its files are copied cannot be looked up or written down now");
            Fared::MachineFails
        })
    }

    /// Copies those files of a command that are not copied yet, one after the other.
    async fn try_copy_files_of(&self, id: CommandId) -> Result<Fared, DbError> {
        let Some(row) = table::find(self.db(), id).await? else { return Ok(Fared::Well) };
        let Some(command) = crate::commands::table::find(self.db(), id).await? else { return Ok(Fared::Well) };
        let now = self.world().now();
        if row.copies.next_at.is_none_or(|at| at > now) {
            return Ok(Fared::Well);
        }
        let (bucket, mut copies) = match self.storage().await {
            Ok(Some((bucket, place))) => (bucket, row.copies.at(&place)),
            Ok(None) => return Ok(Fared::Well),
            Err(problem) => {
                let mut copies = row.copies;
                copies.wait(now, plain(problem.detail(), LONGEST_PROBLEM));
                self.note_copies(id, &copies).await?;
                return Ok(Fared::StorageFails);
            }
        };
        let is_gone = row.gone_at.is_some() || is_too_old(command.ended_at, now);
        let mut length = 0_u64;
        for (at, file) in row.told.files.iter().enumerate() {
            length = length.saturating_add(file.shown.size_bytes);
            if at < copies.done as usize {
                continue;
            }
            let outcome = if is_gone {
                Outcome::Never(format!("{} does not keep it any longer", command.machine_name))
            } else if length > MOST_OF_ONE {
                Outcome::Never("no machine keeps so much of one attempt".to_owned())
            } else {
                self.copy_file(&bucket, &command, file).await
            };
            let failed = match outcome {
                Outcome::Copied => {
                    copies.go_on(None);
                    None
                }
                Outcome::Never(why) => {
                    copies.go_on(Some(why));
                    None
                }
                Outcome::NotGiven(why) => {
                    copies.wait(self.world().now(), why);
                    Some(Fared::MachineFails)
                }
                Outcome::NotTaken(why) => {
                    copies.wait(self.world().now(), why);
                    Some(Fared::StorageFails)
                }
                Outcome::Away => Some(Fared::MachineFails),
            };
            if let Some(failed) = failed {
                let why = copies.problem.as_deref().unwrap_or_default();
                tracing::debug!(command = %id, why, "its files cannot be copied now");
                self.note_copies(id, &copies).await?;
                return Ok(failed);
            }
            if copies.done % NOTED_EVERY == 0 {
                self.note_copies(id, &copies).await?;
            }
        }
        copies.next_at = None;
        self.note_copies(id, &copies).await?;
        Ok(Fared::Well)
    }

    async fn copy_file(&self, bucket: &Bucket, command: &Command, file: &LeftFile) -> Outcome {
        let name = object_name(command.id, &file.shown.path);
        if !bucket.takes(&name) {
            return Outcome::Never("its name is longer than a storage takes".to_owned());
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
        let giving = Giving::default();
        let put = bucket.put(moment(self.world().now()), &name, (length, &hash), giving.content(pieces)).await;
        let Err(error) = put else { return Outcome::Copied };
        if let Some(fault) = giving.fault() {
            return fault;
        }
        self.heard_from_storage(&error);
        let why = plain(&error.to_string(), LONGEST_PROBLEM);
        match error {
            ObjectError::Unfit(_) => Outcome::Never(why),
            _ => Outcome::NotTaken(why),
        }
    }

    async fn note_copies(&self, id: CommandId, copies: &Copies) -> Result<(), DbError> {
        let mut tx = self.db().begin(&Ctx::system(self.world(), "fleet")).await?;
        table::set_copies(&mut tx, id, copies).await?;
        tx.commit_unrecorded(Unrecorded::Bookkeeping).await
    }
}

/// Whether no machine keeps any longer what was left then.
fn is_too_old(ended_at: Option<Timestamp>, now: Timestamp) -> bool {
    ended_at.is_some_and(|at| now.since(at) > LONGEST_KEPT)
}

/// How the machine gives a file that is put into the storage: not all that fails then is the storage's fault.
#[derive(Clone, Default)]
struct Giving(Arc<Mutex<Given>>);

#[derive(Default)]
struct Given {
    is_waited_for: bool,
    broken: Option<Error>,
}

impl Giving {
    fn note(&self, is_waited_for: bool, broken: Option<Error>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Given { is_waited_for, broken };
    }

    fn content(&self, pieces: Pieces) -> impl Stream<Item = Result<Bytes, Error>> + use<> {
        let giving = self.clone();
        stream::try_unfold(pieces, move |pieces| {
            let giving = giving.clone();
            async move {
                giving.note(true, None);
                let next = pieces.next().await;
                next.inspect(|_| giving.note(false, None)).map_err(|error| {
                    let told = Error::from(error.kind());
                    giving.note(false, Some(error));
                    told
                })
            }
        })
    }

    /// What the machine did wrong, if it did.
    fn fault(&self) -> Option<Outcome> {
        let mut given = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match given.broken.take() {
            Some(error) => Some(broken_off(&error)),
            None => given.is_waited_for.then(|| Outcome::NotGiven("the machine gives it too slowly".to_owned())),
        }
    }
}

fn not_given(problem: &Problem) -> Outcome {
    match problem.code() {
        "machine_offline" => Outcome::Away,
        "artifact_gone" | "artifact_damaged" => Outcome::Never(plain(problem.detail(), LONGEST_PROBLEM)),
        _ => Outcome::NotGiven(plain(problem.detail(), LONGEST_PROBLEM)),
    }
}

fn broken_off(error: &Error) -> Outcome {
    let why = plain(&error.to_string(), LONGEST_PROBLEM);
    match error.kind() {
        ErrorKind::InvalidData | ErrorKind::UnexpectedEof => Outcome::Never(why),
        _ => Outcome::NotGiven(why),
    }
}
