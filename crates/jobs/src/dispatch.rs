//! Gives jobs to machines: looks who goes next, writes the lease and the errand down in one commit, and sends it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use diwan_fleet::{Errand, Lent, MachineId, NotLent, NotWritten, Way, Written};
use diwan_kernel::db::Unrecorded;
use diwan_kernel::{DbError, Entry, Problem, TaskPolicy};

use crate::board::Pick;
use crate::decide::{Decided, Next};
use crate::event::{JobChanged, JobsChanged};
use crate::id::JobId;
use crate::job::{Fared, Job};
use crate::jobs::Jobs;
use crate::light::MOST_LANES;
use crate::record;
use crate::state::JobState;
use crate::table::{flow, gauge, job};
use crate::variables;

/// So many are given away in one commit.
const AT_ONCE: usize = 512;
/// What cannot be done now, because the vault is sealed or the database does not answer, is tried again.
const AGAIN: Duration = Duration::from_secs(2);
/// Another server may have used the same number for a machine.
const TRIES: u32 = 4;

/// Begins to give jobs away.
pub(crate) fn start(jobs: &Jobs) {
    let this = jobs.clone();
    jobs.supervisor().spawn("dispatch of jobs", TaskPolicy::Critical, async move {
        while !this.supervisor().is_stopping() {
            match this.dispatch().await {
                Ok(0) => tokio::select! {
                    biased;
                    () = this.supervisor().stopping() => return,
                    () = this.woken() => {}
                },
                Ok(_) => {}
                Err(problem) => {
                    tracing::warn!(%problem, "jobs cannot be given to machines now");
                    if !this.supervisor().pause(AGAIN).await {
                        return;
                    }
                }
            }
        }
    });
}

/// A job that was given to a machine.
struct Leased {
    job: Job,
    written: Written,
}

/// What came of those whose turn it was. Those of which nothing is said wait no more.
#[derive(Default)]
struct Given {
    leased: Vec<Leased>,
    /// Those whose secrets have to be lent first.
    borrowers: Vec<(Pick, Errand)>,
    /// Those that cannot have what they need.
    refused: Vec<(Pick, Job, NotLent)>,
}

