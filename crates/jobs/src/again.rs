//! Jobs that have ended are tried once more, and what ended because of them waits for them again.

use std::collections::BTreeMap;

use diwan_kernel::{Ctx, DbError, Entry, Problem, Timestamp, Tx};

use crate::change::Which;
use crate::event::{JobChanged, JobsChanged};
use crate::id::JobId;
use crate::job::{Fared, Job};
use crate::jobs::Jobs;
use crate::settle::{DEPENDENCY_FAILED, last_try, move_on};
use crate::spec::AfterWhen;
use crate::state::{JobHold, JobState};
use crate::table::{attempt, dependency, gauge, job};

/// So often is it tried once more when somebody else was in the way.
const TRIES: u32 = 3;

/// How jobs stand that others wait for, as far as that was looked up: their rows are held still since then.
type Known = BTreeMap<JobId, Option<JobState>>;

/// What came of trying a job again.
enum Again {
    /// It waits, for its turn or for others.
    Waits(Box<Job>),
    /// It has not ended.
    IsOpen,
    /// This job, which it waits for, did not succeed.
    Lacks(JobId),
}

/// How the jobs stand that a job waits for.
enum Stands {
    /// So many have not ended; the others ended as it wants.
    On(u32),
    /// This one did not succeed.
    Fell(JobId),
}

impl Jobs {
    /// Has a job that has ended tried once more, with the same idempotency key; and so what ended because it did not
    /// succeed.
    ///
    /// # Errors
    /// 409 when it has not ended, or what it waits for did not succeed.
    pub(crate) async fn retry(&self, ctx: &Ctx, id: JobId) -> Result<Job, Problem> {
        let found = self.get_for_change(ctx, id).await?;
        match self.try_again(ctx, &found).await? {
            Again::Waits(job) => Ok(*job),
            Again::IsOpen => Err(not_over()),
            Again::Lacks(on) => Err(lacks(on)),
        }
    }

    /// Has dead letters tried again; says how many.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn replay_dead(&self, ctx: &Ctx, which: &Which) -> Result<usize, Problem> {
        let mut count = 0;
        let mut dead = self.dead(ctx, which).await?;
        // Whoever waits for another comes after it.
        dead.sort_by_key(|job| job.id);
        for found in dead {
            count += usize::from(matches!(self.try_again(ctx, &found).await?, Again::Waits(_)));
        }
        Ok(count)
    }

    /// Others end meanwhile, and may be in each other's way.
    async fn try_again(&self, ctx: &Ctx, found: &Job) -> Result<Again, DbError> {
        let mut tries = 0;
        loop {
            match self.try_again_once(ctx, found).await {
                Err(DbError::Busy) if tries < TRIES => tries += 1,
                other => return other,
            }
        }
    }

    async fn try_again_once(&self, ctx: &Ctx, found: &Job) -> Result<Again, DbError> {
        if found.state.is_open() {
            return Ok(Again::IsOpen);
        }
        let mut tx = self.db().begin(ctx).await?;
        let mut known = Known::new();
        let open = match stands(&mut tx, found, &mut known).await? {
            Stands::On(open) => open,
            Stands::Fell(on) => return Ok(Again::Lacks(on)),
        };
        let Some(job) = begin_anew(&mut tx, found, open, ctx.now()).await? else { return Ok(Again::IsOpen) };
        if let Some(concurrency) = &job.spec.concurrency {
            gauge::set_key(&mut tx, &concurrency.key, concurrency.limit).await?;
        }
        let others = wait_anew(&mut tx, job.id, known, ctx.now()).await?;
        for other in &others {
            let entry = Entry::done("job.retry").on("job", other.id).with("was", JobState::Cancelled.as_str());
            tx.record(entry.with("with", job.id.to_string())).await?;
        }
        match others.len() {
            0 => tx.emit(&JobChanged::from(&job)),
            more => tx.emit(&JobsChanged { count: more + 1 }),
        }
        tx.commit(Entry::done("job.retry").on("job", job.id).with("was", found.state.as_str())).await?;
        self.let_all_wait(std::slice::from_ref(&job));
        self.let_all_wait(&others);
        Ok(Again::Waits(Box::new(job)))
    }
}

