//! Commands that are really run: from a signature to an end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

mod support;

use diwan_protocol::command::{Actor, Approval, Limits};
use diwan_protocol::opening::Judge;
use diwan_protocol::run::{Decision, Outcome, ToCommand, Verdict};
use diwan_protocol::{Command, Opening, Operation, decode, encode};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use support::bridge::{Bridge, POLICY};
use support::plane::{Connection, Plane};
use support::talk::{command, exec, exec_with_input};

async fn running() -> (Plane, Bridge, Connection) {
    let plane = Plane::start().await;
    let mut bridge = Bridge::joined(&plane).await;
    bridge.start();
    let machine = plane.meet().await;
    (plane, bridge, machine)
}

/// A file that a script waits at until it is written to.
fn gate(bridge: &Bridge) -> std::path::PathBuf {
    let gate = bridge.root().join("gate");
    let made = std::process::Command::new("mkfifo").arg("-m").arg("666").arg(&gate).status().unwrap();
    assert!(made.success());
    gate
}

#[tokio::test]
async fn a_machine_joins_connects_and_runs_a_command_with_live_output() {
    let (plane, bridge, machine) = running().await;
    bridge.script("talk.sh", "echo first; echo wrong >&2; read line < gate; echo $line; exit 3\n");
    let gate = gate(&bridge);
    assert_eq!((machine.hello.connections, machine.hello.seen), (1, 0));
    let mut talk = machine.run(&plane, exec(&["sh", "talk.sh"])).await;
    // It is heard while the command still waits for us.
    talk.until(|heard| heard.output == b"first\n" && heard.errors == b"wrong\n").await;
    assert!(talk.heard.started && talk.heard.decision() == Decision::Allow);
    std::fs::write(gate, "second\n").unwrap();
    let heard = talk.until_the_end().await;
    assert_eq!((heard.text().as_str(), heard.outcome()), ("first\nsecond\n", &Outcome::Exited(3)));
    let usage = heard.ended.unwrap().usage;
    assert!(usage.wall_us > 0 && usage.memory_bytes > 0);
}

#[tokio::test]
async fn input_is_given_at_its_places_and_signals_arrive() {
    let (plane, bridge, machine) = running().await;
    bridge.script(
        "echo.sh",
        "trap 'echo signalled' USR1; echo ready; while read line; do echo got $line; done; echo end\n",
    );
    let mut talk = machine.run(&plane, exec_with_input(&["sh", "echo.sh"])).await;
    talk.until(|heard| heard.text().contains("ready")).await;
    talk.input(0, b"one\ntw").await;
    // What was given before is passed over.
    talk.input(4, b"two\n").await;
    talk.until(|heard| heard.text().ends_with("got two\n") && heard.input_taken == 8).await;
    talk.send(&ToCommand::Signal(10)).await;
    talk.until(|heard| heard.text().contains("signalled")).await;
    talk.send(&ToCommand::InputEnds).await;
    let heard = talk.until_the_end().await;
    assert_eq!(heard.text(), "ready\ngot one\ngot two\nsignalled\nend\n");
    assert_eq!(heard.outcome(), &Outcome::Exited(0));
}

#[tokio::test]
async fn a_signal_that_kills_is_how_it_ended() {
    let (plane, bridge, machine) = running().await;
    bridge.script("wait.sh", "echo ready; read line < gate\n");
    gate(&bridge);
    for (signal, outcome) in [(2, Outcome::Signalled(2)), (9, Outcome::Signalled(9))] {
        let mut talk = machine.run(&plane, exec(&["sh", "wait.sh"])).await;
        talk.until(|heard| heard.text() == "ready\n").await;
        talk.send(&ToCommand::Signal(signal)).await;
        assert_eq!(talk.until_the_end().await.outcome(), &outcome);
    }
}

