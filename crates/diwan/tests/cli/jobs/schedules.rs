//! `diwan schedule`.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::super::fleet::Fleet;
use super::super::machine::ran;

#[tokio::test]
async fn a_schedule_is_made_changed_paused_run_and_removed() {
    let (fleet, _bridge) = Fleet::with("web-1").await;
    let made = fleet
        .desk
        .run(
            "schedule create nightly --cron @daily --zone Europe/Berlin --missed once --overlap skip -m web-1 \
             --retries 2 -- true",
        )
        .await;
    assert!(made.code == 0 && made.out.contains("The schedule nightly is there; its next job is for"), "{}", made.err);
    let list = fleet.desk.run("schedule list").await;
    assert!(list.out.contains("● nightly") && list.out.contains("@daily in Europe/Berlin"), "{}", list.out);
    let changed = fleet.desk.run("schedule update nightly --zone Asia/Amman --retries 4 --timeout 1h").await;
    assert_eq!(changed.code, 0, "{}", changed.err);
    let now = fleet.desk.json("schedule show nightly").await;
    let when = json!({"kind": "cron", "expression": "@daily", "time_zone": "Asia/Amman", "jitter_ms": 0});
    assert_eq!((&now["when"], &now["missed"], &now["overlap"]), (&when, &json!("once"), &json!("skip")));
    let job = &now["job"];
    assert_eq!((&job["retry"]["attempts"], &job["timeout_ms"]), (&json!(5), &json!(3_600_000)));
    assert_eq!(job["operation"]["argv"], json!(["true"]), "what is not said stays");
    assert_eq!(fleet.desk.run("schedule pause nightly").await.code, 0);
    assert!(fleet.desk.run("schedule list").await.out.contains("paused"));
    assert_eq!(fleet.desk.run("schedule resume nightly").await.code, 0);
    let ran = fleet.desk.run("schedule run nightly").await;
    let id = ran.out.trim();
    assert!(ran.code == 0 && id.starts_with("job_"), "{} {}", ran.out, ran.err);
    fleet.job_becomes(id, "succeeded").await;
    let runs = fleet.desk.run("schedule runs nightly").await;
    assert!(runs.out.contains(id) && runs.out.contains("succeeded"), "{}", runs.out);
    let shown = fleet.desk.run("schedule show nightly").await;
    assert!(shown.out.contains(id) && shown.out.contains("true in projects"), "{}", shown.out);
    let asks = fleet.desk.run("schedule delete nightly").await;
    assert!(asks.code == 2 && asks.err.contains("--yes"), "{}", asks.err);
    assert_eq!(fleet.desk.run("schedule delete nightly --yes").await.code, 0);
    let gone = fleet.desk.run("schedule show nightly").await;
    assert!(gone.code == 1 && gone.err.contains("there is no schedule nightly"), "{}", gone.err);
}

#[tokio::test]
async fn all_that_is_said_of_the_job_is_shown_with_its_schedule() {
    let fleet = Fleet::new().await;
    let set = fleet.desk.run_with("secret set ci/token --kind api-key", "hunter2hunter2\n").await;
    assert_eq!(set.code, 0, "{}", set.err);
    let made = fleet
        .desk
        .run(
            "schedule create nightly --cron @daily --any --name backup --queue slow -p -3 --retries 2 --retry-safe \
             --timeout 1h --queue-timeout 2h --memory 512MiB --key shop:2 --lost move:10m --label-job team=web \
             --env MODE=full --secret TOKEN=ci/token --artifact dist/** -- true",
        )
        .await;
    assert_eq!(made.code, 0, "{}", made.err);
    let shown = fleet.desk.run("schedule show nightly").await;
    for said in [
        "backup",
        "slow, priority -3",
        "at most 3 times, pauses from 1.0 s to 5 min 00 s",
        "again also when nobody knows whether it was done",
        "1 h 00 min for each attempt",
        "after 2 h 00 min unless it has begun",
        "512.0 MiB of memory",
        "shop: 2 at once",
        "move after 10 min 00 s",
        "team=web",
        "MODE=full",
        "TOKEN from ci/token",
        "dist/**",
    ] {
        assert!(shown.out.contains(said), "{said}: {}", shown.out);
    }
}

#[tokio::test]
async fn of_schedules_with_one_name_none_is_taken_by_chance() {
    let fleet = Fleet::new().await;
    let ada = fleet.server.invite(&fleet.owner, "ada", "developer").await;
    let wanted = json!({"name": "nightly", "when": {"kind": "cron", "expression": "@daily"},
        "job": {"operation": {"kind": "exec", "argv": ["true"], "root": "projects"}}});
    let hers = ada.post("/api/v1/job-schedules", wanted).await.expect(StatusCode::CREATED);
    assert_eq!(fleet.desk.run("schedule create nightly --cron @daily --any -- true").await.code, 0);
    let both = fleet.desk.json("schedule list").await;
    let own = both["items"].as_array().expect("a list").iter().find(|one| one["id"] != hers["id"]).expect("both");
    let (hers, own) = (hers["id"].as_str().expect("an id"), own["id"].as_str().expect("an id"));
    for line in ["show nightly", "run nightly", "pause nightly", "delete nightly --yes", "update nightly --jitter 1m"] {
        let slip = fleet.desk.run(&format!("schedule {line}")).await;
        assert!(slip.code == 1 && slip.err.contains("2 schedules are called nightly"), "{line}: {}", slip.err);
        assert!(slip.err.contains(&format!("{hers} of ")) && slip.err.contains(&format!("{own} of ")), "{}", slip.err);
    }
    assert_eq!(fleet.desk.run(&format!("schedule delete {own} --yes")).await.code, 0);
    assert_eq!(fleet.desk.json("schedule show nightly").await["id"], json!(hers), "there is one only");
    assert_eq!(fleet.desk.run("schedule create jsc_x --cron @daily --any -- true").await.code, 0);
    assert_eq!(fleet.desk.json("schedule show jsc_x").await["name"], "jsc_x", "a name may look like an id");
}

