//! `diwan job show`.

use diwan_client::{Client, CommandUsage, Job, JobAttempt, JobDetail, JobLimits, JobLost, JobNeighbour, JobTarget};

use super::super::command::{in_words, script_of};
use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::screen::{Row, exact_moment, size};
use super::words::{length, result_of, result_of_attempt, waits_for};

pub(super) async fn run(door: &Door<'_>, id: &str) -> Result<Done, Failure> {
    let client = door.client()?;
    let reply = client.get_job(id).await.map_err(super::unknown)?;
    if door.screen.is_json() {
        door.screen.json(reply.text())?;
        return Ok(Done::Well);
    }
    let detail = reply.read()?;
    let mut facts = of_job(&detail.job, where_in_words(&client, &detail.job.target).await);
    facts.extend(waits_for(&detail).map(|why| ("waits for", why)));
    facts.extend(wanted(&detail.job));
    facts.extend(related(&detail));
    door.screen.facts(&facts)?;
    script_of(&detail.job.operation).iter().try_for_each(|line| door.screen.line(line))?;
    if !detail.attempts.is_empty() {
        door.screen.line("")?;
        let headings = ["TRY", "RESULT", "MACHINE", "BEGAN (UTC)", "TOOK", "SAID", "COMMAND", "WHY"];
        door.screen.rows(&headings, detail.attempts.iter().map(of_attempt).collect())?;
    }
    Ok(Done::Well)
}

fn moment_or_dash(at: Option<&String>) -> String {
    at.map_or_else(|| "–".to_owned(), |at| exact_moment(at))
}

fn of_job(job: &Job, place: String) -> Vec<(&'static str, String)> {
    let mut facts = vec![("id", job.id.clone())];
    let what = in_words(&job.operation);
    // Without a name it is called by what it does.
    facts.extend((!what.starts_with(&job.title)).then(|| ("name", job.title.clone())));
    facts.extend([("what", what), ("where", place), ("result", result_of(job).0)]);
    facts.extend(job.detail.iter().map(|detail| ("why", detail.clone())));
    facts.extend([
        ("who", format!("{} ({})", job.owner.name, job.owner.id)),
        ("queue", format!("{}, priority {}", job.queue, job.priority)),
        ("wanted", exact_moment(&job.created_at)),
        ("began", moment_or_dash(job.started_at.as_ref())),
        ("ended", moment_or_dash(job.ended_at.as_ref())),
    ]);
    facts.extend(job.machine_name.iter().map(|name| ("machine", name.clone())));
    facts.extend(job.usage.as_ref().map(|usage| ("took", took(usage))));
    facts.extend(job.cancel_asked_at.iter().map(|at| ("cancelled", exact_moment(at))));
    facts.extend(job.dead_at.iter().map(|at| ("dead letter", format!("since {}", exact_moment(at)))));
    facts
}

/// Where it is to be done.
pub(in crate::cli) async fn where_in_words(client: &Client, target: &JobTarget) -> String {
    match target {
        JobTarget::Machine { machine_id } => {
            // Whoever may not see machines sees its id.
            let detail = client.get_machine(machine_id).await.and_then(|reply| reply.read());
            detail.map_or_else(|_| format!("on {machine_id}"), |detail| format!("on {}", detail.machine.name))
        }
        JobTarget::Labels { selector } => format!("on a machine with {selector}"),
        JobTarget::Any => "on any machine".to_owned(),
        JobTarget::Other => "elsewhere".to_owned(),
    }
}

/// What was said of it besides what it does and where.
pub(in crate::cli) fn wanted(job: &Job) -> Vec<(&'static str, String)> {
    let mut facts = promised(job);
    facts.extend(given(job));
    facts
}

/// How often and how long it is tried.
fn promised(job: &Job) -> Vec<(&'static str, String)> {
    let mut facts = vec![];
    if job.retry.attempts > 1 {
        let (first, longest) = (job.retry.delay_ms, job.retry.max_delay_ms.max(job.retry.delay_ms));
        let (first, longest) = (length(first), length(longest));
        facts.push(("tried", format!("at most {} times, pauses from {first} to {longest}", job.retry.attempts)));
    }
    if job.retry_safe {
        facts.push(("", "again also when nobody knows whether it was done".to_owned()));
    }
    facts.extend(job.timeout_ms.map(|ms| ("time limit", format!("{} for each attempt", length(ms)))));
    facts.extend(limits_in_words(&job.limits).map(|limits| ("limits", limits)));
    facts.extend(job.deadline_at.as_deref().map(|at| ("expires", format!("{} unless it has begun", exact_moment(at)))));
    facts.extend(job.concurrency.as_ref().map(|c| ("key", format!("{}: {} at once", c.key, c.limit))));
    facts.extend(job.lost.as_ref().map(|lost| ("machine lost", lost_in_words(lost))));
    facts.extend(job.idempotency_key.iter().map(|key| ("idempotency", key.clone())));
    facts
}

