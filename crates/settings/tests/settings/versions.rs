//! Versions, what differs between them, and the way back.

use diwan_testkit::{Backend, TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::json;

use super::editing::sign_in;
use super::{change, reload, setting, write, written};

on_every_backend! {
    async fn every_version_says_who_when_why_and_what(backend) {
        let (_server, owner) = TestServer::builder().on(backend).owned().await;
        let body = json!({"changes": {"mail.port": 2525, "audit.retention_days": 30}, "comment": "the relay moved"});
        owner.patch("/api/v1/settings", body).await.expect(StatusCode::OK);
        change(&owner, json!({"mail.port": 465})).await.expect(StatusCode::OK);
        let versions = owner.get("/api/v1/settings/versions?limit=2").await.expect(StatusCode::OK);
        assert_eq!(versions["items"][0]["version"], 3);
        let second = &versions["items"][1];
        assert_eq!((&second["comment"], &second["cause"], &second["by"]["name"]), (&json!("the relay moved"), &json!("edit"), &json!("Omar")));
        assert_eq!(second["keys"], json!(["mail.port", "audit.retention_days"]));
        let cursor = versions["next_cursor"].as_str().expect("there is more");
        let rest = owner.get(&format!("/api/v1/settings/versions?limit=2&cursor={cursor}")).await.expect(StatusCode::OK);
        assert_eq!((&rest["items"][0]["cause"], &rest["next_cursor"]), (&json!("start"), &json!(null)));

        let diff = owner.get("/api/v1/settings/diff?from=1&to=3").await.expect(StatusCode::OK);
        assert_eq!(diff["changes"], json!([
            {"key": "mail.port", "old": 0, "new": 465, "needs_restart": false},
            {"key": "audit.retention_days", "old": 0, "new": 30, "needs_restart": false},
        ]));
        let back = owner.get("/api/v1/settings/diff?from=3&to=2").await.expect(StatusCode::OK);
        assert_eq!(back["changes"][0]["new"], 2525);
        assert_eq!(owner.get("/api/v1/settings/diff?from=1&to=9").await.problem(), "not_found");
    }

    async fn an_older_version_comes_back_as_it_was_written(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let first = "# ours\nmail:\n  port: 2525 # the relay\n";
        write(&server, first);
        reload(&owner).await.expect(StatusCode::OK);
        change(&owner, json!({"mail.port": 465, "identity.default_language": "ar"})).await.expect(StatusCode::OK);
        let back = owner.post("/api/v1/settings/versions/2/rollback", json!({"comment": "that was better"})).await;
        let back = back.expect(StatusCode::OK);
        assert_eq!(back["version"], 4);
        assert_eq!(written(&server), first);
        assert_eq!(setting(&owner, "mail.port").await["value"], 2525);
        assert_eq!(server.visitor().get("/api/v1/setup").await.json["default_language"], "en");
        let newest = &owner.get("/api/v1/settings/versions?limit=1").await.json["items"][0];
        assert_eq!((&newest["cause"], &newest["rolled_back_to"]), (&json!("rollback"), &json!(2)));
        let same = owner.post("/api/v1/settings/versions/2/rollback", json!({})).await.expect(StatusCode::OK);
        assert_eq!((&same["version"], &same["changes"]), (&json!(4), &json!([])));
        assert_eq!(owner.post("/api/v1/settings/versions/99/rollback", json!({})).await.problem(), "not_found");
    }
}

/// Two servers on one PostgreSQL have a file, and so a history, each.
#[tokio::test]
async fn a_server_goes_back_to_nothing_that_another_one_was() {
    let (one, at_one) = TestServer::builder().on(Backend::Postgresql).owned().await;
    let other = one.twin().await;
    let at_other = sign_in(&other).await;
    change(&at_one, json!({"mail.port": 2525})).await.expect(StatusCode::OK);
    let theirs = change(&at_other, json!({"mail.port": 465})).await.expect(StatusCode::OK)["version"].clone();
    let ours = change(&at_one, json!({"mail.port": 587})).await.expect(StatusCode::OK);
    assert_eq!(ours["changes"][0]["old"], 2525);
    let versions = at_one.get("/api/v1/settings/versions").await.expect(StatusCode::OK);
    let numbers: Vec<_> = versions["items"].as_array().expect("a list").iter().map(|v| v["version"].clone()).collect();
    assert!(numbers.len() == 3 && !numbers.contains(&theirs), "{numbers:?}");
    let back = at_one.post(&format!("/api/v1/settings/versions/{theirs}/rollback"), json!({})).await;
    assert_eq!(back.problem(), "not_found");
    assert_eq!(at_one.get(&format!("/api/v1/settings/diff?from=1&to={theirs}")).await.problem(), "not_found");
    // At the same moment neither stands in the other's way.
    for port in 1..20 {
        let (one, other) =
            tokio::join!(change(&at_one, json!({"mail.port": port})), change(&at_other, json!({"mail.port": port})));
        assert_eq!((one.status, other.status), (StatusCode::OK, StatusCode::OK), "{} {}", one.text, other.text);
    }
    let one = one.restart().await;
    let versions = sign_in(&one).await.get("/api/v1/settings/versions").await.expect(StatusCode::OK);
    let after: Vec<_> = versions["items"].as_array().expect("a list").iter().map(|v| v["version"].clone()).collect();
    assert!(after.ends_with(&numbers) && !after.contains(&theirs), "it is the same server: {after:?}");
}
