//! Scripts that come with a command, really run under the standard policy, some of which mean harm.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

mod support;

use std::net::TcpListener;
use std::path::Path;

use diwan_policy::Preset;
use diwan_protocol::Operation;
use diwan_protocol::command::{Place, Script};
use diwan_protocol::run::{Decision, Outcome};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use support::bridge::Bridge;
use support::plane::{Connection, Plane};
use support::talk::{Heard, next_policy};

async fn running() -> (Plane, Bridge, Connection) {
    let plane = Plane::start().await;
    let mut bridge = Bridge::joined(&plane).await;
    bridge.write_policy(&Preset::Standard.text(&bridge.root()));
    bridge.start();
    let machine = plane.meet().await;
    (plane, bridge, machine)
}

fn script(language: &str, source: &str, arguments: &[&str]) -> Script {
    let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
    let place = Place { root: "projects".to_owned(), path: String::new() };
    Script { language: language.to_owned(), source: source.to_owned(), arguments, place, timeout_ms: None }
}

async fn run(plane: &Plane, machine: &Connection, script: Script) -> Heard {
    machine.run(plane, Operation::Script(script)).await.until_the_end().await
}

/// What this machine lacks is said in words, with the places where it was looked for.
fn is_absent(heard: &Heard, places: &str) -> bool {
    let is_denied = heard.decision() == Decision::Deny;
    if is_denied {
        let words = &heard.verdict.as_ref().unwrap().reasons[0].words;
        assert!(heard.code() == "program_absent" && words.ends_with(places), "{words}");
    }
    is_denied
}

#[tokio::test]
async fn a_script_of_every_language_is_run_as_a_file_with_its_arguments() {
    let (plane, bridge, machine) = running().await;
    bridge.script("shop.py", "price = 7\n");
    let arguments = ["--all", "$(id); x", "", "é\n"];
    let shown = "[\"--all\",\"$(id); x\",\"\",\"é\\n\"]";
    for (language, places, source, said) in [
        (
            "python",
            "/usr/bin/python3, /usr/local/bin/python3",
            "import json, os, sys, shop\nprint(json.dumps(sys.argv[1:], ensure_ascii=False, separators=(',', ':')), \
             os.getcwd(), sys.stdin.read(), os.environ['HOME'], shop.price)\nsys.exit(3)\n",
            format!("{shown} {}  /home/sandbox 7\n", bridge.root().display()),
        ),
        (
            "javascript",
            "/usr/bin/node, /usr/local/bin/node",
            "console.log(JSON.stringify(process.argv.slice(2)), process.cwd());\nprocess.exitCode = 3;\n",
            format!("{shown} {}\n", bridge.root().display()),
        ),
        (
            "shell",
            "/bin/bash, /bin/sh",
            "printf '[%s]' \"$@\"\necho $# $PWD ${0##*/}\nexit 3\n",
            format!("[--all][$(id); x][][é\n]4 {} script.sh\n", bridge.root().display()),
        ),
    ] {
        let heard = run(&plane, &machine, script(language, source, &arguments)).await;
        if is_absent(&heard, places) {
            println!("{language} is not on this machine");
            continue;
        }
        let errors = String::from_utf8_lossy(&heard.errors).into_owned();
        assert_eq!((heard.text(), heard.outcome(), errors.as_str()), (said, &Outcome::Exited(3), ""), "{language}");
        let verdict = heard.verdict.unwrap();
        assert_eq!(
            (verdict.rule.as_deref(), verdict.argv[2..].to_vec()),
            (Some("scripts"), arguments.map(str::to_owned).to_vec())
        );
        assert!(verdict.argv[1].starts_with("script.") && verdict.argv[0].starts_with('/'), "{:?}", verdict.argv);
    }
}

