//! Who sees to it that keys are where they are wanted: looks at what is due, on machines that are there, and does
//! step after step until everything is as it is wanted or something is in the way.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use diwan_kernel::db::Unrecorded;
use diwan_kernel::events::DomainEvent;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Ctx, DbError, Entry, Problem, TaskPolicy};
use diwan_vault::SecretId;
use tokio::sync::Notify;
use tokio::sync::broadcast::error::RecvError;

use super::answer::{self, Answer};
use super::carry::operation;
use super::event::SshKeyChanged;
use super::id::SshKeyId;
use super::step::{Step, next};
use super::table::{self, Line, SshKey};
use crate::commands::{Command, CommandId, CommandProblem, CommandState, fresh, plain};
use crate::fleet::Fleet;

const BEAT: Duration = Duration::from_secs(2);
/// Older versions that machines still hold are kept usable every so many beats.
const BEATS_TO_KEEP: u64 = 150;
/// What is as it is wanted is compared with the vault again after so long; what changes in this process is seen at once.
const SETTLED: Duration = Duration::from_secs(900);
/// What is in the way is tried again after so long, and then at longer and longer intervals.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// How soon somebody's yes is noticed.
const ASKED: Duration = Duration::from_secs(5);
/// So many are seen to at once.
const MOST: usize = 32;
/// A machine says no more about a step than this.
const LONGEST_WORDS: usize = 2000;

/// Those that are being seen to.
#[derive(Debug, Default)]
pub(crate) struct Tended {
    all: Mutex<BTreeSet<SshKeyId>>,
    /// Something may be due.
    news: Notify,
}

/// One of them, for as long as this lives.
struct Claim(Fleet, SshKeyId);

