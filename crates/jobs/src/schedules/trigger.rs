//! What a schedule fires by, and what the process of its job is told of that.

use crate::id::JobId;
use crate::spec::JobSpec;
use crate::variables::TRIGGER;

const LONGEST_REFERENCE: usize = 255;

/// What a schedule fires by.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trigger {
    /// `clock`, `hand`, `webhook`, or what happened.
    pub(super) kind: &'static str,
    /// The job that ended or pushed.
    pub(super) job: Option<JobId>,
    /// The machine that joined or pushed, by its id.
    pub(super) machine: Option<String>,
    /// What was pushed elsewhere, and up to which commit.
    pub(super) reference: Option<String>,
    pub(super) commit: Option<String>,
    /// How many jobs began one another up to here.
    pub(super) depth: u32,
}

impl Trigger {
    pub(super) fn of(kind: &'static str) -> Self {
        Self { kind, ..Self::default() }
    }

    /// What another service says it is about, as far as that is plain enough to be told to a process.
    pub(super) fn of_call(reference: Option<String>, commit: Option<String>) -> Self {
        let reference = reference.filter(|reference| is_reference(reference));
        let commit = commit.filter(|commit| is_commit(commit));
        Self { reference, commit, ..Self::of("webhook") }
    }

    /// Has the process of a job told. What was wanted for it goes before.
    pub(super) fn tell(&self, spec: &mut JobSpec) {
        if !spec.operation.takes_variables() {
            return;
        }
        let wanted = spec.env.clone();
        for (name, value) in [
            ("", Some(self.kind.to_owned())),
            ("_JOB", self.job.map(|job| job.to_string())),
            ("_MACHINE", self.machine.clone()),
            ("_REF", self.reference.clone()),
            ("_COMMIT", self.commit.clone()),
        ] {
            if let Some(value) = value {
                spec.env.entry(format!("{TRIGGER}{name}")).or_insert(value);
            }
        }
        // It may be given so much already that nothing more goes in.
        if !spec.flaws_of_variables().is_empty() {
            spec.env = wanted;
        }
    }
}

/// Whoever may push chooses the name: it begins no option, leads to no other directory and means nothing to a shell.
fn is_reference(text: &str) -> bool {
    let is_part = |part: &str| part.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    text.len() <= LONGEST_REFERENCE
        && text.starts_with("refs/")
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._/-".contains(&b))
        && text.split('/').all(is_part)
        && !text.contains("..")
}

fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(spec: serde_json::Value, by: &Trigger) -> serde_json::Value {
        let mut spec: JobSpec = serde_json::from_value(spec).expect("it is read");
        by.tell(&mut spec);
        json!(spec.env)
    }

    #[test]
    fn only_what_is_plain_is_told() {
        let commit = "c0ffee".repeat(7)[..40].to_owned();
        let by = |reference: &str, commit: &str| Trigger::of_call(Some(reference.to_owned()), Some(commit.to_owned()));
        let plain = by("refs/heads/fix/a_b-1.2", &commit);
        assert!(plain.reference.is_some() && plain.commit.is_some());
        for odd in [
            "main",
            "refs/heads/a b",
            "refs/heads/$(id)",
            "refs/heads/-x",
            "refs/../x",
            "refs/a..b",
            "refs//a",
            "refs/é",
        ] {
            assert_eq!(by(odd, &commit).reference, None, "{odd}");
        }
        assert_eq!(by(&format!("refs/heads/{}", "x".repeat(245)), "").reference, None, "too long");
        for odd in ["", "HEAD", "c0ffee", &format!("{}\n", &commit[1..])] {
            assert_eq!(by("refs/heads/main", odd).commit, None, "{odd}");
        }
    }

    #[test]
    fn what_was_wanted_goes_before_what_is_told() {
        let by = Trigger::of_call(Some("refs/heads/main".to_owned()), None);
        let exec = |env: serde_json::Value| json!({"operation": {"kind": "exec", "argv": ["true"], "root": "work"}, "env": env});
        assert_eq!(
            told(exec(json!({"DIWAN_TRIGGER": "mine"})), &by),
            json!({"DIWAN_TRIGGER": "mine", "DIWAN_TRIGGER_REF": "refs/heads/main"})
        );
        let full: std::collections::BTreeMap<String, String> =
            (0..60).map(|n| (format!("V{n}"), String::new())).collect();
        assert_eq!(told(exec(json!(full)), &by), json!(full), "there is no room for more");
        assert_eq!(told(json!({"operation": {"kind": "noop"}}), &by), json!({}), "nobody is there to be told");
    }
}