#[tokio::test]
async fn an_interpreter_that_is_not_there_is_named_with_where_it_was_looked_for() {
    let (plane, bridge, mut machine) = running().await;
    let text = std::fs::read_to_string(bridge.policy()).unwrap();
    let without = text.replace("\"/usr/bin/node\", \"/usr/local/bin/node\"", "\"/opt/none/node\", \"~/none/node\"");
    bridge.write_policy(&without);
    machine.hello.policy = next_policy(&mut machine).await;
    let heard = run(&plane, &machine, script("javascript", "1", &[])).await;
    assert!(is_absent(&heard, "`node` is at none of its places on this machine: /opt/none/node, ~/none/node"));
    assert!(!heard.started && matches!(heard.outcome(), Outcome::NotStarted(_)));
    let heard = run(&plane, &machine, script("perl", "print 1", &[])).await;
    let words = &heard.verdict.as_ref().unwrap().reasons[0].words;
    assert!(heard.code() == "language" && words.ends_with("known are python, javascript, shell"), "{words}");
}

/// Tries everything that it must not be able to do, by every way that a shell has.
const EVIL: &str = r#"
echo evil > OUTSIDE/left 2>/dev/null && echo wrote outside
cat STATE/* OUTSIDE/secret /etc/shadow /proc/1/environ /proc/*/root/OUTSIDE/secret 2>/dev/null | grep -a SECRET
ln -s OUTSIDE link-out 2>/dev/null; cat link-out/secret 2>/dev/null; echo x 2>/dev/null > link-out/through && echo wrote through a link
for file in .git/config .git/hooks/post-checkout shop/.git/config shop/.git/new .git/new; do
  mkdir -p "$(dirname $file)" 2>/dev/null; echo evil 2>/dev/null >> $file && echo wrote $file
done
mv .git old 2>/dev/null && echo moved .git
rm -rf .git shop/.git 2>/dev/null; rm -f "$0" 2>/dev/null
for place in /tmp /var/tmp /dev/shm "$HOME" "$(dirname $0)"; do echo evil > $place/MARK 2>/dev/null; done
bash -c 'echo evil > /dev/tcp/127.0.0.1/PORT' 2>/dev/null && echo called
cp /bin/sh ./with-rights 2>/dev/null; chmod 6755 ./with-rights 2>/dev/null && echo lent rights
(setsid sleep 987654321 >/dev/null 2>&1 </dev/null &)
echo evil > made
ls -A /tmp /home | grep -v '^\.tmp'
"#;

#[tokio::test]
async fn f85_a_script_leaves_nothing_behind_and_reaches_nothing_outside_of_its_root() {
    let (plane, bridge, machine) = running().await;
    let (root, outside) = (bridge.root(), bridge.root().parent().unwrap().join("outside"));
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("secret"), "SECRET of the machine\n").unwrap();
    for git in [root.join(".git"), root.join("shop/.git")] {
        std::fs::create_dir_all(git.join("hooks")).unwrap();
        std::fs::write(git.join("config"), "[core]\n").unwrap();
    }
    // Nothing but the sandbox is in the way.
    let everybody = std::process::Command::new("chmod").arg("-R").arg("777").arg(&root).arg(&outside).status().unwrap();
    assert!(everybody.success());
    let door = TcpListener::bind("127.0.0.1:0").unwrap();
    door.set_nonblocking(true).unwrap();
    let mark = format!("diwan-script-{}", std::process::id());
    let port = door.local_addr().unwrap().port().to_string();
    let source =
        EVIL.replace("OUTSIDE", &outside.to_string_lossy()).replace("STATE", &bridge.state().to_string_lossy());
    let source = source.replace("MARK", &mark).replace("PORT", &port);
    let heard = run(&plane, &machine, script("shell", &source, &[])).await;
    assert_eq!(heard.outcome(), &Outcome::Exited(0), "{}", String::from_utf8_lossy(&heard.errors));
    assert_eq!(heard.text(), format!("/home:\nsandbox\n\n/tmp:\n{mark}\n"), "it did what it must not");
    // The next one finds nothing of it.
    let next = format!("find / -name '{mark}' 2>/dev/null; ls -A ~ /tmp | grep -v '^\\.tmp'; cat made");
    let heard = run(&plane, &machine, script("shell", &next, &[])).await;
    assert_eq!(heard.text(), "/home/sandbox:\n.given\n\n/tmp:\nevil\n");

    for place in ["/tmp", "/var/tmp", "/dev/shm", "/home", "/home/sandbox", "/home/sandbox/.given"] {
        assert!(!Path::new(place).join(&mark).exists(), "{place}");
    }
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 1, "something new lies outside");
    for git in [root.join(".git"), root.join("shop/.git")] {
        assert_eq!(std::fs::read_to_string(git.join("config")).unwrap(), "[core]\n");
        assert_eq!(std::fs::read_dir(git.join("hooks")).unwrap().count(), 0);
    }
    assert!(door.accept().is_err(), "somebody called");
    let lines = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = lines.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    let left = lines.filter(|line| String::from_utf8_lossy(line).contains("987654321")).count();
    assert_eq!(left, 0, "something still runs");
}