/// How those stand that a job waits for. None of them ends while this unit of work goes on.
async fn stands(tx: &mut Tx, job: &Job, known: &mut Known) -> Result<Stands, DbError> {
    let was_dropped = was_dropped(job);
    let mut open = 0;
    for after in &job.spec.after {
        let Some(on) = after.job_id else { continue };
        let state = match known.get(&on) {
            Some(state) => *state,
            None => *known.entry(on).or_insert(dependency::hold_still(tx, on, 0).await?.map(|(state, _)| state)),
        };
        match (state, after.when) {
            // It was removed long after its end. Whoever waited for it has begun, or came to nothing because of one of
            // them: which is not known any more.
            (None, AfterWhen::Succeeded) if was_dropped => return Ok(Stands::Fell(on)),
            (None | Some(JobState::Succeeded), _) => {}
            (Some(state), _) if state.is_open() => open += 1,
            (Some(_), AfterWhen::Ended) => {}
            (Some(_), AfterWhen::Succeeded) => return Ok(Stands::Fell(on)),
        }
    }
    Ok(Stands::On(open))
}

/// Writes down that a job which has ended is wanted once more; `None` when that was done before.
async fn begin_anew(tx: &mut Tx, found: &Job, open: u32, now: Timestamp) -> Result<Option<Job>, DbError> {
    let mut job = found.clone();
    job.fence += 1;
    // A moment before which it must not begin is still one.
    let due_at = job.spec.not_before.filter(|at| *at > now);
    (job.state, job.due_at, job.ready_at) = (JobState::Queued, due_at, due_at.unwrap_or(now));
    (job.ended_at, job.dead_at, job.cancel_asked_at) = (None, None, None);
    job.open_dependencies = open;
    (job.hold, job.deadline_at) = match (open, due_at) {
        (1.., _) => (JobHold::Dependencies, None),
        (0, Some(_)) => (JobHold::Time, job.deadline_from(job.ready_at)),
        (0, None) => (JobHold::None, job.deadline_from(job.ready_at)),
    };
    // Whoever refused it may not any more.
    job.avoid_none();
    job.most_tries = found.tries + found.spec.retry.attempts;
    job.fared = Fared::default();
    (job.leased_at, job.started_at, job.machine, job.command) = (None, None, None, None);
    if found.machine.is_some() {
        let at = found.ended_at.unwrap_or(now);
        attempt::insert(tx, found.id, &last_try(found, found.state, found.fared.clone(), at)).await?;
    }
    if !job::replay(tx, &job, found.fence).await? {
        return Ok(None);
    }
    if !found.avoids.is_empty() {
        move_on(tx, &job).await?;
    }
    Ok(Some(job))
}

/// Those that wait for a job which is tried again wait for it anew, also those that ended because it did not succeed, and
/// so on. Says which.
async fn wait_anew(tx: &mut Tx, again: JobId, mut known: Known, now: Timestamp) -> Result<Vec<Job>, DbError> {
    known.insert(again, Some(JobState::Queued));
    let (mut waiting, mut open) = (vec![], vec![again]);
    while let Some(on) = open.pop() {
        for (id, _) in dependency::waiting_for(tx, on).await? {
            let Some(found) = job::find_in(tx, id).await? else { continue };
            let is_held = found.hold == JobHold::Dependencies;
            if !is_held && !was_dropped(&found) {
                continue;
            }
            let Stands::On(count) = stands(tx, &found, &mut known).await? else { continue };
            if is_held {
                dependency::set_open(tx, id, count).await?;
            } else if let Some(job) = begin_anew(tx, &found, count, now).await? {
                known.insert(id, Some(JobState::Queued));
                open.push(id);
                waiting.push(job);
            }
        }
    }
    Ok(waiting)
}

/// It ended because one that it waits for did not succeed.
fn was_dropped(job: &Job) -> bool {
    job.state == JobState::Cancelled && job.fared.reason.as_deref() == Some(DEPENDENCY_FAILED)
}

fn not_over() -> Problem {
    Problem::conflict(
        "job_not_over",
        "The job has not ended",
        "It waits or is under way.",
        "Cancel it first, or wait until it has ended.",
    )
}

fn lacks(on: JobId) -> Problem {
    Problem::conflict(
        DEPENDENCY_FAILED,
        "What it waits for did not succeed",
        format!("It waits for {on}, which did not succeed."),
        "Try that one again: what ended because of it begins when it has succeeded.",
    )
}
