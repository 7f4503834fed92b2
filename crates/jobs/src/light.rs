//! Light jobs: nothing is done on the machine, so they are carried there and ended many at a time, as fast as machines
//! pull them.
//!
//! Which machine has which is known to the memory alone, until they have ended: what was on its way when the control
//! plane or the machine went away simply waits, and doing nothing twice is doing nothing.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use diwan_fleet::{LARGEST_BATCH, LightNews, LightReceiver, LightSender, MachineId};
use diwan_kernel::{Ctx, Entry, Problem, TaskPolicy, Timestamp};
use tokio::sync::mpsc;

use crate::board::Pick;
use crate::event::{JobEnded, JobsChanged};
use crate::flow::Place;
use crate::id::JobId;
use crate::jobs::Jobs;
use crate::record;
use crate::settle::{Changes, entry_of, follow_up};
use crate::table::{job, light};

/// So many machines are asked to pull at once.
pub(crate) const MOST_LANES: usize = 16;
/// No machine has more than so many, pulled and not done: bridges pull as many ahead.
const MOST_AHEAD: u32 = 4 * LARGEST_BATCH as u32;
/// With so many that have ended a commit is begun, if not before.
const ENDS_AT_ONCE: usize = 1024;
/// So many batches that are done wait to be written down: whoever has more waits to be let in.
const ROOM: usize = 16;
/// A database that does not answer is asked again.
const AGAIN: Duration = Duration::from_secs(1);

/// Jobs that are carried together.
#[derive(Debug)]
pub(crate) struct Batch {
    given_at: Timestamp,
    places: Vec<Place>,
}

/// A batch that is done.
#[derive(Debug)]
pub(crate) struct DoneBatch {
    machine: MachineId,
    batch: Batch,
    /// When the machine began, and when it was done, by its clock.
    span: (Timestamp, Timestamp),
}

/// Where batches are put that are done.
pub(crate) type Ends = mpsc::Sender<DoneBatch>;

/// The two ends of that queue.
pub(crate) fn ends() -> (Ends, mpsc::Receiver<DoneBatch>) {
    mpsc::channel(ROOM)
}

/// The ways to machines that pull light jobs.
#[derive(Debug, Default)]
pub(crate) struct Lanes(HashMap<MachineId, mpsc::UnboundedSender<Batch>>);

