//! Hears how tries go: from the feed of the house, and by looking when the feed was too fast.

use std::sync::Arc;
use std::time::Duration;

use diwan_fleet::{CommandId, MachineId};
use diwan_kernel::events::{Event, Listening};
use diwan_kernel::{Entry, Problem, TaskPolicy, Timestamp};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use crate::decide::Over;
use crate::event::{JobChanged, JobsChanged};
use crate::id::JobId;
use crate::jobs::Jobs;
use crate::record;
use crate::settle::Finished;
use crate::table::job;

/// So much news is taken in one go.
const AT_ONCE: usize = 256;
/// A database that does not answer is asked again.
const AGAIN: Duration = Duration::from_millis(500);

/// Begins to hear.
pub(crate) fn start(jobs: &Jobs, news: Listening) {
    let (this, mut feed) = (jobs.clone(), news.receiver);
    jobs.supervisor().spawn("news of jobs", TaskPolicy::Critical, async move {
        // What happened before this life is looked up once.
        let mut heard = Heard::all();
        loop {
            while let Err(problem) = this.take_in(&heard).await {
                tracing::warn!(%problem, "news of jobs cannot be written down now");
                if !this.supervisor().pause(AGAIN).await {
                    return;
                }
            }
            heard = tokio::select! {
                biased;
                () = this.supervisor().stopping() => return,
                heard = next(&mut feed) => heard,
            };
        }
    });
}

/// What was heard since the last time.
#[derive(Debug, Default)]
struct Heard {
    commands: Vec<CommandId>,
    machines: Vec<(MachineId, bool)>,
    /// Something was missed, so that everything has to be looked at.
    everything: bool,
    /// Machines came, went or were changed in what decides where jobs may go.
    has_machines: bool,
}

impl Heard {
    fn all() -> Self {
        Self { everything: true, has_machines: true, ..Self::default() }
    }

    fn add(&mut self, event: &Event) {
        let id = event.data.get("id").and_then(serde_json::Value::as_str).unwrap_or_default();
        match event.name {
            "command.started" | "command.ended" => self.commands.extend(id.parse::<CommandId>().ok()),
            "machine.changed" => {
                let state = event.data.get("state").and_then(serde_json::Value::as_str).unwrap_or_default();
                let is_ready = matches!(state, "online" | "busy");
                self.machines.extend(id.parse::<MachineId>().ok().map(|id| (id, is_ready)));
                self.has_machines = true;
            }
            name if name.starts_with("machine.") && name != "machine.sampled" => self.has_machines = true,
            _ => {}
        }
    }

    fn is_nothing(&self) -> bool {
        self.commands.is_empty() && !self.has_machines && !self.everything
    }
}

/// Waits for news that matter, and takes what there is by then.
async fn next(feed: &mut Receiver<Arc<Event>>) -> Heard {
    let mut heard = Heard::default();
    while heard.is_nothing() {
        match feed.recv().await {
            Ok(event) => heard.add(&event),
            Err(RecvError::Lagged(_)) => return Heard::all(),
            // The house is being closed.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
    while heard.commands.len() < AT_ONCE {
        match feed.try_recv() {
            Ok(event) => heard.add(&event),
            Err(TryRecvError::Lagged(_)) => return Heard::all(),
            Err(TryRecvError::Empty | TryRecvError::Closed) => break,
        }
    }
    heard
}

/// A machine that has begun with a try.
struct Began {
    job: JobId,
    fence: u64,
    at: Timestamp,
}

impl Jobs {
    async fn take_in(&self, heard: &Heard) -> Result<(), Problem> {
        if heard.has_machines {
            self.look_at_machines().await?;
        }
        self.note_presence(heard);
        let commands = if heard.everything { self.commands_under_way() } else { heard.commands.clone() };
        for some in commands.chunks(AT_ONCE) {
            self.look_at_commands(some).await?;
        }
        Ok(())
    }

    fn commands_under_way(&self) -> Vec<CommandId> {
        self.open().by_command.keys().copied().collect()
    }

    /// Since when machines with jobs are away.
    fn note_presence(&self, heard: &Heard) {
        let now = self.world().monotonic();
        let mut open = self.open();
        for (machine, _) in &heard.machines {
            // How it is now, whatever happened in between.
            if self.fleet().is_there(*machine) {
                open.away.remove(machine);
            } else {
                open.away.entry(*machine).or_insert(now);
            }
        }
        if heard.everything {
            let machines: Vec<MachineId> = open.tries.values().map(|one| one.machine).collect();
            for machine in machines.into_iter().filter(|machine| !self.fleet().is_there(*machine)) {
                open.away.entry(machine).or_insert(now);
            }
        }
    }

    /// Looks how these commands stand, as far as they are tries.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn look_at_commands(&self, commands: &[CommandId]) -> Result<(), Problem> {
        let (mut began, mut finished) = (vec![], vec![]);
        for command in commands {
            let one = {
                let open = self.open();
                let job = open.by_command.get(command).copied();
                job.and_then(|job| open.tries.get(&job).cloned().map(|one| (job, one)))
            };
            let Some((job, one)) = one else { continue };
            let Some(report) = self.fleet().report(*command).await? else { continue };
            match (report.end, report.started_at) {
                (Some(end), started_at) => finished.push(Finished {
                    job,
                    fence: one.fence,
                    over: Over::Told(end),
                    started_at,
                    was_too_long: one.was_too_long,
                }),
                (None, Some(at)) if one.stop_at.is_none() => began.push(Began { job, fence: one.fence, at }),
                (None, _) => {}
            }
        }
        if !began.is_empty() {
            self.note_beginnings(&began).await?;
        }
        if finished.is_empty() { Ok(()) } else { self.settle(&finished).await }
    }

    async fn note_beginnings(&self, began: &[Began]) -> Result<(), Problem> {
        let ctx = self.ctx();
        let mut tx = self.db().begin(&ctx).await?;
        let mut started = vec![];
        for one in began {
            if job::start(&mut tx, one.job, one.fence, one.at).await? {
                started.push(one.job);
            }
        }
        if let [only] = started[..] {
            if let Some(job) = job::find_in(&mut tx, only).await? {
                tx.emit(&JobChanged::from(&job));
            }
        } else if !started.is_empty() {
            tx.emit(&JobsChanged { count: started.len() });
        }
        if !started.is_empty() {
            record::commit(tx, Entry::done("job.start"), &started).await?;
        }
        let now = self.world().monotonic();
        let mut open = self.open();
        for one in began {
            if let Some(open) = open.tries.get_mut(&one.job).filter(|open| open.fence == one.fence) {
                // Without a limit, it is looked at no more until it ends.
                open.stop_at = Some(open.timeout.map_or(Duration::MAX, |timeout| now + timeout));
            }
        }
        Ok(())
    }
}
