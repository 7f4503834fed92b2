//! Schedules fire: by the clock, by hand, by a call, by an event.

use std::time::Duration;

use diwan_kernel::{Ctx, DbError, Entry, Problem, TaskPolicy, Timestamp};
use tokio::sync::MutexGuard;

use super::schedule::{Overlap, Schedule};
use super::trigger::Trigger;
use crate::calendar::{Tick, due};
use crate::create::{Cause, NotCreated, Owner};
use crate::event::ScheduleChanged;
use crate::job::Job;
use crate::jobs::Jobs;
use crate::table::job::{self, Wanted};
use crate::table::schedule;

/// Nobody waits longer for the clock to be looked at.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
/// More missed fires are not made up for at once.
const MOST_MISSED: usize = 100;
/// A moment that is taken is tried a little later, so often.
const TRIES: i64 = 1000;

/// Begins to look at the clock.
pub(crate) fn start(jobs: &Jobs) {
    let this = jobs.clone();
    jobs.supervisor().spawn("schedules", TaskPolicy::Critical, async move {
        while this.supervisor().pause(LONGEST_SLEEP).await {
            if let Err(problem) = this.fire_what_is_due().await {
                tracing::warn!(%problem, "schedules cannot be looked at now");
            }
        }
    });
    super::listen::start(jobs);
}

