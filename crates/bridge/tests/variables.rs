//! Commands that are given variables and secrets, carried out by a real bridge in its sandbox.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

mod support;

use std::path::Path;

use diwan_protocol::command::{Files, Place, Terminal};
use diwan_protocol::control::ability;
use diwan_protocol::environment::{Brought, Environment, Promised, SecretText, Variable};
use diwan_protocol::run::{Decision, Outcome, ToCommand};
use diwan_protocol::{Command, Operation};
use support::bridge::{Bridge, POLICY};
use support::plane::{Connection, Plane};
use support::talk::{Heard, command, exec};

/// What must be found nowhere.
const TOKEN: &str = "canary/7f3a+9c1e\"b2d4\"-token";
const KEY: &str =
    "-----BEGIN CANARY KEY-----\nY2FuYXJ5LWtleS1saW5lLW9uZQ\nY2FuYXJ5LWtleS1saW5lLXR3bw\n-----END CANARY KEY-----\n";

/// Besides the scripts: files and a terminal, which are given nothing, and a rule whose variables are its own.
const MORE: &str = r#"
[[rules]]
name = "files"
operations = ["files.list"]
class = "reads"
decision = "allow"

[[rules]]
name = "terminal"
operations = ["terminal"]
program = "sh"
class = "writes"
decision = "allow"
"#;

async fn running() -> (Plane, Bridge, Connection) {
    let plane = Plane::start().await;
    let mut bridge = Bridge::joined(&plane).await;
    let own = "program = \"sh\"\nenvironment = { set = { MODE = \"of the policy\" } }";
    bridge.write_policy(&format!("{}{MORE}", POLICY.replacen("program = \"sh\"", own, 1)));
    bridge.start();
    let machine = plane.meet().await;
    (plane, bridge, machine)
}

fn plain(name: &str, value: &str) -> Environment {
    Environment { plain: vec![Variable { name: name.to_owned(), value: value.to_owned() }], secret: None }
}

fn brought(values: &[&str]) -> Brought {
    Brought { salt: [9; 32].into(), values: values.iter().map(|v| SecretText::new((*v).to_owned())).collect() }
}

fn promised(names: &[&str], values: &[&str]) -> Environment {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    Environment { plain: vec![], secret: Some(Promised::new(names, &brought(values))) }
}

fn gate(bridge: &Bridge) {
    let made = std::process::Command::new("mkfifo").arg("-m").arg("666").arg(bridge.root().join("gate")).status();
    assert!(made.unwrap().success());
}

/// All files below a directory, with what is in them.
fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = vec![];
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.is_file() {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    found
}

