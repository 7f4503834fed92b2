//! What is typed about jobs, as it is read: pairs, labels, other jobs, keys, what happens when a machine is lost,
//! moments to come.

use std::time::Duration;

use diwan_kernel::Timestamp;

use super::super::audit::when;
use super::super::run::duration;

/// A name and its value: `A=b`.
pub(in crate::cli) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".to_owned()),
    }
}

/// A label: `env=prod`, or `gpu` alone.
pub(in crate::cli) fn label(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    if name.is_empty() {
        Err("write it as env=prod or gpu".to_owned())
    } else {
        Ok((name.to_owned(), value.to_owned()))
    }
}

/// Another job that must have ended well, or with `:ended` in whatever way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct After {
    pub(in crate::cli) job: String,
    pub(in crate::cli) when: &'static str,
}

/// Reads one.
pub(in crate::cli) fn after(text: &str) -> Result<After, String> {
    let (job, when) = text.split_once(':').unwrap_or((text, "succeeded"));
    let when = match when {
        "succeeded" => "succeeded",
        "ended" => "ended",
        _ => return Err("after : comes succeeded or ended".to_owned()),
    };
    if job.starts_with("job_") {
        Ok(After { job: job.to_owned(), when })
    } else {
        Err("it is not the id of a job (job_…)".to_owned())
    }
}

/// What several jobs share, and how many of them are done at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Key {
    pub(in crate::cli) key: String,
    pub(in crate::cli) limit: u32,
}

/// Reads one: `deploy` or `deploy:2`.
pub(in crate::cli) fn key(text: &str) -> Result<Key, String> {
    let (key, limit) = match text.rsplit_once(':') {
        Some((key, limit)) if !limit.is_empty() && limit.bytes().all(|b| b.is_ascii_digit()) => {
            (key, limit.parse().ok().filter(|limit| *limit > 0).ok_or("the limit is a number from 1 on")?)
        }
        _ => (text, 1),
    };
    if key.is_empty() { Err("write it as KEY or KEY:LIMIT".to_owned()) } else { Ok(Key { key: key.to_owned(), limit }) }
}

/// What becomes of a job when its machine is lost, and after how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Lost {
    pub(in crate::cli) policy: &'static str,
    pub(in crate::cli) after: Option<Duration>,
}

/// Reads it: `wait`, `fail:10m` or `move:1h`.
pub(in crate::cli) fn lost(text: &str) -> Result<Lost, String> {
    let (policy, after) = match text.split_once(':') {
        Some((policy, after)) => (policy, Some(duration::read(after)?)),
        None => (text, None),
    };
    let policy = match policy {
        "wait" if after.is_none() => "wait",
        "wait" => return Err("whoever waits does so until the machine is back: leave the time away".to_owned()),
        "fail" => "fail",
        "move" => "move",
        _ => return Err("it is wait, fail or move; fail and move take a time, as in move:10m".to_owned()),
    };
    Ok(Lost { policy, after })
}

/// How much, in bytes: `64KiB`, `512MiB`, `2GiB`; a number alone is of bytes.
pub(in crate::cli) fn size(text: &str) -> Result<u64, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (count, unit) = text.split_at(digits);
    let power = ["B", "KiB", "MiB", "GiB", "TiB"].iter().position(|one| *one == unit).or(unit.is_empty().then_some(0));
    let bytes = power.zip(count.parse::<u64>().ok()).and_then(|(power, count)| count.checked_mul(1 << (10 * power)));
    bytes.ok_or_else(|| "it is not a size, like 64KiB, 512MiB or 2GiB".to_owned())
}

/// A moment to come.
pub(in crate::cli) fn moment(text: &str) -> Result<Timestamp, String> {
    when::absolute(text.trim())
        .ok_or_else(|| "it is not a moment, like 2026-11-01T09:30 in UTC or 2026-11-01T09:30:00+02:00".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_and_labels_are_split_at_the_first_sign() {
        assert_eq!(pair("A=b=c"), Ok(("A".to_owned(), "b=c".to_owned())));
        assert_eq!(pair("A="), Ok(("A".to_owned(), String::new())));
        assert!(pair("A").is_err() && pair("=b").is_err());
        assert_eq!(label("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert_eq!(label("gpu"), Ok(("gpu".to_owned(), String::new())));
        assert!(label("=x").is_err());
    }

    #[test]
    fn other_jobs_are_waited_for_to_succeed_unless_it_is_said_otherwise() {
        let read = |text| after(text).map(|after| after.when);
        assert_eq!((read("job_1"), read("job_1:ended")), (Ok("succeeded"), Ok("ended")));
        assert!(after("build").is_err() && after("job_1:failed").is_err());
    }

    #[test]
    fn keys_may_hold_colons() {
        let read = |text| key(text).map(|key| (key.key, key.limit));
        for (text, name, limit) in [("deploy", "deploy", 1), ("deploy:3", "deploy", 3), ("a:b", "a:b", 1)] {
            assert_eq!(read(text), Ok((name.to_owned(), limit)), "{text}");
        }
        for text in ["", ":2", "a:0", "a:99999999999"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_becomes_of_a_lost_machine_is_a_word_and_a_time() {
        assert_eq!(lost("move:10m"), Ok(Lost { policy: "move", after: Some(Duration::from_secs(600)) }));
        assert_eq!(lost("wait"), Ok(Lost { policy: "wait", after: None }));
        for text in ["", "stay", "wait:5m", "move:soon"] {
            assert!(lost(text).is_err(), "{text}");
        }
    }

    #[test]
    fn moments_to_come_are_no_lengths_of_time() {
        assert!(moment("2026-11-01T09:30").is_ok() && moment("2026-11-01T09:30:00+02:00").is_ok());
        assert!(moment("30m").is_err() && moment("tomorrow").is_err());
    }

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, bytes) in [("512", 512), ("1B", 1), ("64KiB", 64 << 10), ("512MiB", 512 << 20), ("2TiB", 2 << 40)] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "MiB", "1MB", "1.5GiB", "1 GiB", "-1", "99999999999TiB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
