//! Connections that break, and processes that die: what was said is neither lost nor said twice.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

mod support;

use std::time::Duration;

use diwan_protocol::control::{FromBridge, ToBridge};
use diwan_protocol::decode;
use diwan_protocol::run::{Outcome, ToCommand};
use rustix::process::Signal;
use support::bridge::Bridge;
use support::plane::Plane;
use support::talk::{Heard, command, exec, exec_with_input};

/// What the script below says.
const SAID: usize = 3_000_000;
const SCRIPT: &str = "seq 1 10000000 | head -c 3000000; seq 1 10000000 | tail -c 50000 | head -c 40000 >&2; exit 7\n";

fn expected() -> Vec<u8> {
    (1..).flat_map(|n| format!("{n}\n").into_bytes()).take(SAID).collect()
}

#[tokio::test]
async fn f30_f31_output_is_whole_however_often_the_connection_is_cut() {
    let plane = Plane::start().await;
    let mut bridge = Bridge::joined(&plane).await;
    bridge.script("say.sh", SCRIPT);
    bridge.start();
    let mut machine = plane.meet().await;
    let first = command(&plane, &machine, exec(&["sh", "say.sh"]));
    let mut talk = machine.bring(&plane.signing.sign(&first)).await;
    let mut cuts = 0;
    // Cut after a different amount each time: within the first pieces, and later between others.
    for enough in [1, 40_000, 100_000, 100_001, 700_000, 1_300_000, 2_999_999] {
        while talk.heard.output.len() < enough && talk.next().await.unwrap().is_some() {}
        machine.wire.cut();
        let heard = talk.while_it_lasts().await;
        cuts += 1;
        machine = plane.meet().await;
        assert_eq!(machine.hello.commands, std::slice::from_ref(&first.id));
        talk = machine.follow(&first.id, heard).await;
    }
    let heard = talk.until_the_end().await;
    assert_eq!((cuts, heard.outcome()), (7, &Outcome::Exited(7)));
    assert!(heard.output == expected(), "the output is another");
    assert_eq!(heard.errors.len(), 40_000);
    assert!(heard.verdict.is_some() && heard.started);
    // From the beginning once more, and from the end: it is all still there.
    let again = machine.follow(&first.id, Heard::default()).await.until_the_end().await;
    assert!(again.output == heard.output && again.errors == heard.errors);
}

#[tokio::test]
async fn input_goes_on_where_it_was_when_the_connection_broke() {
    let plane = Plane::start().await;
    let mut bridge = Bridge::joined(&plane).await;
    bridge.script("copy.sh", "exec cat\n");
    bridge.start();
    let machine = plane.meet().await;
    let first = command(&plane, &machine, exec_with_input(&["sh", "copy.sh"]));
    let mut talk = machine.bring(&plane.signing.sign(&first)).await;
    talk.input(0, b"one ").await;
    talk.until(|heard| heard.output == b"one ").await;
    machine.wire.cut();
    let heard = talk.while_it_lasts().await;
    let machine = plane.meet().await;
    let mut talk = machine.follow(&first.id, heard).await;
    talk.input(0, b"one two").await;
    talk.send(&ToCommand::InputEnds).await;
    let heard = talk.until_the_end().await;
    assert_eq!((heard.text().as_str(), heard.outcome()), ("one two", &Outcome::Exited(0)));
}

