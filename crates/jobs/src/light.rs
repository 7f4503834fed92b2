//! Light jobs: nothing is done on the machine, so they are leased, carried and ended many at a time, as fast as machines
//! pull them. One that was leased and not ended is simply leased again: doing nothing twice is doing nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diwan_fleet::{LARGEST_BATCH, LightNews, LightReceiver, LightSender, MachineId};
use diwan_kernel::{DbError, Entry, Problem, TaskPolicy, Timestamp};
use tokio::sync::mpsc;

use crate::board::Pick;
use crate::event::{JobEnded, JobsChanged};
use crate::id::JobId;
use crate::jobs::Jobs;
use crate::record;
use crate::settle::{Changes, follow_up};
use crate::table::{job, light};

/// So many machines are asked to pull at once.
pub(crate) const MOST_LANES: usize = 16;

/// Jobs that were leased together.
#[derive(Debug)]
pub(crate) struct Batch {
    leased_at: Timestamp,
    jobs: Vec<JobId>,
}

/// The ways to machines that pull light jobs.
#[derive(Debug, Default)]
pub(crate) struct Lanes(HashMap<MachineId, mpsc::UnboundedSender<Batch>>);

impl Jobs {
    /// Asks these machines to pull.
    pub(crate) fn open_lanes(&self, machines: Vec<MachineId>) {
        for machine in machines {
            let mut lanes = self.lanes();
            if lanes.0.contains_key(&machine) {
                continue;
            }
            let Some((sender, receiver)) = self.fleet().open_light(machine) else { continue };
            let (give, given) = mpsc::unbounded_channel();
            lanes.0.insert(machine, give);
            drop(lanes);
            let this = self.clone();
            self.supervisor().spawn("light jobs of a machine", TaskPolicy::Once, async move {
                let left = Lane { jobs: &this, machine, sender, under_way: BTreeMap::new(), next: 1 }
                    .run(given, receiver)
                    .await;
                this.board().pull_nothing(machine);
                this.lanes().0.remove(&machine);
                this.give_up(machine, left).await;
            });
        }
    }

    /// Leases what was picked and hands it over to the lanes.
    ///
    /// # Errors
    /// What the database says; nothing was leased then.
    pub(crate) async fn give_light(&self, picks: &[Pick]) -> Result<(), Problem> {
        let mut by_machine: BTreeMap<MachineId, Vec<JobId>> = BTreeMap::new();
        for pick in picks {
            by_machine.entry(pick.machine).or_default().push(pick.place.job);
        }
        let ctx = self.ctx();
        let now = ctx.now();
        let (mut tx, mut batches, mut gone) = (self.db().begin(&ctx).await?, vec![], vec![]);
        for (machine, jobs) in by_machine {
            let leased: BTreeSet<JobId> = light::lease(&mut tx, &jobs, machine, now).await?.into_iter().collect();
            let in_order: Vec<JobId> = jobs.iter().copied().filter(|job| leased.contains(job)).collect();
            gone.extend(jobs.into_iter().filter(|job| !leased.contains(job)).map(|job| (machine, job)));
            for some in in_order.chunks(LARGEST_BATCH) {
                batches.push((machine, Batch { leased_at: now, jobs: some.to_vec() }));
            }
        }
        let all: Vec<JobId> = batches.iter().flat_map(|(_, batch)| &batch.jobs).copied().collect();
        if !all.is_empty() {
            tx.emit(&JobsChanged { count: all.len() });
            record::commit(tx, Entry::done("job.lease"), &all).await?;
        }
        for (machine, job) in gone {
            // It was cancelled meanwhile: the machine takes another in its place.
            let mut board = self.board();
            board.let_go(job);
            board.pull(machine, 1);
        }
        for (machine, batch) in batches {
            let lane = self.lanes().0.get(&machine).cloned();
            let refused = match lane {
                Some(lane) => lane.send(batch).err().map(|error| error.0),
                None => Some(batch),
            };
            if let Some(batch) = refused {
                self.give_up(machine, vec![batch]).await;
            }
        }
        Ok(())
    }

    /// What was leased to a machine that pulls no more waits again.
    async fn give_up(&self, machine: MachineId, batches: Vec<Batch>) {
        for batch in batches {
            while let Err(problem) = self.try_give_up(machine, &batch).await {
                tracing::warn!(%problem, "light jobs of a machine that is gone cannot be given to others now");
                if !self.supervisor().pause(std::time::Duration::from_secs(1)).await {
                    return;
                }
            }
        }
    }

