//! `diwan run` with one machine, and what `diwan command` tells of it afterwards.

use serde_json::{Value, json};

use super::Fleet;

#[tokio::test]
async fn what_a_command_says_and_how_it_ends_is_ours() {
    let (fleet, bridge) = Fleet::with("web-1").await;
    bridge.script("talk.sh", "echo out; echo err >&2; exit 7\n");
    let ran = fleet.desk.run("run -m web-1 -- sh talk.sh").await;
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (7, "out\n", "err\n"));
    let only = fleet.desk.run("run -- true").await;
    assert_eq!((only.code, only.out.as_str(), only.err.as_str()), (0, "", ""), "there is one machine only");
    bridge.script("die.sh", "kill -9 $$\n");
    assert_eq!(fleet.desk.run("run -m web-1 sh die.sh").await.code, 137);
    let below = "mkdir -p below && echo here > below/word\n";
    bridge.script("make.sh", below);
    assert_eq!(fleet.desk.run("run -m web-1 -- sh make.sh").await.code, 0);
    bridge.script("below/read.sh", "cat word\n");
    assert_eq!(fleet.desk.run("run -m web-1 --dir below -- sh read.sh").await.out, "here\n");
}

#[tokio::test]
async fn output_is_byte_exact_and_input_arrives() {
    let (fleet, bridge) = Fleet::with("web-1").await;
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    std::fs::write(bridge.root().join("bytes"), &bytes).expect("a file");
    bridge.script("send.sh", "cat bytes\n");
    bridge.script("echo.sh", "cat\n");
    let sent = fleet.bytes("run -m web-1 -- sh send.sh", None).await;
    assert!(sent == bytes, "{} bytes came", sent.len());
    let echoed = fleet.bytes("run -m web-1 -- sh echo.sh", Some(bytes.clone())).await;
    assert!(echoed == bytes, "{} bytes came back", echoed.len());
    let kept =
        fleet.bytes(&format!("command output {}", fleet.last().await["id"].as_str().expect("an id")), None).await;
    assert!(kept == bytes, "{} bytes are kept", kept.len());
    let nothing = fleet.desk.run_with("run -m web-1 -n -- sh echo.sh", "left away").await;
    assert_eq!((nothing.code, nothing.out.as_str()), (0, ""));
    // The policy lets nothing in here, and nothing stands on the pipe.
    assert_eq!(fleet.desk.run_with("run -m web-1 -- true", "").await.code, 0);
}

#[tokio::test]
async fn what_the_policy_says_is_told() {
    let (fleet, _bridge) = Fleet::with("web-1").await;
    let refused = fleet.desk.run("run -m web-1 -- true --version").await;
    assert!(refused.code == 126 && refused.err.contains("the policy of web-1 refuses it"), "{}", refused.err);
    let asks = fleet.desk.run("run -m web-1 -- cat words").await;
    assert!(asks.code == 126 && asks.err.contains("diwan command approve cmd_"), "{}", asks.err);
    let own = fleet.last().await["id"].as_str().expect("an id").to_owned();
    let approved = fleet.desk.run(&format!("command approve {own} --yes")).await;
    assert!(approved.code == 1, "nobody says yes to themselves: {}", approved.err);
    let stopped = fleet.desk.run(&format!("command cancel {own}")).await;
    assert!(stopped.code == 1 && stopped.err.contains("does not run"), "{}", stopped.err);
    let shown = fleet.desk.run(&format!("command show {own}")).await;
    assert!(!shown.out.contains("ended"), "{}", shown.out);
    let unknown = fleet.desk.run("command show cmd_x").await;
    assert!(unknown.err.contains("diwan command list"), "{}", unknown.err);
    for (line, code, word) in
        [("true", 0, "allowed"), ("cat words", 126, "somebody else must say yes"), ("rm -r .", 126, "denied")]
    {
        let check = fleet.desk.run(&format!("run -m web-1 --check -- {line}")).await;
        assert!(check.code == code && check.out.contains(word), "{line}: {} {} {}", check.code, check.out, check.err);
    }
    let check = fleet.desk.run("run -m web-1 --check --json -- cat words").await;
    let check: Value = serde_json::from_str(&check.out).expect("JSON");
    assert_eq!((&check["decision"], &check["machine_name"]), (&json!("ask"), &json!("web-1")));
    assert_eq!(fleet.list("needs_approval").await.len(), 1, "checks leave nothing behind");
}

