//! From what somebody wants to jobs that are written down: all of them or none.

use std::collections::{BTreeMap, BTreeSet};

use diwan_fleet::CommandActor;
use diwan_kernel::{Ctx, DbError, Entry, Problem, Timestamp, Tx};
use ring::digest::{SHA256, digest};

use crate::event::{JobChanged, JobEnded, JobsChanged};
use crate::flow::{Flow, FlowId};
use crate::id::{JobId, ScheduleId};
use crate::job::{Fared, Job};
use crate::jobs::Jobs;
use crate::record;
use crate::settle;
use crate::spec::{AfterWhen, JobAfter, JobSpec, within};
use crate::state::{JobHold, JobState};
use crate::table::{dependency, flow, gauge, job};

/// No more jobs may wait for one: what follows from its end is one unit of work.
const MOST_DEPENDENTS: u64 = 2000;

/// How a wish came about.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cause {
    /// The schedule, and the moment that it is for.
    pub(crate) schedule: Option<(ScheduleId, Timestamp)>,
    /// The job that it repeats with changes.
    pub(crate) rerun_of: Option<JobId>,
    /// The job by whose end or push the schedule fired.
    pub(crate) begun_by: Option<JobId>,
    /// How many jobs began one another up to here.
    pub(crate) depth: u32,
}

/// Whose jobs they are.
#[derive(Debug, Clone)]
pub(crate) struct Owner {
    pub(crate) actor: CommandActor,
}

impl Owner {
    /// Whoever calls.
    pub(crate) fn from_ctx(ctx: &Ctx) -> Self {
        Self { actor: CommandActor::from_ctx(ctx) }
    }

    /// Between whom turns are shared out: people, whatever tokens they use.
    pub(crate) fn id(&self) -> &str {
        self.actor.user_id.as_deref().unwrap_or(&self.actor.id)
    }
}

/// What came of a wish.
#[derive(Debug)]
pub(crate) enum Created {
    /// It was written down.
    New(Job),
    /// It had been wanted with the same key before.
    Known(Job),
}

impl Jobs {
    /// Writes one job down, unless it was wanted with the same key before.
    ///
    /// # Errors
    /// 409 when something else was wanted with that key; 422 when a job is named that is not there.
    pub(crate) async fn create(
        &self,
        ctx: &Ctx,
        owner: &Owner,
        spec: JobSpec,
        cause: Cause,
    ) -> Result<Created, Problem> {
        if let Some(known) = self.known(owner, &spec).await? {
            return Ok(Created::Known(known));
        }
        match self.create_beside_others(ctx, owner, spec.clone(), cause).await {
            Ok(created) => Ok(Created::New(created)),
            Err(NotCreated::Problem(problem) | NotCreated::OneOf(_, problem)) => Err(problem),
            Err(NotCreated::Db(error)) if error.is_unique("job", "idempotency_key") => {
                // Somebody was faster with the same key.
                let known = self.known(owner, &spec).await?;
                known.map(Created::Known).ok_or_else(|| error.into())
            }
            Err(NotCreated::Db(error)) => Err(error.into()),
        }
    }

    /// Writes several down: all or none.
    ///
    /// # Errors
    /// As for one; with a key that is known, always 409.
    pub(crate) async fn create_several(
        &self,
        ctx: &Ctx,
        owner: &Owner,
        specs: Vec<JobSpec>,
    ) -> Result<Vec<Job>, Problem> {
        match self.create_all(ctx, owner, specs, Cause::default()).await {
            Ok(created) => Ok(created),
            Err(NotCreated::OneOf(at, problem)) => Err(within(&format!("jobs[{at}]"), problem)),
            Err(NotCreated::Problem(problem)) => Err(problem),
            Err(NotCreated::Db(error)) if error.is_unique("job", "idempotency_key") => Err(other_wish()),
            Err(NotCreated::Db(error)) => Err(error.into()),
        }
    }

    /// The job that was wanted with the same key.
    async fn known(&self, owner: &Owner, spec: &JobSpec) -> Result<Option<Job>, Problem> {
        let Some(key) = &spec.idempotency_key else { return Ok(None) };
        let Some(known) = job::find_keyed(self.db(), owner.id(), key).await? else { return Ok(None) };
        let is_same = known.idempotency_digest.as_deref() == digest_of(spec).as_deref();
        if is_same { Ok(Some(known)) } else { Err(other_wish()) }
    }

