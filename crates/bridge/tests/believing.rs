//! What a machine believes: commands that were signed for it, for this moment and for its policy, once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

mod support;

use diwan_protocol::run::{Decision, Outcome};
use diwan_protocol::{Command, SignedCommand, SigningKey};
use support::bridge::{Bridge, POLICY};
use support::plane::{Connection, Plane};
use support::talk::{Heard, command, exec};

/// A machine with a script that leaves a trace of every run.
async fn tracing() -> (Plane, Bridge, Connection) {
    let plane = Plane::start().await;
    let mut bridge = Bridge::joined(&plane).await;
    bridge.script("trace.sh", "echo $1 >> trace\n");
    bridge.start();
    let machine = plane.meet().await;
    (plane, bridge, machine)
}

fn trace(name: &str) -> diwan_protocol::Operation {
    exec(&["sh", "trace.sh", name])
}

fn traces(bridge: &Bridge) -> String {
    std::fs::read_to_string(bridge.root().join("trace")).unwrap_or_default()
}

async fn bring(machine: &Connection, signed: &SignedCommand) -> Heard {
    machine.bring(signed).await.until_the_end().await
}

fn is_refused(heard: &Heard, code: &str) {
    assert_eq!((heard.decision(), heard.code(), heard.started), (Decision::Deny, code, false));
    assert!(matches!(heard.outcome(), Outcome::NotStarted(_)));
}

#[tokio::test]
async fn f63_the_same_bytes_are_carried_out_once() {
    let (plane, bridge, machine) = tracing().await;
    let signed = plane.signing.sign(&command(&plane, &machine, trace("once")));
    assert_eq!(bring(&machine, &signed).await.outcome(), &Outcome::Exited(0));
    for _ in 0..3 {
        is_refused(&bring(&machine, &signed).await, "replay");
    }
    assert_eq!(traces(&bridge), "once\n");
}

#[tokio::test]
async fn f63_of_fifty_at_once_with_the_same_bytes_one_is_carried_out() {
    let (plane, bridge, machine) = tracing().await;
    let signed = plane.signing.sign(&command(&plane, &machine, trace("once")));
    let mut talks = vec![];
    for _ in 0..50 {
        talks.push(machine.bring(&signed).await);
    }
    let mut started = 0;
    for talk in talks {
        started += usize::from(talk.until_the_end().await.started);
    }
    assert_eq!((started, traces(&bridge).as_str()), (1, "once\n"));
}

#[tokio::test]
async fn f63_one_that_was_overtaken_is_refused() {
    let (plane, bridge, machine) = tracing().await;
    let earlier = plane.signing.sign(&command(&plane, &machine, trace("earlier")));
    let later = plane.signing.sign(&command(&plane, &machine, trace("later")));
    assert_eq!(bring(&machine, &later).await.outcome(), &Outcome::Exited(0));
    is_refused(&bring(&machine, &earlier).await, "replay");
    assert_eq!(traces(&bridge), "later\n");
}

#[tokio::test]
async fn f64_nothing_from_before_a_restart_is_carried_out_after_it() {
    let (plane, mut bridge, machine) = tracing().await;
    let done = plane.signing.sign(&command(&plane, &machine, trace("done")));
    let waiting = plane.signing.sign(&command(&plane, &machine, trace("waiting")));
    bring(&machine, &done).await;
    bridge.kill();
    bridge.start();
    let machine = plane.meet().await;
    assert_eq!(machine.hello.seen, 1);
    is_refused(&bring(&machine, &done).await, "earlier_boot");
    is_refused(&bring(&machine, &waiting).await, "earlier_boot");
    // Not even signed anew: its number was used.
    let mut again = command(&plane, &machine, trace("again"));
    again.sequence = 1;
    is_refused(&bring(&machine, &plane.signing.sign(&again)).await, "replay");
    assert_eq!(traces(&bridge), "done\n");
}

#[tokio::test]
async fn f64_a_journal_that_is_gone_lets_nothing_old_in() {
    let (plane, mut bridge, machine) = tracing().await;
    let done = plane.signing.sign(&command(&plane, &machine, trace("done")));
    bring(&machine, &done).await;
    bridge.kill();
    std::fs::remove_file(bridge.state().join("journal")).unwrap();
    bridge.start();
    let machine = plane.meet().await;
    assert_eq!((machine.hello.seen, machine.hello.commands.len()), (0, 0));
    is_refused(&bring(&machine, &done).await, "earlier_boot");
    assert_eq!(traces(&bridge), "done\n");
}

type Change = fn(&mut Command);