#[tokio::test]
async fn typed_operations_are_asked_for_by_their_names() {
    let (fleet, _bridge) = Fleet::with("web-1").await;
    for (line, operation) in [
        ("--git pull --dir shop", json!({"kind": "git.pull", "root": "projects", "path": "shop"})),
        ("--git status --root work", json!({"kind": "git.status", "root": "work", "path": ""})),
        (
            "--clone https://example.org/shop.git --branch main",
            json!({"kind": "git.clone", "url": "https://example.org/shop.git", "root": "projects", "path": "shop", "branch": "main"}),
        ),
        ("--build", json!({"kind": "build", "root": "projects", "path": ""})),
        ("--service-restart nginx", json!({"kind": "service.restart", "service": "nginx"})),
        (
            "--new rust --dir new/shop/",
            json!({"kind": "project.create", "template": "rust", "name": "shop", "root": "projects", "path": "new/shop/"}),
        ),
        (
            "--new static --dir site --project-name my-site",
            json!({"kind": "project.create", "template": "static", "name": "my-site", "root": "projects", "path": "site"}),
        ),
    ] {
        let ran = fleet.desk.run(&format!("run -m web-1 {line}")).await;
        assert_eq!(ran.code, 126, "this policy allows none: {line}: {}", ran.err);
        assert_eq!(fleet.last().await["operation"], operation);
    }
    let nothing = fleet.desk.run("run -m web-1 --noop").await;
    assert_eq!((nothing.code, nothing.out.as_str(), nothing.err.as_str()), (0, "", ""));
    assert_eq!(fleet.last().await["operation"], json!({"kind": "noop"}));
    let check = fleet.desk.run("run -m web-1 --check --noop").await;
    assert!(check.code == 0 && check.out.contains("allowed"), "{} {}", check.code, check.out);
    for (line, why) in [
        ("run -m web-1", "required"),
        ("run -m web-1 --build -- true", "cannot be used with"),
        ("run -m web-1 --build --timeout 5s", "for a program"),
        ("run -m web-1 --timeout soon -- true", "30s"),
        ("run -m web-1 --timeout 10d -- true", "7d"),
        ("run -m web-1 --branch main -- true", "for --clone only"),
        ("run -m web-1 --noop --test", "cannot be used with"),
        ("run -m web-1 --script a.sh --build", "cannot be used with"),
        ("run -m web-1 --script /nowhere.sh", "/nowhere.sh"),
        ("run -m web-1 --language shell -- true", "--script"),
        ("run -m web-1 --new node", "needs a directory"),
        ("run -m web-1 --on a -- true", "cannot be used with"),
    ] {
        let slip = fleet.desk.run(line).await;
        assert!(slip.code != 0 && slip.err.contains(why), "{line}: {} {}", slip.code, slip.err);
    }
}

#[tokio::test]
async fn a_script_of_this_computer_is_run_there_with_its_arguments() {
    let (fleet, _bridge) = Fleet::with("web-1").await;
    let here = fleet.desk.home.path().join("report");
    let source = "#!/bin/sh\necho \"$1|$2\" in $(basename $PWD)\nexit 9\n";
    std::fs::write(&here, source).expect("a file");
    let line = |more: &str| format!("run -m web-1 --script {}{more}", here.display());
    let denied = fleet.desk.run(&line(" --language python")).await;
    assert!(denied.code == 126 && denied.err.contains("python"), "{}", denied.err);
    let ran = fleet.desk.run(&line(" --timeout 60s -- --year 2026")).await;
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (9, "--year|2026 in projects\n", ""));
    let operation = fleet.last().await["operation"].clone();
    assert_eq!((&operation["kind"], &operation["source"]), (&json!("script"), &json!(source)));
    let piped = fleet.desk.run_with("run -m web-1 --script - --language shell", "echo from a pipe").await;
    assert_eq!((piped.code, piped.out.as_str()), (0, "from a pipe\n"));
    let unknown = fleet.desk.run_with("run -m web-1 --script -", "echo").await;
    assert!(unknown.code != 0 && unknown.err.contains("--language"), "{}", unknown.err);
    std::fs::write(&here, "x".repeat(64 * 1024 + 1)).expect("a file");
    let long = fleet.desk.run(&line("")).await;
    assert!(long.code != 0 && long.err.contains("64 KiB"), "{}", long.err);
}

#[tokio::test]
async fn a_machine_that_is_away_is_named_or_waited_for() {
    let (fleet, mut bridge) = Fleet::with("web-1").await;
    bridge.kill();
    fleet.becomes("web-1", "offline").await;
    let away = fleet.desk.run("run -m web-1 -- true").await;
    assert!(away.code == 120 && away.err.contains("web-1 is not connected"), "{} {}", away.code, away.err);
    let late = fleet.desk.run("run -m web-1 --wait-for 1s -- true").await;
    assert!(late.code == 120 && late.err.contains("did not come in time"), "{} {}", late.code, late.err);
    let waiting = fleet.desk.command("run -m web-1 --wait-for 60s -- true").spawn().expect("it starts");
    bridge.start();
    let ended = tokio::task::spawn_blocking(move || waiting.wait_with_output()).await.expect("it ran");
    assert_eq!(ended.expect("it ended").status.code(), Some(0));
}