    /// Writes jobs down in one unit of work.
    pub(crate) async fn create_all(
        &self,
        ctx: &Ctx,
        owner: &Owner,
        specs: Vec<JobSpec>,
        cause: Cause,
    ) -> Result<Vec<Job>, NotCreated> {
        let mut jobs: Vec<Job> = specs.into_iter().map(|spec| self.new_job(ctx, owner, spec, cause)).collect();
        let mut tx = self.db().begin(ctx).await?;
        let ids: Vec<JobId> = jobs.iter().map(|job| job.id).collect();
        let noted = self.note_flows(&mut tx, &jobs).await?;
        // In one order, whoever comes: nobody waits for somebody who waits for them.
        let limits = jobs.iter().filter_map(|job| job.spec.concurrency.as_ref());
        let limits: BTreeMap<String, u32> = limits.map(|one| (one.key.clone(), one.limit)).collect();
        for (key, limit) in &limits {
            gauge::set_key(&mut tx, key, *limit).await?;
        }
        let mut written = 0;
        for at in 0..jobs.len() {
            let (earlier, new) = jobs.split_at_mut(at);
            let Some(new) = new.first_mut() else { break };
            if new.spec.after.is_empty() {
                continue;
            }
            // It may wait for any of those before it.
            job::insert_all(&mut tx, &earlier[written..]).await?;
            wait_for(&mut tx, new, &ids[..at]).await.map_err(|not| not.of_job(at))?;
            job::insert(&mut tx, new).await?;
            if !new.state.is_open() {
                new.fence += 1;
                job::settle(&mut tx, new, new.fence - 1).await?;
            }
            for after in &new.spec.after {
                if let Some(on) = after.job_id {
                    dependency::insert(&mut tx, new.id, on, after.when).await?;
                }
            }
            written = at + 1;
        }
        job::insert_all(&mut tx, &jobs[written..]).await?;
        match &jobs[..] {
            [only] => tx.emit(&JobChanged::from(only)),
            several => tx.emit(&JobsChanged { count: several.len() }),
        }
        let ended: Vec<&Job> = jobs.iter().filter(|job| !job.state.is_open()).collect();
        ended.iter().for_each(|job| tx.emit(&JobEnded::from(*job)));
        let ends = ended.into_iter().map(settle::entry_of).collect();
        record::commit_with(tx, entry_of(&jobs), &ids, ends).await?;
        self.are_written(&jobs, noted);
        Ok(jobs)
    }

    /// Jobs and these flows are written down now.
    pub(crate) fn are_written(&self, jobs: &[Job], noted: Vec<FlowId>) {
        self.noted().extend(noted);
        jobs.iter().filter(|job| job.state.is_open() && job.hold == JobHold::None).for_each(|job| self.let_wait(job));
    }

    pub(crate) fn new_job(&self, ctx: &Ctx, owner: &Owner, spec: JobSpec, cause: Cause) -> Job {
        let now = ctx.now();
        let due_at = spec.not_before.filter(|at| *at > now);
        let ready_at = due_at.unwrap_or(now);
        let mut job = Job {
            id: self.new_id(),
            flow: Flow::of(&spec, owner.id()).id(),
            name: spec.title(),
            owner_id: owner.id().to_owned(),
            owner: owner.actor.clone(),
            state: JobState::Queued,
            hold: if due_at.is_some() { JobHold::Time } else { JobHold::None },
            attempt: 0,
            tries: 0,
            most_tries: spec.retry.attempts,
            fence: 0,
            due_at,
            deadline_at: None,
            created_at: now,
            ready_at,
            leased_at: None,
            started_at: None,
            ended_at: None,
            cancel_asked_at: None,
            machine: None,
            avoids: BTreeSet::new(),
            command: None,
            fared: Fared::default(),
            dead_at: None,
            open_dependencies: 0,
            schedule: cause.schedule,
            rerun_of: cause.rerun_of,
            begun_by: cause.begun_by,
            depth: cause.depth,
            idempotency_digest: digest_of(&spec),
            spec,
        };
        job.deadline_at = job.deadline_from(ready_at);
        job
    }

    /// Writes down those flows of jobs of which this server does not know that they are; says which, in one order,
    /// whoever comes.
    pub(crate) async fn note_flows(&self, tx: &mut Tx, jobs: &[Job]) -> Result<Vec<FlowId>, DbError> {
        let mut new: BTreeMap<FlowId, Flow> = jobs.iter().map(|job| (job.flow, job.in_flow())).collect();
        new.retain(|id, _| !self.noted().contains(id));
        for (id, flow) in &new {
            flow::note(tx, *id, flow).await?;
        }
        Ok(new.into_keys().collect())
    }
}

/// Why jobs were not written down.
#[derive(Debug)]
pub(crate) enum NotCreated {
    /// The database says so.
    Db(DbError),
    /// They cannot be meant.
    Problem(Problem),
    /// This one of them cannot be meant.
    OneOf(usize, Problem),
}

