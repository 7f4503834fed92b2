//! Sign-in links.

use std::time::Duration;

use diwan_testkit::{Answer, Person, TestServer, on_every_backend};
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{actions, outbox};

async fn ask(person: &Person, email: &str) -> Answer {
    person.post("/api/v1/auth/magic-link", json!({"email": email})).await
}

async fn redeem(person: &Person, token: &str) -> Answer {
    person.post("/api/v1/auth/magic-link/redeem", json!({"token": token})).await
}

/// The sign-in link in the newest mail that has one, once there are at least `least` mails.
async fn newest_link(owner: &Person, least: usize) -> String {
    let mails = outbox(owner, least).await;
    let texts = mails.iter().filter_map(|mail| mail["body_text"].as_str());
    let links = texts.filter_map(|text| text.lines().find(|line| line.contains("/sign-in/link")));
    links.map(str::to_owned).next().unwrap()
}

async fn newest_token(owner: &Person, least: usize) -> String {
    newest_link(owner, least).await.split("#token=").nth(1).unwrap().to_owned()
}

/// The invitation left a mail behind, so that a link comes in the second one.
const FIRST: usize = 2;

async fn house(backend: diwan_testkit::Backend) -> (TestServer, Person) {
    let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
    server.invite(&owner, "Badr", "developer").await;
    // So that later mails are newer.
    server.advance(Duration::from_secs(1));
    (server, owner)
}

