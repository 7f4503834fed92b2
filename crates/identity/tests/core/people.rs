//! People: lists, roles, the last owner, removal.

use diwan_testkit::{TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{entry, id_of, text};

fn emails(page: &Value) -> Vec<&str> {
    page["items"].as_array().expect("items").iter().map(|u| text(u, "email")).collect()
}

on_every_backend! {
    async fn people_are_listed_searched_and_paged(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        server.invite(&owner, "Amina", "developer").await;
        server.invite(&owner, "Bilal", "viewer").await;
        let list = owner.get("/api/v1/users").await.expect(StatusCode::OK);
        assert_eq!(emails(&list), ["bilal@example.org", "amina@example.org", "owner@example.org"]);
        for (query, found) in [
            ("search=AMI", vec!["amina@example.org"]),
            ("search=%25", vec![]),
            ("search=_", vec![]),
            ("search=%27%20OR%201%3D1", vec![]),
            ("role=owner", vec!["owner@example.org"]),
            ("status=disabled", vec![]),
            ("role=viewer&search=example", vec!["bilal@example.org"]),
        ] {
            let page = owner.get(&format!("/api/v1/users?{query}")).await.expect(StatusCode::OK);
            assert_eq!(emails(&page), found, "{query}");
        }
        let first = owner.get("/api/v1/users?limit=2").await.expect(StatusCode::OK);
        let next = format!("/api/v1/users?limit=2&cursor={}", text(&first, "next_cursor"));
        let second = owner.get(&next).await.expect(StatusCode::OK);
        assert_eq!((emails(&second), &second["next_cursor"]), (vec!["owner@example.org"], &Value::Null));
    }

    async fn the_last_owner_stays(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let id = id_of(&owner).await;
        let path = format!("/api/v1/users/{id}");
        for body in [json!({"role": "admin"}), json!({"status": "disabled"})] {
            let refused = owner.patch(&path, body).await;
            assert_eq!((refused.status, refused.problem()), (StatusCode::CONFLICT, "last_owner"));
        }
        assert_eq!(owner.delete(&path).await.problem(), "last_owner");
        // A disabled owner is no owner who could help.
        let second = server.invite(&owner, "Amina", "owner").await;
        let second_path = format!("/api/v1/users/{}", id_of(&second).await);
        owner.patch(&second_path, json!({"status": "disabled"})).await.expect(StatusCode::OK);
        assert_eq!(owner.delete(&path).await.problem(), "last_owner");
        owner.patch(&second_path, json!({"status": "active"})).await.expect(StatusCode::OK);
        owner.delete(&path).await.expect(StatusCode::NO_CONTENT);
    }

    async fn two_owners_who_remove_each_other_leave_one(backend) {
        for _ in 0..5 {
            let (server, omar) = TestServer::builder().on(backend).owned().await;
            let amina = server.invite(&omar, "Amina", "owner").await;
            let (omar_path, amina_path) =
                (format!("/api/v1/users/{}", id_of(&omar).await), format!("/api/v1/users/{}", id_of(&amina).await));
            let (one, two) = tokio::join!(omar.delete(&amina_path), amina.patch(&omar_path, json!({"role": "viewer"})));
            let done = [one.status, two.status].iter().filter(|s| s.is_success()).count();
            assert_eq!(done, 1, "{} {}", one.text, two.text);
        }
    }

    async fn only_owners_touch_owners(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let admin = server.invite(&owner, "Adel", "admin").await;
        let amina = server.invite(&owner, "Amina", "viewer").await;
        let owner_path = format!("/api/v1/users/{}", id_of(&owner).await);
        let amina_path = format!("/api/v1/users/{}", id_of(&amina).await);
        assert_eq!(admin.patch(&owner_path, json!({"name": "Nobody"})).await.problem(), "not_allowed");
        assert_eq!(admin.delete(&owner_path).await.problem(), "not_allowed");
        assert_eq!(admin.patch(&amina_path, json!({"role": "owner"})).await.problem(), "not_allowed");
        let own = format!("/api/v1/users/{}", id_of(&admin).await);
        assert_eq!(admin.patch(&own, json!({"role": "owner"})).await.problem(), "not_allowed");
        admin.patch(&amina_path, json!({"role": "developer", "plan": "free"})).await.expect(StatusCode::OK);
        let noted = entry(&owner, "user.update").await;
        assert_eq!(noted["metadata"]["role"], json!({"from": "viewer", "to": "developer"}));
    }

    async fn somebody_removed_is_gone_with_what_they_carry(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let amina = server.invite(&owner, "Amina", "developer").await;
        let body = json!({"name": "x", "scopes": ["profile.self"]});
        let made = amina.post("/api/v1/me/tokens", body).await.expect(StatusCode::CREATED);
        let bot = server.visitor().with_token(text(&made, "secret"));
        let path = format!("/api/v1/users/{}", id_of(&amina).await);
        owner.delete(&path).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(amina.get("/api/v1/me").await.problem(), "session_ended");
        assert_eq!(bot.get("/api/v1/me").await.problem(), "token_invalid");
        assert_eq!(owner.get(&path).await.problem(), "not_found");
        server.invite(&owner, "Amina", "viewer").await;
    }

    async fn whatever_changes_about_somebody_shows_in_their_next_request(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let amina = server.invite(&owner, "Amina", "admin").await;
        let body = json!({"name": "x", "scopes": ["profile.self", "users.read"]});
        let made = amina.post("/api/v1/me/tokens", body).await.expect(StatusCode::CREATED);
        let bot = server.visitor().with_token(text(&made, "secret"));
        let path = format!("/api/v1/users/{}", id_of(&amina).await);
        // Each is asked twice: the second answer may come from memory.
        for name in ["Amina I", "Amina II", "Amina III"] {
            owner.patch(&path, json!({"name": name})).await.expect(StatusCode::OK);
            for who in [&amina, &bot, &amina, &bot] {
                assert_eq!(text(&who.get("/api/v1/me").await.expect(StatusCode::OK)["user"], "name"), name);
            }
        }
        for role in ["developer", "viewer", "admin", "viewer"] {
            owner.patch(&path, json!({"role": role})).await.expect(StatusCode::OK);
            for _ in 0..2 {
                assert_eq!(text(&bot.get("/api/v1/me").await.expect(StatusCode::OK)["user"], "role"), role);
                assert_eq!(bot.get("/api/v1/users").await.status.is_success(), role != "viewer", "{role}");
            }
        }
        assert_eq!(amina.get("/api/v1/me").await.problem(), "session_ended", "another role ends sessions");
        owner.patch(&path, json!({"status": "disabled"})).await.expect(StatusCode::OK);
        assert_eq!(bot.get("/api/v1/me").await.problem(), "token_invalid");
    }

    async fn who_may_not_see_people_does_not(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let viewer = server.invite(&owner, "Vera", "viewer").await;
        let path = format!("/api/v1/users/{}", id_of(&owner).await);
        assert_eq!(viewer.get("/api/v1/users").await.problem(), "not_allowed");
        assert_eq!(viewer.get(&path).await.problem(), "not_allowed");
        assert_eq!(viewer.get(&format!("{path}/avatar")).await.problem(), "not_found");
        assert_eq!(server.visitor().get("/api/v1/users").await.problem(), "sign_in_required");
        assert_eq!(owner.get("/api/v1/users/usr_00000000000000000000000000").await.problem(), "not_found");
        assert_eq!(owner.get("/api/v1/users/tok_00000000000000000000000000").await.problem(), "not_found");
    }
}