#[tokio::test]
async fn a_bridge_that_dies_in_the_middle_takes_its_commands_along_and_says_once_that_nobody_knows() {
    let plane = Plane::start().await;
    let mut bridge = Bridge::joined(&plane).await;
    bridge.script("half.sh", "echo run >> trace; echo before; read line < gate; echo after; echo survived >> trace\n");
    let made = std::process::Command::new("mkfifo").arg("-m").arg("666").arg(bridge.root().join("gate")).status();
    assert!(made.unwrap().success());
    bridge.script("whole.sh", "echo whole\n");
    bridge.start();
    let machine = plane.meet().await;
    let whole = command(&plane, &machine, exec(&["sh", "whole.sh"]));
    machine.bring(&plane.signing.sign(&whole)).await.until_the_end().await;
    let half = command(&plane, &machine, exec(&["sh", "half.sh"]));
    let mut talk = machine.bring(&plane.signing.sign(&half)).await;
    talk.until(|heard| heard.output == b"before\n").await;
    bridge.kill();
    let heard = talk.while_it_lasts().await;
    assert!(heard.ended.is_none());
    for _ in 0..2 {
        bridge.start();
        let machine = plane.meet().await;
        assert_eq!(machine.hello.commands, [whole.id.clone(), half.id.clone()]);
        let half = machine.follow(&half.id, Heard::default()).await.until_the_end().await;
        assert_eq!((half.text().as_str(), half.outcome(), half.started), ("before\n", &Outcome::Unknown, true));
        let whole = machine.follow(&whole.id, Heard::default()).await.until_the_end().await;
        assert_eq!((whole.text().as_str(), whole.outcome()), ("whole\n", &Outcome::Exited(0)));
        bridge.kill();
    }
    // Whoever waits at the gate now would be a process that outlived its bridge.
    let gate = std::fs::OpenOptions::new().write(true).custom_flags(nonblocking()).open(bridge.root().join("gate"));
    assert_eq!(gate.unwrap_err().raw_os_error(), Some(rustix::io::Errno::NXIO.raw_os_error()));
    assert_eq!(std::fs::read_to_string(bridge.root().join("trace")).unwrap(), "run\n");
}

#[tokio::test]
async fn an_end_whose_output_was_lost_with_the_power_is_told_as_one_that_nobody_knows() {
    let plane = Plane::start().await;
    let mut bridge = Bridge::joined(&plane).await;
    bridge.script("say.sh", "echo whole; echo wrong >&2\n");
    bridge.start();
    let machine = plane.meet().await;
    let commands = [(); 4].map(|()| command(&plane, &machine, exec(&["sh", "say.sh"])));
    for command in &commands {
        machine.bring(&plane.signing.sign(command)).await.until_the_end().await;
    }
    bridge.kill();
    // The journal came to the disk, and of what was said all, a part, its length alone, or not even the name.
    let spool = |number: usize, channel: u8| bridge.state().join(format!("spool/{}.{channel}", commands[number].id));
    std::fs::write(spool(1, 1), "who").unwrap();
    std::fs::write(spool(2, 1), [0; 6]).unwrap();
    std::fs::remove_file(spool(3, 1)).unwrap();
    std::fs::remove_file(spool(3, 2)).unwrap();
    let lost = ("", Outcome::Unknown);
    let told = [("whole\n", Outcome::Exited(0)), lost.clone(), lost.clone(), lost];
    for _ in 0..2 {
        bridge.start();
        let machine = plane.meet().await;
        for (command, (text, outcome)) in commands.iter().zip(&told) {
            let heard = machine.follow(&command.id, Heard::default()).await.until_the_end().await;
            assert_eq!((heard.text().as_str(), heard.outcome(), heard.started), (*text, outcome, true));
        }
        bridge.kill();
    }
}

use std::os::unix::fs::OpenOptionsExt;

fn nonblocking() -> i32 {
    rustix::fs::OFlags::NONBLOCK.bits().try_into().unwrap()
}

#[tokio::test]
async fn what_is_forgotten_stays_so_after_a_crash() {
    let plane = Plane::start().await;
    let mut bridge = Bridge::joined(&plane).await;
    bridge.script("say.sh", "echo x\n");
    bridge.start();
    let mut machine = plane.meet().await;
    let first = command(&plane, &machine, exec(&["sh", "say.sh"]));
    machine.bring(&plane.signing.sign(&first)).await.until_the_end().await;
    machine.tell(&ToBridge::Forget(vec![first.id.clone()])).await;
    machine.until_policy_is_told(&bridge).await;
    bridge.kill();
    bridge.start();
    let machine = plane.meet().await;
    assert_eq!((machine.hello.commands.len(), machine.hello.seen), (0, 1));
}

