//! Hears what happens here, for schedules that fire by it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use diwan_kernel::events::Event;
use diwan_kernel::{Problem, TaskPolicy};
use serde_json::Value;
use tokio::sync::broadcast::error::RecvError;

use super::schedule::{OWNER, Schedule, ScheduleEvent, ScheduleWhen};
use super::trigger::Trigger;
use crate::id::{JobId, ScheduleId};
use crate::jobs::Jobs;
use crate::table::{job, schedule};

/// No chain of jobs that begin one another is longer.
const DEEPEST: u32 = 16;
/// No schedule fires more often in a minute by what happens here.
const MOST_FIRES: u32 = 60;
const MINUTE: Duration = Duration::from_secs(60);
/// Asks for what is anybody's.
const ANYBODY: &str = "*";

/// Begins to hear.
pub(super) fn start(jobs: &Jobs) {
    let this = jobs.clone();
    let mut feed = jobs.events().listen(None);
    jobs.supervisor().spawn("schedules by event", TaskPolicy::Critical, async move {
        let (mut schedules, mut pace) = (Known::default(), Pace::default());
        let (mut heard_up_to, mut late) = (feed.latest_seq, VecDeque::new());
        this.look_who_hears().await;
        loop {
            let heard = match late.pop_front() {
                Some(event) => Ok(event),
                None => tokio::select! {
                    biased;
                    () = this.supervisor().stopping() => return,
                    heard = feed.receiver.recv() => heard,
                },
            };
            let event = match heard {
                Ok(event) => event,
                // More happened than was heard meanwhile: the rest of it is remembered for a while.
                Err(RecvError::Lagged(_)) => {
                    feed = this.events().listen(Some((this.events().epoch(), heard_up_to)));
                    if feed.missed.is_none() {
                        tracing::warn!("schedules that fire by what happens here missed some of it");
                        heard_up_to = feed.latest_seq;
                    }
                    late.extend(feed.missed.take().into_iter().flatten());
                    continue;
                }
                // The house is being closed.
                Err(RecvError::Closed) => std::future::pending().await,
            };
            heard_up_to = event.seq;
            if event.name == crate::event::SCHEDULE_CHANGED {
                schedules = Known::default();
                this.look_who_hears().await;
            }
            let Some(happened) = Happened::read(&event) else { continue };
            if let Err(problem) = this.fire_by(&mut schedules, &mut pace, &happened).await {
                tracing::warn!(%problem, event = event.name, "schedules cannot fire by this");
            }
        }
    });
}

/// The schedules that fire by events, once they were looked up.
#[derive(Default)]
struct Known(Option<Vec<Arc<Schedule>>>);

/// How often each schedule has fired in the minute that goes on for it.
#[derive(Default)]
struct Pace(HashMap<ScheduleId, (Duration, u32)>);

impl Pace {
    /// Counts a fire, and says how many there are with it.
    fn count(&mut self, one: ScheduleId, now: Duration) -> u32 {
        self.0.retain(|_, (since, _)| now.saturating_sub(*since) < MINUTE);
        let (_, count) = self.0.entry(one).or_insert((now, 0));
        *count += 1;
        *count
    }
}