impl Jobs {
    /// Takes up everything that an earlier life has left.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn take_up(&self) -> Result<(), DbError> {
        let now = self.world().monotonic();
        for (key, most) in gauge::keys(self.db()).await? {
            self.board().set_key(&key, most);
        }
        for queue in gauge::queues(self.db()).await? {
            self.board().set_queue(&queue.name, queue.paused_at.is_some(), queue.most);
        }
        self.look_at_machines().await?;
        for flow in flow::ready(self.db()).await? {
            self.noted().insert(flow.id());
            self.board().expect(&flow, now);
        }
        let mut after = None;
        loop {
            let some = job::under_way(self.db(), after).await?;
            for job in &some {
                if let Some((machine, _)) = job.machine {
                    self.board().hold(job.place(), Arc::new(job.in_flow()), machine);
                    self.is_under_way(job);
                }
            }
            after = some.last().map(|job| job.id);
            if some.len() < job::SOME {
                return Ok(());
            }
        }
    }

    /// Which machines there are, what they are like, and how much each takes.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn look_at_machines(&self) -> Result<(), DbError> {
        // What was seen earlier must not be written over what was seen later.
        let _one_at_a_time = self.looking().lock().await;
        let workers = self.fleet().workers().await?;
        let decided = gauge::machines(self.db()).await?;
        let usual = self.config().at_once;
        let mut board = self.board();
        for worker in &workers {
            let most = decided.iter().find(|(id, _)| *id == worker.id).map_or(usual, |(_, most)| *most);
            board.set_machine(worker.id, worker.labels.clone(), worker.is_ready, most);
        }
        board.retain_machines(|id| workers.iter().any(|worker| worker.id == id && worker.is_active));
        drop(board);
        self.wake();
        Ok(())
    }

    /// Gives away what may go now; says how many.
    ///
    /// # Errors
    /// What the database or the vault says. Nothing was given away then.
    pub(crate) async fn dispatch(&self) -> Result<usize, Problem> {
        loop {
            let hungry = self.board().hungry();
            if hungry.is_empty() {
                break;
            }
            for (id, behind) in hungry {
                let heads = job::heads(self.db(), id, behind).await?;
                self.board().feed(id, &heads);
            }
        }
        let idle = self.board().idle_for_light(MOST_LANES);
        self.open_lanes(idle);
        let picks = self.board().pick(self.world().monotonic(), AT_ONCE);
        let count = picks.len();
        let (light, picks): (Vec<Pick>, Vec<Pick>) = picks.into_iter().partition(|pick| pick.is_light);
        self.give_light(&light);
        if picks.is_empty() {
            return Ok(count);
        }
        match self.give_away(&picks).await {
            Ok(()) => Ok(count),
            Err(problem) => {
                self.take_back(&picks);
                Err(problem)
            }
        }
    }

    async fn give_away(&self, picks: &[Pick]) -> Result<(), Problem> {
        let machines: BTreeSet<MachineId> = picks.iter().map(|pick| pick.machine).collect();
        let way = Arc::new(self.fleet().way_to(machines).await?);
        self.give_over(&way, picks, BTreeMap::new()).await
    }

    /// Gives jobs to machines over a way, with what was lent for them by now.
    ///
    /// # Errors
    /// What the database says. Nothing was given away then.
    pub(crate) async fn give_over(
        &self,
        way: &Arc<Way>,
        picks: &[Pick],
        mut lent: BTreeMap<JobId, Lent>,
    ) -> Result<(), Problem> {
        let machines: BTreeSet<MachineId> = picks.iter().map(|pick| pick.machine).collect();
        let mut tries = 0;
        // Asked each time: whoever was turned off has nothing done any more.
        let runners = self.owners().who_may_run_jobs().await?;
        let given = loop {
            match self.lease_all(way, picks, &runners, &mut lent).await {
                Ok(given) => break given,
                Err(lost) if lost.has_lost_count() && tries < TRIES => {
                    tries += 1;
                    self.fleet().count_anew(machines.iter().copied()).await?;
                }
                Err(NotWritten::Db(error)) => return Err(error.into()),
                Err(NotWritten::Invalid(problem)) => return Err(problem),
            }
        };
        for Leased { job, written } in given.leased {
            self.is_under_way(&job);
            self.fleet().send_errand(written);
        }
        for (pick, errand) in given.borrowers {
            self.lend(Arc::clone(way), pick, errand);
        }
        self.refuse(given.refused).await;
        Ok(())
    }

    /// One unit of work: leases and errands.
    async fn lease_all(
        &self,
        way: &Way,
        picks: &[Pick],
        runners: &BTreeSet<String>,
        lent: &mut BTreeMap<JobId, Lent>,
    ) -> Result<Given, NotWritten> {
        let ctx = self.ctx();
        let (mut given, mut gone) = (Given::default(), vec![]);
        let mut tx = self.db().begin(&ctx).await.map_err(NotWritten::Db)?;
        for pick in picks {
            let found = job::find_in(&mut tx, pick.place.job).await.map_err(NotWritten::Db)?;
            let is_for = |job: &Job| job.state == JobState::Queued && !job.avoids.contains(&pick.machine);
            let Some(mut found) = found.filter(is_for) else {
                gone.push(pick);
                continue;
            };
            if found.owner.user_id.as_ref().is_some_and(|user| !runners.contains(user)) {
                given.refused.push((pick.clone(), found, owner_gone()));
                continue;
            }
            let errand = match errand(&found, pick.machine, way) {
                Ok(errand) => errand,
                Err(why) => {
                    given.refused.push((pick.clone(), found, why));
                    continue;
                }
            };
            let lent = match lent.remove(&found.id) {
                None if !errand.variables.secrets.is_empty() => {
                    given.borrowers.push((pick.clone(), errand));
                    continue;
                }
                lent => lent.unwrap_or_default(),
            };
            let name = way.name_of(pick.machine).unwrap_or_default().to_owned();
            let key = found.spec.concurrency.as_ref().map(|concurrency| concurrency.key.clone());
            if let Some(key) = &key
                && !gauge::take_key(&mut tx, key).await.map_err(NotWritten::Db)?
            {
                gone.push(pick);
                continue;
            }
            let is_leased =
                job::lease(&mut tx, &found, (pick.machine, &name), ctx.now()).await.map_err(NotWritten::Db)?;
            let written = match is_leased {
                true => self.fleet().write_errand(&ctx, way, &mut tx, &errand, lent).await?,
                false => None,
            };
            let Some(written) = written else {
                // It was cancelled, or its machine is gone again.
                if let Some(key) = &key {
                    gauge::give_key_back(&mut tx, key).await.map_err(NotWritten::Db)?;
                }
                if is_leased {
                    self.undo_lease(&mut tx, &found).await.map_err(NotWritten::Db)?;
                }
                gone.push(pick);
                continue;
            };
            job::set_command(&mut tx, found.id, written.command()).await.map_err(NotWritten::Db)?;
            found.state = JobState::Leased;
            found.attempt += 1;
            found.fence += 1;
            (found.leased_at, found.machine) = (Some(ctx.now()), Some((pick.machine, name)));
            found.command = Some(written.command());
            given.leased.push(Leased { job: found, written });
        }
        match &given.leased[..] {
            [] => {
                tx.commit_unrecorded(Unrecorded::Bookkeeping).await.map_err(NotWritten::Db)?;
            }
            some => {
                match some {
                    [only] => tx.emit(&JobChanged::from(&only.job)),
                    several => tx.emit(&JobsChanged { count: several.len() }),
                }
                let jobs: Vec<JobId> = some.iter().map(|one| one.job.id).collect();
                record::commit(tx, entry_of(some), &jobs).await.map_err(NotWritten::Db)?;
            }
        }
        gone.into_iter().for_each(|pick| drop(self.board().let_go(pick.place.job)));
        Ok(given)
    }

    /// It is as it was before the lease, but for the fence.
    async fn undo_lease(&self, tx: &mut diwan_kernel::Tx, found: &Job) -> Result<(), DbError> {
        let next = Next::Again { after: Duration::ZERO, counted: false };
        let decided = Decided { state: JobState::Failed, fared: Fared::default(), next };
        let mut leased = found.clone();
        leased.fence += 1;
        let back = leased.after(&decided, self.world().now());
        job::settle(tx, &back, leased.fence).await.map(drop)
    }

    /// Nothing came of it: they wait again.
    pub(crate) fn take_back(&self, picks: &[Pick]) {
        let now = self.world().monotonic();
        let mut board = self.board();
        for pick in picks {
            if let Some(flow) = board.let_go(pick.place.job) {
                board.enter(&flow, pick.place, now);
            }
        }
    }
}

fn errand(job: &Job, machine: MachineId, way: &Way) -> Result<Errand, NotLent> {
    Ok(Errand {
        machine,
        actor: job.owner.clone(),
        operation: job.spec.operation.clone(),
        timeout_ms: job.spec.timeout_ms,
        variables: variables::of_next_try(job, machine, way)?,
        artifacts: job.spec.artifacts.clone(),
        limits: job.spec.limits,
    })
}

fn owner_gone() -> NotLent {
    NotLent::never("owner_gone", "Whoever wanted it is not here any more, or may not run jobs.")
}

fn entry_of(leased: &[Leased]) -> Entry {
    let entry = Entry::done("job.lease");
    let [only] = leased else { return entry };
    let machine = only.job.machine.as_ref().map(|(id, _)| id.to_string()).unwrap_or_default();
    let entry = entry.with("machine", machine).with("attempt", only.job.attempt);
    entry.with("command", only.written.command().to_string())
}