impl Jobs {
    /// Fires everything whose time has come.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn fire_what_is_due(&self) -> Result<(), Problem> {
        let now = self.world().now();
        let mut behind = None;
        loop {
            let some = schedule::due(self.db(), now, behind).await?;
            for one in &some {
                if self.supervisor().is_stopping() {
                    return Ok(());
                }
                // One that cannot fire keeps none of the others from it.
                if let Err(problem) = self.fire_by_clock(one, now).await
                    && self.note_trouble(one, problem.detail()).await?
                {
                    tracing::warn!(schedule = %one.id, %problem, "a schedule cannot fire now");
                }
            }
            behind = some.last().and_then(|one| Some((one.next_at?, one.id)));
            if some.len() < schedule::SOME {
                return Ok(());
            }
        }
    }

    async fn fire_by_clock(&self, one: &Schedule, now: Timestamp) -> Result<(), Problem> {
        let mut last = one.clone();
        last.trouble = match self.fire_ticks(&mut last, now).await {
            Ok(()) => None,
            // It is no other in a second: the next moment may be.
            Err(problem) if problem.status().is_client_error() => Some(problem.detail().to_owned()),
            Err(problem) => return Err(problem),
        };
        if let Some(why) = last.trouble.as_ref().filter(|_| last.trouble != one.trouble) {
            tracing::warn!(schedule = %one.id, why, "a schedule cannot fire");
        }
        let mut tx = self.db().begin(&self.ctx()).await?;
        schedule::advance(&mut tx, &last, one.last_at).await?;
        tx.emit(&ScheduleChanged { id: one.id });
        Ok(tx.commit_unrecorded(diwan_kernel::db::Unrecorded::Bookkeeping).await?)
    }

    /// Fires whatever is due by now.
    async fn fire_ticks(&self, one: &mut Schedule, now: Timestamp) -> Result<(), Problem> {
        // Of what cannot be read nothing comes until it is changed.
        one.next_at = None;
        let Some(table) = one.when.timetable(one.id)? else { return Ok(()) };
        let due = due(&table, one.last_at, now, one.missed, MOST_MISSED);
        (one.last_at, one.next_at) = (due.last, due.next.map(|next| next.fires_at));
        for Tick { at, .. } in &due.fire {
            if let Some(job) = self.fire_tick(one, *at).await? {
                (one.last_job, one.last_fired_at) = (Some(job.id), Some(now));
            }
        }
        Ok(())
    }

    /// One fire: a job, unless there is one for that moment or the last has not ended and must not be overtaken.
    async fn fire_tick(&self, one: &Schedule, at: Timestamp) -> Result<Option<Job>, Problem> {
        let _alone = self.alone(one).await;
        if self.must_wait(one).await? {
            self.note_skip(one, ("for", at.to_string())).await?;
            return Ok(None);
        }
        self.owner_may(one).await?;
        match self.make_job(&self.ctx(), one, at, &Trigger::of("clock")).await {
            Ok(job) => Ok(Some(job)),
            Err(NotCreated::Db(error)) if is_taken(&error) => Ok(None),
            Err(other) => Err(other.into()),
        }
    }

    /// Fires now, whatever the clock says; `None` when the last job has not ended and must not be overtaken.
    ///
    /// # Errors
    /// 409 when its owner may not any more, and what the database says.
    pub(super) async fn fire_now(&self, ctx: &Ctx, one: &Schedule, by: &Trigger) -> Result<Option<Job>, Problem> {
        self.owner_may(one).await?;
        let _alone = self.alone(one).await;
        if self.must_wait(one).await? {
            return Ok(None);
        }
        let now = ctx.now().as_millis();
        for later in 0..TRIES {
            match self.make_job(ctx, one, Timestamp::from_millis(now + later), by).await {
                Ok(job) => {
                    self.note_fire(one, &job).await?;
                    return Ok(Some(job));
                }
                Err(NotCreated::Db(error)) if is_taken(&error) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Err(Problem::too_many("schedule_busy", "The schedule fires too often at once.", Duration::from_secs(1)))
    }

    async fn make_job(&self, ctx: &Ctx, one: &Schedule, at: Timestamp, by: &Trigger) -> Result<Job, NotCreated> {
        let owner = Owner { actor: one.owner.clone() };
        let cause = Cause { schedule: Some((one.id, at)), begun_by: by.job, depth: by.depth, ..Cause::default() };
        let mut spec = one.job.clone();
        spec.name = spec.name.or_else(|| Some(one.name.clone()));
        by.tell(&mut spec);
        let made = self.create_all(ctx, &owner, vec![spec], cause).await?;
        made.into_iter().next().ok_or_else(|| NotCreated::Problem(Problem::internal("no job was made")))
    }

    async fn note_fire(&self, one: &Schedule, job: &Job) -> Result<(), Problem> {
        let mut tx = self.db().begin(&self.ctx()).await?;
        schedule::fired(&mut tx, one.id, job.id, job.created_at).await?;
        tx.emit(&ScheduleChanged { id: one.id });
        Ok(tx.commit_unrecorded(diwan_kernel::db::Unrecorded::Bookkeeping).await?)
    }

    /// Writes down that it was passed over because the last job has not ended.
    pub(super) async fn note_skip(&self, one: &Schedule, (what, which): (&str, String)) -> Result<(), Problem> {
        let entry = Entry::denied("job_schedule.skip", "overlap").on("job_schedule", one.id).with(what, which);
        Ok(self.db().begin(&self.ctx()).await?.commit(entry).await?)
    }

    /// Writes down why it could not fire. False when that is known.
    pub(super) async fn note_trouble(&self, one: &Schedule, why: &str) -> Result<bool, Problem> {
        let mut tx = self.db().begin(&self.ctx()).await?;
        if !schedule::trouble(&mut tx, one.id, why).await? {
            return Ok(false);
        }
        tx.emit(&ScheduleChanged { id: one.id });
        tx.commit_unrecorded(diwan_kernel::db::Unrecorded::Bookkeeping).await?;
        Ok(true)
    }

    /// The same for one that does not fire by the clock: nobody comes back to it.
    pub(super) async fn tell_trouble(&self, one: &Schedule, problem: &Problem) {
        match self.note_trouble(one, problem.detail()).await {
            Ok(true) => tracing::warn!(schedule = %one.id, %problem, "a schedule cannot fire"),
            Ok(false) => {}
            Err(error) => tracing::warn!(schedule = %one.id, %problem, %error, "why it cannot fire is written nowhere"),
        }
    }

    /// Until this is dropped, nobody else on this server makes a job of one that must not overtake itself.
    async fn alone(&self, one: &Schedule) -> Option<MutexGuard<'_, ()>> {
        if one.overlap == Overlap::Skip { Some(self.firing().lock().await) } else { None }
    }

    /// Whether the last job has not ended and must not be overtaken.
    async fn must_wait(&self, one: &Schedule) -> Result<bool, Problem> {
        if one.overlap == Overlap::Allow {
            return Ok(false);
        }
        let wanted = Wanted { schedule: Some(one.id), is_open: Some(true), ..Wanted::default() };
        Ok(!job::list(self.db(), &wanted, 1).await?.is_empty())
    }

    /// Whoever answers for a schedule has to be here still, and be allowed what it does.
    async fn owner_may(&self, one: &Schedule) -> Result<(), Problem> {
        match one.owner.user_id.as_deref() {
            Some(user) if !self.owners().may_run_jobs(user).await? => Err(owner_gone()),
            _ => Ok(()),
        }
    }
}

/// The moment was fired before.
fn is_taken(error: &DbError) -> bool {
    error.is_unique("job", "scheduled_for")
}

fn owner_gone() -> Problem {
    Problem::conflict(
        "schedule_owner_gone",
        "Nobody answers for the schedule",
        "Its owner is not here any more, or may not run jobs.",
        "Change what it does, so that you answer for it, or delete it.",
    )
}

impl From<NotCreated> for Problem {
    fn from(not: NotCreated) -> Self {
        match not {
            NotCreated::Db(error) => error.into(),
            NotCreated::Problem(problem) | NotCreated::OneOf(_, problem) => problem,
        }
    }
}
