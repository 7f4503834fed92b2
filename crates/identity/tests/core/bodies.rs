//! What a request's body may be, and which names people may give themselves.

use std::time::Duration;

use diwan_testkit::{Person, TestServer, on_every_backend};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::step_up;

const NAME: &str = "/api/v1/me";

async fn keyed(person: &Person, method: Method, path: &str, body: Value) -> diwan_testkit::Answer {
    person.send(method, path, Some(body), &[("idempotency-key", "k-1")]).await
}

on_every_backend! {
    async fn a_list_is_not_taken_for_an_object(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        for body in [json!(["Owner Two", null, null, null]), json!("Owner Two"), json!(7), Value::Null] {
            let refused = owner.patch(NAME, body).await;
            assert_eq!((refused.status, refused.problem()), (StatusCode::BAD_REQUEST, "request_invalid"), "{}", refused.text);
            assert!(refused.text.contains("object") && !refused.text.contains("UpdateMe"), "{}", refused.text);
        }
        let listed = server.visitor().post("/api/v1/auth/password", json!(["owner@example.org", diwan_testkit::server::PASSWORD])).await;
        assert_eq!(listed.status, StatusCode::BAD_REQUEST);
        assert_eq!(owner.get(NAME).await.expect(StatusCode::OK)["user"]["name"], "Omar");
    }

    async fn a_body_that_says_it_is_compressed_is_not_read_as_it_is(backend) {
        let (_server, owner) = TestServer::builder().on(backend).owned().await;
        let body = || Some(json!({"name": "Omar Two"}));
        for encoding in ["gzip", "br", "identity, gzip", "x"] {
            let refused = owner.send(Method::PATCH, NAME, body(), &[("content-encoding", encoding)]).await;
            assert_eq!((refused.status, refused.problem()), (StatusCode::UNSUPPORTED_MEDIA_TYPE, "encoding_not_supported"));
        }
        owner.send(Method::PATCH, NAME, body(), &[("content-encoding", "identity")]).await.expect(StatusCode::OK);
    }

    async fn a_name_can_be_seen(backend) {
        let (_server, owner) = TestServer::builder().on(backend).owned().await;
        for name in ["\u{3164}", "\u{115f}", "\u{2800}", "\u{34f}", "\u{fe0f}", "\u{200d}", "A\u{200d}mina", &format!("Z{}", "\u{351}".repeat(79))] {
            let refused = owner.patch(NAME, json!({"name": name})).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{name:?}: {}", refused.text);
            let device = owner.post("/api/v1/auth/device", json!({"client_name": name})).await;
            assert_eq!(device.status, StatusCode::UNPROCESSABLE_ENTITY, "{name:?}: {}", device.text);
        }
        for name in ["أمينة حدّاد", "مینا\u{200c}راد", "Zoë"] {
            owner.patch(NAME, json!({"name": name})).await.expect(StatusCode::OK);
        }
    }

    async fn a_secret_that_is_shown_once_is_not_shown_again_for_the_same_key(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let token = json!({"name": "ci", "scopes": ["status.read"]});
        let made = keyed(&owner, Method::POST, "/api/v1/me/tokens", token.clone()).await.expect(StatusCode::CREATED);
        let again = keyed(&owner, Method::POST, "/api/v1/me/tokens", token.clone()).await;
        assert_eq!((again.status, again.problem()), (StatusCode::CONFLICT, "idempotency_secret_not_kept"));
        assert!(!again.text.contains(made["secret"].as_str().expect("a secret")));
        assert_eq!(again.headers["idempotency-replayed"], "true");
        let list = owner.get("/api/v1/me/tokens").await.expect(StatusCode::OK);
        assert_eq!(list["items"].as_array().expect("a list").len(), 1, "it was made once");
        for (path, body) in [
            ("/api/v1/invitations", json!({"email": "x@example.org", "role": "viewer"})),
            ("/api/v1/me/totp", json!({})),
        ] {
            let key = [("idempotency-key", path)];
            let first = owner.send(Method::POST, path, Some(body.clone()), &key).await;
            assert!(first.status.is_success(), "{}", first.text);
            assert_eq!(owner.send(Method::POST, path, Some(body), &key).await.problem(), "idempotency_secret_not_kept", "{path}");
        }
        // Who may not ask now gets no answer of then.
        server.advance(Duration::from_secs(600));
        assert_eq!(keyed(&owner, Method::POST, "/api/v1/me/tokens", token).await.problem(), "step_up_required");
    }

    async fn an_answer_is_repeated_only_to_who_may_still_ask(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let admin = server.invite(&owner, "Adel", "admin").await;
        let badr = crate::id_of(&server.invite(&owner, "Badr", "viewer").await).await;
        let path = format!("/api/v1/users/{badr}");
        let change = || json!({"plan": "pro"});
        let first = keyed(&admin, Method::PATCH, &path, change()).await.expect(StatusCode::OK);
        assert_eq!(keyed(&admin, Method::PATCH, &path, change()).await.expect(StatusCode::OK), first);
        server.advance(Duration::from_secs(600));
        assert_eq!(keyed(&admin, Method::PATCH, &path, change()).await.problem(), "step_up_required");
        step_up(&admin).await;
        assert_eq!(keyed(&admin, Method::PATCH, &path, change()).await.expect(StatusCode::OK), first);
        step_up(&owner).await;
        let own = format!("/api/v1/users/{}", crate::id_of(&admin).await);
        owner.patch(&own, json!({"role": "developer"})).await.expect(StatusCode::OK);
        let back = crate::sign_in(&server, "adel@example.org").await;
        assert_eq!(keyed(&back, Method::PATCH, &path, change()).await.problem(), "not_allowed");
    }
}
