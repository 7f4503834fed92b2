//! What is looked after all the time: jobs whose time has come or is over, tries that run too long, machines that are
//! lost, and what is old. Each takes no input, looks at the world, and may be done twice.

use std::collections::BTreeSet;
use std::time::Duration;

use diwan_fleet::{CommandId, MachineId};
use diwan_kernel::db::Unrecorded;
use diwan_kernel::{Problem, TaskPolicy};

use crate::decide::{LONGEST_VAIN_PAUSE, Over, longest_pause};
use crate::id::JobId;
use crate::job::Job;
use crate::jobs::Jobs;
use crate::settle::{Changes, Finished, follow_up};
use crate::spec::LostPolicy;
use crate::state::{JobHold, JobState};
use crate::table::{flow, job, schedule};

const BEAT: Duration = Duration::from_millis(500);
/// Every so many beats everything under way is looked at, in case word of it was lost.
const BEATS_TO_LOOK: u64 = 20;
/// Every so many beats other servers on the same database are reckoned with.
const BEATS_TO_SHARE: u64 = 4;
/// Every so many beats what waits is looked up anew, whatever the memory says.
const BEATS_TO_DOUBT: u64 = 120;
/// Every so many beats what is old is removed.
const BEATS_TO_SWEEP: u64 = 7200;

/// Begins to look after the jobs.
pub(crate) fn start(jobs: &Jobs) {
    let this = jobs.clone();
    jobs.supervisor().spawn("upkeep of jobs", TaskPolicy::Critical, async move {
        let mut beat = 0;
        while this.supervisor().pause(BEAT).await {
            if let Err(problem) = this.look_after(beat).await {
                tracing::warn!(%problem, "jobs cannot be looked after now");
            }
            beat += 1;
        }
    });
}

impl Jobs {
    async fn look_after(&self, beat: u64) -> Result<(), Problem> {
        self.ready_what_is_due().await?;
        self.expire_what_is_overdue().await?;
        self.stop_what_runs_too_long().await;
        self.give_up_lost_machines().await?;
        if beat.is_multiple_of(BEATS_TO_LOOK) {
            self.cut_pauses_short().await?;
            self.end_what_has_no_machine().await?;
            self.look_at_everything().await?;
        }
        let shares = self.db().engine() != "sqlite";
        if beat.is_multiple_of(if shares { BEATS_TO_SHARE } else { BEATS_TO_DOUBT }) {
            self.look_for_others().await?;
        }
        if beat.is_multiple_of(BEATS_TO_SWEEP) {
            self.remove_what_is_old().await?;
        }
        Ok(())
    }

    /// Jobs whose delay or pause is over may go.
    pub(crate) async fn ready_what_is_due(&self) -> Result<(), Problem> {
        loop {
            let now = self.world().now();
            let due = job::due(self.db(), now).await?;
            if due.is_empty() {
                return Ok(());
            }
            let mut tx = self.db().begin(&self.ctx()).await?;
            let mut ready = vec![];
            for mut one in due {
                if job::make_ready(&mut tx, one.id, JobHold::Time).await? {
                    one.hold = JobHold::None;
                    one.ready_at = one.due_at.map_or(one.ready_at, |due| due.max(one.ready_at));
                    ready.push(one);
                }
            }
            // That a moment came which was written down before is nobody's deed.
            tx.commit_unrecorded(Unrecorded::Bookkeeping).await?;
            self.let_all_wait(&ready);
        }
    }

    /// No pause between tries takes longer than any may: the clock was put back meanwhile.
    async fn cut_pauses_short(&self) -> Result<(), Problem> {
        let now = self.world().now();
        let far = job::pausing(self.db(), now.plus(LONGEST_VAIN_PAUSE)).await?;
        let too_far = |one: &&Job| one.due_at.is_some_and(|due| due > now.plus(longest_pause(&one.spec.retry)));
        let too_far: Vec<JobId> = far.iter().filter(too_far).map(|one| one.id).collect();
        if too_far.is_empty() {
            return Ok(());
        }
        let mut tx = self.db().begin(&self.ctx()).await?;
        for id in too_far {
            job::end_pause(&mut tx, id, now).await?;
        }
        Ok(tx.commit_unrecorded(Unrecorded::Bookkeeping).await?)
    }

    async fn expire_what_is_overdue(&self) -> Result<(), Problem> {
        let (now, mut behind) = (self.world().now(), None);
        loop {
            let mut overdue = job::overdue(self.db(), now, behind).await?;
            let is_all = overdue.len() < job::SOME;
            behind = overdue.last().and_then(|last| Some((last.deadline_at?, last.id)));
            {
                // A light one that a machine has did begin, though that is not written down before its end.
                let board = self.board();
                overdue.retain(|one| !one.spec.is_light() || !board.is_under_way(one.id));
            }
            self.end_waiting(overdue, JobState::Expired, "queue_timeout", "It did not begin in time.").await?;
            if is_all {
                return Ok(());
            }
        }
    }

