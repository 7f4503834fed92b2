//! Hostile and benign command lines, judged by the default policies.
#![allow(clippy::unwrap_used, clippy::panic, reason = "that is how a test fails")]

use std::collections::BTreeMap;
use std::path::Path;

use diwan_policy::{Decision, MadeUp, Policy, Preset, Verdict, What, Who};
use reading::{Case, benign, hostile};

#[path = "corpus/reading.rs"]
mod reading;

fn machine() -> MadeUp {
    let mut machine = MadeUp::usual();
    let files = ["README.md", "src/main.rs", "tests/test_a.py", "Cargo.toml", "package.json", "src/[id]/a b.txt"];
    for file in files {
        machine.put(Path::new("/srv/projects").join(file), What::File, 1000, 0o644);
    }
    machine.put("/srv/projects/empty", What::Directory, 1000, 0o755);
    machine.put("/srv/projects/link-to-etc", What::Link("/etc".into()), 1000, 0o777);
    machine.put("/etc/passwd", What::File, 0, 0o644);
    machine.put("/etc/shadow", What::File, 0, 0o600);
    machine
}

fn policy(preset: Preset) -> Policy {
    Policy::load(&preset.text(Path::new("/srv/projects"))).unwrap()
}

fn judged(policy: &Policy, case: &Case) -> Verdict {
    policy.judge(&case.operation(), Who { id: "usr_a", roles: &["owner"] }, &machine())
}

#[test]
fn f74_to_f92_no_hostile_command_is_allowed() {
    let (mut allowed, mut by_code, mut by_row) = (vec![], BTreeMap::new(), BTreeMap::new());
    let policy = policy(Preset::Standard);
    for case in hostile() {
        let verdict = judged(&policy, &case);
        if verdict.is_allowed() {
            allowed.push(format!("{} {} ({}): {:?}", case.id, case.row, case.note, verdict.plan.map(|plan| plan.argv)));
        }
        *by_row.entry(case.row.clone()).or_insert(0) += 1;
        let code = verdict.reasons.first().map_or("asked", |reason| reason.code);
        *by_code.entry(code).or_insert(0) += 1;
    }
    let count = hostile().len();
    println!("hostile: {count} judged, {} allowed\nby row: {by_row:?}\nby reason: {by_code:?}", allowed.len());
    assert!(count >= 300 && allowed.is_empty(), "allowed:\n{}", allowed.join("\n"));
}

#[test]
fn every_benign_command_is_allowed() {
    let (policy, mut refused) = (policy(Preset::Standard), vec![]);
    for case in benign() {
        let verdict = judged(&policy, &case);
        if verdict.decision != Decision::Allow {
            refused.push(format!("{} {:?} {}: {:?}", case.id, case.argv, case.operation, verdict.reasons));
        }
    }
    let count = benign().len();
    println!("benign: {count} judged, {} refused", refused.len());
    assert!(count >= 60 && refused.is_empty(), "refused:\n{}", refused.join("\n"));
}

#[test]
fn strict_changes_nothing_unasked_and_ones_own_machine_clones_from_more_hosts() {
    let (strict, own) = (policy(Preset::Strict), policy(Preset::OwnMachine));
    for case in benign() {
        let verdict = judged(&strict, &case);
        assert_ne!(verdict.decision, Decision::Deny, "{} {:?}", case.id, verdict.reasons);
        if verdict.is_allowed() {
            let writes =
                verdict.plan.is_some_and(|plan| plan.profile.writable && !plan.argv.contains(&"--version".into()));
            assert!(!writes, "{} {:?}", case.id, case.argv);
        }
    }
    let others = hostile().into_iter().filter(|case| case.operation != "terminal");
    let allowed: Vec<_> = others.filter(|case| judged(&own, case).is_allowed()).map(|case| case.id).collect();
    println!("on one's own machine: {allowed:?} allowed");
    assert!(allowed.iter().all(|id| is_one_s_own_affair(id)), "{allowed:?}");
}

/// One's own machine clones from every host that is not local, and fetches what a build needs.
fn is_one_s_own_affair(id: &str) -> bool {
    hostile().iter().any(|case| {
        let texts = case.argv.iter().chain([&case.url]);
        case.id == id
            && (case.argv == ["cargo", "fetch"]
                || texts.clone().any(|text| text.starts_with("https://") && text.contains("evil.example")))
    })
}

#[test]
fn ids_are_unique_and_every_case_says_what_it_is() {
    let mut ids = std::collections::BTreeSet::new();
    for case in hostile().into_iter().chain(benign()) {
        assert!(!case.note.is_empty() && !case.row.is_empty(), "{}", case.id);
        assert!(case.setup.is_empty() || case.setup == "link-to-etc", "{}", case.id);
        assert!(ids.insert(case.id.clone()), "{}", case.id);
    }
}