#[tokio::test]
async fn cancelling_asks_first_and_then_makes_it_stop() {
    let (plane, bridge, machine) = running().await;
    bridge.script("polite.sh", "trap 'echo stopping; exit 0' TERM; echo ready; while :; do read line < gate; done\n");
    bridge
        .script("stubborn.sh", "trap '' TERM; (trap '' TERM; read line < gate) & echo ready; wait; read line < gate\n");
    gate(&bridge);
    let mut polite = machine.run(&plane, exec(&["sh", "polite.sh"])).await;
    let mut stubborn = machine.run(&plane, exec(&["sh", "stubborn.sh"])).await;
    for talk in [&mut polite, &mut stubborn] {
        talk.until(|heard| heard.text() == "ready\n").await;
        talk.send(&ToCommand::Cancel).await;
    }
    let heard = polite.until_the_end().await;
    assert_eq!((heard.text().as_str(), heard.outcome()), ("ready\nstopping\n", &Outcome::Cancelled));
    let heard = stubborn.until_the_end().await;
    assert_eq!(heard.outcome(), &Outcome::Cancelled);
    let wall_us = heard.ended.unwrap().usage.wall_us;
    assert!((5_000_000..20_000_000).contains(&wall_us), "{wall_us}");
}

#[tokio::test]
async fn cancelling_reaches_every_process_and_leaves_none() {
    let (plane, bridge, machine) = running().await;
    bridge
        .script("child.sh", "trap 'echo yes > reached; exit 0' TERM; echo ready; while :; do read line < gate; done\n");
    // It outlives its child, so that the child has the time to write; and nobody waits for the stubborn one.
    bridge.script(
        "parent.sh",
        "trap 'echo parent' TERM; (trap '' TERM; read line < gate) & sh child.sh & wait $!; wait $!; exit 0\n",
    );
    let gate = gate(&bridge);
    let mut talk = machine.run(&plane, exec(&["sh", "parent.sh"])).await;
    talk.until(|heard| heard.text() == "ready\n").await;
    talk.send(&ToCommand::Cancel).await;
    let heard = talk.until_the_end().await;
    assert_eq!((heard.text().as_str(), heard.outcome()), ("ready\nparent\n", &Outcome::Cancelled));
    assert_eq!(std::fs::read_to_string(bridge.root().join("reached")).unwrap(), "yes\n");
    let wall_us = heard.ended.unwrap().usage.wall_us;
    assert!(wall_us < 5_000_000, "it was not killed but asked: {wall_us}");
    // Who still waits at the gate would let it be opened.
    let opened = rustix::fs::open(&gate, OFlags::WRONLY | OFlags::NONBLOCK, Mode::empty());
    assert_eq!(opened.map(drop), Err(Errno::NXIO));
}

#[tokio::test]
async fn it_takes_no_longer_and_says_no_more_than_its_rule_allows() {
    let (plane, bridge, mut machine) = running().await;
    bridge.write_policy(&POLICY.replace("profile = \"scripts\"", "profile = \"little\""));
    machine.hello.policy = support::talk::next_policy(&mut machine).await;
    bridge.script("long.sh", "exec tail -f /dev/null\n");
    bridge.script("much.sh", "exec yes\n");
    let heard = machine.run(&plane, exec(&["sh", "long.sh"])).await.until_the_end().await;
    assert_eq!(heard.outcome(), &Outcome::TimedOut);
    let heard = machine.run(&plane, exec(&["sh", "much.sh"])).await.until_the_end().await;
    assert_eq!(heard.outcome(), &Outcome::OverLimit("it said more than it may".to_owned()));
    assert_eq!(heard.output.len(), 1024 * 1024);
}

#[tokio::test]
async fn limits_of_its_own_count_where_its_rule_grants_more() {
    let (plane, bridge, machine) = running().await;
    bridge.script("much.sh", "exec yes\n");
    bridge.script("files.sh", "ulimit -n\n");
    let run = async |script: &str, limits: Limits| {
        let command = Command { limits: Some(limits), ..command(&plane, &machine, exec(&["sh", script])) };
        machine.bring(&plane.signing.sign(&command)).await.until_the_end().await
    };
    let heard = run("much.sh", Limits { output_bytes: Some(4096), ..Limits::default() }).await;
    assert_eq!(heard.outcome(), &Outcome::OverLimit("it said more than it may".to_owned()));
    assert_eq!(heard.output.len(), 4096);
    // The rule grants 256 open files.
    for (asked, given) in [(64, "64\n"), (100_000, "256\n")] {
        let heard = run("files.sh", Limits { open_files: Some(asked), ..Limits::default() }).await;
        assert_eq!((heard.text().as_str(), heard.outcome()), (given, &Outcome::Exited(0)));
    }
}

