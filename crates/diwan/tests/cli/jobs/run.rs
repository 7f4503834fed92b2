//! `diwan job run`: what is said, byte for byte, through all attempts, and with which code it ends.

use serde_json::{Value, json};

use super::super::fleet::Fleet;
use super::super::fleet::connection::cutting_proxy;

#[tokio::test]
async fn what_a_job_says_and_how_it_ends_is_ours() {
    let (fleet, bridge) = Fleet::with("web-1").await;
    bridge.script("talk.sh", "echo out; echo err >&2; exit 7\n");
    let ran = fleet.desk.run("job run -q -m web-1 -- sh talk.sh").await;
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (7, "out\n", "err\n"));
    let only = fleet.desk.run("job run -q -- true").await;
    assert_eq!((only.code, only.out.as_str(), only.err.as_str()), (0, "", ""), "there is one machine only");
    let told = fleet.desk.run("job run -m web-1 -- sh talk.sh").await;
    assert_eq!((told.code, told.out.as_str()), (7, "out\n"));
    assert!(told.err.contains("diwan: job_") && told.err.contains("failed on web-1: status 7\n"), "{}", told.err);
    assert!(told.err.contains("\nerr\n"), "what it says stands between what is said of it: {}", told.err);
    bridge.script("die.sh", "kill -9 $$\n");
    assert_eq!(fleet.desk.run("job run -m web-1 sh die.sh").await.code, 137);
    let report = fleet.desk.run("job run -m web-1 --json -- sh talk.sh").await;
    let job: Value = serde_json::from_str(&report.out).expect("JSON");
    assert_eq!((&job["state"], &job["exit_code"], report.code), (&json!("failed"), &json!(7), 7));
    assert_eq!((&job["output"], &job["errors"]), (&json!("out\n"), &json!("err\n")));
}

