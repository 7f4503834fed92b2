//! Changes through the API.

use diwan_testkit::{TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::json;

use super::{change, errors, file, reload, setting, write, written};

on_every_backend! {
    async fn a_change_is_in_force_at_once_and_stands_in_the_file(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let before = setting(&owner, "identity.default_language").await;
        assert_eq!((&before["value"], &before["source"], &before["needs_restart"]), (&json!("en"), &json!("default"), &json!(false)));
        assert!(!file(&server).exists());

        let changed = change(&owner, json!({"identity.default_language": "ar"})).await.expect(StatusCode::OK);
        assert_eq!(changed["changes"], json!([{"key": "identity.default_language", "old": "en", "new": "ar", "needs_restart": false}]));
        assert_eq!((&changed["version"], &changed["restart_needed"]), (&json!(2), &json!(false)));
        assert_eq!(written(&server), "identity:\n  default_language: ar\n");
        let after = setting(&owner, "identity.default_language").await;
        assert_eq!((&after["value"], &after["source"], &after["line"]), (&json!("ar"), &json!("file"), &json!(2)));
        assert_eq!(server.visitor().get("/api/v1/setup").await.expect(StatusCode::OK)["default_language"], "ar");

        change(&owner, json!({"identity.default_language": null})).await.expect(StatusCode::OK);
        assert_eq!(server.visitor().get("/api/v1/setup").await.expect(StatusCode::OK)["default_language"], "en");
        assert_eq!(setting(&owner, "identity.default_language").await["source"], "default");

        let entry = owner.get("/api/v1/audit?action=settings.change&limit=1").await.expect(StatusCode::OK);
        assert_eq!(entry["items"][0]["metadata"]["keys"], json!(["identity.default_language"]));
        assert_eq!(entry["items"][0]["actor"]["name"], "Omar");
    }

    async fn a_change_survives_a_restart(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        change(&owner, json!({"audit.retention_days": 400, "mail.port": 2525})).await.expect(StatusCode::OK);
        let server = server.restart().await;
        let owner = sign_in(&server).await;
        assert_eq!(setting(&owner, "audit.retention_days").await["value"], 400);
        assert_eq!(setting(&owner, "mail.port").await["value"], 2525);
    }

    async fn what_is_not_acceptable_changes_nothing_and_everything_about_it_is_told(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        change(&owner, json!({"mail.port": 2525})).await.expect(StatusCode::OK);
        let before = written(&server);
        let refused = change(&owner, json!({"mail.port": 70_000, "identity.default_plan": "fre", "mail.host": "ok.example.org"})).await;
        assert_eq!((refused.status, refused.problem()), (StatusCode::UNPROCESSABLE_ENTITY, "settings_refused"));
        let said = errors(&refused);
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(!refused.text.contains("in the configuration file"), "it stands in no file yet: {}", refused.text);
        assert!(said.iter().any(|(field, code, why)| field == "mail.port" && code == "range" && why.contains("from 0 to 65535")), "{said:?}");
        assert!(said.iter().any(|(field, _, why)| field == "identity.default_plan" && why.contains("did you mean free?")), "{said:?}");
        let unknown = change(&owner, json!({"mail.prot": 25})).await;
        assert_eq!(errors(&unknown)[0], ("mail.prot".into(), "unknown".into(), "it is not a setting; did you mean mail.port?".into()));
        assert_eq!(written(&server), before);
        assert_eq!(owner.get("/api/v1/settings").await.json["version"], 2);
    }

    async fn a_draft_is_judged_and_not_made(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let judge = async |changes| owner.post("/api/v1/settings/validate", json!({"changes": changes})).await.expect(StatusCode::OK);
        let good = judge(json!({"server.listen": "127.0.0.1:7999"})).await;
        assert_eq!(good["faults"], json!([]));
        assert_eq!(good["changes"][0]["needs_restart"], true);
        let bad = judge(json!({"oidc.providers": [{"id": "acme", "label": "Acme", "isuer": "https://login.example", "client_id": "x"}]})).await;
        let keys = bad["faults"].as_array().expect("faults").iter().map(|fault| &fault["key"]);
        assert_eq!(keys.collect::<Vec<_>>(), ["oidc.providers[0]", "oidc.providers[0].isuer"]);
        assert_eq!(bad["faults"][1]["nearest"], "oidc.providers[0].issuer");
        assert!(!file(&server).exists());
    }

    async fn what_needs_a_restart_waits_for_it(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let changed = change(&owner, json!({"server.instance_name": "Cellar", "server.cors_origins": ["https://tool.example.org"]})).await;
        assert_eq!(changed.expect(StatusCode::OK)["restart_needed"], true);
        let name = setting(&owner, "server.instance_name").await;
        assert_eq!((&name["value"], &name["in_force"], &name["pending"]), (&json!("Cellar"), &json!("Diwan"), &json!(true)));
        assert_eq!(server.visitor().get("/api/v1/setup").await.json["instance_name"], "Diwan");
        let ask = [("origin", "https://tool.example.org"), ("access-control-request-method", "GET")];
        let visitor = server.visitor();
        let preflight = visitor.send(reqwest::Method::OPTIONS, "/api/v1/me", None, &ask).await;
        assert_eq!(preflight.headers["access-control-allow-origin"], "https://tool.example.org", "what needs none does not wait");
    }

    async fn two_who_change_at_once_do_not_write_over_each_other(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let edit = |days: u32| owner.patch("/api/v1/settings", json!({"changes": {"audit.retention_days": days}, "base": 1}));
        let (one, two) = tokio::join!(edit(10), edit(20));
        let mut seen = [one.status, two.status];
        seen.sort_unstable();
        assert_eq!(seen, [StatusCode::OK, StatusCode::CONFLICT]);
        let late = if one.status == StatusCode::CONFLICT { one } else { two };
        assert_eq!(late.problem(), "settings_changed_meanwhile");
        assert!(written(&server).starts_with("audit:\n  retention_days: "));
    }

    async fn what_was_written_by_hand_is_not_written_over(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        change(&owner, json!({"mail.port": 2525})).await.expect(StatusCode::OK);
        write(&server, "mail:\n  prot: 25\n");
        let refused = change(&owner, json!({"audit.retention_days": 10})).await;
        assert_eq!((refused.status, refused.problem()), (StatusCode::CONFLICT, "settings_file_changed"));
        assert_eq!(written(&server), "mail:\n  prot: 25\n");
        write(&server, "{mail: {port: 2525}}\n");
        reload(&owner).await.expect(StatusCode::OK);
        let unusual = change(&owner, json!({"mail.port": 25})).await;
        assert_eq!((unusual.status, unusual.problem()), (StatusCode::CONFLICT, "settings_file_unusual"));
    }

    async fn nobody_shuts_themselves_out(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let refused = change(&owner, json!({"identity.allowed_addresses": ["10.0.0.0/8"]})).await;
        assert_eq!(refused.problem(), "settings_refused");
        assert!(errors(&refused)[0].2.contains("shut you out"), "{}", refused.text);
        let wrong = change(&owner, json!({"identity.allowed_addresses": ["127.0.0.0/8", "everywhere"]})).await;
        assert_eq!(errors(&wrong)[0].0, "identity.allowed_addresses[1]");
        change(&owner, json!({"identity.allowed_addresses": ["127.0.0.0/8"]})).await.expect(StatusCode::OK);
        server.visitor().get("/api/v1/setup").await.expect(StatusCode::OK);
    }

    async fn only_owners_change_and_only_those_who_confirm(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let admin = server.invite(&owner, "Amina", "admin").await;
        let developer = server.invite(&owner, "Dana", "developer").await;
        admin.get("/api/v1/settings").await.expect(StatusCode::OK);
        assert_eq!(change(&admin, json!({"mail.port": 25})).await.problem(), "not_allowed");
        assert_eq!(developer.get("/api/v1/settings").await.problem(), "not_allowed");
        assert_eq!(server.visitor().get("/api/v1/settings").await.problem(), "sign_in_required");
        server.advance(std::time::Duration::from_secs(11 * 60));
        assert_eq!(change(&owner, json!({"mail.port": 25})).await.problem(), "step_up_required");
    }
}

/// The owner signs in again.
pub(crate) async fn sign_in(server: &TestServer) -> diwan_testkit::Person {
    let person = server.visitor();
    let body = json!({"email": "owner@example.org", "password": diwan_testkit::server::PASSWORD});
    person.post("/api/v1/auth/password", body).await.expect(StatusCode::OK);
    person
}
