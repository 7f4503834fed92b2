//! One's own profile and picture.

use diwan_kernel::Permission;
use diwan_testkit::{TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{entry, id_of, text};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n rest of a picture";

async fn upload(person: &diwan_testkit::Person, bytes: Vec<u8>) -> reqwest::Response {
    reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client")
        .put(format!("{}/api/v1/me/avatar", person.base()))
        .header("cookie", format!("diwan_session={}", person.cookie("diwan_session").expect("a cookie")))
        .header("x-diwan-csrf", "1")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "image/png")
        .body(bytes)
        .send()
        .await
        .expect("an answer")
}

on_every_backend! {
    async fn one_sees_oneself(backend) {
        let (_server, owner) = TestServer::builder().on(backend).owned().await;
        let me = owner.get("/api/v1/me").await.expect(StatusCode::OK);
        assert_eq!((text(&me["user"], "name"), text(&me["user"], "language")), ("Omar", "en"));
        assert_eq!((&me["has_password"], &me["totp_enabled"], &me["passkey_count"]), (&json!(true), &json!(false), &json!(0)));
        assert_eq!(me["permissions"].as_array().expect("permissions").len(), Permission::ALL.len());
        assert_eq!((text(&me["plan"], "name"), &me["plan"]["quotas"]["api_tokens"]), ("enterprise", &Value::Null));
        let plans = owner.get("/api/v1/plans").await.expect(StatusCode::OK);
        assert_eq!(plans["items"].as_array().expect("items").len(), 3);
    }

    async fn one_changes_what_one_may(backend) {
        let (_server, owner) = TestServer::builder().on(backend).owned().await;
        let body = json!({"name": "  عمر  الخيّام ", "language": "ar", "theme": "dark", "time_zone": "Africa/Cairo"});
        let changed = owner.patch("/api/v1/me", body).await.expect(StatusCode::OK);
        assert_eq!((text(&changed, "name"), text(&changed, "language")), ("عمر الخيّام", "ar"));
        let noted = entry(&owner, "user.update_profile").await;
        assert_eq!(noted["metadata"], json!({
            "name": {"from": "Omar", "to": "عمر الخيّام"},
            "language": {"from": "en", "to": "ar"},
            "theme": {"from": "system", "to": "dark"},
            "time_zone": {"from": "UTC", "to": "Africa/Cairo"},
        }));
        let unchanged = owner.patch("/api/v1/me", json!({})).await.expect(StatusCode::OK);
        assert_eq!(entry(&owner, "user.update_profile").await["metadata"], json!({}));
        assert_eq!(unchanged["time_zone"], "Africa/Cairo");
        for body in [json!({"role": "owner"}), json!({"email": "x@example.org"}), json!({"theme": "pink"}), json!({"name": 7})] {
            let refused = owner.patch("/api/v1/me", body.clone()).await;
            assert!(refused.status.is_client_error(), "{body} {}", refused.text);
        }
        let tricks = owner.patch("/api/v1/me", json!({"name": "a\u{202e}b", "time_zone": "../etc/passwd"})).await;
        assert_eq!(tricks.json["errors"].as_array().expect("errors").len(), 2);
    }

    async fn a_picture_is_let_in_by_what_it_is_and_handed_out_harmless(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let refused = upload(&owner, b"<svg onload=alert(1)>".to_vec()).await;
        assert_eq!(refused.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert_eq!(upload(&owner, vec![0; 128 * 1024 + 1]).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(upload(&owner, PNG.to_vec()).await.status(), StatusCode::OK);
        let me = owner.get("/api/v1/me").await.expect(StatusCode::OK);
        let picture = owner.get(text(&me["user"], "avatar_url")).await;
        let header = |name: &str| picture.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
        assert_eq!((header("content-type"), header("x-content-type-options")), ("image/png", "nosniff"));
        assert!(header("content-security-policy").contains("default-src 'none'"), "{picture:?}");
        let amina = server.invite(&owner, "Amina", "developer").await;
        let path = format!("/api/v1/users/{}/avatar", id_of(&owner).await);
        assert_eq!(amina.get(&path).await.status, StatusCode::OK);
        owner.delete("/api/v1/me/avatar").await.expect(StatusCode::NO_CONTENT);
        assert_eq!(owner.get(&path).await.problem(), "not_found");
    }
}