    /// Jobs for one machine that was put out: they would wait for ever.
    async fn end_what_has_no_machine(&self) -> Result<(), Problem> {
        let flows = self.board().flows_to_machines();
        let machines: BTreeSet<MachineId> = flows.iter().map(|(_, machine)| *machine).collect();
        let mut out = BTreeSet::new();
        for machine in machines {
            if self.fleet().is_out(machine).await? {
                out.insert(machine);
            }
        }
        for (flow, _) in flows.into_iter().filter(|(_, machine)| out.contains(machine)) {
            loop {
                let ready = job::ready(self.db(), flow).await?;
                let is_all = ready.len() < job::SOME;
                let detail = "Its machine was put out of the fleet.";
                self.end_waiting(ready, JobState::Failed, "machine_revoked", detail).await?;
                if is_all {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Ends jobs that wait, unless they do not any more.
    async fn end_waiting(&self, mut jobs: Vec<Job>, how: JobState, reason: &str, detail: &str) -> Result<(), Problem> {
        if jobs.is_empty() {
            return Ok(());
        }
        // In the order of their ids, as ends of light ones are written: so nobody waits for one who waits for him.
        jobs.sort_by_key(|one| one.id);
        let ctx = self.ctx();
        let mut changes = Changes::default();
        let mut tx = self.db().begin(&ctx).await?;
        let mut left = vec![];
        for mut one in jobs {
            left.push((one.flow, one.place()));
            let fence = one.fence;
            one.fence += 1;
            one.fared.reason = Some(reason.to_owned());
            one.fared.detail = Some(detail.to_owned());
            one.end(how, ctx.now());
            if job::settle(&mut tx, &one, fence).await? {
                changes.jobs.push(one.clone());
                follow_up(&mut tx, one, ctx.now(), &mut changes).await?;
            }
        }
        let changed = self.commit(tx, changes).await?;
        left.into_iter().for_each(|(flow, place)| self.board().leave(flow, place));
        self.let_all_wait(&changed);
        Ok(())
    }

    /// What the machine does not stop by itself is stopped from here.
    async fn stop_what_runs_too_long(&self) {
        let now = self.world().monotonic();
        let late: Vec<CommandId> = {
            let mut open = self.open();
            let late =
                open.tries.values_mut().filter(|one| !one.was_too_long && one.stop_at.is_some_and(|at| at <= now));
            late.filter_map(|one| {
                one.was_too_long = true;
                one.command
            })
            .collect()
        };
        for command in late {
            if let Err(problem) = self.fleet().stop_errand(&self.ctx(), command).await {
                tracing::debug!(%command, %problem, "a try that takes too long is over already");
            }
        }
    }

    /// Jobs on machines that are away for longer than the jobs wait.
    async fn give_up_lost_machines(&self) -> Result<(), Problem> {
        let now = self.world().monotonic();
        let lost: Vec<(Finished, Option<CommandId>)> = {
            let open = self.open();
            let is_lost = |(_, one): &(&JobId, &crate::jobs::Try)| {
                let away = open.away.get(&one.machine).map(|since| now.saturating_sub(*since));
                one.lost.policy != LostPolicy::Wait
                    && away.is_some_and(|away| away >= Duration::from_millis(one.lost.after_ms))
            };
            let finished = |(job, one): (&JobId, &crate::jobs::Try)| {
                let over = Over::Lost { moves: one.lost.policy == LostPolicy::Move };
                let finished = Finished { job: *job, fence: one.fence, over, started_at: None, was_too_long: false };
                (finished, one.command)
            };
            open.tries.iter().filter(is_lost).map(finished).collect()
        };
        if lost.is_empty() {
            return Ok(());
        }
        let finished: Vec<Finished> = lost.iter().map(|(finished, _)| finished.clone()).collect();
        self.settle(&finished).await?;
        for command in lost.into_iter().filter_map(|(_, command)| command) {
            // Should the machine come back, it is told to stop.
            if let Err(problem) = self.fleet().stop_errand(&self.ctx(), command).await {
                tracing::debug!(%command, %problem, "the errand on a lost machine is over already");
            }
        }
        Ok(())
    }

    async fn look_at_everything(&self) -> Result<(), Problem> {
        let commands: Vec<CommandId> = self.open().by_command.keys().copied().collect();
        for some in commands.chunks(job::SOME) {
            self.look_at_commands(some).await?;
        }
        // Nothing that waits is forgotten, whatever went wrong.
        self.wake();
        Ok(())
    }

    /// Other servers write jobs down as well.
    async fn look_for_others(&self) -> Result<(), Problem> {
        let now = self.world().monotonic();
        for flow in flow::ready(self.db()).await? {
            self.board().expect(&flow, now);
        }
        self.look_who_hears().await;
        self.wake();
        Ok(())
    }

    /// Ended jobs that nobody has to look at any more.
    pub(crate) async fn remove_what_is_old(&self) -> Result<(), Problem> {
        let ctx = self.ctx();
        let before = ctx.now().minus(Duration::from_secs(u64::from(self.config().keep_days) * 24 * 3600));
        loop {
            let old = job::old(self.db(), before).await?;
            let mut tx = self.db().begin_freeing(&ctx).await?;
            for id in &old {
                job::delete(&mut tx, *id).await?;
            }
            if old.len() < job::SOME {
                flow::forget_unused(&mut tx).await?;
                schedule::forget_old_deliveries(&mut tx, before).await?;
                self.noted().clear();
            }
            tx.commit_unrecorded(Unrecorded::Bookkeeping).await?;
            if old.len() < job::SOME {
                return self.note_flows_anew().await;
            }
        }
    }

    /// On PostgreSQL a flow may have been removed in the moment in which a job of it was written down.
    async fn note_flows_anew(&self) -> Result<(), Problem> {
        let now = self.world().monotonic();
        for one in job::without_flow(self.db()).await? {
            let mut tx = self.db().begin(&self.ctx()).await?;
            flow::note(&mut tx, one.flow, &one.in_flow()).await?;
            tx.commit_unrecorded(Unrecorded::Bookkeeping).await?;
            self.board().expect(&one.in_flow(), now);
            self.wake();
        }
        Ok(())
    }
}
