//! The person: wants jobs through the front door until each is acknowledged, calls some off, and looks until all have
//! ended. Whoever waits here waits in the time of turmoil.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use diwan_testkit::sim::{Raw, SimPerson};
use futures::StreamExt;
use futures::future::join_all;
use futures::stream;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::ledger::Ledger;
use super::plan::{Plan, Wanted};

/// What is not answered is asked again after this.
const AGAIN: Duration = Duration::from_millis(400);
const MOST: usize = 200;
/// So much is asked at the same time.
const AT_ONCE: usize = 64;

/// What the person saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The jobs that were acknowledged, as they were wanted.
    pub(crate) acknowledged: Vec<String>,
    /// All that were there at the end, by their ids, with their tries.
    pub(crate) jobs: BTreeMap<String, Value>,
    /// How often each was in the list.
    pub(crate) listed: BTreeMap<String, u32>,
    /// What commands said, by command and channel.
    pub(crate) said: BTreeMap<(String, usize), Vec<u8>>,
    /// Which jobs were called off.
    pub(crate) called_off: Vec<String>,
    /// What the audit trail says of itself.
    pub(crate) audit: Value,
    /// How often the end of each job was written into it.
    pub(crate) ends: BTreeMap<String, u32>,
    /// How often it was written there that a job is to be tried once more after its end.
    pub(crate) retries: BTreeMap<String, u32>,
}

/// Somebody with a plan. Everything they do goes through here.
#[derive(Clone)]
pub(crate) struct Person {
    door: SimPerson,
    ledger: Ledger,
    plan: Rc<Plan>,
    ids: Rc<RefCell<Vec<Option<String>>>>,
    called_off: Rc<RefCell<Vec<String>>>,
    /// Which are tried once more after their end.
    tried_anew: Rc<RefCell<BTreeSet<String>>>,
    is_calm: Arc<AtomicBool>,
    has_all: Rc<Cell<bool>>,
}

