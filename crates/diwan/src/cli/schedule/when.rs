//! When a schedule makes jobs, as it is typed and as it is shown.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::{ArgGroup, Args, ValueEnum};
use diwan_client::JobScheduleWhen;
use serde_json::{Map, Value, json};

use super::super::failure::Failure;
use super::super::job::{parse, words::length};
use super::super::run::duration;

/// Who sends a webhook, and how it is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Provider {
    /// Anybody, signed in Diwan's own manner
    Diwan,
    /// GitHub
    Github,
    /// GitLab
    Gitlab,
    /// Gitea or Forgejo
    Gitea,
}

impl Provider {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Diwan => "diwan",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Gitea => "gitea",
        }
    }
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Event {
    /// A job has ended
    #[value(name = "job.ended")]
    JobEnded,
    /// A machine has joined
    #[value(name = "machine.joined")]
    MachineJoined,
    /// A command has pushed
    #[value(name = "git.push")]
    GitPush,
}

impl Event {
    const fn as_str(self) -> &'static str {
        match self {
            Self::JobEnded => "job.ended",
            Self::MachineJoined => "machine.joined",
            Self::GitPush => "git.push",
        }
    }
}

/// What becomes of moments that were missed, because the control plane was away or the schedule was paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Missed {
    /// Nothing
    Skip,
    /// One job for all of them
    Once,
    /// A job for each
    All,
}

/// What happens while the job before goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Overlap {
    /// Another one is made
    Allow,
    /// None is made
    Skip,
}

/// When jobs are made.
#[derive(Debug, Clone, Args)]
#[group(skip)]
#[command(group = ArgGroup::new("when").required(true).args(["cron", "webhook", "on"]))]
pub(super) struct When {
    /// By the clock: minute, hour, day, month and day of the week, like '0 3 * * *'
    #[arg(long, value_name = "EXPRESSION", help_heading = "When")]
    cron: Option<String>,
    /// Whose clock, like Europe/Berlin [default: UTC]
    #[arg(long, value_name = "ZONE", help_heading = "When", conflicts_with_all = ["webhook", "on"])]
    zone: Option<String>,
    /// Spread the moments over so much time, like 5m
    #[arg(long, value_name = "TIME", help_heading = "When", value_parser = duration::read)]
    #[arg(conflicts_with_all = ["webhook", "on"])]
    jitter: Option<Duration>,
    /// When a webhook arrives that this one signed
    #[arg(long, value_name = "WHO", help_heading = "When")]
    webhook: Option<Provider>,
    /// When this happens
    #[arg(long, value_name = "EVENT", help_heading = "When")]
    on: Option<Event>,
    /// Only if it is so: state, name, queue, label, owner or machine; repeat for several
    #[arg(long, value_name = "NAME=VALUE", help_heading = "When", value_parser = parse::pair)]
    filter: Vec<(String, String)>,
}

/// What happens when the moment is a bad one.
#[derive(Debug, Clone, Args)]
pub(super) struct Otherwise {
    /// What becomes of moments that were missed
    #[arg(long, value_name = "WHAT", help_heading = "When")]
    missed: Option<Missed>,
    /// What happens while the job before goes on
    #[arg(long, value_name = "WHAT", help_heading = "When")]
    overlap: Option<Overlap>,
}

impl When {
    /// As the API takes it; what is not said stays as it was `before`, as long as it is the same kind of moment.
    pub(super) fn fields(&self, before: &Value, branch: Option<&str>) -> Result<Option<Value>, Failure> {
        let kind = match (&self.cron, &self.webhook, &self.on) {
            (Some(_), ..) => "cron",
            (_, Some(_), _) => "webhook",
            (.., Some(_)) => "event",
            _ if self.zone.is_some() || self.jitter.is_some() => "cron",
            _ if !self.filter.is_empty() => "event",
            _ if branch.is_some() => "webhook",
            _ => return Ok(None),
        };
        let mut when = before.as_object().filter(|before| before.get("kind") == Some(&json!(kind))).cloned();
        let is_whole = self.cron.is_some() || self.webhook.is_some() || self.on.is_some() || when.is_some();
        if !is_whole {
            let next = "Say when: --cron EXPRESSION, --webhook WHO or --on EVENT.";
            return Err(Failure::usage("that is for another kind of schedule", next));
        }
        if !self.filter.is_empty() && kind != "event" {
            return Err(Failure::usage("--filter is for --on only", "Leave it away."));
        }
        let when = when.get_or_insert_with(Map::new);
        when.insert("kind".to_owned(), json!(kind));
        let mut put = |name: &str, value: Option<Value>| when.extend(value.map(|value| (name.to_owned(), value)));
        put("expression", self.cron.as_ref().map(|cron| json!(cron)));
        put("time_zone", self.zone.as_ref().map(|zone| json!(zone)));
        put("jitter_ms", self.jitter.map(|time| json!(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))));
        put("provider", self.webhook.map(|who| json!(who.as_str())));
        put("branch", branch.filter(|_| kind == "webhook").map(|branch| json!(branch)));
        put("event", self.on.map(|event| json!(event.as_str())));
        let filter: BTreeMap<_, _> = self.filter.iter().cloned().collect();
        put("filter", (!filter.is_empty()).then(|| json!(filter)));
        Ok(Some(Value::Object(std::mem::take(when))))
    }

    /// Whether it is a webhook that a branch can be said of.
    pub(super) const fn is_webhook(&self) -> bool {
        self.webhook.is_some()
    }
}