/// Something that happened.
struct Happened {
    what: ScheduleEvent,
    /// What can be asked for. There may be several of one name.
    facts: Vec<(&'static str, String)>,
    by: Trigger,
}

impl Happened {
    fn read(event: &Event) -> Option<Self> {
        use ScheduleEvent::{GitPush, JobEnded, MachineJoined};
        let text = |key: &str| event.data.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut by = Trigger::of(event.name);
        let (what, keys): (_, &[(&'static str, &str)]) = match event.name {
            "job.ended" => {
                by.job = text("id").parse().ok();
                (JobEnded, &[("state", "state"), ("name", "name"), ("queue", "queue"), (OWNER, "owner_id")])
            }
            "machine.joined" => {
                by.machine = Some(text("id"));
                (MachineJoined, &[("name", "name")])
            }
            "command.pushed" => {
                let (job, machine) = (text("job_id").parse().ok(), Some(text("machine_id")));
                by = Trigger { job, machine, ..Trigger::of("git.push") };
                (GitPush, &[("machine", "machine_id"), ("machine", "machine_name"), (OWNER, "owner_id")])
            }
            _ => return None,
        };
        let mut facts: Vec<_> = keys.iter().map(|(key, from)| (*key, text(from))).collect();
        facts.push((OWNER, ANYBODY.to_owned()));
        let labels = event.data.get("labels").and_then(Value::as_object).into_iter().flatten();
        facts.extend(labels.map(|(key, value)| ("label", format!("{key}={}", value.as_str().unwrap_or_default()))));
        Some(Self { what, facts, by })
    }

    fn is_meant(&self, one: &Schedule) -> bool {
        let ScheduleWhen::Event { event, filter } = &one.when else { return false };
        let is_so = |key: &str, value: &str| self.facts.iter().any(|(name, fact)| *name == key && fact == value);
        // What others do begins nothing of somebody who did not ask for that.
        let is_theirs = !event.asks().contains(&OWNER) || filter.contains_key(OWNER) || is_so(OWNER, &one.owner_id);
        *event == self.what && is_theirs && filter.iter().all(|(key, value)| is_so(key, value))
    }
}

/// What led to something: the schedules that made the jobs before, and how many of these there were.
#[derive(Default)]
struct Chain {
    schedules: Vec<ScheduleId>,
    depth: u32,
}

impl Jobs {
    /// Whether the end of each job has to be told.
    pub(crate) async fn look_who_hears(&self) {
        let hears = |one: &Schedule| matches!(&one.when, ScheduleWhen::Event { event: ScheduleEvent::JobEnded, .. });
        match schedule::by_event(self.db()).await {
            Ok(all) => self.set_hears_ends(all.iter().any(hears)),
            // Then each is told, whoever hears it.
            Err(_) => self.set_hears_ends(true),
        }
    }

    async fn fire_by(&self, known: &mut Known, pace: &mut Pace, happened: &Happened) -> Result<(), Problem> {
        let all = match &known.0 {
            Some(all) => all.clone(),
            None => {
                let all: Vec<Arc<Schedule>> = schedule::by_event(self.db()).await?.into_iter().map(Arc::new).collect();
                // Other servers make schedules too, and do not say so here.
                known.0 = (self.db().engine() == "sqlite").then(|| all.clone());
                all
            }
        };
        let meant: Vec<&Arc<Schedule>> = all.iter().filter(|one| happened.is_meant(one)).collect();
        if meant.is_empty() {
            return Ok(());
        }
        let chain = self.chain_to(happened.by.job).await?;
        let by = Trigger { depth: chain.depth + 1, ..happened.by.clone() };
        for one in meant {
            // What began this does not begin once more by it.
            if chain.schedules.contains(&one.id) {
                continue;
            }
            if by.depth > DEEPEST {
                self.note_excess(one, "Jobs began one another so often that this one was not begun.").await?;
                continue;
            }
            match pace.count(one.id, self.world().monotonic()) {
                ..=MOST_FIRES => self.fire_by_event(one, &by).await?,
                count if count == MOST_FIRES + 1 => {
                    let why =
                        format!("It was to fire more than {MOST_FIRES} times in a minute: the rest was passed over.");
                    self.note_excess(one, &why).await?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    async fn fire_by_event(&self, one: &Schedule, by: &Trigger) -> Result<(), Problem> {
        match self.fire_now(&self.ctx(), one, by).await {
            Ok(Some(_)) => Ok(()),
            Ok(None) => self.note_skip(one, ("by", by.kind.to_owned())).await,
            Err(problem) => {
                self.tell_trouble(one, &problem).await;
                Ok(())
            }
        }
    }

    async fn note_excess(&self, one: &Schedule, why: &str) -> Result<(), Problem> {
        if self.note_trouble(one, why).await? {
            tracing::warn!(schedule = %one.id, why, "a schedule does not fire");
        }
        Ok(())
    }

    /// What led to a job and includes it.
    async fn chain_to(&self, job: Option<JobId>) -> Result<Chain, Problem> {
        let (mut chain, mut next) = (Chain::default(), job);
        while let Some(id) = next {
            let Some(origin) = job::origin(self.db(), id).await? else { break };
            chain.depth = chain.depth.max(origin.depth);
            chain.schedules.extend(origin.schedule);
            next = origin.begun_by;
        }
        Ok(chain)
    }
}
