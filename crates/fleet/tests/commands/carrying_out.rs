//! Commands from the wish to the end.

use diwan_protocol::control::ToBridge;
use diwan_protocol::run::{Decision, Outcome, ToCommand};
use diwan_protocol::{Operation, decode};
use diwan_testkit::{TestServer, on_every_backend};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::machine::{Asked, ended, hear, piece, say, try_say, verdict};
use super::{Machine, ask, audit, becomes, exec, look, output, run, text};

on_every_backend! {
    async fn a_command_is_carried_out_and_all_of_it_is_known(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let developer = server.invite(&owner, "Dalia", "developer").await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let begun = run(&developer, exec("box", &["git", "status"])).await;
        assert!(["written", "sent"].contains(&text(&begun, "state")), "{begun}");
        let mut sent = machine.sent().await;
        let Operation::Exec(exec) = &sent.command.operation else { panic!("a program") };
        assert_eq!((exec.argv.join(" "), exec.place.root.as_str(), exec.has_input), ("git status".into(), "work", false));
        assert_eq!((sent.command.id.as_str(), sent.command.actor.name.as_str()), (text(&begun, "id"), "Dalia"));
        assert!(sent.command.expires_ms - sent.command.issued_ms <= 60_000);
        sent.begin().await;
        say(&mut sent.stream, piece(1, 0, b"clean\n")).await;
        say(&mut sent.stream, piece(2, 0, b"warning\n")).await;
        let running = becomes(&server, &developer, &begun, "running").await;
        assert_eq!((&running["verdict"]["decision"], &running["verdict"]["rule"]), (&json!("allow"), &json!("git-status")));
        assert!(running["started_at"].is_string() && running["ended_at"].is_null());
        sent.end(3, 6, 8).await;
        let over = becomes(&server, &developer, &begun, "ended").await;
        assert_eq!((&over["outcome"], &over["exit_code"], &over["signal"]), (&json!("exited"), &json!(3), &json!(null)));
        assert_eq!((&over["output_bytes"], &over["error_bytes"]), (&json!(6), &json!(8)));
        assert_eq!((&over["usage"]["user_us"], &over["problem"]), (&json!(1200), &json!(null)));
        assert_eq!(over["verdict"], running["verdict"]);
        assert_eq!(over["policy_hash"], "07".repeat(32));
        machine.forgets(text(&begun, "id")).await;

        let said = output(&developer, &begun, 1, 0).await;
        assert_eq!((said.status, said.text.as_str()), (StatusCode::OK, "clean\n"));
        for (header, value) in [("x-output-length", "6"), ("x-output-next", "6"), ("x-output-end", "true")] {
            assert_eq!(said.headers[header], value, "{header}");
        }
        assert_eq!(said.headers["content-type"], "application/octet-stream");
        assert_eq!(output(&developer, &begun, 2, 3).await.text, "ning\n");
        assert_eq!(output(&developer, &begun, 1, 99).await.text, "");

        let (wanted, finished) = (audit(&owner, "command.run").await, audit(&owner, "command.end").await);
        assert_eq!((wanted.len(), finished.len()), (1, 1));
        assert_eq!((&wanted[0]["actor"]["name"], &wanted[0]["resource"]["id"]), (&json!("Dalia"), &json!(machine.id())));
        assert_eq!(wanted[0]["metadata"]["operation"], "git status");
        assert_eq!((&finished[0]["resource"]["id"], &finished[0]["metadata"]["status"]), (&begun["id"], &json!(3)));
        server.stop().await;
    }

    async fn f53_the_same_request_twice_is_one_command(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let body = exec("box", &["true"]);
        let key = [("idempotency-key", "a-key")];
        let first = owner.send(Method::POST, "/api/v1/commands", Some(body.clone()), &key).await.expect(StatusCode::CREATED);
        let second = owner.send(Method::POST, "/api/v1/commands", Some(body), &key).await.expect(StatusCode::CREATED);
        assert_eq!(first["id"], second["id"]);
        let sent = machine.sent().await;
        assert_eq!(sent.command.id, text(&first["commands"][0], "id"));
        let other = owner.send(Method::POST, "/api/v1/commands", Some(exec("box", &["false"])), &key).await;
        assert_eq!((other.status, audit(&owner, "command.run").await.len()), (StatusCode::CONFLICT, 1));
    }

    async fn what_the_policy_denies_is_refused_with_its_rule(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let begun = run(&owner, exec("box", &["rm", "-rf", "/"])).await;
        let mut sent = machine.sent().await;
        say(&mut sent.stream, verdict(Decision::Deny)).await;
        let over = becomes(&server, &owner, &begun, "refused").await;
        assert_eq!((&over["verdict"]["decision"], &over["verdict"]["rule"]), (&json!("deny"), &json!(null)));
        assert_eq!(over["verdict"]["reasons"], json!([{"code": "no_rule", "words": "no rule speaks of it"}]));
        assert_eq!((&over["outcome"], &over["started_at"], &over["exit_code"]), (&json!(null), &json!(null), &json!(null)));
        let entry = &audit(&owner, "command.end").await[0];
        assert_eq!((&entry["outcome"], &entry["error"]), (&json!("denied"), &json!("refused")));
        // It says its last, as a bridge does: that changes nothing.
        let _ = try_say(&mut sent.stream, ended(Outcome::NotStarted("no".into()), 0, 0)).await;
        machine.forgets(text(&begun, "id")).await;
        assert_eq!(look(&owner, &begun).await, over);
    }

    async fn every_way_to_end_is_told(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let ways: [(Outcome, Value); 6] = [
            (Outcome::Signalled(9), json!({"state": "ended", "outcome": "signalled", "signal": 9})),
            (Outcome::TimedOut, json!({"state": "ended", "outcome": "timed_out"})),
            (Outcome::OverLimit("memory".into()), json!({"state": "ended", "outcome": "over_limit", "detail": "memory"})),
            (Outcome::Cancelled, json!({"state": "ended", "outcome": "cancelled"})),
            (Outcome::NotStarted("no such file".into()), json!({"state": "ended", "outcome": "not_started", "detail": "no such file"})),
            (Outcome::Unknown, json!({"state": "unknown", "outcome": null})),
        ];
        for (way, expected) in ways {
            let begun = run(&owner, exec("box", &["true"])).await;
            let mut sent = machine.sent().await;
            sent.begin().await;
            say(&mut sent.stream, ended(way, 0, 0)).await;
            let over = becomes(&server, &owner, &begun, text(&expected, "state")).await;
            for (field, value) in expected.as_object().expect("fields") {
                assert_eq!(&over[field], value, "{over}");
            }
        }
    }

    async fn numbers_only_grow_and_go_on_after_a_restart(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let (mut numbers, mut server) = (vec![], server);
        for _ in 0..2 {
            for _ in 0..3 {
                run(&owner_of(&server, &owner), exec("box", &["true"])).await;
                let mut sent = machine.sent().await;
                numbers.push(sent.command.sequence);
                sent.begin().await;
                sent.end(0, 0, 0).await;
                machine.forgets(&sent.command.id.clone()).await;
            }
            machine.cut(&server).await;
            server = server.restart().await;
            // A machine that says it has seen nothing is not believed either.
            machine.connect_with(&server, |hello| hello.seen = 0).await;
        }
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
    }

    async fn a_running_command_is_stopped_and_signalled(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let begun = run(&owner, exec("box", &["sleep", "9"])).await;
        let mut sent = machine.sent().await;
        sent.begin().await;
        becomes(&server, &owner, &begun, "running").await;
        assert_eq!(ask(&owner, &begun, "signal", json!({"signal": 10})).await.status, StatusCode::NO_CONTENT);
        assert_eq!(hear(&mut sent.stream).await, ToCommand::Signal(10));
        assert_eq!(ask(&owner, &begun, "signal", json!({"signal": 0})).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(ask(&owner, &begun, "cancel", json!({})).await.status, StatusCode::NO_CONTENT);
        assert_eq!(hear(&mut sent.stream).await, ToCommand::Cancel);
        say(&mut sent.stream, ended(Outcome::Cancelled, 0, 0)).await;
        let over = becomes(&server, &owner, &begun, "ended").await;
        assert!(over["cancel_asked_at"].is_string() || over["outcome"] == "cancelled");
        for what in ["cancel", "signal"] {
            let late = ask(&owner, &begun, what, json!({"signal": 10})).await;
            assert_eq!((late.status, late.problem()), (StatusCode::CONFLICT, "command_over"), "{what}");
        }
        assert_eq!((audit(&owner, "command.cancel").await.len(), audit(&owner, "command.signal").await.len()), (1, 1));
    }

    async fn the_policy_is_asked_without_doing_anything(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let (path, body) = (format!("/api/v1/machines/{}/check", machine.id()), exec("box", &["git", "status"]));
        let body = json!({"operation": body["operation"]});
        let (answer, ()) = tokio::join!(owner.post(&path, body.clone()), async {
            let Asked::Judge(mut stream) = machine.asked().await else { panic!("a question") };
            let question = stream.receive().await.expect("the stream goes on").expect("a question");
            let question: diwan_protocol::opening::Judge = decode(&question).expect("it makes sense").expect("it is known");
            assert_eq!(question.actor.name, "Omar");
            let diwan_protocol::run::FromCommand::Verdict(verdict) = verdict(Decision::Ask) else { panic!("a verdict") };
            stream.send(diwan_protocol::encode(&verdict).into()).await.expect("it is heard");
            stream.finish();
        });
        let answer = answer.expect(StatusCode::OK);
        assert_eq!((&answer["decision"], &answer["argv"]), (&json!("ask"), &json!(["/usr/bin/git", "status"])));
        let (answer, ()) = tokio::join!(owner.post(&path, body.clone()), async {
            let Asked::Judge(stream) = machine.asked().await else { panic!("a question") };
            drop(stream);
        });
        assert_eq!((answer.status, answer.problem()), (StatusCode::BAD_GATEWAY, "machine_silent"));
        machine.cut(&server).await;
        assert_eq!(owner.post(&path, body).await.problem(), "machine_offline");
        assert_eq!(owner.get("/api/v1/commands").await.expect(StatusCode::OK)["items"], json!([]));
    }

    async fn commands_are_found_by_machine_batch_state_and_person(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let developer = server.invite(&owner, "Dalia", "developer").await;
        let mut one = Machine::connected(&server, &owner, "one").await;
        let mut two = Machine::connected(&server, &owner, "two").await;
        let first = run(&owner, exec("one", &["true"])).await;
        let second = run(&developer, exec("two", &["true"])).await;
        let mut sent = one.sent().await;
        sent.begin().await;
        sent.end(0, 0, 0).await;
        becomes(&server, &owner, &first, "ended").await;
        let _open = two.sent().await;
        let found = async |query: &str| -> Vec<String> {
            let found = owner.get(&format!("/api/v1/commands?{query}")).await.expect(StatusCode::OK);
            found["items"].as_array().expect("items").iter().map(|item| text(item, "id").to_owned()).collect()
        };
        let (a, b) = (text(&first, "id"), text(&second, "id"));
        assert_eq!(found("").await, [b, a]);
        assert_eq!(found(&format!("machine={}", one.id())).await, [a]);
        assert_eq!(found(&format!("batch={}", text(&second, "batch_id"))).await, [b]);
        assert_eq!(found(&format!("actor={}", text(&second["actor"], "id"))).await, [b]);
        assert_eq!(found("state=ended").await, [a]);
        assert_eq!(found("state=sent").await, [b]);
        let page = owner.get("/api/v1/commands?limit=1").await.expect(StatusCode::OK);
        assert_eq!(found(&format!("limit=1&cursor={}", text(&page, "next_cursor"))).await, [a]);
    }

    async fn who_may_not_run_commands_sees_none(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let viewer = server.invite(&owner, "Vera", "viewer").await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let begun = run(&owner, exec("box", &["true"])).await;
        let _sent = machine.sent().await;
        let id = text(&begun, "id");
        let paths = ["/api/v1/commands".to_owned(), format!("/api/v1/commands/{id}"), format!("/api/v1/commands/{id}/output"),
            format!("/api/v1/commands/{id}/attach"), format!("/api/v1/command-batches/{}", text(&begun, "batch_id"))];
        for path in paths {
            let answer = viewer.send(Method::GET, &path, None, &[("origin", viewer.base())]).await;
            assert_eq!(answer.problem(), "not_allowed", "{path}");
        }
        assert_eq!(viewer.post("/api/v1/commands", exec("box", &["true"])).await.problem(), "not_allowed");
        let check = format!("/api/v1/machines/{}/check", machine.id());
        assert_eq!(viewer.post(&check, json!({"operation": exec("", &["x"])["operation"]})).await.problem(), "not_allowed");
        for what in ["cancel", "signal", "input", "approve"] {
            assert_eq!(ask(&viewer, &begun, what, json!({"signal": 9})).await.problem(), "not_allowed", "{what}");
        }
        let nobody = server.visitor();
        assert_eq!(nobody.get(&format!("/api/v1/commands/{id}/output")).await.status, StatusCode::UNAUTHORIZED);
    }

    async fn what_makes_no_sense_is_refused_field_by_field(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let _machine = Machine::connected(&server, &owner, "box").await;
        let refused = async |body: Value| -> Vec<String> {
            let answer = owner.post("/api/v1/commands", body).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
            let errors = answer.json["errors"].as_array().cloned().unwrap_or_default();
            errors.iter().map(|error| format!("{} {}", text(error, "field"), text(error, "code"))).collect()
        };
        let with = |field: &str, value: Value| {
            let mut body = exec("box", &["true"]);
            body[field] = value;
            body
        };
        assert_eq!(refused(exec("other", &["true"])).await, ["machine machine_unknown"]);
        assert_eq!(refused(with("machines", json!(["box"]))).await, ["machine machine_missing"]);
        assert_eq!(refused(with("wait_s", json!(0))).await, ["wait_s out_of_range"]);
        assert_eq!(refused(with("timeout_ms", json!(0))).await, ["timeout_ms out_of_range"]);
        assert_eq!(refused(exec("box", &[])).await, ["operation.argv out_of_range"]);
        let operation = json!({"kind": "exec", "argv": [""], "root": "-x", "path": "../.."});
        let found = refused(json!({"machine": "box", "operation": operation})).await;
        assert_eq!(found, ["operation.argv[0] empty", "operation.root not_a_name", "operation.path path_not_relative"]);
        let operation = json!({"kind": "service.restart", "service": "a; b"});
        assert_eq!(refused(json!({"machine": "box", "operation": operation, "has_input": true})).await,
            ["operation.service not_a_name", "has_input not_for_this"]);
        let unknown = json!({"machine": "box", "operation": {"kind": "shell", "line": "rm -rf /"}});
        refused(unknown).await;
        assert_eq!(refused(json!({"selector": "env=prod", "operation": exec("", &["x"])["operation"]})).await, ["selector nothing_selected"]);
        assert!(audit(&owner, "command.run").await.is_empty());
    }

    async fn a_machine_that_comes_back_is_told_to_forget_what_is_over(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let begun = run(&owner, exec("box", &["true"])).await;
        let mut sent = machine.sent().await;
        sent.begin().await;
        sent.end(0, 0, 0).await;
        becomes(&server, &owner, &begun, "ended").await;
        machine.cut(&server).await;
        let id = text(&begun, "id").to_owned();
        let remembered = vec![id.clone(), "cmd_of_nobody".to_owned()];
        machine.connect_with(&server, |hello| hello.commands = remembered.clone()).await;
        assert_eq!(machine.connection().hear().await, ToBridge::Forget(remembered));
    }
}

/// The owner of a server that was restarted at another address.
pub(super) fn owner_of(server: &TestServer, owner: &diwan_testkit::Person) -> diwan_testkit::Person {
    let person = server.visitor();
    for name in ["diwan_session", "diwan_device"] {
        if let Some(value) = owner.cookie(name) {
            person.set_cookie(name, &value);
        }
    }
    person
}
