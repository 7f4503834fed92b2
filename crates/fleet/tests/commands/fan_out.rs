//! One request, many machines.

use diwan_testkit::{TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::machine::{Machine, ended, say, verdict};
use super::{audit, exec, text};

on_every_backend! {
    async fn every_machine_fares_by_itself(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut good = Machine::joined(&server, &owner, "good", &["env=prod"]).await;
        let mut bad = Machine::joined(&server, &owner, "bad", &["env=prod"]).await;
        let mut strict = Machine::joined(&server, &owner, "strict", &["env=prod"]).await;
        let away = Machine::joined(&server, &owner, "away", &["env=prod"]).await;
        let _other = Machine::connected(&server, &owner, "other").await;
        for machine in [&mut good, &mut bad, &mut strict] {
            machine.connect(&server).await;
        }
        let body = json!({"selector": "env=prod", "operation": exec("", &["make"])["operation"]});
        let batch = owner.post("/api/v1/commands", body).await.expect(StatusCode::CREATED);
        assert_eq!((batch["commands"].as_array().map(Vec::len), &batch["open"]), (Some(4), &json!(3)));
        let (mut a, mut b, mut c) = (good.sent().await, bad.sent().await, strict.sent().await);
        a.begin().await;
        a.end(0, 0, 0).await;
        b.begin().await;
        b.end(2, 0, 0).await;
        say(&mut c.stream, verdict(diwan_protocol::run::Decision::Deny)).await;
        let path = format!("/api/v1/command-batches/{}", text(&batch, "id"));
        let mut feed = server.product().events.listen(None).receiver;
        let over = loop {
            let batch = owner.get(&path).await.expect(StatusCode::OK);
            if batch["open"] == 0 {
                break batch;
            }
            feed.recv().await.expect("the feed goes on");
        };
        assert_eq!(over["succeeded"], 1);
        let mut fared: Vec<(String, String, Value)> = over["commands"].as_array().expect("commands").iter().map(|c| {
            (text(c, "machine_name").to_owned(), text(c, "state").to_owned(), c["problem"]["code"].clone())
        }).collect();
        fared.sort_by(|a, b| a.0.cmp(&b.0));
        let of = |name: &str, state: &str, problem: Value| (name.to_owned(), state.to_owned(), problem);
        assert_eq!(fared, [of("away", "refused", json!("machine_offline")), of("bad", "ended", json!(null)),
            of("good", "ended", json!(null)), of("strict", "refused", json!(null))]);
        let entry = &audit(&owner, "command.run").await[0];
        assert_eq!((&entry["resource"]["id"], entry["metadata"]["machines"].as_array().map(Vec::len)), (&batch["id"], Some(4)));
        assert_eq!(entry["metadata"]["not_connected"], json!([away.id()]));
        assert_eq!(owner.get("/api/v1/command-batches/bat_01hzzzzzzzzzzzzzzzzzzzzzzz").await.status, StatusCode::NOT_FOUND);
    }

    async fn the_answer_waits_for_the_end_when_asked(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let mut wanted = json!({"machines": ["box", machine.id()], "operation": exec("", &["true"])["operation"]});
        wanted["await_end_ms"] = json!(20_000);
        let (answer, _sent) = tokio::join!(owner.post("/api/v1/commands", wanted), async {
            let mut sent = machine.sent().await;
            sent.begin().await;
            say(&mut sent.stream, ended(diwan_protocol::run::Outcome::Exited(0), 0, 0)).await;
            sent
        });
        let batch = answer.expect(StatusCode::CREATED);
        assert_eq!((batch["commands"].as_array().map(Vec::len), &batch["succeeded"]), (Some(1), &json!(1)), "each machine once");
        assert_eq!(batch["commands"][0]["state"], "ended");
        let mut wanted = exec("box", &["true"]);
        wanted["await_end_ms"] = json!(1);
        let batch = owner.post("/api/v1/commands", wanted).await.expect(StatusCode::CREATED);
        assert_eq!((&batch["open"], &batch["commands"][0]["exit_code"]), (&json!(1), &json!(null)));
    }
}
