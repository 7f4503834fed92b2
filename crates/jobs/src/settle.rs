//! What becomes of jobs whose tries are over: written down with everything that follows from it in one commit.

use diwan_fleet::MachineId;
use diwan_kernel::{DbError, Entry, Problem, Timestamp, Tx};

use crate::decide::{Next, Over, decide};
use crate::event::{JobChanged, JobEnded, JobsChanged};
use crate::id::JobId;
use crate::job::{Attempt, Fared, Job};
use crate::jobs::Jobs;
use crate::spec::AfterWhen;
use crate::state::{JobHold, JobState};
use crate::table::{attempt, dependency, flow, gauge, job};

/// Why a job ended that waits for one which did not succeed.
pub(crate) const DEPENDENCY_FAILED: &str = "dependency_failed";

/// No job is refused by more machines than so many before that is its end.
const MOST_REFUSALS: usize = 50;

/// A try that is over.
#[derive(Debug, Clone)]
pub(crate) struct Finished {
    pub(crate) job: JobId,
    pub(crate) fence: u64,
    pub(crate) over: Over,
    /// When it began, as far as that is known only now.
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) was_too_long: bool,
}

/// What a unit of work changed, for those who look on and for the board.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) jobs: Vec<Job>,
}

impl Jobs {
    /// Writes down that these tries are over, and what follows. Word that comes too late changes nothing.
    ///
    /// # Errors
    /// What the database says; nothing has changed then.
    pub(crate) async fn settle(&self, finished: &[Finished]) -> Result<(), Problem> {
        let ctx = self.ctx();
        let mut changes = Changes::default();
        if finished.iter().any(|one| one.over.is_refusal()) {
            // Another that takes it may have come just now.
            self.look_at_machines().await?;
        }
        let mut tx = self.db().begin(&ctx).await?;
        for one in finished {
            self.settle_one(&mut tx, one, ctx.now(), &mut changes).await?;
        }
        let changed = self.commit(tx, changes).await?;
        // What they took up is free before they wait again.
        finished.iter().for_each(|one| self.is_over_at(one));
        self.let_all_wait(&changed);
        Ok(())
    }

    /// Unless another try has begun meanwhile.
    fn is_over_at(&self, one: &Finished) {
        let is_it = self.open().tries.get(&one.job).is_some_and(|open| open.fence == one.fence);
        if is_it {
            self.is_over(one.job);
        }
    }

    async fn settle_one(
        &self,
        tx: &mut Tx,
        one: &Finished,
        now: Timestamp,
        changes: &mut Changes,
    ) -> Result<(), DbError> {
        let Some(mut was) = job::find_in(tx, one.job).await? else { return Ok(()) };
        if was.fence != one.fence || !was.is_under_way() {
            tracing::info!(job = %one.job, fence = one.fence, "word of an earlier try comes too late");
            return Ok(());
        }
        was.started_at = was.started_at.or(one.started_at);
        let refused_by = was.machine.as_ref().map(|(machine, _)| *machine).filter(|_| one.over.is_refusal());
        let has_other = refused_by.is_some_and(|machine| self.has_other(&was, machine));
        let decided = decide(&was, &one.over, one.was_too_long, has_other, self.chance());
        let next = was.after(&decided, now);
        if !job::settle(tx, &next, was.fence).await? {
            return Ok(());
        }
        if let Some(concurrency) = &was.spec.concurrency {
            gauge::give_key_back(tx, &concurrency.key).await?;
        }
        if decided.next == Next::Elsewhere {
            move_on(tx, &next).await?;
        }
        if next.state.is_open() {
            attempt::insert(tx, was.id, &last_try(&was, decided.state, decided.fared, now)).await?;
        }
        changes.jobs.push(next.clone());
        if !next.state.is_open() {
            follow_up(tx, next, now, changes).await?;
        }
        Ok(())
    }

    /// Whether another machine is there that could take a job which this one does not.
    pub(crate) fn has_other(&self, job: &Job, machine: MachineId) -> bool {
        let mut elsewhere = job.in_flow();
        elsewhere.avoids.insert(machine);
        elsewhere.avoids.len() <= MOST_REFUSALS && self.board().has_machine_for(&elsewhere)
    }