#[tokio::test]
async fn f38_nobody_who_reads_slowly_holds_a_command_up() {
    let (plane, mut bridge, machine) = running().await;
    bridge.script("much.sh", "head -c 30000000 /dev/zero | tr '\\0' x; echo done > finished\n");
    let mut talk = machine.run(&plane, exec(&["sh", "much.sh"])).await;
    talk.until(|heard| heard.started).await;
    // Nothing more is read here, and yet it comes to its end.
    let finished = bridge.root().join("finished");
    bridge.wait_for_log("ended: Exited(0)").await;
    assert!(finished.exists());
    let heard = talk.until_the_end().await;
    assert_eq!(heard.output.len(), 30_000_000);
    assert!(heard.output.iter().all(|byte| *byte == b'x'));
}

#[tokio::test]
async fn many_at_once_keep_apart() {
    let (plane, bridge, machine) = running().await;
    bridge.script("one.sh", "echo $1; echo $1 >&2; exit $1\n");
    let mut talks = vec![];
    for number in 0..50 {
        let mut talk = machine.run(&plane, exec(&["sh", "one.sh", &number.to_string()])).await;
        // Some have nothing more to say to it, and still want to hear its end.
        if number % 2 == 0 {
            talk.stream.finish();
        }
        talks.push((number, talk));
    }
    for (number, talk) in talks {
        let heard = talk.until_the_end().await;
        let line = format!("{number}\n");
        assert_eq!(
            (heard.text(), heard.errors, heard.ended.unwrap().outcome),
            (line.clone(), line.into(), Outcome::Exited(number))
        );
    }
}

#[tokio::test]
async fn what_is_denied_says_why_and_what_is_asked_needs_somebody_else() {
    let (plane, bridge, machine) = running().await;
    std::fs::write(bridge.root().join("note"), "hello\n").unwrap();
    let heard = machine.run(&plane, exec(&["sh", "-c", "id"])).await.until_the_end().await;
    assert_eq!(heard.decision(), Decision::Deny);
    assert!(matches!(heard.outcome(), Outcome::NotStarted(_)) && !heard.started);
    let heard = machine.run(&plane, exec(&["cat", "note"])).await.until_the_end().await;
    assert_eq!((heard.decision(), heard.started), (Decision::Ask, false));
    for (by, starts) in [("usr_1", false), ("usr_2", true)] {
        let mut command = command(&plane, &machine, exec(&["cat", "note"]));
        let by = Actor { id: by.to_owned(), name: "Badr".to_owned() };
        command.approval = Some(Approval { id: "apv_1".to_owned(), by, at_ms: command.issued_ms });
        let heard = machine.bring(&plane.signing.sign(&command)).await.until_the_end().await;
        assert_eq!((heard.started, heard.text() == "hello\n"), (starts, starts));
    }
}

#[tokio::test]
async fn the_policy_can_be_asked_without_anything_happening() {
    let (_plane, _bridge, machine) = running().await;
    for (argv, decision) in
        [(["true", "x"], Decision::Allow), (["cat", "x"], Decision::Ask), (["rm", "x"], Decision::Deny)]
    {
        let mut stream = machine.link.open(diwan_link::Priority::Interactive, encode(&Opening::Judge).into()).unwrap();
        let actor = Actor { id: "usr_1".to_owned(), name: "Amina".to_owned() };
        stream.send(encode(&Judge { operation: exec(&argv), actor }).into()).await.unwrap();
        let verdict: Verdict = decode(&stream.receive().await.unwrap().unwrap()).unwrap().unwrap();
        assert_eq!((verdict.decision, stream.receive().await), (decision, Ok(None)), "{argv:?}");
        stream.finish();
    }
}