    async fn try_give_up(&self, machine: MachineId, batch: &Batch) -> Result<(), Problem> {
        let mut tx = self.db().begin(&self.ctx()).await?;
        let back = light::give_back(&mut tx, &batch.jobs, machine, batch.leased_at).await?;
        if !back.is_empty() {
            tx.emit(&JobsChanged { count: back.len() });
            record::commit(tx, Entry::done("job.requeue").with("reason", "machine_lost"), &back).await?;
        }
        batch.jobs.iter().for_each(|job| drop(self.board().let_go(*job)));
        for id in back {
            if let Some(job) = job::find(self.db(), id).await? {
                self.let_wait(&job);
            }
        }
        Ok(())
    }

    /// A batch is done.
    async fn end_light(
        &self,
        machine: MachineId,
        batch: &Batch,
        began: Timestamp,
        ended: Timestamp,
    ) -> Result<(), Problem> {
        let ctx = self.ctx();
        let now = ctx.now();
        // By the machine's clock, which may be wrong: not before it was leased, nor later than now.
        let moment = |at: Timestamp| at.clamp(batch.leased_at.min(now), now);
        let (mut tx, mut changes) = (self.db().begin(&ctx).await?, Changes::default());
        let span = (moment(began), moment(ended.max(began)));
        let ended = light::end(&mut tx, &batch.jobs, (machine, batch.leased_at), span).await?;
        let hears = self.hears_ends();
        for one in ended.iter().filter(|one| one.has_dependents || hears) {
            let Some(job) = job::find_in(&mut tx, one.id).await? else { continue };
            if hears {
                tx.emit(&JobEnded::from(&job));
            }
            if one.has_dependents {
                follow_up(&mut tx, job, now, &mut changes).await?;
            }
        }
        if !ended.is_empty() {
            tx.emit(&JobsChanged { count: ended.len() });
            let jobs: Vec<JobId> = ended.iter().map(|one| one.id).collect();
            let entry = Entry::done("job.end").with("state", "succeeded").with("machine", machine.to_string());
            for job in &changes.jobs {
                tx.record(crate::settle::entry_of(job)).await?;
            }
            record::commit(tx, entry, &jobs).await?;
        }
        let mut board = self.board();
        batch.jobs.iter().for_each(|job| drop(board.let_go(*job)));
        drop(board);
        self.let_all_wait(&changes.jobs);
        self.wake();
        Ok(())
    }

    /// Light jobs that an earlier life had leased wait again.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn take_light_back(&self) -> Result<(), DbError> {
        let ctx = self.ctx();
        loop {
            let mut tx = self.db().begin(&ctx).await?;
            let back = light::give_all_back(&mut tx).await?;
            let count = back.len();
            if count > 0 {
                record::commit(tx, Entry::done("job.requeue").with("reason", "restart"), &back).await?;
            }
            if count < job::SOME {
                return Ok(());
            }
        }
    }
}

/// The way to one machine.
struct Lane<'a> {
    jobs: &'a Jobs,
    machine: MachineId,
    sender: LightSender,
    under_way: BTreeMap<u64, Batch>,
    next: u64,
}

impl Lane<'_> {
    /// Carries batches until the machine is gone; gives what was not done by then.
    async fn run(mut self, mut given: mpsc::UnboundedReceiver<Batch>, mut receiver: LightReceiver) -> Vec<Batch> {
        loop {
            tokio::select! {
                biased;
                () = self.jobs.supervisor().stopping() => break,
                Some(batch) = given.recv() => {
                    let ids = batch.jobs.iter().map(|job| job.bits()).collect::<Vec<_>>();
                    let (number, sender) = (self.next, &mut self.sender);
                    self.next += 1;
                    self.under_way.insert(number, batch);
                    if !sender.send(number, ids.into_iter()).await {
                        break;
                    }
                }
                news = receiver.next() => match news {
                    Some(LightNews::Pull(count)) => {
                        self.jobs.board().pull(self.machine, count);
                        self.jobs.wake();
                    }
                    Some(LightNews::Done { number, began_at, ended_at, jobs }) => {
                        if !self.end(number, began_at, ended_at, &jobs).await {
                            break;
                        }
                    }
                    None => break,
                },
            }
        }
        given.close();
        let mut left: Vec<Batch> = self.under_way.into_values().collect();
        while let Ok(batch) = given.try_recv() {
            left.push(batch);
        }
        left
    }

    /// False when what the machine says cannot be.
    async fn end(&mut self, number: u64, began: Timestamp, ended: Timestamp, jobs: &[u128]) -> bool {
        let Some(batch) = self.under_way.get(&number) else { return false };
        if !jobs.iter().copied().eq(batch.jobs.iter().map(|job| job.bits())) {
            return false;
        }
        while let Err(problem) = self.jobs.end_light(self.machine, batch, began, ended).await {
            tracing::warn!(%problem, "light jobs that are done cannot be written down now");
            if !self.jobs.supervisor().pause(std::time::Duration::from_secs(1)).await {
                return false;
            }
        }
        self.under_way.remove(&number);
        true
    }
}
