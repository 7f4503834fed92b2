//! The probe tries to get out: of a sandbox it never does, without one it does wherever the machine lets it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "that is how a test fails")]

mod support;

use std::collections::BTreeMap;

use support::{Bridge, Machine, is_root, text};

/// With these the sandbox is shown to be what denies them: a user without privileges can do them on a
/// machine that allows user namespaces, whenever no sandbox is around it.
const POSSIBLE_FOR_ANYBODY: &[&str] = &[
    "read_ssh_key",
    "read_bridge_key",
    "environ_of_bridge",
    "memory_of_bridge",
    "root_of_bridge",
    "list_other_processes",
    "kill_other_process",
    "ptrace",
    "process_vm_readv",
    "inherited_descriptors",
    "loopback_of_machine",
    "local_socket",
    "abstract_socket",
    "protocol_that_loads_modules",
    "mount",
    "chroot",
    "new_user_namespace",
    "new_namespace_by_clone3",
    "io_uring",
    "userfaultfd",
    "remount_writable",
    "keyring",
    "add_key",
    "open_by_handle",
    "executable_data",
    "type_into_terminal",
    "control_group",
    "write_over_link",
    "hard_link_to_secret",
    "exchange_git_hooks",
    "write_git_config",
    "fork_bomb",
    "eat_memory",
    "long_file",
    "fill_scratch",
];

/// The same for root. Only what changes nothing on the machine is tried.
const POSSIBLE_FOR_ROOT: &[&str] = &["read_shadow", "raw_socket", "packet_socket", "better_priority", "reboot"];

const LIMITS: &[&str] = &["--memory", "268435456", "--processes", "64", "--file", "16777216", "--scratch", "33554432"];

/// What each attempt came to, by name.
fn verdicts(output: &str) -> BTreeMap<&str, (&str, &str)> {
    let mut words = BTreeMap::new();
    for line in output.lines() {
        let mut parts = line.splitn(3, ' ');
        if let (Some(name), Some(verdict @ ("DONE" | "denied" | "broken"))) = (parts.next(), parts.next()) {
            words.insert(name, (verdict, parts.next().unwrap_or_default()));
        }
    }
    words
}

fn nothing_gets_out(bridge: Bridge) {
    let machine = Machine::new(bridge);
    let probe = machine.probe.display().to_string();
    let output = machine.inside(LIMITS, &[&probe, "try-all"]).output().unwrap();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    let inside = verdicts(&stdout);
    println!("{}", machine.layers());
    for (name, (verdict, why)) in &inside {
        println!("{verdict:7} {name:28} {why}");
    }
    assert!(inside.len() >= 40, "{} attempts; {} {stderr} {stdout}", inside.len(), machine.outcome());
    let wrong: Vec<_> = inside.iter().filter(|(_, (verdict, _))| *verdict != "denied").collect();
    assert!(wrong.is_empty(), "these were not denied: {wrong:#?}");
}

#[test]
fn f80_the_probe_of_a_bridge_that_is_root_gets_nowhere() {
    nothing_gets_out(Bridge::Root);
}

#[test]
fn f80_the_probe_of_a_bridge_without_privileges_gets_nowhere() {
    nothing_gets_out(Bridge::User);
}

#[test]
fn without_a_sandbox_the_same_probe_of_the_same_user_gets_far() {
    let machine = Machine::new(Bridge::User);
    let output = machine.outside(&["try-all"]).output().unwrap();
    let stdout = text(&output.stdout);
    let outside = verdicts(&stdout);
    for (name, (verdict, why)) in &outside {
        println!("{verdict:7} {name:28} {why}");
    }
    let also = is_root().then_some("setuid_program");
    let denied: Vec<_> =
        POSSIBLE_FOR_ANYBODY.iter().copied().chain(also).filter(|name| outside[name].0 != "DONE").collect();
    assert!(denied.is_empty(), "this machine cannot show that the sandbox denies these: {denied:#?}");
}

#[test]
fn without_a_sandbox_the_same_probe_gets_further_as_root() {
    assert!(is_root(), "this machine cannot show what root could do: run the tests as root");
    let machine = Machine::new(Bridge::Root);
    for name in POSSIBLE_FOR_ROOT {
        let output = machine.as_bridge(&["try", name]).output().unwrap();
        assert!(
            output.status.success(),
            "this machine cannot show that the sandbox denies {name}: {}",
            text(&output.stdout)
        );
    }
}
