//! Rules that machines' owners are asked for.

use diwan_protocol::control::{FromBridge, ToBridge};
use diwan_protocol::facts::PolicyInForce;
use diwan_protocol::rules::{Judged, RuleFault, RuleNews, RuleStand, RuleStanding};
use diwan_protocol::run::Reason;
use diwan_protocol::{Opening, RuleAsk, SignedRules, decode, encode};
use diwan_testkit::{Person, TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Machine, audit, text};

const TEXT: &str = "[[rules]]\nname = \"list\"\n";

impl Machine {
    /// Believes what it is asked next, and says this.
    async fn answers(&mut self, standing: RuleStanding) -> RuleAsk {
        let (mut stream, opening) = self.connection().link.accept().await.expect("a stream");
        assert_eq!(decode::<Opening>(&opening), Ok(Some(Opening::Rules)));
        let bytes = stream.receive().await.expect("the stream goes on").expect("a request");
        let signed: SignedRules = decode(&bytes).expect("it makes sense").expect("it is known");
        let (machine, now_ms) = (self.id(), self.bridge.world.now().as_millis());
        let stand = RuleStand { machine: &machine, boot: self.bridge.boot, policy: [7; 32], now_ms };
        let ask = signed.open(&self.connection().welcome.keys.clone(), stand).expect("it is believed");
        let news = RuleNews { id: ask.id.clone(), standing };
        stream.send(encode(&news).into()).await.expect("it is heard");
        stream.finish();
        while let Ok(Some(_)) = stream.receive().await {}
        ask
    }

    async fn tells(&mut self, id: &str, standing: RuleStanding) {
        let news = RuleNews { id: id.to_owned(), standing };
        self.connection().say(&FromBridge::Rules(news)).await;
    }

    /// Has another policy, and waits until that is known.
    async fn has_policy(&mut self, server: &TestServer, owner: &Person, byte: u8) {
        let mut feed = server.product().events.listen(None).receiver;
        let policy = PolicyInForce { hash: [byte; 32].into(), text: "#".into(), fault: None };
        self.connection().say(&FromBridge::Policy(policy)).await;
        let path = format!("/api/v1/machines/{}", self.id());
        while owner.get(&path).await.expect(StatusCode::OK)["policy_hash"] != format!("{byte:02x}").repeat(32) {
            feed.recv().await.expect("the feed goes on");
        }
    }

    async fn forgets_rules(&mut self, id: &str) {
        loop {
            if let ToBridge::ForgetRules(ids) = self.connection().hear().await
                && ids.iter().any(|one| one == id)
            {
                return;
            }
        }
    }
}

fn waiting(from_afar: bool) -> RuleStanding {
    let words = vec!["“list” allows \u{1b}[2Jexec".to_owned()];
    RuleStanding::Waiting(Judged { words, policy: [7; 32].into(), from_afar })
}

async fn ask(person: &Person, machine: &str) -> Value {
    let body = json!({"text": TEXT, "reason": "for Fridays"});
    person.post(&format!("/api/v1/machines/{machine}/rule-requests"), body).await.expect(StatusCode::CREATED)
}

/// Asks, and has the machine answer.
async fn asked(person: &Person, machine: &mut Machine, standing: RuleStanding) -> Value {
    let id = machine.id();
    let (request, _) = tokio::join!(ask(person, &id), machine.answers(standing));
    request
}

fn path(request: &Value, verb: &str) -> String {
    format!("/api/v1/rule-requests/{}{verb}", text(request, "id"))
}

async fn look(person: &Person, request: &Value) -> Value {
    person.get(&path(request, "")).await.expect(StatusCode::OK)
}

async fn becomes(server: &TestServer, person: &Person, request: &Value, state: &str) -> Value {
    let mut feed = server.product().events.listen(None).receiver;
    loop {
        let now = look(person, request).await;
        if now["state"] == state {
            return now;
        }
        feed.recv().await.expect("the feed goes on");
    }
}