#[tokio::test]
async fn a_job_that_is_tried_again_is_heard_through_all_attempts() {
    let (fleet, bridge) = Fleet::with("web-1").await;
    bridge.script("again.sh", "if [ -e once ]; then echo second; else echo first; : > once; exit 3; fi\n");
    let ran = fleet.desk.run("job run -m web-1 --retries 2 --backoff 1ms -- sh again.sh").await;
    assert_eq!((ran.code, ran.out.as_str()), (0, "first\nsecond\n"), "{}", ran.err);
    assert!(ran.err.contains("attempt 1 on web-1: status 3; it is tried again"), "{}", ran.err);
    assert!(ran.err.contains("succeeded on web-1"), "{}", ran.err);
    let id = fleet.newest_job().await["id"].as_str().expect("an id").to_owned();
    let shown = fleet.desk.run(&format!("job show {id}")).await;
    assert!(shown.out.contains("✗ 1") && shown.out.contains("✓ 2"), "{}", shown.out);
    assert!(shown.out.contains("at most 3 times"), "{}", shown.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn f30_what_a_job_says_is_byte_exact_over_connections_that_are_cut() {
    let (fleet, bridge) = Fleet::with("web-1").await;
    let bytes: Vec<u8> = (0..2_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 11) as u8).collect();
    std::fs::write(bridge.root().join("bytes"), &bytes).expect("a file");
    bridge.script("send.sh", "cat bytes\n");
    let token = fleet.token(&["jobs.run", "jobs.read", "commands.run", "machines.read"]).await;
    let proxy = cutting_proxy(fleet.server.address()).await;
    let mut command = fleet.desk.command("job run -m web-1 -- sh send.sh");
    command.env("DIWAN_TOKEN", token).env("DIWAN_SERVER", format!("http://{proxy}"));
    let ended = tokio::task::spawn_blocking(move || command.output()).await.expect("it ran").expect("it ended");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    assert!(ended.stdout == bytes, "{} bytes came", ended.stdout.len());
    let id = fleet.newest_job().await["id"].as_str().expect("an id").to_owned();
    let kept = fleet.bytes(&format!("job logs {id}"), None).await;
    assert!(kept == bytes, "{} bytes are kept", kept.len());
}

#[tokio::test]
async fn what_is_wanted_arrives_as_it_was_said() {
    let (fleet, _bridge) = Fleet::with("web-1").await;
    let id = fleet
        .wants(
            "--label env=prod --name nightly --queue deploy --priority -3 --retries 2 --backoff 2s --retry-safe \
             --timeout 30s --queue-timeout 1h --delay 1h --key shop:2 --label-job team=web --git pull --dir shop",
        )
        .await;
    let job = fleet.desk.json(&format!("job show {id}")).await;
    for (field, value) in [
        ("operation", json!({"kind": "git.pull", "root": "projects", "path": "shop"})),
        ("target", json!({"kind": "labels", "selector": "env=prod"})),
        ("title", json!("nightly")),
        ("queue", json!("deploy")),
        ("priority", json!(-3)),
        ("retry_safe", json!(true)),
        ("queue_timeout_ms", json!(3_600_000)),
        ("concurrency", json!({"key": "shop", "limit": 2})),
        ("labels", json!({"team": "web"})),
        ("state", json!("queued")),
        ("hold", json!("time")),
        ("waits_for", json!("time")),
    ] {
        assert_eq!(job[field], value, "{field}");
    }
    assert_eq!((&job["retry"]["attempts"], &job["retry"]["delay_ms"]), (&json!(3), &json!(2000)));
    let shown = fleet.desk.run(&format!("job show {id}")).await;
    assert!(shown.out.contains("git pull in projects/shop") && shown.out.contains("its time, 2"), "{}", shown.out);
    for (line, why) in [
        ("job run -m web-1", "required"),
        ("job run -m web-1 --after build -- true", "job_"),
        ("job run -m web-1 --queue Deploy -- true", "lower-case"),
        ("job run -m database -- true", "there is no machine database"),
    ] {
        let slip = fleet.desk.run(line).await;
        assert!(slip.code != 0 && slip.err.contains(why), "{line}: {} {}", slip.code, slip.err);
    }
}

#[tokio::test]
async fn a_script_of_this_computer_is_a_job_like_any_other() {
    let (fleet, _bridge) = Fleet::with("web-1").await;
    let here = fleet.desk.home.path().join("report.sh");
    let source = "echo \"$1\"\n[ -e once ] || { : > once; exit 3; }\n";
    std::fs::write(&here, source).expect("a file");
    let line = format!("job run -m web-1 --retries 1 --backoff 1ms --script {} -- --year", here.display());
    let ran = fleet.desk.run(&line).await;
    assert_eq!((ran.code, ran.out.as_str()), (0, "--year\n--year\n"), "{}", ran.err);
    let id = fleet.newest_job().await["id"].as_str().expect("an id").to_owned();
    assert_eq!(fleet.desk.json(&format!("job show {id}")).await["operation"]["source"], json!(source));
    let shown = fleet.desk.run(&format!("job show {id}")).await;
    assert!(shown.out.contains("shell script --year in projects") && shown.out.contains("  | echo"), "{}", shown.out);
    let again = fleet.desk.run(&format!("job rerun {id} -q")).await;
    assert_eq!((again.code, again.out.as_str()), (0, "--year\n"), "{}", again.err);
    let new = fleet.wants("-m web-1 --dir new/shop --new node --project-name my-shop --name shop").await;
    let new = fleet.desk.json(&format!("job show {new}")).await;
    let project = json!({"kind": "project.create", "template": "node", "name": "my-shop", "root": "projects",
        "path": "new/shop"});
    assert_eq!((&new["operation"], &new["title"]), (&project, &json!("shop")));
}

#[tokio::test]
async fn the_same_key_is_the_same_job_and_others_are_refused() {
    let (fleet, _bridge) = Fleet::with("web-1").await;
    let first = fleet.wants("-m web-1 --idempotency-key k -- true").await;
    let again = fleet.desk.run("job run -q -m web-1 --idempotency-key k -- true").await;
    assert_eq!((again.code, again.out.as_str()), (0, ""), "{}", again.err);
    assert_eq!(fleet.newest_job().await["id"], json!(first));
    let other = fleet.desk.run("job run -m web-1 --idempotency-key k -- sh x.sh").await;
    assert!(other.code == 125 && other.err.contains("another key"), "{} {}", other.code, other.err);
}

#[tokio::test]
async fn what_the_policy_says_is_told() {
    let (fleet, _bridge) = Fleet::with("web-1").await;
    let refused = fleet.desk.run("job run -m web-1 --retries 3 -- true --version").await;
    assert!(refused.code == 126 && refused.err.contains("refuses it on web-1"), "{} {}", refused.code, refused.err);
    let asks = fleet.desk.run("job run -m web-1 -- cat words").await;
    assert!(asks.code == 126 && asks.err.contains("diwan command approve cmd_"), "{} {}", asks.code, asks.err);
}