#[tokio::test]
async fn its_text_lies_nowhere_on_the_machine_while_it_runs_and_after_it() {
    let (plane, bridge, machine) = running().await;
    let gate = bridge.root().join("gate");
    assert!(std::process::Command::new("mkfifo").arg("-m").arg("666").arg(&gate).status().unwrap().success());
    let canary = format!("canary-of-a-script-{}", std::process::id());
    let source = format!("# {canary}\necho ready\nread line < gate\necho $line\n");
    let mut talk = machine.run(&plane, Operation::Script(script("shell", &source, &[]))).await;
    talk.until(|heard| heard.text() == "ready\n").await;
    let is_told_somewhere = || {
        let above = bridge.root().parent().unwrap().to_owned();
        // What is in memory of processes is theirs; their lines and variables anybody may read.
        let found =
            std::process::Command::new("grep").args(["-rlaF", "-D", "skip", &canary]).arg(&above).output().unwrap();
        let of_processes = |name: &str| {
            let all = std::fs::read_dir("/proc").unwrap().flatten();
            all.filter_map(|process| std::fs::read(process.path().join(name)).ok())
                .any(|bytes| String::from_utf8_lossy(&bytes).contains(&canary))
        };
        // `grep` itself is over by now.
        !found.stdout.is_empty() || of_processes("cmdline") || of_processes("environ")
    };
    assert!(!is_told_somewhere());
    assert!(!Path::new("/home/sandbox/.given").exists());
    std::fs::write(&gate, "go on\n").unwrap();
    let heard = talk.until_the_end().await;
    assert_eq!((heard.text().as_str(), heard.outcome()), ("ready\ngo on\n", &Outcome::Exited(0)));
    assert!(!is_told_somewhere());
}

#[tokio::test]
async fn a_script_is_held_to_its_time() {
    let (plane, _bridge, machine) = running().await;
    let wanted = Script { timeout_ms: Some(300), ..script("shell", "echo begun\nexec tail -f /dev/null\n", &[]) };
    let heard = run(&plane, &machine, wanted).await;
    assert_eq!((heard.text().as_str(), heard.outcome()), ("begun\n", &Outcome::TimedOut));
}

#[tokio::test]
async fn f81_whatever_text_a_script_is_arrives_byte_for_byte_or_is_refused() {
    let (plane, _bridge, machine) = running().await;
    // It prints itself, and nothing behind that is read.
    let head = "cat \"$0\"; exit 0\n";
    let dice = TestRng::from_seed(RngAlgorithm::ChaCha, &[5; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), dice);
    let odd = prop_oneof![
        any::<String>(),
        "[\u{1}-\u{ff}\u{202e}\u{feff}\r\n\"'`$\\\\]{0,200}",
        Just("é\u{1}=\n".repeat(10_000))
    ];
    for number in 0..24 {
        let tail: String = odd.new_tree(&mut runner).unwrap().current().replace('\0', "");
        let source = format!("{head}{tail}");
        let heard = run(&plane, &machine, script("shell", &source, &[])).await;
        assert!(heard.output == source.as_bytes(), "{number}: {tail:?}");
    }
    for wanted in
        [script("shell", "id\0", &[]), script("shell", "id", &["\0"]), script("shell", &"#".repeat(65_537), &[])]
    {
        let heard = run(&plane, &machine, wanted).await;
        assert_eq!((heard.code(), heard.started), ("form", false));
    }
}