fn is_in(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

fn not_started(heard: &Heard) -> &str {
    match heard.outcome() {
        Outcome::NotStarted(why) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_bridge_says_that_it_can_give_variables() {
    let (_plane, _bridge, machine) = running().await;
    assert!(machine.hello.is_able(ability::VARIABLES));
}

#[tokio::test]
async fn a_command_is_given_plain_variables_and_those_of_the_policy_count_more() {
    let (plane, bridge, machine) = running().await;
    bridge.script("say.sh", "echo \"$GREETING|$MODE|$EMPTY|$PATH\"\n");
    let mut environment = plain("GREETING", "مرحبا\nthere");
    for (name, value) in [("MODE", "of the command"), ("EMPTY", "")] {
        environment.plain.push(Variable { name: name.to_owned(), value: value.to_owned() });
    }
    let heard = machine.run_given(&plane, exec(&["sh", "say.sh"]), environment, None).await.until_the_end().await;
    assert!(heard.text().starts_with("مرحبا\nthere|of the policy||/"), "{}", heard.text());
}

#[tokio::test]
async fn f91_a_secret_is_given_and_is_seen_nowhere_however_it_is_said() {
    let (plane, mut bridge, machine) = running().await;
    gate(&bridge);
    bridge.script(
        "leak.sh",
        "echo \"it is $TOKEN.\"; echo \"error: $TOKEN\" >&2
         test ${#TOKEN} = 28 && echo whole
         printf %s \"$TOKEN\" | base64 -w0; echo
         printf 'user:%s' \"$TOKEN\" | base64 -w0; echo
         echo \"$KEY\"; printf %s \"$KEY\" | base64
         echo \"$KEY\" | while read line; do echo \"> $line\"; done
         printf '%s' \"$TOKEN\" | sed 's,\",\\\\\",g'; echo
         printf 'half: canary/7f3a+'; read line < gate; printf '9c1e\"b2d4\"-token;'; printf 'canary/7f3a+9c'; echo
         head -c 65530 /dev/zero | tr '\\0' x; echo \"$TOKEN\"; env | sort\n",
    );
    let environment = promised(&["TOKEN", "KEY"], &[TOKEN, KEY]);
    let mut talk = machine.run_given(&plane, exec(&["sh", "leak.sh"]), environment, Some(brought(&[TOKEN, KEY]))).await;
    talk.until(|heard| heard.text().contains("half: ")).await;
    // However long nothing comes, half of it is not shown.
    assert!(talk.heard.text().ends_with("half: "), "{}", talk.heard.text());
    std::fs::write(bridge.root().join("gate"), "go\n").unwrap();
    let heard = talk.until_the_end().await;
    let (output, errors) = (heard.text(), String::from_utf8_lossy(&heard.errors).into_owned());
    assert_eq!(heard.outcome(), &Outcome::Exited(0));
    assert!(output.starts_with("it is ***.\nwhole\n***\n"), "{output}");
    assert!(output.contains("half: ***;canary/7f3a+9c\n"), "what only began like one is shown: {output}");
    assert!(output.contains(&format!("{}***\n", "x".repeat(65_530))) && output.contains("TOKEN=***\n"), "{output}");
    assert_eq!(errors, "error: ***\n");
    let wanted =
        ["canary/7f3a+9c1e", "b2d4", "CANARY KEY", "Y2FuYXJ5LWtleS", "Y2FuYXJ5LzdmM2Er", "LS0tLS1CRUdJTiBDQU5"];
    for part in wanted {
        assert!(!output.contains(part), "{part} in {output}");
    }
    let spool = files(&bridge.state());
    assert!(spool.iter().any(|(_, bytes)| is_in(bytes, "it is ***.")), "the output is kept there");
    bridge.signal(rustix::process::Signal::TERM);
    bridge.wait();
    let log = bridge.rest_of_log().await;
    for (name, bytes) in files(&bridge.state()).into_iter().chain(spool).chain([("log".to_owned(), log.into_bytes())]) {
        for part in [TOKEN, "canary/7f3a+9c1e", "CANARY KEY", "Y2FuYXJ5"] {
            assert!(!is_in(&bytes, part), "{part} in {name}");
        }
    }
}

#[tokio::test]
async fn what_does_not_come_or_is_not_what_was_promised_starts_nothing() {
    let (plane, bridge, machine) = running().await;
    bridge.script("mark.sh", "echo ran > ran\n");
    let wanted = || exec(&["sh", "mark.sh"]);
    let environment = || promised(&["TOKEN"], &[TOKEN]);
    for wrong in [brought(&["another value"]), brought(&[]), brought(&[TOKEN, TOKEN])] {
        let heard = machine.run_given(&plane, wanted(), environment(), Some(wrong)).await.until_the_end().await;
        assert_eq!(not_started(&heard), "its secrets are not those that were promised when it was signed");
        assert_eq!(heard.decision(), Decision::Allow);
    }
    let heard = machine.run_given(&plane, wanted(), environment(), None).await.until_the_end().await;
    assert!(not_started(&heard).starts_with("its secrets did not come"), "{heard:?}");
    assert_eq!((heard.decision(), heard.code()), (Decision::Deny, "secrets_missing"));
    // Whoever stops it need not wait for that.
    let mut talk = machine.run_given(&plane, wanted(), environment(), None).await;
    talk.send(&ToCommand::Cancel).await;
    assert_eq!(not_started(&talk.until_the_end().await), "it was cancelled before its secrets came");
    assert!(!bridge.root().join("ran").exists());
    // It goes on all the same for whoever brings what was promised.
    let given = machine.run_given(&plane, wanted(), environment(), Some(brought(&[TOKEN]))).await;
    assert_eq!(given.until_the_end().await.outcome(), &Outcome::Exited(0));
    assert!(bridge.root().join("ran").exists());
}

#[tokio::test]
async fn secrets_that_nobody_promised_break_the_stream_and_nothing_else() {
    let (plane, bridge, machine) = running().await;
    gate(&bridge);
    bridge.script("wait.sh", "echo ready; read line < gate; echo \"$line\"\n");
    let wanted = command(&plane, &machine, exec(&["sh", "wait.sh"]));
    let mut talk = machine.bring(&plane.signing.sign(&wanted)).await;
    talk.until(|heard| heard.text() == "ready\n").await;
    talk.send(&ToCommand::Secrets(brought(&[TOKEN]))).await;
    let heard = talk.while_it_lasts().await;
    assert!(heard.ended.is_none(), "{heard:?}");
    std::fs::write(bridge.root().join("gate"), "go\n").unwrap();
    let heard = machine.follow(&wanted.id, heard).await.until_the_end().await;
    assert_eq!((heard.text().as_str(), heard.outcome()), ("ready\ngo\n", &Outcome::Exited(0)));
}

#[tokio::test]
async fn f80_the_machine_takes_no_variable_that_changes_what_programs_do_whoever_signed_it() {
    let (plane, bridge, machine) = running().await;
    bridge.script("mark.sh", "echo ran > ran\n");
    for name in ["LD_PRELOAD", "PATH", "BASH_ENV", "GIT_SSH_COMMAND", "HTTPS_PROXY", "NODE_OPTIONS"] {
        let wanted = exec(&["sh", "mark.sh"]);
        let heard = machine.run_given(&plane, wanted, plain(name, "x"), None).await.until_the_end().await;
        assert_eq!((heard.decision(), heard.code()), (Decision::Deny, "variable_denied"), "{name}");
        let environment = promised(&[name], &[TOKEN]);
        let given = machine.run_given(&plane, exec(&["sh", "mark.sh"]), environment, Some(brought(&[TOKEN]))).await;
        let heard = given.while_it_lasts().await;
        assert_eq!((heard.decision(), heard.code()), (Decision::Deny, "variable_denied"), "{name}");
    }
    assert!(!bridge.root().join("ran").exists());
}

#[tokio::test]
async fn only_programs_in_the_sandbox_are_given_variables() {
    let (plane, _bridge, machine) = running().await;
    let place = || Place { root: "work".to_owned(), path: String::new() };
    let terminal =
        Terminal { session: "t".to_owned(), place: place(), columns: 80, rows: 24, read_only: false, recorded: None };
    for operation in [Operation::Terminal(terminal), Operation::Files(Files::List(place())), Operation::Noop] {
        let wanted = Command { environment: Some(plain("CI", "true")), ..command(&plane, &machine, operation) };
        let heard = machine.bring(&plane.signing.sign(&wanted)).await.until_the_end().await;
        assert_eq!((heard.decision(), heard.code()), (Decision::Deny, "variables_not_here"), "{wanted:?}");
    }
}

/// What is found out by what is kept in memory: the value is gone from it once the program runs.
#[tokio::test]
async fn the_bridge_does_not_hold_a_secret_that_it_has_handed_over() {
    let (plane, bridge, machine) = running().await;
    gate(&bridge);
    bridge.script("wait.sh", "echo ready; read line < gate; echo \"$TOKEN\"\n");
    let environment = promised(&["TOKEN"], &[TOKEN]);
    let mut talk = machine.run_given(&plane, exec(&["sh", "wait.sh"]), environment, Some(brought(&[TOKEN]))).await;
    talk.until(|heard| heard.text() == "ready\n").await;
    for (what, bytes) in memory(bridge.pid()) {
        assert!(!is_in(&bytes, TOKEN), "the bridge holds it in {what}");
    }
    std::fs::write(bridge.root().join("gate"), "go\n").unwrap();
    assert_eq!(talk.until_the_end().await.text(), "ready\n***\n", "and yet it knows it again");
}

/// What a process can have written, stretch by stretch.
fn memory(pid: u32) -> Vec<(String, Vec<u8>)> {
    use std::os::unix::fs::FileExt;
    let mem = std::fs::File::open(format!("/proc/{pid}/mem")).unwrap();
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let read = |line: &str| {
        let mut words = line.split_whitespace();
        let (begin, end) = words.next()?.split_once('-')?;
        words.next().filter(|access| access.starts_with("rw"))?;
        let parse = |text| u64::from_str_radix(text, 16).ok();
        let (begin, end) = (parse(begin)?, parse(end)?);
        let mut bytes = vec![0; usize::try_from(end - begin).ok()?];
        // What was unmapped meanwhile is not held.
        mem.read_exact_at(&mut bytes, begin).ok()?;
        Some((line.to_owned(), bytes))
    };
    maps.lines().filter_map(read).collect()
}