#[tokio::test]
async fn f24_f25_a_connection_that_is_only_half_open_is_given_up_and_made_anew() {
    let plane = Plane::start().await;
    let mut bridge = Bridge::joined(&plane).await;
    bridge.start();
    let machine = plane.meet().await;
    // The machine's end stays open and hears nothing more, as when a packet filter swallows everything.
    machine.wire.freeze().await;
    let began = support::plane::now();
    let again = plane.meet().await;
    assert_eq!((again.hello.connections, again.hello.boot), (machine.hello.connections + 1, machine.hello.boot));
    assert!(support::plane::now() - began < Duration::from_secs(30), "{:?}", support::plane::now() - began);
}

#[tokio::test]
async fn f33_a_bridge_stays_away_as_long_as_it_is_asked_to() {
    let plane = Plane::start().await;
    let mut bridge = Bridge::joined(&plane).await;
    bridge.start();
    let machine = plane.meet().await;
    machine.link.close(Duration::from_secs(2), "the control plane is being updated");
    let began = support::plane::now();
    let again = plane.meet().await;
    let away = support::plane::now() - began;
    assert!((Duration::from_millis(1900)..Duration::from_secs(5)).contains(&away), "{away:?}");
    // Also when it is told so before any WebSocket.
    again.wire.cut();
    plane.turn_away("HTTP/1.1 503 Service Unavailable\r\nretry-after: 2\r\ncontent-length: 0\r\n\r\n").await;
    let began = support::plane::now();
    plane.meet().await;
    let away = support::plane::now() - began;
    assert!((Duration::from_millis(1900)..Duration::from_secs(5)).contains(&away), "{away:?}");
}

#[tokio::test]
async fn f43_a_control_plane_of_another_authority_hears_nothing() {
    let plane = Plane::start().await;
    let mut bridge = Bridge::joined(&plane).await;
    let at = plane.address;
    drop(plane);
    let rogue = Plane::start_at(at).await;
    bridge.start();
    assert!(rogue.accept().await.is_none());
    bridge.wait_for_log("is not the control plane with this fingerprint").await;
}

#[tokio::test]
async fn whoever_stops_the_bridge_has_its_commands_stopped_and_the_control_plane_told() {
    let plane = Plane::start().await;
    let mut bridge = Bridge::joined(&plane).await;
    bridge.script("wait.sh", "echo ready; exec tail -f /dev/null\n");
    bridge.start();
    let mut machine = plane.meet().await;
    let mut talk = machine.run(&plane, exec(&["sh", "wait.sh"])).await;
    talk.until(|heard| heard.output == b"ready\n").await;
    bridge.signal(Signal::TERM);
    assert_eq!(talk.until_the_end().await.outcome(), &Outcome::Cancelled);
    let left = loop {
        match machine.control.receive().await {
            Ok(Some(message)) => match decode(&message).unwrap() {
                Some(FromBridge::Leaving(_)) => break true,
                _ => continue,
            },
            _ => break false,
        }
    };
    assert!(left && bridge.wait().success());
}

#[tokio::test]
async fn a_certificate_that_comes_of_age_is_renewed_over_the_connection() {
    let mut plane = Plane::start().await;
    plane.terms.ends_in = Duration::from_secs(1800);
    let mut bridge = Bridge::joined(&plane).await;
    bridge.start();
    let mut machine = plane.meet().await;
    let request = loop {
        let message = machine.control.receive().await.unwrap().unwrap();
        if let Some(FromBridge::Renew(request)) = decode(&message).unwrap() {
            break request;
        }
    };
    plane.terms.ends_in = Duration::from_secs(1_000_000);
    let identity = std::fs::read(bridge.state().join("identity")).unwrap();
    let chain = plane.certify(&request).into_iter().map(Into::into).collect();
    machine.tell(&ToBridge::Renewed(chain)).await;
    bridge.wait_for_log("is renewed").await;
    assert_ne!(std::fs::read(bridge.state().join("identity")).unwrap(), identity);
    bridge.kill();
    bridge.start();
    plane.meet().await;
}