fn digest(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

impl Person {
    pub(crate) fn new(door: SimPerson, ledger: &Ledger, plan: &Rc<Plan>, is_calm: &Arc<AtomicBool>) -> Self {
        let ids = Rc::new(RefCell::new(vec![None; plan.jobs.len()]));
        let (ledger, plan, is_calm) = (ledger.clone(), Rc::clone(plan), Arc::clone(is_calm));
        Self {
            door,
            ledger,
            plan,
            ids,
            called_off: Rc::default(),
            tried_anew: Rc::default(),
            is_calm,
            has_all: Rc::default(),
        }
    }

    /// Asks once. Nothing, when nobody answers.
    async fn ask(&self, method: &str, path: &str, body: &Value, headers: &str) -> Option<Raw> {
        let answer = self.door.fetch(method, path, body, headers).await;
        match &answer {
            Ok(raw) => self.ledger.note(&format!("{method} {path}: {} {:016x}", raw.status, digest(&raw.body))),
            Err(error) => self.ledger.note(&format!("{method} {path}: {:?}", error.kind())),
        }
        answer.ok()
    }

    /// Asks until there is an answer that is no matter of the moment.
    async fn ask_until(&self, method: &str, path: &str, body: &Value, headers: &str) -> (u16, Value) {
        loop {
            match self.ask(method, path, body, headers).await {
                Some(raw) if raw.status < 500 && raw.status != 429 => {
                    let body = serde_json::from_slice(&raw.body).unwrap_or_default();
                    if raw.status >= 400 && raw.status != 409 {
                        self.ledger.wrong(format!("{method} {path}: {} {body}", raw.status));
                    }
                    return (raw.status, body);
                }
                _ => sleep(AGAIN).await,
            }
        }
    }

    /// Lives through the run.
    pub(crate) async fn live(self) -> Seen {
        let stories = (0..self.plan.jobs.len()).map(|number| self.want(number));
        let wanting = async {
            self.settle_in().await;
            join_all(stories).await;
            self.has_all.set(true);
        };
        tokio::join!(wanting, self.look_until_all_is_over());
        self.look_back().await
    }

    async fn settle_in(&self) {
        let (_, machines) = self.ask_until("GET", "/api/v1/job-machines", &Value::Null, "").await;
        for machine in machines["items"].as_array().into_iter().flatten() {
            let number = machine["name"].as_str().and_then(|name| name.strip_prefix("machine-")?.parse::<usize>().ok());
            let path = format!("/api/v1/job-machines/{}", machine["machine_id"].as_str().unwrap_or_default());
            let limit = number.map(|number| self.plan.limits[number]);
            self.ask_until("PUT", &path, &json!({"limit": limit}), "").await;
        }
        if let Some(schedule) = &self.plan.schedule {
            let headers = "Idempotency-Key: schedule\r\n";
            self.ask_until("POST", "/api/v1/job-schedules", schedule, headers).await;
        }
    }

    /// The story of one job.
    async fn want(&self, number: usize) {
        let wanted = self.plan.jobs[number].clone();
        sleep(wanted.at).await;
        let spec = self.with_dependencies(&wanted).await;
        let ask = || self.ask_until("POST", "/api/v1/jobs", &spec, "");
        let answers = if wanted.is_doubled { join_all([ask(), ask()]).await } else { vec![ask().await] };
        let mut ids: Vec<&str> = answers.iter().filter_map(|(_, job)| job["id"].as_str()).collect();
        ids.dedup();
        if ids.len() != 1 {
            self.ledger.wrong(format!("job {number} came to be as {ids:?}"));
            return;
        }
        let id = ids[0].to_owned();
        self.ids.borrow_mut()[number] = Some(id.clone());
        if let Some(after) = wanted.cancel_after {
            sleep(after).await;
            self.called_off.borrow_mut().push(id.clone());
            self.ask_until("POST", &format!("/api/v1/jobs/{id}/cancel"), &json!({}), "").await;
        }
        if wanted.is_tried_anew {
            self.try_anew(&id).await;
        }
    }

    /// Has a job tried once more when it has failed.
    async fn try_anew(&self, id: &str) {
        let over = loop {
            let job = self.job(id).await;
            if !job["ended_at"].is_null() {
                break job;
            }
            sleep(self.plan.look).await;
        };
        if !over["dead_at"].is_null() {
            self.tried_anew.borrow_mut().insert(id.to_owned());
            let headers = format!("Idempotency-Key: {id}\r\n");
            self.ask_until("POST", &format!("/api/v1/jobs/{id}/retry"), &Value::Null, &headers).await;
        }
    }

    async fn with_dependencies(&self, wanted: &Wanted) -> Value {
        let mut after = vec![];
        for (number, when) in &wanted.after {
            let id = loop {
                if let Some(id) = self.ids.borrow()[*number].clone() {
                    break id;
                }
                sleep(AGAIN).await;
            };
            after.push(json!({"job_id": id, "when": when}));
        }
        let mut spec = wanted.spec.clone();
        spec["after"] = json!(after);
        spec
    }

    /// Sees to it that nothing goes backwards, until everything that is wanted has ended.
    async fn look_until_all_is_over(&self) {
        let mut before: BTreeMap<String, Value> = BTreeMap::new();
        loop {
            sleep(self.plan.look).await;
            let is_done = self.has_all.get() && self.is_calm.load(Ordering::Relaxed);
            let path = format!("/api/v1/jobs?limit={MOST}");
            let Some(raw) = self.ask("GET", &path, &Value::Null, "").await.filter(|raw| raw.status == 200) else {
                continue;
            };
            let page: Value = serde_json::from_slice(&raw.body).unwrap_or_default();
            let jobs = page["items"].as_array().cloned().unwrap_or_default();
            for job in &jobs {
                let id = job["id"].as_str().unwrap_or_default();
                if let Some(was) = before.insert(id.to_owned(), job.clone()) {
                    self.compare(&was, job, &before);
                }
            }
            let wanted: Vec<String> = self.ids.borrow().iter().flatten().cloned().collect();
            // Schedules made so many others that these are on the page no more.
            for id in wanted.iter().filter(|id| jobs.iter().all(|job| job["id"] != **id)) {
                let is_settled = before.get(id).is_some_and(|job| !job["ended_at"].is_null());
                if !is_settled || self.may_go_on(id, &before) {
                    before.insert(id.clone(), self.job(id).await);
                }
            }
            let is_over = |id: &String| before.get(id).is_some_and(|job| !job["ended_at"].is_null());
            let open: Vec<String> = wanted.into_iter().filter(|id| !is_over(id)).collect();
            if is_done && open.is_empty() {
                return;
            }
            self.ledger.book().open =
                open.iter().map(|id| before.get(id).unwrap_or(&Value::Null).to_string()).collect();
        }
    }

    /// Whether somebody had it tried again, or a job that leads to it.
    fn may_go_on(&self, id: &str, all: &BTreeMap<String, Value>) -> bool {
        let after = all.get(id).and_then(|job| job["after"].as_array()).into_iter().flatten();
        let mut before = after.filter_map(|on| on["job_id"].as_str());
        self.tried_anew.borrow().contains(id) || before.any(|on| self.may_go_on(on, all))
    }

    fn compare(&self, was: &Value, is: &Value, all: &BTreeMap<String, Value>) {
        let id = was["id"].as_str().unwrap_or_default();
        let fence = |job: &Value| job["fence"].as_u64().unwrap_or_default();
        if fence(is) < fence(was) {
            self.ledger.wrong(format!("the fence of {id} fell from {} to {}", fence(was), fence(is)));
        }
        let goes_on = match was["reason"] == "dependency_failed" {
            true => self.may_go_on(id, all),
            false => self.tried_anew.borrow().contains(id),
        };
        let is_over = !was["ended_at"].is_null() && !goes_on;
        if is_over && (is["state"] != was["state"] || is["ended_at"] != was["ended_at"] || fence(is) != fence(was)) {
            self.ledger.wrong(format!("{id} had ended as {was} and became {is}"));
        }
    }

    /// Everything that can be seen at the end.
    async fn look_back(&self) -> Seen {
        let mut seen = Seen { called_off: self.called_off.borrow().clone(), ..Seen::default() };
        seen.acknowledged = self.ids.borrow().iter().flatten().cloned().collect();
        let mut cursor = String::new();
        loop {
            let path = format!("/api/v1/jobs?limit={MOST}{cursor}");
            let (_, page) = self.ask_until("GET", &path, &Value::Null, "").await;
            for job in page["items"].as_array().into_iter().flatten() {
                *seen.listed.entry(job["id"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
            }
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        let ids: Vec<String> = seen.listed.keys().cloned().collect();
        let mut jobs = stream::iter(&ids).map(|id| self.job(id)).buffered(AT_ONCE);
        while let Some(job) = jobs.next().await {
            let id = job["id"].as_str().unwrap_or_default().to_owned();
            seen.jobs.insert(id, job);
        }
        let commands: Vec<String> = self.ledger.book().runs.keys().cloned().collect();
        let channels = commands.iter().flat_map(|command| [(command, 0), (command, 1)]);
        let mut said = stream::iter(channels).map(|(command, channel)| self.said(command, channel)).buffered(AT_ONCE);
        while let Some((of, bytes)) = said.next().await {
            seen.said.insert(of, bytes);
        }
        seen.ends = self.count_in_the_trail("job.end").await;
        seen.retries = self.count_in_the_trail("job.retry").await;
        seen.audit = self.ask_until("POST", "/api/v1/audit/verify", &json!({}), "").await.1;
        seen
    }

    async fn job(&self, id: &str) -> Value {
        self.ask_until("GET", &format!("/api/v1/jobs/{id}"), &Value::Null, "").await.1
    }

    async fn said(&self, command: &str, channel: usize) -> ((String, usize), Vec<u8>) {
        let mut all = vec![];
        loop {
            let (channel, from) = (channel + 1, all.len());
            let path = format!("/api/v1/commands/{command}/output?channel={channel}&from={from}");
            let Some(raw) = self.ask("GET", &path, &Value::Null, "").await.filter(|raw| raw.status == 200) else {
                sleep(AGAIN).await;
                continue;
            };
            all.extend_from_slice(&raw.body);
            if raw.body.is_empty() || raw.head.to_lowercase().contains("x-output-end: true") {
                return ((command.to_owned(), channel - 1), all);
            }
        }
    }

    /// How often something was written into the trail about each job.
    async fn count_in_the_trail(&self, action: &str) -> BTreeMap<String, u32> {
        let (mut counts, mut cursor) = (BTreeMap::new(), String::new());
        loop {
            let path = format!("/api/v1/audit?action={action}&limit=200{cursor}");
            let (_, page) = self.ask_until("GET", &path, &Value::Null, "").await;
            for entry in page["items"].as_array().into_iter().flatten() {
                // An entry names the only job that it is about, or several.
                let several = entry["metadata"]["jobs"].as_array().into_iter().flatten();
                for id in several.chain([&entry["resource"]["id"]]).filter_map(Value::as_str) {
                    *counts.entry(id.to_owned()).or_default() += 1;
                }
            }
            let Some(next) = page["next_cursor"].as_str() else { return counts };
            cursor = format!("&cursor={next}");
        }
    }
}