impl NotCreated {
    /// Says which of several jobs it is about.
    fn of_job(self, at: usize) -> Self {
        match self {
            Self::Problem(problem) => Self::OneOf(at, problem),
            Self::OneOf(..) | Self::Db(_) => self,
        }
    }
}

impl From<DbError> for NotCreated {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

/// Finds out what a job has to wait for. One that waits for what has ended otherwise than it wants has ended too.
async fn wait_for(tx: &mut Tx, new: &mut Job, earlier: &[JobId]) -> Result<(), NotCreated> {
    let mut stood = vec![];
    for (at, on, when) in each_once(std::mem::take(&mut new.spec.after), earlier)? {
        let (state, dependents) =
            dependency::hold_still(tx, on, 1).await?.ok_or_else(|| unknown(at, "There is no such job."))?;
        if state.is_open() && dependents > MOST_DEPENDENTS {
            let message = format!("{MOST_DEPENDENTS} jobs wait or waited for that one, and no more may.");
            return Err(NotCreated::Problem(Problem::invalid_field(&format!("after[{at}]"), "too_many", &message)));
        }
        stood.push((on, state, when));
        new.spec.after.push(JobAfter { job_id: Some(on), step: None, when });
    }
    let fell = |(_, state, when): &&(JobId, JobState, AfterWhen)| {
        !state.is_open() && *state != JobState::Succeeded && *when == AfterWhen::Succeeded
    };
    let open = stood.iter().filter(|(_, state, _)| state.is_open()).count();
    new.open_dependencies = u32::try_from(open).unwrap_or(u32::MAX);
    if let Some((on, state, _)) = stood.iter().find(fell) {
        new.fared = settle::fell_with(*on, *state);
        new.end(JobState::Cancelled, new.created_at);
    } else if new.open_dependencies > 0 {
        // The time in which it has to begin is not yet running.
        (new.hold, new.deadline_at) = (JobHold::Dependencies, None);
    }
    Ok(())
}

/// What a job waits for, each by its id and with the place where it was said. One that is named twice is waited for as
/// the stricter of both wants.
fn each_once(after: Vec<JobAfter>, earlier: &[JobId]) -> Result<Vec<(usize, JobId, AfterWhen)>, NotCreated> {
    let mut kept: Vec<(usize, JobId, AfterWhen)> = vec![];
    for (at, after) in after.into_iter().enumerate() {
        let step = after.step.and_then(|step| usize::try_from(step).ok()).and_then(|step| earlier.get(step).copied());
        let on = after.job_id.or(step).ok_or_else(|| unknown(at, "There is no such job before this one."))?;
        match kept.iter_mut().find(|(_, known, _)| *known == on) {
            Some((.., when)) if after.when == AfterWhen::Succeeded => *when = AfterWhen::Succeeded,
            Some(_) => {}
            None => kept.push((at, on, after.when)),
        }
    }
    Ok(kept)
}

fn unknown(at: usize, message: &str) -> NotCreated {
    NotCreated::Problem(Problem::invalid_field(&format!("after[{at}]"), "job_unknown", message))
}

/// The same wish has the same digest. When it may begin does not count: `in ten minutes`, said twice, is another moment.
fn digest_of(spec: &JobSpec) -> Option<Vec<u8>> {
    spec.idempotency_key.as_ref()?;
    let mut spec = serde_json::json!(spec);
    spec["not_before"] = serde_json::Value::Null;
    Some(digest(&SHA256, spec.to_string().as_bytes()).as_ref().to_vec())
}

pub(crate) fn entry_of(jobs: &[Job]) -> Entry {
    let entry = Entry::done("job.create");
    let [only] = jobs else { return entry };
    let entry = entry.with("operation", only.spec.operation.summary());
    let entry = entry.with("queue", only.spec.queue.as_str()).with("target", only.spec.target.stored());
    let env: Vec<&str> = only.spec.env.keys().map(String::as_str).collect();
    let entry = if env.is_empty() { entry } else { entry.with("env", env) };
    let secrets: Vec<&str> = only.spec.secrets.iter().map(|variable| variable.secret.as_str()).collect();
    let entry = if secrets.is_empty() { entry } else { entry.with("secrets", secrets) };
    match only.rerun_of {
        Some(of) => entry.with("rerun_of", of.to_string()),
        None => entry,
    }
}

fn other_wish() -> Problem {
    Problem::conflict(
        "idempotency_conflict",
        "Something else was wanted with this key",
        "A job with this idempotency key is there, and what it was wanted to do is not the same.",
        "Use another key, or look at the job that has this one.",
    )
}