/// How much of its machine it may use at the most.
fn limits_in_words(limits: &JobLimits) -> Option<String> {
    let all = [
        limits.memory_bytes.map(|bytes| format!("{} of memory", size(bytes))),
        limits.processes.map(|count| format!("{count} processes")),
        limits.cpu_percent.map(|percent| format!("{percent}% of a core")),
        limits.open_files.map(|count| format!("{count} open files")),
        limits.file_bytes.map(|bytes| format!("{} in a file", size(bytes))),
        limits.output_bytes.map(|bytes| format!("{} of output", size(bytes))),
    ];
    let said: Vec<String> = all.into_iter().flatten().collect();
    (!said.is_empty()).then(|| said.join(", "))
}

fn lost_in_words(lost: &JobLost) -> String {
    match (lost.policy.as_str(), lost.after_ms) {
        ("wait", _) => "wait until it is back".to_owned(),
        (policy, Some(ms)) => format!("{policy} after {}", length(ms)),
        (policy, None) => policy.to_owned(),
    }
}

/// What its process is given, and what is kept of it.
fn given(job: &Job) -> Vec<(&'static str, String)> {
    let mut facts = vec![];
    let labels: Vec<_> = job.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    facts.extend((!labels.is_empty()).then(|| ("labels", labels.join(" "))));
    facts.extend(job.env.iter().map(|(name, value)| ("variable", format!("{name}={value}"))));
    facts.extend(job.artifacts.iter().map(|glob| ("keeps", glob.clone())));
    facts.extend(job.secrets.iter().map(|one| ("secret", format!("{} from {}", one.env, one.secret))));
    facts
}

/// What it has to do with other jobs.
fn related(detail: &JobDetail) -> Vec<(&'static str, String)> {
    let job = &detail.job;
    let mut facts = vec![];
    let other = |one: &JobNeighbour| format!("{}, {} ({})", one.title, one.state.replace('_', " "), one.id);
    facts.extend(detail.dependencies.iter().map(|one| ("after", other(one))));
    facts.extend(detail.dependents.iter().map(|one| ("before", other(one))));
    facts.extend(job.rerun_of.iter().map(|id| ("again", format!("as {id} was"))));
    facts.extend(job.schedule_id.iter().map(|id| {
        let at = job.scheduled_for.as_deref().map(|at| format!(" for {}", exact_moment(at))).unwrap_or_default();
        ("schedule", format!("{id}{at}"))
    }));
    facts
}

fn of_attempt(attempt: &JobAttempt) -> Row {
    let (result, mark) = result_of_attempt(attempt);
    let is_known = attempt.output_bytes + attempt.error_bytes > 0 || !was_left(attempt);
    let said = if is_known {
        format!("{}, {} errors", size(attempt.output_bytes), size(attempt.error_bytes))
    } else {
        "–".to_owned()
    };
    let cells = vec![
        attempt.attempt.to_string(),
        result,
        attempt.machine_name.clone().unwrap_or_else(|| "–".to_owned()),
        moment_or_dash(attempt.started_at.as_ref().or(attempt.leased_at.as_ref())),
        attempt.usage.map_or_else(|| "–".to_owned(), |usage| length(usage.wall_us / 1000)),
        said,
        attempt.command_id.clone().unwrap_or_else(|| "–".to_owned()),
        attempt.detail.clone().unwrap_or_default(),
    ];
    Row { cells, mark: Some(mark) }
}

/// Nobody waited for what it said in the end: there may be more of it than is known here.
fn was_left(attempt: &JobAttempt) -> bool {
    attempt.reason.as_deref().is_some_and(|reason| matches!(reason, "machine_lost" | "given_up"))
}

fn took(usage: &CommandUsage) -> String {
    let processor = length((usage.user_us + usage.system_us) / 1000);
    format!("{}, processor {processor}, at most {}", length(usage.wall_us / 1000), size(usage.memory_bytes))
}
