//! Commands that are really run: from a signature to an end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

mod support;

use diwan_protocol::run::{Decision, Outcome};
use support::bridge::Bridge;
use support::plane::Plane;
use support::talk::exec;

#[tokio::test]
async fn a_machine_joins_connects_and_runs_a_command_with_live_output() {
    let plane = Plane::start().await;
    let mut bridge = Bridge::joined(&plane).await;
    bridge.script("talk.sh", "echo first; echo wrong >&2; read line < gate; echo $line; exit 3\n");
    let gate = std::process::Command::new("mkfifo").arg("-m").arg("666").arg(bridge.root().join("gate")).status();
    assert!(gate.unwrap().success());
    bridge.start();
    let machine = plane.meet().await;
    assert_eq!((machine.hello.connections, machine.hello.seen), (1, 0));
    let mut talk = machine.run(&plane, exec(&["sh", "talk.sh"])).await;
    // It is heard while the command still waits for us.
    talk.until(|heard| heard.output == b"first\n" && heard.errors == b"wrong\n").await;
    assert!(talk.heard.started && talk.heard.decision() == Decision::Allow);
    std::fs::write(bridge.root().join("gate"), "second\n").unwrap();
    let heard = talk.until_the_end().await;
    assert_eq!((heard.text().as_str(), heard.outcome()), ("first\nsecond\n", &Outcome::Exited(3)));
    assert!(heard.ended.unwrap().usage.wall_us > 0);
}
