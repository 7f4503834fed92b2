//! The audit trail through the front door, on both databases.
#![expect(clippy::expect_used, reason = "these are tests")]

use diwan_audit::{FaultKind, OfflineKey, verify_offline};
use diwan_kernel::Ctx;
use diwan_kernel::db::Unrecorded;
use diwan_testkit::server::PASSWORD;
use diwan_testkit::{Person, TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::{Value, json};

/// What somebody does who has the database but not the keys.
async fn tamper(server: &TestServer, sql: &'static str) {
    let product = server.product();
    let mut tx = product.db.begin(&Ctx::system(&product.world, "test")).await.expect("a unit of work");
    tx.execute(sql, vec![]).await.expect("the statement runs");
    tx.commit_unrecorded(Unrecorded::Bookkeeping).await.expect("it is saved");
}

async fn entries(person: &Person, query: &str) -> Vec<Value> {
    let page = person.get(&format!("/api/v1/audit?{query}")).await.expect(StatusCode::OK);
    page["items"].as_array().expect("a list").clone()
}

on_every_backend! {
    async fn what_people_do_is_in_the_trail_and_can_be_found(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let amina = server.invite(&owner, "Amina", "developer").await;
        amina.patch("/api/v1/me", json!({"name": "Amina Haddad"})).await.expect(StatusCode::OK);

        let all = entries(&owner, "limit=200").await;
        let seqs: Vec<_> = all.iter().map(|e| e["seq"].as_i64().expect("a number")).collect();
        let newest = seqs[0];
        assert_eq!(seqs, (1..=newest).rev().collect::<Vec<_>>(), "newest first, without a gap");

        let invited = entries(&owner, "action=invitation.create").await;
        assert_eq!(invited.len(), 1);
        assert_eq!(invited[0]["actor"]["name"], "Omar");
        assert_eq!(invited[0]["outcome"], "ok");
        assert_eq!(invited[0]["address"], "127.0.0.1");
        assert!(invited[0]["request_id"].as_str().is_some_and(|id| id.starts_with("req_")));

        let id = amina.get("/api/v1/me").await.expect(StatusCode::OK)["user"]["id"].as_str().expect("an id").to_owned();
        let hers = entries(&owner, &format!("actor={id}")).await;
        assert!(!hers.is_empty() && hers.iter().all(|e| e["actor"]["id"] == id.as_str()), "{hers:?}");
        assert_eq!(entries(&owner, &format!("resource=user:{id}&action=user.update_profile")).await.len(), 1);
        assert!(entries(&owner, "search=user.update_PROFILE").await.len() == 1, "case does not matter in a search");
        assert!(entries(&owner, "search=100%25").await.is_empty(), "a percent sign is only itself");
        assert!(entries(&owner, "until=2001-01-01T00:00:00Z").await.is_empty());
        assert_eq!(entries(&owner, "since=2001-01-01T00:00:00Z&limit=200").await.len(), all.len());
    }

    async fn a_trail_that_was_thrown_away_is_missed(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        for sql in ["DELETE FROM audit_entry", "DELETE FROM audit_checkpoint", "DELETE FROM audit_head"] {
            tamper(&server, sql).await;
        }
        let product = server.product();
        let key = OfflineKey::Public(product.audit.vouching());
        let report = verify_offline(&product.db, key, None).await.expect("it answers");
        let fault = report.fault.expect("it is noticed");
        assert_eq!((report.ok, fault.kind, fault.seq), (false, FaultKind::Truncated, 1));
        // Nor does the next start take the installation for a fresh one, with or without its anchor.
        let anchor = server.dir().join("audit.anchor");
        if anchor.exists() {
            std::fs::remove_file(anchor).expect("it is removed");
        }
        let server = server.restart().await;
        assert_eq!(server.product().audit.warnings()[0].code, "audit_chain_broken");
        let back = server.visitor();
        let body = json!({"email": "owner@example.org", "password": PASSWORD});
        back.post("/api/v1/auth/password", body).await.expect(StatusCode::OK);
        let noted = entries(&back, "action=audit.check").await;
        assert_eq!((&noted[0]["outcome"], &noted[0]["error"]), (&json!("failed"), &json!("trail_missing")));
        drop(owner);
    }

    async fn pages_follow_each_other_while_new_entries_arrive(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        for n in 0..5 {
            owner.patch("/api/v1/me", json!({"name": format!("Omar {n}")})).await.expect(StatusCode::OK);
        }
        let mut seen = vec![];
        let mut path = "/api/v1/audit?limit=2".to_owned();
        loop {
            let page = owner.get(&path).await.expect(StatusCode::OK);
            seen.extend(page["items"].as_array().expect("a list").iter().map(|e| e["seq"].as_i64().expect("a number")));
            owner.patch("/api/v1/me", json!({"name": "Omar"})).await.expect(StatusCode::OK);
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("/api/v1/audit?limit=2&cursor={cursor}");
        }
        assert_eq!(seen, (1..=seen[0]).rev().collect::<Vec<_>>());
        drop(server);
    }

    async fn only_those_may_see_it_who_watch_over_it(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let amina = server.invite(&owner, "Amina", "developer").await;
        let badr = server.invite(&owner, "Badr", "admin").await;
        for path in ["/audit", "/audit/export", "/audit/checkpoints", "/audit/key", "/audit/suspicious"] {
            let path = format!("/api/v1{path}");
            assert_eq!(server.visitor().get(&path).await.problem(), "sign_in_required", "{path}");
            assert_eq!(amina.get(&path).await.problem(), "not_allowed", "{path}");
            assert_eq!(badr.get(&path).await.status, StatusCode::OK, "{path}");
        }
        assert_eq!(amina.post("/api/v1/audit/verify", json!({})).await.problem(), "not_allowed");
    }

    async fn what_makes_no_sense_is_refused(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let long = "x".repeat(201);
        for (query, status) in [
            ("limit=0", 422), ("limit=201", 422), ("limit=x", 400), ("cursor=!", 422), ("cursor=bm90IGpzb24", 422),
            ("outcome=maybe", 400), ("since=yesterday", 400), ("search=%00", 400), ("actor=a%00b", 400),
            (&format!("action={long}"), 422),
        ] {
            let answer = owner.get(&format!("/api/v1/audit?{query}")).await;
            assert_eq!(answer.status.as_u16(), status, "{query}: {}", answer.text);
            answer.problem();
        }
        assert_eq!(owner.get("/api/v1/audit/export?format=xml").await.status, StatusCode::BAD_REQUEST);
        drop(server);
    }

    async fn an_export_is_complete_safe_in_a_spreadsheet_and_an_entry_itself(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        owner.patch("/api/v1/me", json!({"name": "=HYPERLINK(\"http://evil\")"})).await.expect(StatusCode::OK);
        owner.patch("/api/v1/me", json!({"name": "@Omar, \"the\" first"})).await.expect(StatusCode::OK);
        owner.patch("/api/v1/me", json!({"language": "ar"})).await.expect(StatusCode::OK);

        let lines = owner.get("/api/v1/audit/export").await;
        assert_eq!(lines.headers["content-type"], "application/x-ndjson");
        assert!(lines.headers["content-disposition"].to_str().is_ok_and(|v| v.starts_with("attachment; filename=\"diwan-audit-")));
        let exported: Vec<Value> = lines.text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let last = exported.last().expect("an entry");
        assert_eq!(last["action"], "audit.export");
        assert_eq!(last["metadata"]["format"], "jsonl");
        let mut listed = entries(&owner, "limit=200").await;
        listed.reverse();
        for (line, entry) in exported.iter().zip(&listed) {
            let mut line = line.as_object().expect("an object").clone();
            let hash = line.remove("hash").expect("a hash");
            assert_eq!(hash.as_str().map(str::len), Some(64));
            assert_eq!(Value::Object(line), *entry);
        }

        let table = owner.get("/api/v1/audit/export?format=csv&action=user.").await.text;
        assert!(table.starts_with("seq,at,id,actor_kind"), "{table}");
        assert!(table.contains("\"'=HYPERLINK(\"\"http://evil\"\")\""), "{table}");
        assert!(table.contains("\"'@Omar, \"\"the\"\" first\""), "{table}");
        drop(server);
    }

    async fn a_changed_entry_is_named_and_the_status_warns_of_it(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let good = owner.post("/api/v1/audit/verify", json!({})).await.expect(StatusCode::OK);
        assert_eq!((&good["ok"], &good["fault"], &good["anchor"]), (&json!(true), &Value::Null, &json!("ok")));
        tamper(&server, "UPDATE audit_entry SET actor_name = 'Nobody' WHERE seq = 2").await;
        let bad = owner.post("/api/v1/audit/verify", json!({})).await.expect(StatusCode::OK);
        assert_eq!((&bad["ok"], &bad["fault"]["kind"], &bad["fault"]["seq"]), (&json!(false), &json!("edited"), &json!(2)));
        let status = owner.get("/api/v1/status").await.expect(StatusCode::OK);
        let codes: Vec<_> = status["warnings"].as_array().expect("a list").iter().map(|w| &w["code"]).collect();
        assert!(codes.contains(&&json!("audit_chain_broken")), "{codes:?}");
        let said = entries(&owner, "action=audit.verify").await;
        assert_eq!((&said[0]["outcome"], &said[0]["error"]), (&json!("failed"), &json!("edited")));
        assert_eq!(said[1]["outcome"], "ok");
    }

    async fn changes_are_refused_while_they_cannot_be_written_down(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        tamper(&server, "DELETE FROM audit_head").await;
        let refused = owner.patch("/api/v1/me", json!({"name": "Somebody"})).await;
        assert_eq!((refused.status, refused.problem()), (StatusCode::SERVICE_UNAVAILABLE, "audit_unavailable"));
        let me = owner.get("/api/v1/me").await.expect(StatusCode::OK);
        assert_eq!(me["user"]["name"], "Omar", "reading goes on, and nothing was changed");
    }

    async fn wrong_passwords_show_as_suspicious(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        for password in ["wrong one, really", "wrong two, really", "wrong three, yes", "wrong four, yes", "wrong five, yes"] {
            let body = json!({"email": "owner@example.org", "password": password});
            server.visitor().post("/api/v1/auth/password", body).await;
        }
        server.product().audit.look_for_suspicions().await.expect("it looks");
        let page = owner.get("/api/v1/audit/suspicious").await.expect(StatusCode::OK);
        let found = page["items"].as_array().expect("a list");
        assert!(found.iter().any(|a| a["kind"] == "repeated_failures" && a["count"].as_i64() >= Some(5)), "{page}");
        assert!(!page.to_string().contains("wrong one"), "what was typed is nowhere");
    }

    async fn checkpoints_are_signed_by_the_key_that_is_shown(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        server.product().audit.sign_checkpoint().await.expect("it is signed");
        let page = owner.get("/api/v1/audit/checkpoints").await.expect(StatusCode::OK);
        let key = owner.get("/api/v1/audit/key").await.expect(StatusCode::OK);
        assert_eq!(page["items"][0]["key_id"], key["key_id"]);
        let head = entries(&owner, "limit=1").await[0]["seq"].clone();
        assert_eq!(page["items"][0]["seq"], head);
        let anchor = std::fs::read_to_string(server.dir().join("data/audit.anchor")).expect("an anchor");
        assert_eq!(serde_json::from_str::<Value>(&anchor).expect("JSON"), page["items"][0]);
    }
}

#[tokio::test]
async fn a_restart_goes_on_with_the_same_trail() {
    let (server, owner) = TestServer::builder().owned().await;
    let before = entries(&owner, "limit=200").await.len();
    let server = server.restart().await;
    let again = server.visitor();
    let body = json!({"email": "owner@example.org", "password": PASSWORD});
    again.post("/api/v1/auth/password", body).await.expect(StatusCode::OK);
    assert!(entries(&again, "limit=200").await.len() > before);
    assert_eq!(again.post("/api/v1/audit/verify", json!({})).await.expect(StatusCode::OK)["ok"], true);
}