#[tokio::test]
async fn failures_of_our_own_are_not_taken_for_those_of_a_command() {
    let (fleet, _bridge) = Fleet::with("web-1").await;
    let stranger = fleet.desk.run_in("run -m web-1 -- true", &[("DIWAN_TOKEN", "dwn_unknown")]).await;
    assert!(stranger.code == 125 && stranger.err.contains("DIWAN_TOKEN"), "{} {}", stranger.code, stranger.err);
    let nowhere = fleet.desk.run_in("run -m web-1 -- true", &[("DIWAN_SERVER", "http://127.0.0.1:1")]).await;
    assert_eq!(nowhere.code, 125, "{}", nowhere.err);
    let long = fleet.desk.run("run -m web-1 --timeout 1s --json -- true").await;
    let report: Value = serde_json::from_str(&long.out).expect("JSON");
    assert_eq!((&report["exit_code"], &report["output"], &report["is_cut"]), (&json!(0), &json!(""), &json!(false)));
}

impl Fleet {
    /// The newest command.
    async fn last(&self) -> Value {
        self.desk.json("command list --limit 1").await["items"][0].clone()
    }

    /// The commands that stand so.
    async fn list(&self, state: &str) -> Vec<Value> {
        let list = self.desk.json(&format!("command list --state {state}")).await;
        list["items"].as_array().expect("a list").clone()
    }

    /// What it prints, as bytes.
    pub(crate) async fn bytes(&self, line: &str, input: Option<Vec<u8>>) -> Vec<u8> {
        let mut command = self.desk.command(line);
        let ended = tokio::task::spawn_blocking(move || {
            let Some(input) = input else { return command.output() };
            let mut child = command.stdin(std::process::Stdio::piped()).spawn()?;
            let mut stdin = child.stdin.take().expect("its input");
            let giving = std::thread::spawn(move || std::io::Write::write_all(&mut stdin, &input));
            let output = child.wait_with_output();
            giving.join().expect("it was given")?;
            output
        });
        let ended = ended.await.expect("it ran").expect("it ended");
        assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
        ended.stdout
    }
}

#[tokio::test]
async fn words_are_looked_for_in_what_was_said_and_all_of_it_is_taken_away() {
    let (fleet, bridge) = Fleet::with("web-1").await;
    bridge.script("talk.sh", "echo one; printf 'an \\033[31mer\\033[0mror\\n'; echo Error >&2\n");
    assert_eq!(fleet.desk.run("run -m web-1 -- sh talk.sh").await.code, 0);
    let id = fleet.last().await["id"].as_str().expect("an id").to_owned();
    let output = |more: &str| format!("command output {id} {more}");
    let found = fleet.desk.run(&output("--search error")).await;
    assert_eq!((found.code, found.out.as_str()), (0, "output:2: an error\n"), "{}", found.err);
    let found = fleet.desk.run(&output("--search error --ignore-case")).await;
    assert_eq!(found.out, "output:2: an error\nerrors:1: Error\n");
    let found = fleet.desk.run(&output("--errors --search error")).await;
    assert_eq!((found.code, found.out.as_str()), (1, ""));
    let found = fleet.desk.json(&output("--search one")).await;
    assert_eq!(found, json!({"matches": [{"channel": "output", "offset": 0, "line": 1, "text": "one"}]}));
    let file = bridge.root().join("taken");
    let taken = fleet.desk.run(&output(&format!("--download {}", file.display()))).await;
    assert_eq!(taken.code, 0, "{}", taken.err);
    assert_eq!(std::fs::read(&file).expect("it is there"), b"one\nan \x1b[31mer\x1b[0mror\n");
    assert!(taken.err.contains("6 B of errors were written to"), "{}", taken.err);
    assert_eq!(std::fs::read(bridge.root().join("taken.err")).expect("it is there"), b"Error\n");
    let again = fleet.desk.run(&output(&format!("--download {}", file.display()))).await;
    assert_eq!(again.code, 2, "what is there is not written over: {}", again.err);
    let plain = bridge.root().join("plain");
    fleet.desk.run(&output(&format!("--plain --download {}", plain.display()))).await;
    assert_eq!(std::fs::read(&plain).expect("it is there"), b"one\nan error\n");
}
