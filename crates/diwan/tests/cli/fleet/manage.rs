//! `diwan machine` and `diwan worker`.

use std::io::{BufRead, BufReader};

use serde_json::{Value, json};

use super::super::machine::ran;
use super::Fleet;
use super::bridge::Bridge;

#[tokio::test]
async fn a_machine_joins_is_labelled_renamed_and_put_out() {
    let fleet = Fleet::new().await;
    let nobody = fleet.desk.run("machine list").await;
    assert!(nobody.code == 0 && nobody.err.contains("There is nothing here"), "{}", nobody.err);
    let _bridge = fleet.join("web-1", "--label env=prod --label gpu").await;
    let list = fleet.desk.run("machine list --on env=prod,gpu --state online").await;
    assert!(list.out.contains("● web-1") && list.out.contains("env=prod gpu"), "{}", list.out);
    let labelled = fleet.desk.run("machine label web-1 env=test gpu- new").await;
    assert_eq!(labelled.out.trim(), "web-1: env=test new", "{}", labelled.err);
    let missing = fleet.desk.run("machine label web-1 gpu-").await;
    assert!(missing.code == 1 && missing.err.contains("no label gpu"), "{}", missing.err);
    let contradiction = fleet.desk.run("machine label web-1 Env=Prod").await;
    assert!(contradiction.code == 1 && contradiction.err.contains("lower-case"), "{}", contradiction.err);
    assert_eq!(fleet.desk.run("machine rename web-1 db-1").await.code, 0);
    let shown = fleet.desk.run("machine show db-1").await;
    assert!(shown.out.contains("SANDBOX LAYER") && shown.out.contains("env=test new"), "{}", shown.out);
    let policy = fleet.desk.run("machine show db-1 --policy").await;
    assert!(policy.out.contains("cat with a yes"), "{}", policy.out);
    let certificates = fleet.desk.json("machine certificates db-1").await;
    assert_eq!(certificates["items"].as_array().map(Vec::len), Some(1));
    let tokens = fleet.desk.json("machine tokens").await;
    assert_eq!((&tokens["items"][0]["name"], &tokens["items"][0]["state"]), (&json!("web-1"), &json!("connected")));

    let asks = fleet.desk.run("machine revoke db-1").await;
    assert!(asks.code == 2 && asks.err.contains("--yes"), "{}", asks.err);
    assert_eq!(fleet.desk.run("machine revoke db-1 --yes").await.code, 0);
    fleet.becomes("db-1", "revoked").await;
    let worker = fleet.desk.run("worker status").await;
    assert!(worker.out.contains("✗ db-1") && worker.out.contains("revoked"), "{}", worker.out);
    let _anew = fleet.join("db-1", "").await;
    assert_ne!(fleet.desk.json("machine show db-1").await["state"], "revoked", "the name is that of the new one");
}

#[tokio::test]
async fn a_line_is_withdrawn() {
    let fleet = Fleet::new().await;
    let made = fleet.desk.run("machine add web-1").await;
    assert!(
        made.out.contains("/install.sh") && made.out.contains("docker run -d") && made.out.contains(" --network host "),
        "{}",
        made.out
    );
    assert!(made.out.contains("diwan bridge join"), "{}", made.out);
    let id = fleet.desk.json("machine tokens").await["items"][0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(fleet.desk.run(&format!("machine tokens --withdraw {id}")).await.code, 0);
    assert_eq!(fleet.desk.json("machine tokens").await["items"][0]["state"], "withdrawn");
}

#[tokio::test]
async fn whoever_adds_a_machine_can_wait_for_it() {
    let fleet = Fleet::new().await;
    let mut waiting = fleet.desk.command("machine add web-1 --wait").spawn().expect("it starts");
    let mut lines = BufReader::new(waiting.stdout.take().expect("its output")).lines();
    let line = tokio::task::spawn_blocking(move || {
        let line = lines.find_map(|line| line.ok().filter(|line| line.trim().starts_with("diwan bridge join")));
        (line.expect("a line"), lines)
    });
    let (line, mut lines) = line.await.expect("it was read");
    let _bridge = Bridge::join(line.trim()).await;
    let last = tokio::task::spawn_blocking(move || lines.by_ref().map_while(Result::ok).last());
    let last = last.await.expect("it was read").expect("a line");
    assert!(last.contains("web-1 is connected"), "{last}");
    let ended = tokio::task::spawn_blocking(move || waiting.wait_with_output()).await.expect("it ran");
    assert_eq!(ran(ended.expect("it ended")).code, 0);
}

#[tokio::test]
async fn a_name_that_is_nearly_right_is_recognised() {
    let (fleet, _bridge) = Fleet::with("database-1").await;
    for line in ["machine show databse-1", "machine rename databse-1 x", "run -m databse-1 -- true", "top databse-1"] {
        let slip = fleet.desk.run(line).await;
        assert!(slip.code != 0 && slip.err.contains("Did you mean database-1?"), "{line}: {} {}", slip.code, slip.err);
    }
    let slip = fleet.desk.run("run --on env=prod -- true").await;
    assert!(slip.code == 125 && slip.err.contains("no machine has the labels env=prod"), "{}", slip.err);
}

#[tokio::test]
async fn workers_are_seen_at_a_glance() {
    let (fleet, mut bridge) = Fleet::with("web-1").await;
    let status = fleet.desk.run("worker status").await;
    assert!(status.code == 0 && status.out.contains("● web-1"), "{}", status.out);
    bridge.kill();
    fleet.becomes("web-1", "offline").await;
    let status = fleet.desk.run("worker status").await;
    assert!(status.out.contains("○ web-1") && status.out.contains("offline"), "{}", status.out);
    let status: Value = fleet.desk.json("worker status").await;
    assert_eq!(status["items"][0]["state"], "offline");
}

#[tokio::test]
async fn a_key_of_the_vault_is_wanted_on_a_machine_and_what_its_policy_says_is_told() {
    let fleet = Fleet::new().await;
    let _bridge = fleet.join("web-1", "").await;
    assert_eq!(fleet.desk.run("secret set ssh/deploy --kind ssh-key --generate").await.code, 0);
    let denied = fleet.desk.run("machine keys web-1 --add ssh/deploy --user deploy --wait").await;
    assert!(denied.code == 1 && denied.err.contains("(ssh_key_denied)"), "{} {}", denied.out, denied.err);
    let list = fleet.desk.run("machine keys web-1").await;
    assert!(list.out.contains("ssh/deploy") && list.out.contains("ssh_key_denied"), "{}", list.out);
    let again = fleet.desk.run("machine keys web-1 --add ssh/deploy --user deploy").await;
    assert!(again.code == 1 && again.err.contains("already"), "{}", again.err);
    let keys = fleet.desk.json("machine keys web-1").await;
    let id = keys["items"][0]["id"].as_str().expect("an id").to_owned();
    let gone = fleet.desk.run(&format!("machine keys web-1 --rm {id} --wait")).await;
    assert!(gone.code == 0 && gone.out.contains("is not on web-1 any more"), "{} {}", gone.out, gone.err);
    let unknown = fleet.desk.run(&format!("machine keys web-1 --check {id}")).await;
    assert_eq!(unknown.code, 1, "{}", unknown.err);
    assert_eq!(fleet.desk.run("machine keys web-1 --user deploy").await.code, 2);
}