#[tokio::test]
async fn moments_to_come_are_shown_before_anything_is_made() {
    let fleet = Fleet::new().await;
    let many = fleet.desk.run("schedule preview --cron @daily --count 400").await;
    assert_eq!(many.code, 2, "no more than a hundred at once: {}", many.err);
    let mut command = fleet.desk.command("schedule preview --zone Europe/Berlin --count 3 --cron");
    command.arg("30 2 * * *");
    let preview = tokio::task::spawn_blocking(move || command.output()).await.expect("it ran").expect("it ended");
    let preview = ran(preview);
    assert_eq!(preview.out.lines().count(), 3, "{} {}", preview.out, preview.err);
    assert!(preview.out.lines().all(|line| line.ends_with(":30:00 UTC")), "{}", preview.out);
    let wrong = fleet.desk.run("schedule preview --cron @sometimes").await;
    assert!(wrong.code == 1 && !wrong.err.is_empty(), "{} {}", wrong.code, wrong.err);
    let zone = fleet.desk.run("schedule preview --cron @daily --zone Europe/Atlantis").await;
    assert!(zone.code == 1 && zone.err.contains("Atlantis"), "{} {}", zone.code, zone.err);
}

#[tokio::test]
async fn a_webhook_that_is_believed_makes_a_job() {
    let (fleet, _bridge) = Fleet::with("web-1").await;
    let made = fleet.desk.run("schedule create deploy --webhook gitlab --branch main -m web-1 -- true").await;
    assert!(made.code == 0 && made.err.contains("it is not shown again"), "{}", made.err);
    let address = made.out.lines().find_map(|line| line.strip_prefix("Send webhooks to ")).expect("an address");
    let path = address.split_once("/api/").expect("a path").1.to_owned();
    let url = format!("http://{}/api/{path}", fleet.server.address());
    let old = made.out.lines().last().expect("a secret").to_owned();
    let rotated = fleet.desk.run("schedule rotate-secret deploy").await;
    let secret = rotated.out.trim().to_owned();
    assert!(rotated.code == 0 && secret != old && !secret.is_empty(), "{}", rotated.err);
    let call = async |secret: &str, branch: &str| {
        let push = json!({"ref": format!("refs/heads/{branch}")});
        let call = reqwest::Client::new().post(&url).header("X-Gitlab-Event", "Push Hook");
        let answer = call.header("X-Gitlab-Token", secret).json(&push).send().await.expect("an answer");
        (answer.status(), answer.json::<Value>().await.expect("JSON"))
    };
    assert_eq!(call(&old, "main").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(call(&secret, "other").await.1["outcome"], "passed");
    let (status, called) = call(&secret, "main").await;
    assert_eq!((status, &called["outcome"]), (StatusCode::OK, &json!("fired")), "{called}");
    let id = called["job_id"].as_str().expect("a job");
    fleet.job_becomes(id, "succeeded").await;
    let runs = fleet.desk.json("schedule runs deploy").await;
    assert_eq!(runs["items"][0]["id"], json!(id));
}

#[tokio::test]
async fn what_happens_here_makes_jobs_too() {
    let (fleet, _bridge) = Fleet::with("web-1").await;
    let made = "schedule create report --on job.ended --filter name=build --filter state=succeeded -m web-1 -- true";
    assert_eq!(fleet.desk.run(made).await.code, 0);
    let build = fleet.wants("-m web-1 --name build -- true").await;
    fleet.job_becomes(&build, "succeeded").await;
    let mut feed = fleet.server.product().events.listen(None).receiver;
    let report = loop {
        let runs = fleet.owner.get("/api/v1/jobs?search=report").await.expect(StatusCode::OK);
        if let Some(id) = runs["items"][0]["id"].as_str() {
            break id.to_owned();
        }
        feed.recv().await.expect("the feed goes on");
    };
    fleet.job_becomes(&report, "succeeded").await;
    let pushed = fleet.desk.run("schedule create mirror --on git.push --filter machine=web-1 --any --git pull").await;
    assert_eq!(pushed.code, 0, "{}", pushed.err);
    let filter = fleet.desk.json("schedule show mirror").await["when"]["filter"]["machine"].clone();
    assert!(filter.as_str().is_some_and(|id| id.starts_with("mch_")), "{filter}");
    let wrong = fleet.desk.run("schedule create x --on job.ended --filter weather=fair --any -- true").await;
    assert!(wrong.code == 1 && wrong.err.contains("weather"), "{} {}", wrong.code, wrong.err);
}
