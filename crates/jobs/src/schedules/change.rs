//! How schedules come about, change and go.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diwan_kernel::seal::Place;
use diwan_kernel::{Ctx, Entry, Permission, Problem, Secret};

use super::schedule::{Overlap, Schedule, ScheduleWhen, of_job};
use super::trigger::Trigger;
use crate::calendar::MissedPolicy;
use crate::create::Owner;
use crate::event::ScheduleChanged;
use crate::id::ScheduleId;
use crate::jobs::Jobs;
use crate::spec::JobSpec;
use crate::table::schedule;

/// What a schedule is to be.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) name: String,
    pub(crate) when: ScheduleWhen,
    pub(crate) missed: MissedPolicy,
    pub(crate) overlap: Overlap,
    pub(crate) job: JobSpec,
}

/// Where the secret of a schedule lies.
pub(super) fn place(id: &str) -> Place<'_> {
    Place { table: "job_schedule", column: "secret", row: id }
}

impl Jobs {
    /// Makes a schedule; with the secret that signs calls, if it is called.
    ///
    /// # Errors
    /// 422 when it cannot be meant.
    pub(crate) async fn create_schedule(
        &self,
        ctx: &Ctx,
        wanted: Wanted,
    ) -> Result<(Schedule, Option<Secret<String>>), Problem> {
        let (now, owner) = (ctx.now(), Owner::from_ctx(ctx));
        let mut new = Schedule {
            id: ScheduleId::new(self.world()),
            name: wanted.name,
            owner_id: owner.id().to_owned(),
            owner: owner.actor.clone(),
            when: wanted.when,
            missed: wanted.missed,
            overlap: wanted.overlap,
            job: wanted.job,
            paused_at: None,
            last_at: now,
            next_at: None,
            last_fired_at: None,
            last_job: None,
            trouble: None,
            secret: None,
            created_at: now,
            updated_at: now,
        };
        new.check()?;
        self.may_want(ctx, &new.job).await.map_err(of_job)?;
        self.plan(&mut new)?;
        let secret = if new.when.is_hook() { Some(self.new_secret(&mut new)?) } else { None };
        let mut tx = self.db().begin(ctx).await?;
        schedule::insert(&mut tx, &new).await?;
        tx.emit(&ScheduleChanged { id: new.id });
        tx.commit(about("job_schedule.create", &new)).await?;
        Ok((new, secret))
    }

    /// When it fires next, by what it is now.
    pub(super) fn plan(&self, one: &mut Schedule) -> Result<(), Problem> {
        let table = one.when.timetable(one.id)?.filter(|_| one.paused_at.is_none());
        one.next_at = table.and_then(|table| table.next(one.last_at)).map(|tick| tick.fires_at);
        Ok(())
    }

    fn new_secret(&self, one: &mut Schedule) -> Result<Secret<String>, Problem> {
        let secret = URL_SAFE_NO_PAD.encode(self.world().random::<32>());
        let id = one.id.to_string();
        let sealed = self.sealer().seal(secret.as_bytes(), place(&id)).map_err(Problem::internal)?;
        one.secret = Some(sealed);
        Ok(Secret::new(secret))
    }

    /// The schedule with this id.
    ///
    /// # Errors
    /// 404.
    pub(crate) async fn get_schedule(&self, id: ScheduleId) -> Result<Schedule, Problem> {
        schedule::find(self.db(), id).await?.ok_or_else(|| Problem::not_found("schedule"))
    }

    async fn schedule_for_change(&self, ctx: &Ctx, id: ScheduleId) -> Result<Schedule, Problem> {
        let found = self.get_schedule(id).await?;
        let is_own = ctx.actor.user_id().is_some_and(|user| user.to_string() == found.owner_id);
        if !is_own {
            ctx.require(Permission::JobsManage)?;
        }
        Ok(found)
    }