impl Otherwise {
    /// What was said, as the API takes it.
    pub(super) fn fields(&self) -> Map<String, Value> {
        let missed = self.missed.map(|missed| match missed {
            Missed::Skip => "skip",
            Missed::Once => "once",
            Missed::All => "all",
        });
        let overlap = self.overlap.map(|overlap| match overlap {
            Overlap::Allow => "allow",
            Overlap::Skip => "skip",
        });
        let both = [("missed", missed), ("overlap", overlap)];
        both.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?)))).collect()
    }
}

/// When a schedule makes jobs, in a few words.
pub(super) fn in_words(when: &JobScheduleWhen) -> String {
    match when {
        JobScheduleWhen::Cron { expression, time_zone, jitter_ms } => {
            let zone = if time_zone.is_empty() { "UTC" } else { time_zone };
            let jitter = if *jitter_ms > 0 { format!(", spread over {}", length(*jitter_ms)) } else { String::new() };
            format!("{expression} in {zone}{jitter}")
        }
        JobScheduleWhen::Webhook { provider, branch } => {
            let branch = branch.as_ref().map(|branch| format!(" to {branch}")).unwrap_or_default();
            format!("webhook of {provider}{branch}")
        }
        JobScheduleWhen::Event { event, filter } => {
            let only: Vec<_> = filter.iter().map(|(name, value)| format!("{name}={value}")).collect();
            if only.is_empty() { format!("on {event}") } else { format!("on {event} with {}", only.join(" ")) }
        }
        JobScheduleWhen::Other => "in a manner that a newer diwan knows".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    #[command(mut_group("when", |group| group.required(false)))]
    struct Typed {
        #[command(flatten)]
        when: When,
        #[command(flatten)]
        otherwise: Otherwise,
    }

    fn fields(words: &[&str], before: &Value, branch: Option<&str>) -> Option<Value> {
        let typed = Typed::try_parse_from(std::iter::once(&"when").chain(words)).expect("understood");
        typed.when.fields(before, branch).ok().flatten()
    }

    #[test]
    fn the_three_kinds_are_sent_as_the_contract_has_them() {
        let none = Value::Null;
        let cron = ["--cron", "0 3 * * *", "--zone", "Europe/Berlin", "--jitter", "5m"];
        assert_eq!(
            fields(&cron, &none, None),
            Some(
                json!({"kind": "cron", "expression": "0 3 * * *", "time_zone": "Europe/Berlin", "jitter_ms": 300_000})
            )
        );
        assert_eq!(
            fields(&["--webhook", "github"], &none, Some("main")),
            Some(json!({"kind": "webhook", "provider": "github", "branch": "main"}))
        );
        assert_eq!(
            fields(&["--on", "job.ended", "--filter", "state=failed"], &none, None),
            Some(json!({"kind": "event", "event": "job.ended", "filter": {"state": "failed"}}))
        );
    }

    #[test]
    fn what_is_not_said_stays_as_it_was() {
        let before = json!({"kind": "cron", "expression": "0 3 * * *", "time_zone": "UTC", "jitter_ms": 7});
        assert_eq!(fields(&[], &before, None), None);
        let zone = fields(&["--zone", "Asia/Amman"], &before, None).expect("a change");
        assert_eq!((&zone["expression"], &zone["time_zone"]), (&json!("0 3 * * *"), &json!("Asia/Amman")));
        let other = fields(&["--webhook", "gitea"], &before, None).expect("a change");
        assert_eq!(other, json!({"kind": "webhook", "provider": "gitea"}), "nothing of the clock is left");
        assert_eq!(fields(&["--filter", "a=b"], &before, None), None, "refused: a clock has no filter");
    }

    #[test]
    fn moments_that_were_missed_and_jobs_that_overlap_are_said() {
        let typed = Typed::try_parse_from(["when", "--missed", "once", "--overlap", "skip"]).expect("understood");
        assert_eq!(Value::from(typed.otherwise.fields()), json!({"missed": "once", "overlap": "skip"}));
    }

    #[test]
    fn when_is_said_in_words() {
        let read = |fields| serde_json::from_value::<JobScheduleWhen>(fields).expect("a moment");
        for (fields, words) in [
            (
                json!({"kind": "cron", "expression": "* * * * *", "time_zone": "UTC", "jitter_ms": 0}),
                "* * * * * in UTC",
            ),
            (json!({"kind": "webhook", "provider": "github", "branch": "main"}), "webhook of github to main"),
            (
                json!({"kind": "event", "event": "job.ended", "filter": {"state": "failed"}}),
                "on job.ended with state=failed",
            ),
            (json!({"kind": "moon"}), "in a manner that a newer diwan knows"),
        ] {
            assert_eq!(in_words(&read(fields)), words);
        }
    }
}