#[tokio::test]
async fn f65_f67_f73_what_is_for_another_place_or_time_is_refused() {
    let (plane, bridge, machine) = tracing().await;
    let changes: [(&str, Change); 8] = [
        ("other_machine", |command| command.machine = "mch_2".to_owned()),
        ("earlier_boot", |command| command.boot = [0; 16].into()),
        ("expired", |command| {
            (command.issued_ms, command.expires_ms) = (command.issued_ms - 70_000, command.issued_ms - 10_000)
        }),
        ("expired", |command| command.expires_ms = command.issued_ms + 3_600_000),
        ("clock_skew", |command| command.issued_ms += 45_000),
        ("other_policy", |command| command.policy = [0; 32].into()),
        ("version", |command| command.version = 0),
        ("form", |command| command.id = "../../etc/cron.d/x".to_owned()),
    ];
    for (code, change) in changes {
        let mut command = command(&plane, &machine, trace(code));
        change(&mut command);
        is_refused(&bring(&machine, &plane.signing.sign(&command)).await, code);
    }
    assert_eq!(traces(&bridge), "");
}

#[tokio::test]
async fn f66_no_byte_can_be_changed_and_no_other_key_signs() {
    let (plane, bridge, machine) = tracing().await;
    let command = command(&plane, &machine, trace("changed"));
    let signed = plane.signing.sign(&command);
    for at in 0..signed.bytes.len() {
        let mut changed = signed.clone();
        changed.bytes[at] ^= 1;
        is_refused(&bring(&machine, &changed).await, "signature");
    }
    let strangers = SigningKey::from_seed("key_1", &[8; 32]).unwrap();
    is_refused(&bring(&machine, &strangers.sign(&command)).await, "signature");
    let unknown = SigningKey::from_seed("key_2", &[7; 32]).unwrap();
    is_refused(&bring(&machine, &unknown.sign(&command)).await, "signature");
    assert_eq!(traces(&bridge), "");
    // None of that has used its number.
    assert_eq!(bring(&machine, &signed).await.outcome(), &Outcome::Exited(0));
}

#[tokio::test]
async fn f73_a_command_that_another_policy_judged_is_refused_and_a_faulty_policy_changes_nothing() {
    let (plane, bridge, mut machine) = tracing().await;
    let before = machine.hello.policy.clone();
    bridge.write_policy(&POLICY.replace("decision = \"allow\"", "decision = \"deny\""));
    let stricter = support::talk::next_policy(&mut machine).await;
    assert!(stricter.hash != before.hash && stricter.fault.is_none());
    let old = command(&plane, &machine, trace("old"));
    is_refused(&bring(&machine, &plane.signing.sign(&old)).await, "other_policy");
    machine.hello.policy = stricter.clone();
    is_refused(&machine.run(&plane, trace("denied")).await.until_the_end().await, "denied");
    bridge.write_policy("version = 1\n[[rules]]\nname = 7\n");
    let faulty = support::talk::next_policy(&mut machine).await;
    assert_eq!((faulty.hash, &faulty.text), (stricter.hash, &stricter.text));
    assert!(faulty.fault.unwrap().contains("line"));
    is_refused(&machine.run(&plane, trace("denied")).await.until_the_end().await, "denied");
    bridge.write_policy(POLICY);
    machine.hello.policy = support::talk::next_policy(&mut machine).await;
    assert_eq!((machine.hello.policy.hash, &machine.hello.policy.fault), (before.hash, &None));
    assert_eq!(machine.run(&plane, trace("sound")).await.until_the_end().await.outcome(), &Outcome::Exited(0));
    assert_eq!(traces(&bridge), "sound\n");
}

#[tokio::test]
async fn a_policy_that_others_may_change_or_that_commands_could_is_not_in_force() {
    let plane = Plane::start().await;
    let mut bridge = Bridge::joined(&plane).await;
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(bridge.policy(), std::fs::Permissions::from_mode(0o666)).unwrap();
    bridge.start();
    let mut machine = plane.meet().await;
    assert!(machine.hello.policy.fault.as_ref().unwrap().contains("chmod go-w"));
    is_refused(&machine.run(&plane, exec(&["true"])).await.until_the_end().await, "no_policy");
    let above = bridge.root().parent().unwrap().to_string_lossy().into_owned();
    bridge.write_policy(&POLICY.replace("\"ROOT\"", &format!("{above:?}")));
    let exposed = support::talk::next_policy(&mut machine).await;
    assert!(exposed.fault.unwrap().contains("writable"));
    is_refused(&machine.run(&plane, exec(&["true"])).await.until_the_end().await, "no_policy");
}
