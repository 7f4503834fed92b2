//! Where layers are missing nothing runs, unless that was accepted, and then it is said.
//!
//! A sandbox inside of a sandbox is such a place: there are no further namespaces.

#![allow(clippy::unwrap_used, clippy::panic, reason = "that is how a test fails")]

mod support;

use support::{Bridge, Machine, bridges, text};

#[test]
fn f82_where_namespaces_are_missing_the_required_sandbox_refuses_and_names_them() {
    for &bridge in bridges() {
        let machine = Machine::new(bridge);
        let probe = machine.probe.display().to_string();
        let output = machine.inside(&[], &[&probe, "run", "--", "/bin/echo", "ran"]).output().unwrap();
        let said = text(&output.stdout);
        assert!(said.contains("does not offer what the sandbox requires") && !said.contains("ran\n"), "{said}");
        for layer in ["mount namespace", "process namespace", "private proc", "network namespace"] {
            assert!(said.contains(&format!("{layer} (")), "{layer} is not named: {said}");
        }
        assert!(!said.contains("landlock (") && !said.contains("seccomp ("), "these could be had: {said}");
    }
}

/// Without a file tree of its own, it would lie where others find it.
#[test]
fn f82_what_only_the_command_may_read_is_given_in_a_private_place_or_not_at_all() {
    let machine = Machine::new(Bridge::User);
    let probe = machine.probe.display().to_string();
    let inner = [&probe, "run", "--best-effort", "--given", "a.sh=echo ran", "--", "/bin/sh", "-c", "echo ran"];
    let said = text(&machine.inside(&[], &inner).output().unwrap().stdout);
    assert!(said.contains("no private place") && !said.contains("ran\n"), "{said}");
    for odd in ["../x=", ".x=", "a/b=", "="] {
        let output = machine.inside(&["--given", odd], &["/bin/echo", "ran"]).output().unwrap();
        let said = text(&output.stdout);
        assert!(!said.contains("ran\n") && machine.outcome().contains("plain name"), "{odd}: {}", machine.outcome());
    }
}

#[test]
fn f82_at_best_effort_what_is_left_still_denies_and_what_is_missing_is_said() {
    let machine = Machine::new(Bridge::User);
    let probe = machine.probe.display().to_string();
    let before = "echo secret > /tmp/secret; \"$0\" run --best-effort --layers /tmp/layers --directory /usr -- /bin/sh -c \"$1\"; cat /tmp/layers";
    let script = "head -c 9 /usr/bin/env > /dev/null && echo reads; cat /tmp/secret || echo hidden; echo x > /tmp/y || echo kept";
    let output = machine.inside(&[], &["/bin/sh", "-c", before, &probe, script]).output().unwrap();
    let said = text(&output.stdout);
    assert!(said.starts_with("reads\nhidden\nkept\n"), "{said} {} {}", text(&output.stderr), machine.outcome());
    assert!(said.contains("mount namespace: false") && said.contains("landlock: true"), "{said}");
}