    /// Changes a schedule. What it fired stays fired; what is changed in when it fires counts from now on.
    ///
    /// # Errors
    /// 403, 404, 422.
    pub(crate) async fn update_schedule(
        &self,
        ctx: &Ctx,
        id: ScheduleId,
        change: impl FnOnce(&mut Schedule) + Send,
    ) -> Result<Schedule, Problem> {
        let was = self.schedule_for_change(ctx, id).await?;
        let mut new = was.clone();
        change(&mut new);
        // One that was taken when less was asked of it can still be paused.
        if (&new.name, &new.when, &new.job) != (&was.name, &was.when, &was.job) {
            new.check()?;
        }
        if new.when.is_hook() != was.when.is_hook() {
            let message = "A schedule that is called cannot become one that is not, nor the other way: make another.";
            return Err(Problem::invalid_field("when.kind", "kind_fixed", message));
        }
        let goes_on = was.paused_at.is_some() && new.paused_at.is_none();
        if goes_on || new.when != was.when {
            new.last_at = new.last_at.max(ctx.now());
        }
        (new.updated_at, new.trouble) = (ctx.now(), None);
        // Whoever changes it answers for what it does from now on.
        if new.job != was.job {
            self.may_want(ctx, &new.job).await.map_err(of_job)?;
            let owner = Owner::from_ctx(ctx);
            (new.owner_id, new.owner) = (owner.id().to_owned(), owner.actor);
        }
        self.plan(&mut new)?;
        let mut tx = self.db().begin(ctx).await?;
        if !schedule::update(&mut tx, &new, was.updated_at).await? {
            return Err(changed_meanwhile());
        }
        tx.emit(&ScheduleChanged { id });
        let entry = about("job_schedule.update", &new).with("paused", new.paused_at.is_some());
        tx.commit(entry).await?;
        Ok(new)
    }

    /// Removes a schedule. Its jobs stay.
    ///
    /// # Errors
    /// 403, 404.
    pub(crate) async fn delete_schedule(&self, ctx: &Ctx, id: ScheduleId) -> Result<(), Problem> {
        let found = self.schedule_for_change(ctx, id).await?;
        let mut tx = self.db().begin(ctx).await?;
        schedule::delete(&mut tx, id).await?;
        tx.emit(&ScheduleChanged { id });
        tx.commit(about("job_schedule.delete", &found)).await?;
        Ok(())
    }

    /// Gives a schedule that is called another secret. The old one is worth nothing from then on.
    ///
    /// # Errors
    /// 403, 404; 409 when it is not called.
    pub(crate) async fn rotate_schedule_secret(&self, ctx: &Ctx, id: ScheduleId) -> Result<Secret<String>, Problem> {
        let mut found = self.schedule_for_change(ctx, id).await?;
        if !found.when.is_hook() {
            return Err(Problem::conflict(
                "schedule_not_called",
                "The schedule is not called by anybody",
                "It fires by the clock or by what happens here, and needs no secret.",
                "Make a schedule of the kind webhook.",
            ));
        }
        let was = found.updated_at;
        let secret = self.new_secret(&mut found)?;
        found.updated_at = ctx.now();
        let mut tx = self.db().begin(ctx).await?;
        if !schedule::update(&mut tx, &found, was).await? {
            return Err(changed_meanwhile());
        }
        tx.commit(about("job_schedule.rotate_secret", &found)).await?;
        Ok(secret)
    }

    /// Fires a schedule by hand, now.
    ///
    /// # Errors
    /// 403, 404; 409 while the job of the last fire goes on and must not be overtaken.
    pub(crate) async fn run_schedule(&self, ctx: &Ctx, id: ScheduleId) -> Result<crate::job::Job, Problem> {
        let found = self.schedule_for_change(ctx, id).await?;
        self.fire_now(ctx, &found, &Trigger::of("hand")).await?.ok_or_else(under_way)
    }
}

fn about(action: &'static str, one: &Schedule) -> Entry {
    let entry = Entry::done(action).on("job_schedule", one.id).with("name", one.name.as_str());
    entry.with("operation", one.job.operation.summary())
}

fn under_way() -> Problem {
    Problem::conflict(
        "schedule_under_way",
        "The job before goes on",
        "The schedule has never more than one job under way, and the last that it made has not ended.",
        "Wait until that job has ended, or cancel it.",
    )
}

fn changed_meanwhile() -> Problem {
    Problem::conflict(
        "schedule_changed",
        "The schedule was changed meanwhile",
        "Somebody else changed it at the same moment.",
        "Look at it as it is now, and change it again.",
    )
}