    /// Commits with the entries and events of what changed, and gives that.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn commit(&self, mut tx: Tx, changes: Changes) -> Result<Vec<Job>, Problem> {
        let jobs = changes.jobs;
        let Some(last) = jobs.last() else { return Ok(jobs) };
        match &jobs[..] {
            [only] => tx.emit(&JobChanged::from(only)),
            several => tx.emit(&JobsChanged { count: several.len() }),
        }
        jobs.iter().filter(|job| !job.state.is_open()).for_each(|job| tx.emit(&JobEnded::from(job)));
        let (first, last) = (&jobs[..jobs.len() - 1], entry_of(last));
        for job in first {
            tx.record(entry_of(job)).await?;
        }
        tx.commit(last).await?;
        Ok(jobs)
    }

    /// Lets wait for their turn those of these jobs that are ready.
    pub(crate) fn let_all_wait(&self, jobs: &[Job]) {
        let is_ready = |job: &&Job| job.state == JobState::Queued && job.hold == JobHold::None;
        jobs.iter().filter(is_ready).for_each(|job| self.let_wait(job));
    }
}

/// Writes down that a job is not given any more to a machine that it was given to before.
pub(crate) async fn move_on(tx: &mut Tx, job: &Job) -> Result<(), DbError> {
    flow::note(tx, job.flow, &job.in_flow()).await?;
    job::set_avoids(tx, job).await
}

/// The try that a job was at.
pub(crate) fn last_try(was: &Job, state: JobState, fared: Fared, now: Timestamp) -> Attempt {
    let (machine, machine_name) =
        was.machine.clone().unwrap_or_else(|| (diwan_fleet::MachineId::from_bits(0), String::new()));
    Attempt {
        attempt: was.attempt,
        fence: was.fence,
        machine,
        machine_name,
        command: was.command,
        leased_at: was.leased_at.unwrap_or(now),
        started_at: was.started_at,
        ended_at: Some(now),
        state,
        fared,
    }
}

/// What follows for those that wait for a job which has ended: they go on, or end as well, and so on.
pub(crate) async fn follow_up(tx: &mut Tx, ended: Job, now: Timestamp, changes: &mut Changes) -> Result<(), DbError> {
    let mut ended = vec![ended];
    while let Some(over) = ended.pop() {
        for (id, when) in dependency::waiting_for(tx, over.id).await? {
            let Some(mut waiting) = job::find_in(tx, id).await? else { continue };
            if waiting.state != JobState::Queued || waiting.open_dependencies == 0 {
                continue;
            }
            if when == AfterWhen::Succeeded && over.state != JobState::Succeeded {
                let fence = waiting.fence;
                waiting.fence += 1;
                waiting.fared = fell_with(over.id, over.state);
                waiting.end(JobState::Cancelled, now);
                if job::settle(tx, &waiting, fence).await? {
                    changes.jobs.push(waiting.clone());
                    ended.push(waiting);
                }
            } else if dependency::one_less(tx, id).await? {
                let is_later = waiting.due_at.is_some_and(|due| due > now);
                let hold = if is_later { JobHold::Time } else { JobHold::None };
                let fence = waiting.fence;
                waiting.fence += 1;
                waiting.open_dependencies = 0;
                waiting.hold = hold;
                waiting.ready_at = waiting.ready_at.max(now);
                waiting.deadline_at = waiting.deadline_from(waiting.ready_at);
                if job::settle(tx, &waiting, fence).await? {
                    changes.jobs.push(waiting);
                }
            }
        }
    }
    Ok(())
}

/// How a job fared that waited for one which ended so.
pub(crate) fn fell_with(on: JobId, state: JobState) -> Fared {
    let how = match state {
        JobState::Cancelled => "was cancelled",
        JobState::TimedOut => "ran out of time",
        JobState::Expired => "did not begin in time",
        _ => "failed",
    };
    Fared {
        reason: Some(DEPENDENCY_FAILED.to_owned()),
        detail: Some(format!("It waits for {on}, which {how}.")),
        ..Fared::default()
    }
}

impl From<&Job> for JobEnded {
    fn from(job: &Job) -> Self {
        Self {
            id: job.id,
            name: job.name.clone(),
            state: job.state,
            queue: job.spec.queue.clone(),
            labels: job.spec.labels.clone(),
            ended_at: job.ended_at,
            owner_id: job.owner_id.clone(),
        }
    }
}

pub(crate) fn entry_of(job: &Job) -> Entry {
    let action = match job.state {
        JobState::Queued => "job.requeue",
        _ => "job.end",
    };
    let entry = match (job.state.is_dead(), &job.fared.reason) {
        (true, Some(reason)) => Entry::failed(action, reason.clone()),
        _ => Entry::done(action),
    };
    let entry = entry.on("job", job.id).with("state", job.state.as_str()).with("attempt", job.attempt);
    let entry = match &job.fared.reason {
        Some(reason) => entry.with("reason", reason.as_str()),
        None => entry,
    };
    match &job.machine {
        Some((machine, _)) => entry.with("machine", machine.to_string()),
        None => entry,
    }
}
