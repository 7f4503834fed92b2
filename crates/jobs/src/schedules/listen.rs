//! Hears what happens here, for schedules that fire by it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use diwan_kernel::events::Event;
use diwan_kernel::{Problem, TaskPolicy};
use serde_json::Value;
use tokio::sync::broadcast::error::RecvError;

use super::schedule::{Schedule, ScheduleEvent, ScheduleWhen};
use crate::jobs::Jobs;
use crate::table::schedule;

/// No chain of jobs that begin one another is longer.
const DEEPEST: u64 = 16;

/// Begins to hear.
pub(super) fn start(jobs: &Jobs) {
    let this = jobs.clone();
    let mut feed = jobs.events().listen(None);
    jobs.supervisor().spawn("schedules by event", TaskPolicy::Critical, async move {
        let mut schedules = Known::default();
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
            if let Err(problem) = this.fire_by(&mut schedules, &happened).await {
                tracing::warn!(%problem, event = event.name, "schedules cannot fire by this");
            }
        }
    });
}

/// The schedules that fire by events, once they were looked up.
#[derive(Default)]
struct Known(Option<Vec<Arc<Schedule>>>);

/// Something that happened.
struct Happened {
    what: ScheduleEvent,
    facts: BTreeMap<&'static str, String>,
    labels: Vec<String>,
    depth: u64,
}

impl Happened {
    fn read(event: &Event) -> Option<Self> {
        let text = |key: &str| event.data.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (what, keys): (_, &[(&'static str, &str)]) = match event.name {
            "job.ended" => (ScheduleEvent::JobEnded, &[("state", "state"), ("name", "name"), ("queue", "queue")]),
            "machine.joined" => (ScheduleEvent::MachineJoined, &[("name", "name")]),
            "command.ended" if text("kind") == "git.push" && event.data["exit_code"] == 0 => {
                (ScheduleEvent::GitPush, &[("machine", "machine_id")])
            }
            _ => return None,
        };
        let facts = keys.iter().map(|(key, from)| (*key, text(from))).collect();
        let labels = event.data.get("labels").and_then(Value::as_object).into_iter().flatten();
        let labels = labels.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
        Some(Self { what, facts, labels, depth: event.data.get("depth").and_then(Value::as_u64).unwrap_or(0) })
    }

    fn is_meant(&self, when: &ScheduleWhen) -> bool {
        let ScheduleWhen::Event { event, filter } = when else { return false };
        *event == self.what
            && filter.iter().all(|(key, value)| match key.as_str() {
                "label" => self.labels.contains(value),
                key => self.facts.get(key) == Some(value),
            })
    }
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

    async fn fire_by(&self, known: &mut Known, happened: &Happened) -> Result<(), Problem> {
        let all = match &known.0 {
            Some(all) => all.clone(),
            None => {
                let all: Vec<Arc<Schedule>> = schedule::by_event(self.db()).await?.into_iter().map(Arc::new).collect();
                // Other servers make schedules too, and do not say so here.
                known.0 = (self.db().engine() == "sqlite").then(|| all.clone());
                all
            }
        };
        for one in all.iter().filter(|one| happened.is_meant(&one.when)) {
            if happened.depth >= DEEPEST {
                tracing::warn!(schedule = %one.id, "jobs began one another so often that this one is not begun");
                continue;
            }
            let depth = u32::try_from(happened.depth + 1).unwrap_or(u32::MAX);
            if let Err(problem) = self.fire_now(&self.ctx(), one, depth).await {
                self.tell_trouble(one, &problem).await;
            }
        }
        Ok(())
    }
}