on_every_backend! {
    async fn the_owner_decides_on_the_machine(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let developer = server.invite(&owner, "Dalia", "developer").await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let request = asked(&developer, &mut machine, waiting(false)).await;
        assert_eq!((&request["state"], &request["text"]), (&json!("asked"), &json!(TEXT)));
        assert_eq!(request["words"], json!(["“list” allows \u{fffd}[2Jexec"]));
        assert_eq!(owner.post(&path(&request, "/approve"), json!({})).await.problem(), "rules_need_owner");
        machine.tells(text(&request, "id"), RuleStanding::Granted).await;
        let over = becomes(&server, &developer, &request, "granted").await;
        assert!(over["ended_at"].is_string() && over["approval"].is_null());
        machine.forgets_rules(text(&request, "id")).await;
        // What was granted stays so, whatever is told later.
        machine.tells(text(&request, "id"), RuleStanding::Refused("no".into())).await;
        machine.forgets_rules(text(&request, "id")).await;
        assert_eq!(look(&owner, &request).await["state"], "granted");
        let refused = asked(&developer, &mut machine, RuleStanding::Refused("not\u{202e} here".into())).await;
        assert_eq!((&refused["state"], &refused["problem"]["code"]), (&json!("refused"), &json!("owner_refused")));
        assert_eq!(refused["problem"]["detail"], "not\u{fffd} here");
        let entry = &audit(&owner, "rules.ask").await[0];
        assert_eq!((&entry["resource"]["id"], &entry["metadata"]["text"]), (&json!(machine.id()), &json!(["[[rules]]", "name = \"list\""])));
        assert_eq!(audit(&owner, "rules.granted").await.len(), 1);
        let list = developer.get(&format!("/api/v1/machines/{}/rule-requests?limit=1", machine.id())).await;
        let list = list.expect(StatusCode::OK);
        assert_eq!(list["items"][0]["id"], refused["id"]);
        assert!(list["next_cursor"].is_string());
    }

    async fn faults_and_what_a_machine_does_not_take_are_shown(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let fault = RuleFault { line: 2, words: "lacks decision".into() };
        let faulty = asked(&owner, &mut machine, RuleStanding::Faulty(vec![fault])).await;
        assert_eq!((&faulty["state"], &faulty["faults"]), (&json!("faulty"), &json!([{"line": 2, "words": "lacks decision"}])));
        let reason = Reason { code: "too_many".into(), words: "too many wait".into() };
        let refused = asked(&owner, &mut machine, RuleStanding::NotTaken(reason)).await;
        assert_eq!((&refused["state"], &refused["problem"]["code"]), (&json!("refused"), &json!("too_many")));
        let there = format!("/api/v1/machines/{}/rule-requests", machine.id());
        for (body, code) in [
            (json!({"text": "x".repeat(16_400), "reason": "a"}), "too_long"),
            (json!({"text": "  \n", "reason": "a"}), "not_text"),
            (json!({"text": "a\tb", "reason": "a"}), "not_text"),
            (json!({"text": TEXT, "reason": " "}), "out_of_range"),
            (json!({"text": TEXT, "reason": "a\nb"}), "out_of_range"),
        ] {
            let answer = owner.post(&there, body).await;
            let body = answer.expect(StatusCode::UNPROCESSABLE_ENTITY);
            assert_eq!(body["errors"][0]["code"], code);
        }
    }

    async fn a_machine_that_is_away_is_asked_when_it_comes(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let mut machine = Machine::joined(&server, &owner, "box", &[]).await;
        let request = ask(&owner, &machine.id()).await;
        assert_eq!(request["state"], "waiting");
        machine.connect(&server).await;
        let told = machine.answers(waiting(false)).await;
        assert_eq!((told.text.as_str(), told.reason.as_str(), told.grant), (TEXT, "for Fridays", None));
        becomes(&server, &owner, &request, "asked").await;
        let late = asked(&owner, &mut machine, waiting(false)).await;
        owner.delete(&path(&late, "")).await.expect(StatusCode::NO_CONTENT);
        machine.forgets_rules(text(&late, "id")).await;
        assert_eq!(look(&owner, &late).await["state"], "withdrawn");
        assert_eq!(owner.delete(&path(&late, "")).await.problem(), "rule_request_over");
        machine.cut(&server).await;
        let mut feed = server.product().events.listen(None).receiver;
        server.advance(std::time::Duration::from_secs(7 * 24 * 3600));
        loop {
            let event = feed.recv().await.expect("the feed goes on");
            if event.name == "rule_request.changed" && event.data["id"] == request["id"] {
                assert_eq!(event.data["state"], "expired");
                break;
            }
        }
    }

    async fn f80_a_yes_from_here_is_for_another_person_and_the_policy_that_was_judged(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let developer = server.invite(&owner, "Dalia", "developer").await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let own = asked(&owner, &mut machine, waiting(true)).await;
        let refused = owner.post(&path(&own, "/approve"), json!({})).await;
        assert_eq!((refused.status, refused.problem()), (StatusCode::FORBIDDEN, "own_request"));
        assert_eq!(audit(&owner, "rules.approve").await[0]["outcome"], "denied");
        let request = asked(&developer, &mut machine, waiting(true)).await;
        assert_eq!(developer.post(&path(&request, "/approve"), json!({})).await.problem(), "not_allowed");
        assert_eq!(owner.delete(&path(&request, "")).await.problem(), "not_own_request");
        // The policy became another one.
        machine.has_policy(&server, &owner, 8).await;
        assert_eq!(owner.post(&path(&request, "/approve"), json!({})).await.problem(), "policy_changed");
        machine.has_policy(&server, &owner, 7).await;
        // The machine says no, and the owner of the machine may still decide.
        let reason = Reason { code: "policy_not_writable".into(), words: "the bridge cannot write".into() };
        let (no, _) = tokio::join!(
            async { owner.post(&path(&request, "/approve"), json!({})).await },
            machine.answers(RuleStanding::NotTaken(reason))
        );
        assert_eq!((no.status, no.problem()), (StatusCode::CONFLICT, "rules_not_taken"));
        assert_eq!(look(&owner, &request).await["state"], "asked");
        let (yes, told) = tokio::join!(
            async { owner.post(&path(&request, "/approve"), json!({})).await.expect(StatusCode::OK) },
            machine.answers(RuleStanding::Granted)
        );
        assert_eq!((&yes["state"], &yes["approval"]["by"]["name"]), (&json!("granted"), &json!("Omar")));
        let grant = told.grant.expect("a yes");
        assert_eq!((grant.approval.by.name.as_str(), *grant.policy, told.actor.name.as_str()), ("Omar", [7; 32], "Dalia"));
        assert!(told.expires_ms - told.issued_ms <= 60_000);
        assert_eq!(owner.post(&path(&request, "/approve"), json!({})).await.problem(), "nothing_to_approve");
    }

    async fn somebody_here_says_no(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let developer = server.invite(&owner, "Dalia", "developer").await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let request = asked(&developer, &mut machine, waiting(true)).await;
        let no = owner.post(&path(&request, "/refuse"), json!({"why": "too wide"})).await.expect(StatusCode::OK);
        assert_eq!((&no["state"], &no["problem"]["detail"]), (&json!("refused"), &json!("Omar: too wide")));
        machine.forgets_rules(text(&request, "id")).await;
        // A machine says nothing of the requests of another one.
        let mut other = Machine::connected(&server, &owner, "other").await;
        let request = asked(&developer, &mut machine, waiting(true)).await;
        other.tells(text(&request, "id"), RuleStanding::Granted).await;
        other.forgets_rules(text(&request, "id")).await;
        assert_eq!(look(&owner, &request).await["state"], "asked");
    }
}