#[tokio::test]
async fn nothing_is_done_at_once_under_any_policy_and_leaves_nothing_behind() {
    let plane = Plane::start().await;
    let mut bridge = Bridge::joined(&plane).await;
    std::fs::remove_file(bridge.policy()).unwrap();
    bridge.start();
    let machine = plane.meet().await;
    let journal = || std::fs::read(bridge.state().join("journal")).unwrap();
    let before = journal();
    let denied = machine.run(&plane, exec(&["true"])).await.until_the_end().await;
    assert_eq!((denied.code(), denied.started), ("no_policy", false));
    let signed = plane.signing.sign(&command(&plane, &machine, Operation::Noop));
    for is_first in [true, false] {
        let heard = machine.bring(&signed).await.until_the_end().await;
        let verdict = heard.verdict.clone().unwrap();
        if !is_first {
            assert_eq!((heard.code(), heard.started), ("replay", false));
            continue;
        }
        assert_eq!((verdict.decision, verdict.rule, verdict.argv), (Decision::Allow, None, vec![]));
        assert_eq!((heard.started, heard.outcome(), heard.output.len()), (true, &Outcome::Exited(0), 0));
    }
    let talks = futures::future::join_all((0..200).map(|_| machine.run(&plane, Operation::Noop))).await;
    for heard in futures::future::join_all(talks.into_iter().map(|talk| talk.until_the_end())).await {
        assert_eq!(heard.outcome(), &Outcome::Exited(0));
    }
    assert!(journal() == before && !bridge.state().join("spool").read_dir().unwrap().any(|_| true));
}

#[tokio::test]
async fn what_is_forgotten_is_gone_and_its_id_is_used() {
    let (plane, bridge, mut machine) = running().await;
    bridge.script("say.sh", "echo something\n");
    let first = command(&plane, &machine, exec(&["sh", "say.sh"]));
    machine.bring(&plane.signing.sign(&first)).await.until_the_end().await;
    assert_eq!(std::fs::read_dir(bridge.state().join("spool")).unwrap().count(), 2, "the output and its marks");
    machine.tell(&diwan_protocol::control::ToBridge::Forget(vec![first.id.clone(), "cmd_never".to_owned()])).await;
    // What is told after it is heard after it, so that it is done by then.
    machine.until_policy_is_told(&bridge).await;
    assert_eq!(std::fs::read_dir(bridge.state().join("spool")).unwrap().count(), 0);
    let heard = machine.follow(&first.id, Default::default()).await.until_the_end().await;
    assert_eq!(heard.outcome(), &Outcome::Forgotten);
    let mut again = command(&plane, &machine, exec(&["sh", "say.sh"]));
    again.id = first.id;
    let heard = machine.bring(&plane.signing.sign(&again)).await.until_the_end().await;
    assert_eq!((heard.code(), heard.started), ("replay", false));
}

#[tokio::test]
async fn f85_a_script_changes_nothing_of_a_repository_that_runs_later() {
    let (plane, bridge, machine) = running().await;
    for directory in ["", "shop", "team/app"] {
        let git = bridge.root().join(directory).join(".git");
        std::fs::create_dir_all(git.join("modules/sub")).unwrap();
        std::fs::write(git.join("modules/sub/config"), "[core]\n").unwrap();
    }
    let everybody = std::process::Command::new("chmod").args(["-R", "777"]).arg(bridge.root()).status().unwrap();
    assert!(everybody.success());
    bridge.script(
        "evil.sh",
        "for p in . shop team/app; do for f in config commondir hooks/post-checkout modules/sub/config; do \
         mkdir -p $p/.git/hooks 2>/dev/null; echo x 2>/dev/null >> $p/.git/$f && echo wrote $p $f; done; \
         mv $p/.git $p/old 2>/dev/null && echo moved $p; done; mv team other 2>/dev/null && echo moved team; echo made > shop/made; echo end\n",
    );
    let heard = machine.run(&plane, exec(&["sh", "evil.sh"])).await.until_the_end().await;
    assert_eq!((heard.text().as_str(), heard.outcome()), ("end\n", &Outcome::Exited(0)));
    assert!(bridge.root().join("shop/made").exists());
}