on_every_backend! {
    async fn a_link_signs_in_once_the_browser_that_asked_for_it(backend) {
        let (server, owner) = house(backend).await;
        let badr = server.visitor();
        let asked = ask(&badr, "BADR@example.org").await;
        assert_eq!((asked.status, &asked.json), (StatusCode::ACCEPTED, &json!({"sent": true})));
        let cookie = asked.headers["set-cookie"].to_str().unwrap().to_owned();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && cookie.contains("Max-Age=600"), "{cookie}");
        let token = newest_token(&owner, FIRST).await;
        let done = redeem(&badr, &token).await.expect(StatusCode::OK);
        assert_eq!(done["status"], "signed_in");
        badr.get("/api/v1/me").await.expect(StatusCode::OK);
        assert_eq!(redeem(&badr, &token).await.problem(), "link_invalid", "a second time");
        server.stop().await;
    }

    async fn a_scanner_that_follows_the_link_uses_nothing_up(backend) {
        let (server, owner) = house(backend).await;
        let badr = server.visitor();
        ask(&badr, "badr@example.org").await.expect(StatusCode::ACCEPTED);
        let token = newest_token(&owner, FIRST).await;
        let scanner = server.visitor();
        let redeeming = "/api/v1/auth/magic-link/redeem";
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            let answer = scanner.send(method.clone(), redeeming, None, &[]).await;
            assert!(!answer.status.is_success(), "{method} {}", answer.status);
        }
        // Even one that presses the button is another browser.
        assert_eq!(redeem(&scanner, &token).await.problem(), "link_other_browser");
        redeem(&badr, &token).await.expect(StatusCode::OK);
        assert!(actions(&owner).await.contains(&("magic_link.redeem".into(), "denied".into())));
        server.stop().await;
    }

    async fn a_link_runs_out_after_ten_minutes(backend) {
        let (server, owner) = house(backend).await;
        let badr = server.visitor();
        ask(&badr, "badr@example.org").await.expect(StatusCode::ACCEPTED);
        let token = newest_token(&owner, FIRST).await;
        server.advance(Duration::from_secs(600));
        assert_eq!(redeem(&badr, &token).await.problem(), "link_invalid");
        for garbage in ["x", "' OR 1=1 --", &"A".repeat(43), &"\u{e9}".repeat(20)] {
            assert_eq!(redeem(&badr, garbage).await.problem(), "link_invalid", "{garbage}");
        }
        server.stop().await;
    }

    async fn one_link_sent_many_times_at_once_signs_in_once(backend) {
        let (server, owner) = house(backend).await;
        let badr = server.visitor();
        ask(&badr, "badr@example.org").await.expect(StatusCode::ACCEPTED);
        let token = newest_token(&owner, FIRST).await;
        let answers = futures::future::join_all((0..6).map(|_| redeem(&badr, &token))).await;
        assert_eq!(answers.iter().filter(|a| a.status == StatusCode::OK).count(), 1);
        server.stop().await;
    }

    async fn one_sign_in_makes_all_other_links_worthless(backend) {
        let (server, owner) = house(backend).await;
        let badr = server.visitor();
        ask(&badr, "badr@example.org").await.expect(StatusCode::ACCEPTED);
        let first = newest_token(&owner, FIRST).await;
        server.advance(Duration::from_secs(60));
        ask(&badr, "badr@example.org").await.expect(StatusCode::ACCEPTED);
        let second = newest_token(&owner, FIRST + 1).await;
        assert_ne!(first, second);
        redeem(&badr, &first).await.expect(StatusCode::OK);
        assert_eq!(redeem(&badr, &second).await.problem(), "link_invalid");
        server.stop().await;
    }

    async fn nobody_learns_who_has_an_account(backend) {
        let (server, owner) = house(backend).await;
        let visitor = server.visitor();
        let known = ask(&visitor, "badr@example.org").await;
        let unknown = ask(&server.visitor(), "nobody@example.org").await;
        assert_eq!((known.status, &known.text), (unknown.status, &unknown.text));
        let names = |a: &Answer| a.headers.keys().map(ToString::to_string).collect::<std::collections::BTreeSet<_>>();
        assert_eq!(names(&known), names(&unknown));
        ask(&server.visitor(), "badr@example.org").await.expect(StatusCode::ACCEPTED);
        let mails = outbox(&owner, FIRST + 1).await;
        assert!(mails.iter().all(|mail| mail["to"] == "badr@example.org"), "{mails:?}");
        server.stop().await;
    }

    async fn a_link_alone_lets_no_owner_in(backend) {
        let (server, owner) = house(backend).await;
        let visitor = server.visitor();
        ask(&visitor, "owner@example.org").await.expect(StatusCode::ACCEPTED);
        let token = newest_token(&owner, FIRST).await;
        assert_eq!(redeem(&visitor, &token).await.problem(), "stronger_sign_in_needed");
        let (app, _) = crate::totp::enrol(&server, &owner).await;
        ask(&visitor, "owner@example.org").await.expect(StatusCode::ACCEPTED);
        let token = newest_token(&owner, FIRST + 1).await;
        let asked = redeem(&visitor, &token).await.expect(StatusCode::OK);
        assert_eq!(asked["status"], "second_factor_required");
        let body = json!({"challenge": asked["challenge"], "method": "totp", "code": app.code(&server)});
        visitor.post("/api/v1/auth/second-factor", body).await.expect(StatusCode::OK);
        server.stop().await;
    }

    async fn the_way_back_is_a_page_of_this_dashboard(backend) {
        let (server, owner) = house(backend).await;
        let visitor = server.visitor();
        for way_out in ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""] {
            let body = json!({"email": "badr@example.org", "return_to": way_out});
            assert_eq!(visitor.post("/api/v1/auth/magic-link", body).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{way_out}");
        }
        let body = json!({"email": "badr@example.org", "return_to": "/people?role=admin&x=\"<script>"});
        assert_eq!(visitor.post("/api/v1/auth/magic-link", body).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let body = json!({"email": "badr@example.org", "return_to": "/people?role=admin"});
        visitor.post("/api/v1/auth/magic-link", body).await.expect(StatusCode::ACCEPTED);
        let link = newest_link(&owner, FIRST).await;
        assert!(link.contains("/sign-in/link?return_to=%2Fpeople%3Frole%3Dadmin#token="), "{link}");
        server.stop().await;
    }

    async fn a_mail_is_written_in_its_readers_language(backend) {
        let (server, owner) = house(backend).await;
        let badr = server.visitor();
        ask(&badr, "badr@example.org").await.expect(StatusCode::ACCEPTED);
        redeem(&badr, &newest_token(&owner, FIRST).await).await.expect(StatusCode::OK);
        badr.patch("/api/v1/me", json!({"language": "ar"})).await.expect(StatusCode::OK);
        server.advance(Duration::from_secs(1));
        ask(&badr, "badr@example.org").await.expect(StatusCode::ACCEPTED);
        let mails = outbox(&owner, FIRST + 1).await;
        assert!(mails[0]["subject"].as_str().unwrap().contains("رابط تسجيل الدخول"), "{}", mails[0]);
        server.stop().await;
    }

    async fn only_the_owner_reads_the_outbox_and_the_database_does_not_tell(backend) {
        let (server, owner) = house(backend).await;
        let admin = server.invite(&owner, "Ghada", "admin").await;
        assert_eq!(admin.get("/api/v1/outbox").await.problem(), "not_allowed");
        assert_eq!(server.visitor().get("/api/v1/outbox").await.problem(), "sign_in_required");
        let rows = server.product().db.query("SELECT body FROM outbox_mail", vec![]).await.unwrap();
        assert_eq!(rows.len(), 2);
        for row in rows {
            let body: Vec<u8> = row.get("body").unwrap();
            assert!(!String::from_utf8_lossy(&body).contains("token"), "a link lies there in clear");
        }
        // Page by page.
        let first = owner.get("/api/v1/outbox?limit=1").await.expect(StatusCode::OK);
        let next = format!("/api/v1/outbox?limit=1&cursor={}", first["next_cursor"].as_str().unwrap());
        let second = owner.get(&next).await.expect(StatusCode::OK);
        assert_ne!(first["items"][0]["id"], second["items"][0]["id"]);
        assert!(second["next_cursor"].is_null());
        server.stop().await;
    }

    async fn strangers_keep_no_known_browser_from_its_link(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let badr = server.invite(&owner, "Badr", "developer").await;
        for (nth, wait_s) in [0, 0, 60, 120, 240, 0].into_iter().enumerate() {
            ask(&server.visitor(), "badr@example.org").await.expect(StatusCode::ACCEPTED);
            server.recorded("magic_link.request", nth + 1).await;
            server.advance(Duration::from_secs(wait_s));
        }
        assert!(actions(&owner).await.contains(&("magic_link.request".into(), "denied".into())), "the sixth was too many");
        ask(&badr, "badr@example.org").await.expect(StatusCode::ACCEPTED);
        server.recorded("magic_link.request", 7).await;
        crate::step_up(&owner).await;
        let token = newest_token(&owner, FIRST + 5).await;
        redeem(&badr, &token).await.expect(StatusCode::OK);
        server.stop().await;
    }

    async fn asking_for_an_unknown_address_is_written_down_like_any_other(backend) {
        let (server, owner) = house(backend).await;
        let badr = owner.get("/api/v1/users?search=badr").await.expect(StatusCode::OK)["items"][0]["id"].clone();
        let path = format!("/api/v1/users/{}", badr.as_str().unwrap());
        owner.patch(&path, json!({"status": "disabled"})).await.expect(StatusCode::OK);
        for email in ["nobody@example.org", "badr@example.org"] {
            ask(&server.visitor(), email).await.expect(StatusCode::ACCEPTED);
        }
        server.recorded("magic_link.request", 2).await;
        let page = owner.get("/api/v1/audit?action=magic_link.request").await.expect(StatusCode::OK);
        let mut reasons: Vec<&str> = page["items"].as_array().unwrap().iter().filter_map(|e| e["error"].as_str()).collect();
        reasons.sort_unstable();
        assert_eq!(reasons, ["account_disabled", "unknown_account"]);
        assert!(!page.to_string().contains("nobody@"), "what was typed is not written down");
        server.stop().await;
    }

    async fn asking_for_many_mails_ends_after_a_few(backend) {
        let (server, owner) = house(backend).await;
        let mut statuses = vec![];
        for _ in 0..20 {
            statuses.push(ask(&server.visitor(), "badr@example.org").await.status);
        }
        assert!(statuses.contains(&StatusCode::TOO_MANY_REQUESTS), "{statuses:?}");
        let sent = outbox(&owner, FIRST).await.iter().filter(|m| m["to"] == "badr@example.org").count();
        assert!(sent <= 1 + 5, "{sent} mails");
        server.stop().await;
    }
}
