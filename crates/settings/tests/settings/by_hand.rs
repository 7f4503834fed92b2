//! Changes by hand: the file is watched.

use std::sync::atomic::{AtomicBool, Ordering};

use diwan_testkit::{TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::json;

use super::{announced, change, errors, file, reload, setting, write, written};

on_every_backend! {
    async fn a_file_that_is_written_comes_into_force_by_itself(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        write(&server, "# by hand\nidentity:\n  default_language: ar\n");
        // The first one is that of the start.
        announced(&server, "settings.changed", 2).await;
        let language = setting(&owner, "identity.default_language").await;
        assert_eq!((&language["value"], &language["line"]), (&json!("ar"), &json!(3)));
        let versions = owner.get("/api/v1/settings/versions").await.expect(StatusCode::OK);
        assert_eq!((&versions["items"][0]["cause"], &versions["items"][0]["by"]), (&json!("file"), &json!(null)));
        change(&owner, json!({"mail.port": 2525})).await.expect(StatusCode::OK);
        assert_eq!(written(&server), "# by hand\nidentity:\n  default_language: ar\n\nmail:\n  port: 2525\n");
    }

    async fn a_file_that_is_refused_changes_nothing_and_says_why(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        change(&owner, json!({"identity.default_language": "ar"})).await.expect(StatusCode::OK);
        write(&server, "identity:\n  default_language: ar\n  default_plan: fre\nmail:\n  prot: 25\n");
        announced(&server, "settings.refused", 1).await;
        let all = owner.get("/api/v1/settings").await.expect(StatusCode::OK);
        let faults = all["refused"]["faults"].as_array().expect("faults");
        assert_eq!(faults.len(), 2);
        let unknown = faults.iter().find(|f| f["key"] == "mail.prot").expect("the unknown one");
        assert_eq!((&unknown["line"], &unknown["nearest"], &unknown["kind"]), (&json!(5), &json!("mail.port"), &json!("unknown")));
        assert_eq!(unknown["file"], file(&server).display().to_string());
        assert_eq!(server.visitor().get("/api/v1/setup").await.json["default_language"], "ar");
        let refused = reload(&owner).await;
        assert_eq!((refused.status, refused.problem()), (StatusCode::UNPROCESSABLE_ENTITY, "settings_refused"));
        assert!(errors(&refused).iter().any(|(field, _, why)| field == "mail.prot" && why.contains("line 5 of")), "{}", refused.text);

        write(&server, "identity:\n  default_language: ar\n  default_plan: free\n");
        let mended = reload(&owner).await.expect(StatusCode::OK);
        assert_eq!(mended["changes"][0]["key"], "identity.default_plan");
        assert_eq!(owner.get("/api/v1/settings").await.json["refused"], json!(null));
        let entries = owner.get("/api/v1/audit?action=settings.change&outcome=failed").await.expect(StatusCode::OK);
        assert_eq!(entries["items"].as_array().map(Vec::len), Some(1), "each refused text is written down once");
    }

    async fn a_file_that_says_again_what_is_in_force_is_told_of_too(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        change(&owner, json!({"identity.default_language": "ar"})).await.expect(StatusCode::OK);
        let good = written(&server);
        write(&server, "identity: 7\n");
        assert_eq!(reload(&owner).await.problem(), "settings_refused");
        write(&server, &good);
        // The start, the edit, and the file that was put back.
        announced(&server, "settings.changed", 3).await;
        let all = owner.get("/api/v1/settings").await.expect(StatusCode::OK);
        assert_eq!((&all["refused"], &all["version"]), (&json!(null), &json!(2)));
    }

    async fn a_file_that_is_gone_leaves_everything_as_it_was(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        change(&owner, json!({"identity.default_language": "ar"})).await.expect(StatusCode::OK);
        std::fs::remove_file(file(&server)).expect("it is removed");
        let gone = reload(&owner).await;
        assert_eq!(errors(&gone)[0].1, "file_gone");
        assert_eq!(server.visitor().get("/api/v1/setup").await.json["default_language"], "ar");
        write(&server, "identity:\n  default_language: en\n");
        reload(&owner).await.expect(StatusCode::OK);
        assert_eq!(server.visitor().get("/api/v1/setup").await.json["default_language"], "en");
    }

    async fn a_file_that_says_nothing_any_more_takes_no_protection_away(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        change(&owner, json!({"identity.allowed_addresses": ["127.0.0.0/8"]})).await.expect(StatusCode::OK);
        for nothing in ["", "# nothing\n", "{}\n", "null\n", "identity:\n", "identity: {}\n"] {
            write(&server, nothing);
            let answer = reload(&owner).await;
            assert_eq!(errors(&answer)[0].1, "file_emptied", "{nothing:?}: {}", answer.text);
            assert_eq!(setting(&owner, "identity.allowed_addresses").await["value"], json!(["127.0.0.0/8"]));
        }
        // Through the front door it is meant.
        write(&server, "identity:\n  allowed_addresses: [127.0.0.0/8]\n");
        reload(&owner).await.expect(StatusCode::OK);
        change(&owner, json!({"identity.allowed_addresses": null})).await.expect(StatusCode::OK);
        assert_eq!(setting(&owner, "identity.allowed_addresses").await["value"], json!([]));
    }

    async fn what_was_changed_while_no_server_ran_is_noted(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        change(&owner, json!({"identity.default_language": "ar"})).await.expect(StatusCode::OK);
        let path = file(&server);
        std::fs::write(&path, "identity:\n  default_language: en\n  default_plan: free\n").expect("it is written");
        let server = server.restart().await;
        let person = server.visitor();
        let body = json!({"email": "owner@example.org", "password": diwan_testkit::server::PASSWORD});
        person.post("/api/v1/auth/password", body).await.expect(StatusCode::OK);
        let versions = person.get("/api/v1/settings/versions").await.expect(StatusCode::OK);
        let newest = &versions["items"][0];
        assert_eq!(newest["cause"], "start");
        assert_eq!(setting(&person, "identity.default_plan").await["value"], "free");
    }

    async fn a_bad_reload_under_load_drops_no_request_and_changes_nothing(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        change(&owner, json!({"identity.default_language": "ar"})).await.expect(StatusCode::OK);
        let good = written(&server);
        let over = AtomicBool::new(false);
        let callers = (0..8).map(async |_| {
            let (visitor, mut answered) = (server.visitor(), 0);
            while !over.load(Ordering::Relaxed) {
                let setup = visitor.get("/api/v1/setup").await.expect(StatusCode::OK);
                assert_eq!(setup["default_language"], "ar");
                answered += 1;
            }
            answered
        });
        let reloads = async {
            for round in 0..40 {
                write(&server, &format!("identity:\n  default_language: fr{round}\n"));
                assert_eq!(reload(&owner).await.problem(), "settings_refused");
                write(&server, &format!("{good}# {round}\n"));
                reload(&owner).await.expect(StatusCode::OK);
            }
            over.store(true, Ordering::Relaxed);
        };
        let (answered, ()) = tokio::join!(futures::future::join_all(callers), reloads);
        assert!(answered.iter().all(|answered| *answered > 0), "{answered:?}");
        assert_eq!(setting(&owner, "identity.default_language").await["value"], "ar");
    }

    async fn a_link_to_the_file_stays_a_link(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let real = server.dir().join("elsewhere.yaml");
        std::fs::write(&real, "mail:\n  port: 25\n").expect("it is written");
        std::os::unix::fs::symlink(&real, file(&server)).expect("it is linked");
        reload(&owner).await.expect(StatusCode::OK);
        change(&owner, json!({"mail.port": 2525})).await.expect(StatusCode::OK);
        assert_eq!(std::fs::read_to_string(&real).expect("it is there"), "mail:\n  port: 2525\n");
        assert!(std::fs::symlink_metadata(file(&server)).expect("it is there").is_symlink());
    }

    async fn what_is_not_text_is_told_with_its_line(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        std::fs::write(super::file(&server), b"mail:\n  host: \xff\n").expect("it is written");
        let refused = reload(&owner).await;
        assert_eq!(errors(&refused)[0].1, "file_not_text");
        assert!(errors(&refused)[0].2.contains("(line 2 of"), "{}", refused.text);
    }
}