/// Begins to write down what is done: while one commit is under way, the next gathers.
pub(crate) fn start(jobs: &Jobs, mut ends: mpsc::Receiver<DoneBatch>) {
    let this = jobs.clone();
    jobs.supervisor().spawn("ends of light jobs", TaskPolicy::Critical, async move {
        loop {
            let first = tokio::select! {
                biased;
                () = this.supervisor().stopping(), if !ends.is_closed() => {
                    ends.close();
                    continue;
                }
                first = ends.recv() => first,
            };
            let Some(first) = first else { return };
            let mut count = first.batch.places.len();
            let mut done = vec![first];
            while count < ENDS_AT_ONCE
                && let Ok(next) = ends.try_recv()
            {
                count += next.batch.places.len();
                done.push(next);
            }
            // In the order of their ids, as upkeep and other servers write: so nobody waits for one who waits for him.
            done.sort_by_key(|one| one.batch.places.iter().map(|place| place.job).min());
            while let Err(problem) = this.end_light(&done).await {
                tracing::warn!(%problem, "light jobs that are done cannot be written down now");
                if !this.supervisor().pause(AGAIN).await {
                    return;
                }
            }
        }
    });
}

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
                let left = Lane { jobs: &this, machine, sender, under_way: BTreeMap::new(), ahead: 0, next: 1 }
                    .run(given, receiver)
                    .await;
                this.board().pull_nothing(machine);
                this.lanes().0.remove(&machine);
                left.iter().for_each(|batch| this.let_wait_again(&batch.places));
            });
        }
    }

    /// Hands what was picked over to the lanes.
    pub(crate) fn give_light(&self, picks: &[Pick]) {
        let mut by_machine: BTreeMap<MachineId, Vec<Place>> = BTreeMap::new();
        for pick in picks {
            by_machine.entry(pick.machine).or_default().push(pick.place);
        }
        let given_at = self.world().now();
        for (machine, places) in by_machine {
            let lane = self.lanes().0.get(&machine).cloned();
            for some in places.chunks(LARGEST_BATCH) {
                let batch = Batch { given_at, places: some.to_vec() };
                if lane.as_ref().is_none_or(|lane| lane.send(batch).is_err()) {
                    self.let_wait_again(some);
                }
            }
        }
    }

    /// What was given to a machine that pulls no more waits again.
    fn let_wait_again(&self, places: &[Place]) {
        let now = self.world().monotonic();
        let mut board = self.board();
        for place in places {
            if let Some(flow) = board.let_go(place.job) {
                board.enter(&flow, *place, now);
            }
        }
        drop(board);
        self.wake();
    }

    /// Writes down that these are done. Those that were called off or ran out of time meanwhile are left as they are.
    async fn end_light(&self, done: &[DoneBatch]) -> Result<(), Problem> {
        let ctx = self.ctx();
        let now = ctx.now();
        let (mut tx, mut changes, mut entries, mut count) =
            (self.db().begin(&ctx).await?, Changes::default(), vec![], 0);
        let hears = self.hears_ends();
        for DoneBatch { machine, batch, span } in done {
            let mut jobs: Vec<JobId> = batch.places.iter().map(|place| place.job).collect();
            jobs.sort_unstable();
            let times = light::Times { leased: batch.given_at, began: span.0, ended: span.1 }.not_after(now);
            let ended = light::end(&mut tx, &jobs, *machine, times).await?;
            for one in ended.iter().filter(|one| one.has_dependents || hears) {
                let Some(job) = job::find_in(&mut tx, one.id).await? else { continue };
                if hears {
                    tx.emit(&JobEnded::from(&job));
                }
                if one.has_dependents {
                    follow_up(&mut tx, job, now, &mut changes).await?;
                }
            }
            let jobs: Vec<JobId> = ended.iter().map(|one| one.id).collect();
            let entry = Entry::done("job.end").with("state", "succeeded").with("machine", machine.to_string());
            entries.extend(record::naming(&entry, &jobs));
            count += jobs.len();
        }
        if count > 0 {
            tx.emit(&JobsChanged { count });
            entries.extend(changes.jobs.iter().map(entry_of));
            let by: Vec<(Ctx, Entry)> = entries.into_iter().map(|entry| (ctx.clone(), entry)).collect();
            tx.commit_all(by).await?;
        }
        let mut board = self.board();
        for place in done.iter().flat_map(|one| &one.batch.places) {
            board.let_go(place.job);
        }
        drop(board);
        self.let_all_wait(&changes.jobs);
        self.wake();
        Ok(())
    }
}

/// The way to one machine.
struct Lane<'a> {
    jobs: &'a Jobs,
    machine: MachineId,
    sender: LightSender,
    under_way: BTreeMap<u64, Batch>,
    /// How many the machine has pulled and not done.
    ahead: u32,
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
                    let ids = batch.places.iter().map(|place| place.job.bits()).collect::<Vec<_>>();
                    let (number, sender) = (self.next, &mut self.sender);
                    self.next += 1;
                    self.under_way.insert(number, batch);
                    if !sender.send(number, ids.into_iter()).await {
                        break;
                    }
                }
                news = receiver.next() => match news {
                    Some(LightNews::Pull(count)) => {
                        let more = count.min(MOST_AHEAD.saturating_sub(self.ahead));
                        self.ahead += more;
                        self.jobs.board().pull(self.machine, more);
                        self.jobs.wake();
                    }
                    Some(LightNews::Done { number, began_at, ended_at, jobs }) => {
                        if !self.end(number, (began_at, ended_at), &jobs).await {
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
    async fn end(&mut self, number: u64, span: (Timestamp, Timestamp), jobs: &[u128]) -> bool {
        let Some(batch) = self.under_way.remove(&number) else { return false };
        if !jobs.iter().copied().eq(batch.places.iter().map(|place| place.job.bits())) {
            self.under_way.insert(number, batch);
            return false;
        }
        let count = u32::try_from(batch.places.len()).unwrap_or(u32::MAX);
        self.ahead = self.ahead.saturating_sub(count);
        self.jobs.ends().send(DoneBatch { machine: self.machine, batch, span }).await.is_ok()
    }
}
