//! Operations that are no programs of the machine: scripts, new projects, and nothing at all.

use diwan_protocol::Operation;
use diwan_protocol::command::LONGEST_SOURCE;
use diwan_protocol::run::{Decision, Outcome};
use diwan_testkit::{TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::machine::{ended, piece, say, verdict};
use super::{Machine, ask, audit, becomes, look, output, run, text};

on_every_backend! {
    async fn nothing_is_carried_like_any_command_and_done_again_when_its_end_is_not_known(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let noop = json!({"machine": "box", "operation": {"kind": "noop"}});
        let begun = run(&owner, noop.clone()).await;
        let mut sent = machine.sent().await;
        assert_eq!((&sent.command.operation, sent.command.retry_safe), (&Operation::Noop, true));
        sent.begin().await;
        sent.end(0, 0, 0).await;
        let over = becomes(&server, &owner, &begun, "ended").await;
        assert_eq!((&over["operation"], &over["exit_code"]), (&json!({"kind": "noop"}), &json!(0)));
        // A machine that was started anew remembers none.
        let begun = run(&owner, noop).await;
        let mut sent = machine.sent().await;
        sent.begin().await;
        machine.cut(&server).await;
        machine.bridge.boot = [9; 16];
        machine.connect(&server).await;
        let (_, mut stream) = machine.followed().await;
        say(&mut stream, ended(Outcome::Forgotten, 0, 0)).await;
        becomes(&server, &owner, &begun, "unknown").await;
        let mut again = machine.sent().await;
        assert_eq!(again.command.operation, Operation::Noop);
        again.begin().await;
        again.end(0, 0, 0).await;
        let second = becomes(&server, &owner, &json!({"id": again.command.id}), "ended").await;
        assert_eq!(text(&second, "retry_of"), text(&look(&owner, &begun).await, "id"));
    }

    async fn a_script_is_carried_whole_kept_and_told_by_its_hash(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        // Everything that JSON and a signature could trip over, and as long as it may be.
        let odd = "\u{1}\"\\\u{2028}é\u{1f600}\r\n";
        let source = format!("{}{}", odd, "\u{1}".repeat(LONGEST_SOURCE - odd.len()));
        let operation = json!({"kind": "script", "language": "python", "source": source, "root": "work", "path": "shop", "args": ["", "$(id)"]});
        let begun = run(&owner, json!({"machine": "box", "operation": operation, "timeout_ms": 5000})).await;
        let mut sent = machine.sent().await;
        let Operation::Script(script) = &sent.command.operation else { panic!("a script") };
        assert!(script.source == source && script.language == "python" && script.timeout_ms == Some(5000));
        assert_eq!((script.place.root.as_str(), script.place.path.as_str()), ("work", "shop"));
        assert_eq!(script.arguments, ["", "$(id)"]);
        sent.begin().await;
        say(&mut sent.stream, piece(1, 0, b"done\n")).await;
        sent.end(3, 5, 0).await;
        let over = becomes(&server, &owner, &begun, "ended").await;
        assert_eq!((&over["operation"], &over["exit_code"], &over["timeout_ms"]), (&operation, &json!(3), &json!(5000)));
        assert_eq!(output(&owner, &begun, 1, 0).await.text, "done\n");
        let trail = audit(&owner, "command.run").await;
        let summary = text(&trail[0]["metadata"], "operation");
        assert!(summary.starts_with("python script ") && summary.contains(" in work:shop") && summary.len() < 80, "{summary}");
    }

    async fn a_script_that_needs_a_yes_is_sent_again_as_it_was(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let developer = server.invite(&owner, "Dalia", "developer").await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let operation = json!({"kind": "script", "language": "shell", "source": "id\n", "root": "work", "path": ""});
        let begun = run(&developer, json!({"machine": "box", "operation": operation, "timeout_ms": 7})).await;
        let mut sent = machine.sent().await;
        say(&mut sent.stream, verdict(Decision::Ask)).await;
        let asks = becomes(&server, &developer, &begun, "needs_approval").await;
        assert_eq!(asks["operation"], operation);
        ask(&owner, &begun, "approve", json!({})).await.expect(StatusCode::CREATED);
        let again = machine.sent().await;
        assert_eq!(again.command.operation, sent.command.operation);
        assert!(again.command.approval.is_some());
    }

    async fn a_project_is_asked_for_by_its_kind_and_name(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        for template in ["node", "python", "rust", "go", "static"] {
            let operation = json!({"kind": "project.create", "template": template, "name": "shop", "root": "work", "path": "new/shop"});
            let begun = run(&owner, json!({"machine": "box", "operation": operation})).await;
            let mut sent = machine.sent().await;
            let Operation::CreateProject(project) = &sent.command.operation else { panic!("a project") };
            assert_eq!((project.template.as_str(), project.name.as_str(), project.place.path.as_str()), (template, "shop", "new/shop"));
            sent.begin().await;
            sent.end(0, 0, 0).await;
            assert_eq!(becomes(&server, &owner, &begun, "ended").await["operation"], operation);
        }
    }

    async fn what_no_machine_could_do_is_refused_field_by_field(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let refused = async |operation: Value, more: Value| -> Vec<String> {
            let mut body = json!({"machine": "box", "operation": operation});
            body.as_object_mut().expect("a body").extend(more.as_object().expect("fields").clone());
            let answer = owner.post("/api/v1/commands", body).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
            let errors = answer.json["errors"].as_array().cloned().unwrap_or_default();
            errors.iter().map(|error| format!("{} {}", text(error, "field"), text(error, "code"))).collect()
        };
        let script = |source: &str, args: Value| json!({"kind": "script", "language": "shell", "source": source, "root": "work", "args": args});
        assert_eq!(refused(script(&"é".repeat(LONGEST_SOURCE / 2 + 1), json!([])), json!({})).await, ["operation.source too_long"]);
        assert_eq!(refused(script("id", json!([])), json!({"has_input": true})).await, ["has_input not_for_this"]);
        assert_eq!(refused(script("id", json!([])), json!({"timeout_ms": 0})).await, ["timeout_ms out_of_range"]);
        let project = json!({"kind": "project.create", "template": "node", "name": "My Shop", "root": "work", "path": ""});
        assert_eq!(refused(project.clone(), json!({"timeout_ms": 5})).await,
            ["operation.name not_a_name", "operation.path empty", "timeout_ms not_for_this"]);
        for unknown in [
            json!({"kind": "script", "language": "perl", "source": "1", "root": "work"}),
            json!({"kind": "project.create", "template": "cobol", "name": "shop", "root": "work", "path": "x"}),
        ] {
            refused(unknown, json!({})).await;
        }
        // Nothing of it came to the machine.
        let begun = run(&owner, json!({"machine": "box", "operation": {"kind": "noop"}})).await;
        assert_eq!(machine.sent().await.command.id, text(&begun, "id"));
    }
}