impl Claim {
    fn take(fleet: &Fleet, id: SshKeyId) -> Option<Self> {
        let mut tended = fleet.tended().all.lock().unwrap_or_else(PoisonError::into_inner);
        (tended.len() < MOST && tended.insert(id)).then(|| Self(fleet.clone(), id))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.0.tended().all.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

/// Begins to see to keys.
pub(crate) fn start(fleet: &Fleet) {
    let (this, that) = (fleet.clone(), fleet.clone());
    fleet.supervisor().spawn(
        "what SSH keys hang on",
        TaskPolicy::Critical,
        async move { that.listen_for_keys().await },
    );
    fleet.supervisor().spawn("upkeep of SSH keys", TaskPolicy::Critical, async move {
        let mut beats = 0u64;
        loop {
            let is_beat = tokio::select! {
                biased;
                goes_on = this.supervisor().pause(BEAT) => if goes_on { true } else { return },
                () = this.tended().news.notified() => false,
            };
            beats += u64::from(is_beat);
            // Without the vault nothing is signed and no key is known.
            if this.vault().sealed().is_some() {
                continue;
            }
            if let Err(error) = this.look_at_ssh_keys().await {
                tracing::warn!(%error, "SSH keys cannot be looked at now");
            }
            if is_beat
                && beats % BEATS_TO_KEEP == 1
                && let Err(problem) = this.keep_held_versions().await
            {
                tracing::warn!(%problem, "versions that machines still hold are not kept usable");
            }
        }
    });
}

impl Fleet {
    /// A secret that changed, a machine that came, somebody's wish: there may be something to do at once.
    async fn listen_for_keys(&self) {
        let mut feed = self.events().listen(None).receiver;
        loop {
            let event = tokio::select! {
                biased;
                () = self.supervisor().stopping() => return,
                event = feed.recv() => event,
            };
            let Ok(event) = event else {
                // What was missed is found at the next beat, or when its time comes.
                if event.is_err_and(|error| error == RecvError::Closed) {
                    return;
                }
                continue;
            };
            match event.name {
                "secret.changed" => self.secret_changed(event.data["id"].as_str()).await,
                "machine.changed" | SshKeyChanged::NAME => {}
                _ => continue,
            }
            self.tended().news.notify_one();
        }
    }

    async fn secret_changed(&self, id: Option<&str>) {
        let Some(secret) = id.and_then(|id| id.parse().ok()) else { return };
        if let Err(error) = self.make_due(secret).await {
            tracing::warn!(%error, "SSH keys that changed are looked at when their time comes");
        }
        if let Err(problem) = self.keep_held_versions().await {
            tracing::warn!(%problem, "versions that machines still hold are not kept usable");
        }
    }

    async fn make_due(&self, secret: SecretId) -> Result<(), DbError> {
        let ctx = Ctx::system(self.world(), "fleet");
        let mut tx = self.db().begin(&ctx).await?;
        if table::make_due(&mut tx, secret, ctx.now()).await? == 0 {
            return Ok(());
        }
        tx.commit_unrecorded(Unrecorded::Bookkeeping).await
    }

    async fn look_at_ssh_keys(&self) -> Result<(), DbError> {
        for (id, machine) in table::due(self.db(), self.world().now()).await? {
            if self.connections().find(machine).is_none() {
                continue;
            }
            let Some(claim) = Claim::take(self, id) else { continue };
            let this = self.clone();
            self.supervisor().spawn("an SSH key on a machine", TaskPolicy::Once, async move {
                let _claim = claim;
                if let Err(problem) = this.tend(id).await {
                    tracing::warn!(key = %id, %problem, "an SSH key cannot be seen to now");
                    if let Err(error) = this.put_off(id, &problem).await {
                        tracing::warn!(key = %id, %error, "that it cannot be seen to is not written down");
                    }
                }
            });
        }
        Ok(())
    }

    /// The vault lets go of older versions; not of those that are all that opens a machine.
    async fn keep_held_versions(&self) -> Result<(), Problem> {
        let ctx = Ctx::system(self.world(), "fleet");
        for (secret, version) in table::held(self.db()).await? {
            let current = self.vault().ssh_key(secret).await;
            let is_older = matches!(&current, Ok(Some(current)) if version < current.version);
            if is_older && let Err(problem) = self.vault().keep_usable(&ctx, secret, version).await {
                tracing::warn!(%secret, version, %problem, "a version that a machine still holds is not kept usable");
            }
        }
        Ok(())
    }

    /// What failed here, rather than on the machine, is told too, and tried again later. A sealed vault is no failure.
    async fn put_off(&self, id: SshKeyId, problem: &Problem) -> Result<(), DbError> {
        let Some(key) = table::find(self.db(), id).await?.filter(|_| self.vault().sealed().is_none()) else {
            return Ok(());
        };
        let ctx = Ctx::system(self.world(), "fleet");
        let after = SshKey {
            problem: Some(CommandProblem::new("ssh_key_failed", plain(problem.detail(), 500))),
            next_at: ctx.now().plus(pause(key.tries)),
            tries: key.tries.saturating_add(1),
            ..key.clone()
        };
        let mut tx = self.db().begin(&ctx).await?;
        table::set_course(&mut tx, &after, key.next_at).await?;
        tx.emit(&SshKeyChanged { id, machine_id: key.machine });
        tx.commit_unrecorded(Unrecorded::Bookkeeping).await
    }

    /// Does step after step.
    async fn tend(&self, id: SshKeyId) -> Result<(), Problem> {
        loop {
            let Some(key) = table::find(self.db(), id).await? else { return Ok(()) };
            let lines = table::lines(self.db(), id).await?;
            let current = match key.removed_at {
                None => self.vault().ssh_key(key.secret).await?,
                Some(_) => None,
            };
            let mut after = key.clone();
            if let Some(current) = &current {
                after.secret_name = current.name.to_string();
            }
            let step = next(&key, &lines, current.as_ref(), self.world().now());
            let answer = match operation(&key, &step) {
                None => return self.settle(&key, after, &step).await,
                Some(_) if self.connections().find(key.machine).is_none() => return Ok(()),
                Some(wanted) => {
                    self.want(&key, &step).await?;
                    match key.asked_as {
                        Some(asked) => self.asked_before(asked, &wanted, &key).await?,
                        None => self.answer(self.do_step(&key, wanted).await?).await,
                    }
                }
            };
            let was_known = |line: &Line| lines.iter().any(|known| known.version == line.version);
            let never_there = matches!(&step, Step::Install(line) if !was_known(line)) && answer.is_denial();
            if !self.note(&key, after, &step, (answer, never_there)).await? {
                return Ok(());
            }
        }
    }

    /// Nothing is left to be done on the machine.
    async fn settle(&self, key: &SshKey, mut after: SshKey, step: &Step) -> Result<(), Problem> {
        let ctx = Ctx::system(self.world(), "fleet");
        let mut tx = self.db().begin(&ctx).await?;
        if *step == Step::Forget {
            if table::forget(&mut tx, key.id).await? {
                tx.emit(&SshKeyChanged { id: key.id, machine_id: key.machine });
                tx.commit(entry(Entry::done("machine_ssh_key.gone"), key)).await?;
            }
            return Ok(());
        }
        let gone = CommandProblem::new("ssh_secret_gone", "The vault has no such key any more.");
        after.problem = (*step == Step::Orphaned).then_some(gone);
        let is_news = after.problem != key.problem;
        (after.next_at, after.tries, after.asked_as) = (ctx.now().plus(SETTLED), 0, None);
        table::set_course(&mut tx, &after, key.next_at).await?;
        match is_news {
            true => {
                tx.emit(&SshKeyChanged { id: key.id, machine_id: key.machine });
                let settled = match after.problem {
                    Some(problem) => Entry::failed("machine_ssh_key.settle", problem.code),
                    None => Entry::done("machine_ssh_key.settle"),
                };
                Ok(tx.commit(entry(settled, key)).await?)
            }
            false => Ok(tx.commit_unrecorded(Unrecorded::Bookkeeping).await?),
        }
    }

    /// It is known of every line that may be on a machine before it may be there.
    async fn want(&self, key: &SshKey, step: &Step) -> Result<(), Problem> {
        let Step::Install(line) = step else { return Ok(()) };
        let ctx = Ctx::system(self.world(), "fleet");
        let mut tx = self.db().begin(&ctx).await?;
        table::want_line(&mut tx, key.id, line, ctx.now()).await?;
        Ok(tx.commit_unrecorded(Unrecorded::Bookkeeping).await?)
    }

    /// What became of a command that waited for somebody's yes.
    async fn asked_before(
        &self,
        asked: CommandId,
        wanted: &crate::commands::CommandOperation,
        key: &SshKey,
    ) -> Result<Answer, Problem> {
        let command = self.get_command(asked).await?;
        let is_same = command.operation == *wanted && command.state == CommandState::NeedsApproval;
        let is_fresh = command.ended_at.is_some_and(|at| self.world().now().since(at) <= fresh());
        match command.approved_as {
            Some(approved) if is_same => Ok(self.answer(self.approved(approved).await?).await),
            None if is_same && is_fresh => Ok(Answer::Asks(asked)),
            _ => Ok(self.answer(self.do_step(key, wanted.clone()).await?).await),
        }
    }

    async fn answer(&self, over: Option<Arc<Command>>) -> Answer {
        let Some(command) = over else { return Answer::Away };
        // What cannot be read was not said.
        let errors = self.commands().store().reader(command.id, 1);
        let said = errors.read(0, LONGEST_WORDS, vec![]).await.unwrap_or_default();
        answer::of(&command, String::from_utf8_lossy(&said).trim())
    }

    /// Writes down what became of a step; says whether the next one may follow. What the policy denied the first time
    /// was never there.
    async fn note(
        &self,
        key: &SshKey,
        mut after: SshKey,
        step: &Step,
        (answer, never_there): (Answer, bool),
    ) -> Result<bool, Problem> {
        let ctx = Ctx::system(self.world(), "fleet");
        let now = ctx.now();
        let is_done = answer == Answer::Done;
        let line = line_after(step, &answer, now);
        let record = recorded(key, step, &answer);
        match answer {
            Answer::Done => {
                (after.problem, after.asked_as, after.tries) = (None, None, 0);
                after.is_check_asked &= !matches!(step, Step::Prove(_));
            }
            Answer::Away => after.next_at = now.plus(ASKED),
            Answer::Asks(command) => {
                let words = "The machine's policy wants somebody else to say yes to the command.";
                (after.problem, after.asked_as) = (Some(CommandProblem::new("approval_needed", words)), Some(command));
                after.next_at = now.plus(ASKED);
            }
            Answer::Trouble(problem) => {
                (after.problem, after.asked_as) = (Some(problem), None);
                (after.next_at, after.tries) = (now.plus(pause(key.tries)), key.tries.saturating_add(1));
                after.is_check_asked = false;
            }
        }
        let mut tx = self.db().begin(&ctx).await?;
        match (step, &line) {
            (Step::Install(denied), _) if never_there => table::delete_line(&mut tx, key.id, denied.version).await?,
            (Step::Remove(gone), _) if is_done => table::delete_line(&mut tx, key.id, gone.version).await?,
            (_, Some(line)) => table::set_line(&mut tx, key.id, line).await?,
            (_, None) => {}
        }
        table::set_course(&mut tx, &after, key.next_at).await?;
        tx.emit(&SshKeyChanged { id: key.id, machine_id: key.machine });
        match record {
            Some(record) => tx.commit(record).await?,
            None => tx.commit_unrecorded(Unrecorded::Bookkeeping).await?,
        }
        Ok(is_done)
    }
}

/// The line as it is known after a step; of one that was not done only that a proof failed.
fn line_after(step: &Step, answer: &Answer, now: Timestamp) -> Option<Line> {
    match (step, answer) {
        (Step::Install(line), Answer::Done) => Some(Line { installed_at: Some(now), ..line.clone() }),
        (Step::Prove(line), Answer::Done) => Some(Line { proven_at: Some(now), ..line.clone() }),
        // Perhaps somebody took it away: then it is put there once more before it is proven again.
        (Step::Prove(line), Answer::Trouble(problem)) => {
            let installed_at = line.installed_at.filter(|_| problem.code != answer::PLACE);
            Some(Line { installed_at, proven_at: None, ..line.clone() })
        }
        _ => None,
    }
}

/// What the audit trail says of a step: what was done, and trouble when it is new.
fn recorded(key: &SshKey, step: &Step, answer: &Answer) -> Option<Entry> {
    let (action, line) = match step {
        Step::Install(line) => ("machine_ssh_key.install", line),
        Step::Prove(line) => ("machine_ssh_key.prove", line),
        Step::Remove(line) => ("machine_ssh_key.take_away", line),
        Step::Forget | Step::Orphaned | Step::Rest => return None,
    };
    let recorded = match answer {
        Answer::Done => Entry::done(action),
        Answer::Trouble(problem) if key.problem.as_ref().is_none_or(|before| before.code != problem.code) => {
            Entry::failed(action, problem.code.clone())
        }
        Answer::Trouble(_) | Answer::Away | Answer::Asks(_) => return None,
    };
    Some(entry(recorded, key).with("version", line.version).with("fingerprint", line.fingerprint.clone()))
}

/// What every entry about a key says.
pub(super) fn entry(entry: Entry, key: &SshKey) -> Entry {
    let entry = entry.on("machine_ssh_key", key.id).with("machine", key.machine.to_string());
    let entry = entry.with("secret", key.secret_name.clone()).with("user", key.user.clone());
    entry.with("port", key.port).with("wanted_by", key.wanted_by.id.clone())
}

fn pause(tries: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(1 << tries.min(10)).min(LONGEST_PAUSE)
}
