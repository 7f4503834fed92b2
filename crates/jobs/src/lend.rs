//! Secrets for jobs: whoever wants one must be allowed them when it is wanted, and again whenever it is given to a
//! machine; what becomes of a job that cannot have what it needs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use diwan_fleet::{Errand, NotLent, Way};
use diwan_kernel::{Ctx, Problem, TaskPolicy};

use crate::board::Pick;
use crate::job::{Fared, Job};
use crate::jobs::Jobs;
use crate::settle::{Changes, follow_up, move_on};
use crate::spec::{JobSpec, JobTarget};
use crate::state::{JobHold, JobState};
use crate::table::job;

/// What cannot be lent or written down now is tried again.
const AGAIN: Duration = Duration::from_secs(2);
/// While the vault gives nothing out a job waits for so long before it asks again.
const UNTIL_ASKED_AGAIN: Duration = Duration::from_secs(10);

impl Jobs {
    /// Refuses secrets that whoever acts may not have lent, and a machine that is none.
    ///
    /// # Errors
    /// 403, or 422 about what is not there.
    pub(crate) async fn may_want(&self, ctx: &Ctx, spec: &JobSpec) -> Result<(), Problem> {
        if let JobTarget::Machine { machine_id } = spec.target
            && !self.board().knows(machine_id)
            && self.fleet().is_out(machine_id).await?
        {
            let message = "No machine of the fleet has this id.";
            return Err(Problem::invalid_field("target.machine_id", "machine_unknown", message));
        }
        self.fleet().may_borrow(ctx, &spec.operation, &spec.secrets).await
    }

    /// Has the secrets of a job lent, and gives it to its machine with them. Others do not wait for that: a vault may
    /// be far away.
    pub(crate) fn lend(&self, way: Arc<Way>, pick: Pick, errand: Errand) {
        let this = self.clone();
        self.supervisor().spawn("secrets of a job", TaskPolicy::Once, async move {
            if let Err(problem) = this.try_lend(&way, &pick, &errand).await {
                tracing::warn!(job = %pick.place.job, %problem, "a job cannot be given to its machine now");
                this.supervisor().pause(AGAIN).await;
                this.take_back_and_wake(&[pick]);
            }
        });
    }

    async fn try_lend(&self, way: &Arc<Way>, pick: &Pick, errand: &Errand) -> Result<(), Problem> {
        match self.fleet().lend(&self.ctx(), way, errand).await {
            Ok(Some(lent)) => {
                let lent = BTreeMap::from([(pick.place.job, lent)]);
                self.give_over(way, std::slice::from_ref(pick), lent).await?;
            }
            // Its machine is gone again.
            Ok(None) => self.take_back_and_wake(std::slice::from_ref(pick)),
            Err(why) => {
                if let Some(found) = job::find(self.db(), pick.place.job).await? {
                    self.refuse(vec![(pick.clone(), found, why)]).await;
                }
            }
        }
        Ok(())
    }

    /// Jobs that cannot have what they need: they end, or wait when it may be otherwise later.
    pub(crate) async fn refuse(&self, refused: Vec<(Pick, Job, NotLent)>) {
        for (pick, job, why) in refused {
            if let Err(problem) = self.try_refuse(&pick, job, why).await {
                tracing::warn!(job = %pick.place.job, %problem, "that a job cannot have its secrets is not written down");
                self.take_back_and_wake(&[pick]);
            }
        }
    }

    async fn try_refuse(&self, pick: &Pick, found: Job, why: NotLent) -> Result<(), Problem> {
        let ctx = self.ctx();
        let (mut job, mut changes) = (found.clone(), Changes::default());
        job.fence += 1;
        job.fared = Fared { reason: Some(why.code), detail: Some(why.detail), ..Fared::default() };
        if why.is_of_machine {
            // Another that is able may have come just now.
            self.look_at_machines().await?;
        }
        let moves_on = why.is_of_machine && self.has_other(&found, pick.machine);
        if moves_on {
            job.avoid(pick.machine);
        } else if why.may_pass {
            (job.hold, job.due_at) = (JobHold::Time, Some(ctx.now().plus(UNTIL_ASKED_AGAIN)));
        } else {
            job.end(JobState::Failed, ctx.now());
        }
        let mut tx = self.db().begin(&ctx).await?;
        // Otherwise it was cancelled meanwhile, or given away by another server.
        if found.state == JobState::Queued && job::settle(&mut tx, &job, found.fence).await? {
            if moves_on {
                move_on(&mut tx, &job).await?;
            }
            if !job.state.is_open() {
                follow_up(&mut tx, job.clone(), ctx.now(), &mut changes).await?;
            }
            changes.jobs.push(job);
            let changed = self.commit(tx, changes).await?;
            self.let_all_wait(&changed);
        }
        self.board().let_go(pick.place.job);
        self.wake();
        Ok(())
    }

    fn take_back_and_wake(&self, picks: &[Pick]) {
        self.take_back(picks);
        self.wake();
    }
}
