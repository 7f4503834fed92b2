//! What people do to jobs that are there: cancel, let rest.

use diwan_kernel::{Ctx, Entry, Permission, Problem};

use crate::decide::Over;
use crate::event::JobChanged;
use crate::id::JobId;
use crate::job::{Fared, Job};
use crate::jobs::Jobs;
use crate::settle::{Changes, Finished, follow_up};
use crate::state::JobState;
use crate::table::job::{self, Wanted};

impl Jobs {
    /// The job with this id.
    ///
    /// # Errors
    /// 404.
    pub(crate) async fn get(&self, id: JobId) -> Result<Job, Problem> {
        job::find(self.db(), id).await?.ok_or_else(|| Problem::not_found("job"))
    }

    /// The job with this id, for somebody who wants to change something about it.
    ///
    /// # Errors
    /// 403 for another's, without the permission to decide over all; 404.
    pub(crate) async fn get_for_change(&self, ctx: &Ctx, id: JobId) -> Result<Job, Problem> {
        let found = self.get(id).await?;
        if !is_own(ctx, &found) {
            ctx.require(Permission::JobsManage)?;
        }
        Ok(found)
    }

    /// The job with this id, for somebody who wants another like it.
    ///
    /// # Errors
    /// 403 for another's, without the permission to see jobs; 404.
    pub(crate) async fn get_for_rerun(&self, ctx: &Ctx, id: JobId) -> Result<Job, Problem> {
        let found = self.get(id).await?;
        if !is_own(ctx, &found) {
            ctx.require(Permission::JobsRead)?;
        }
        Ok(found)
    }

    /// Stops a job: at once while it waits; while it is under way its machine is told to, and the job ends when it has.
    /// With `give_up` nobody waits for a machine that is away.
    ///
    /// # Errors
    /// 409 when it has ended.
    pub(crate) async fn cancel(&self, ctx: &Ctx, id: JobId, give_up: bool) -> Result<Job, Problem> {
        loop {
            let found = self.get_for_change(ctx, id).await?;
            let done = match found.state {
                JobState::Queued => self.cancel_waiting(ctx, &found).await?,
                JobState::Leased | JobState::Running => self.cancel_under_way(ctx, &found, give_up).await?,
                _ => return Err(is_over()),
            };
            // Otherwise it began or ended meanwhile.
            if done {
                return self.get(id).await;
            }
        }
    }

    async fn cancel_waiting(&self, ctx: &Ctx, found: &Job) -> Result<bool, Problem> {
        let mut job = found.clone();
        job.fence += 1;
        job.cancel_asked_at = Some(ctx.now());
        job.fared = Fared { reason: Some("cancelled".to_owned()), ..Fared::default() };
        job.end(JobState::Cancelled, ctx.now());
        let mut tx = self.db().begin(ctx).await?;
        if !job::settle(&mut tx, &job, found.fence).await? {
            return Ok(false);
        }
        let mut changes = Changes::default();
        follow_up(&mut tx, job.clone(), ctx.now(), &mut changes).await?;
        tx.record(Entry::done("job.cancel").on("job", job.id)).await?;
        changes.jobs.push(job);
        let changed = self.commit(tx, changes).await?;
        self.board().leave(found.flow, found.place());
        self.let_all_wait(&changed);
        Ok(true)
    }

    async fn cancel_under_way(&self, ctx: &Ctx, found: &Job, give_up: bool) -> Result<bool, Problem> {
        let mut tx = self.db().begin(ctx).await?;
        if !job::ask_cancel(&mut tx, found.id, ctx.now()).await? {
            return Ok(false);
        }
        tx.emit(&JobChanged::from(found));
        let is_away = |machine| !self.fleet().is_there(machine);
        let is_ours =
            self.open().tries.get(&found.id).is_some_and(|one| one.fence == found.fence && is_away(one.machine));
        let gives_up = give_up && is_ours;
        tx.commit(Entry::done("job.cancel").on("job", found.id).with("given_up", gives_up)).await?;
        if let Some(command) = found.command
            && let Err(problem) = self.fleet().stop_errand(&self.ctx(), command).await
        {
            // How it ended is told in a moment.
            tracing::debug!(%command, %problem, "a try that is cancelled is over already");
        }
        if gives_up {
            // Should the machine come back, it is told to stop, and what it says then comes too late.
            let over = Over::GivenUp;
            self.settle(&[Finished { job: found.id, fence: found.fence, over, started_at: None, was_too_long: false }])
                .await?;
        }
        Ok(true)
    }

    /// Lets dead letters rest: they stay as they ended; says how many.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn dismiss_dead(&self, ctx: &Ctx, which: &Which) -> Result<usize, Problem> {
        let mut count = 0;
        for found in self.dead(ctx, which).await? {
            let mut tx = self.db().begin(ctx).await?;
            if job::dismiss(&mut tx, found.id).await? {
                tx.emit(&JobChanged::from(&found));
                tx.commit(Entry::done("job.dismiss").on("job", found.id)).await?;
                count += 1;
            }
        }
        Ok(count)
    }

    pub(crate) async fn dead(&self, ctx: &Ctx, which: &Which) -> Result<Vec<Job>, Problem> {
        match which {
            Which::These(ids) => {
                let mut found = vec![];
                for id in ids {
                    let job = self.get_for_change(ctx, *id).await?;
                    found.extend(Some(job).filter(|job| job.dead_at.is_some()));
                }
                Ok(found)
            }
            Which::Those(wanted) => {
                let mut wanted = Wanted { is_dead: true, ..wanted.clone() };
                if let Err(denied) = ctx.require(Permission::JobsManage) {
                    let own = ctx.user_id()?.to_string();
                    if wanted.owner.replace(own.clone()).is_some_and(|asked| asked != own) {
                        return Err(denied);
                    }
                }
                let (mut found, mut before) = (vec![], None);
                loop {
                    let some = job::list(self.db(), &Wanted { before, ..wanted.clone() }, job::SOME).await?;
                    before = some.last().map(|job| job.id);
                    let is_last = some.len() < job::SOME;
                    found.extend(some);
                    if is_last {
                        return Ok(found);
                    }
                }
            }
        }
    }
}

/// Which dead letters are meant.
#[derive(Debug, Clone)]
pub(crate) enum Which {
    /// These.
    These(Vec<JobId>),
    /// All that are like this, as far as they are the caller's own or the caller decides over all.
    Those(Wanted),
}

fn is_own(ctx: &Ctx, job: &Job) -> bool {
    ctx.actor.user_id().is_some_and(|user| user.to_string() == job.owner_id)
}

fn is_over() -> Problem {
    Problem::conflict(
        "job_over",
        "The job has ended",
        "It came to an end before this.",
        "Look at how it ended; try it again if it is still wanted.",
    )
}
