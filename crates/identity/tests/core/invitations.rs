//! Inviting, accepting, revoking.

use std::time::Duration;

use diwan_testkit::server::PASSWORD;
use diwan_testkit::{Answer, Person, TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{entry, id_of, step_up, text};

async fn invite(person: &Person, email: &str, role: &str) -> Value {
    person.post("/api/v1/invitations", json!({"email": email, "role": role})).await.expect(StatusCode::CREATED)
}

fn token(sent: &Value) -> &str {
    text(sent, "link").split("#token=").nth(1).expect("a token")
}

async fn accept(server: &TestServer, token: &str) -> Answer {
    let body = json!({"token": token, "name": "Amina", "password": PASSWORD});
    server.visitor().post("/api/v1/invitations/accept", body).await
}

on_every_backend! {
    async fn an_invitation_is_looked_at_and_accepted_once(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let sent = invite(&owner, "Amina@example.org", "developer").await;
        assert_eq!(text(&sent, "mail"), "outbox");
        let preview = || json!({"token": token(&sent)});
        for _ in 0..2 {
            let shown = server.visitor().post("/api/v1/invitations/preview", preview()).await.expect(StatusCode::OK);
            assert_eq!((text(&shown, "email"), text(&shown, "invited_by_name")), ("amina@example.org", "Omar"));
        }
        let joined = accept(&server, token(&sent)).await.expect(StatusCode::CREATED);
        assert_eq!((text(&joined["user"], "email"), text(&joined["user"], "role")), ("amina@example.org", "developer"));
        let again = accept(&server, token(&sent)).await;
        assert_eq!((again.status, again.problem()), (StatusCode::NOT_FOUND, "invitation_invalid"));
        let list = owner.get("/api/v1/invitations").await.expect(StatusCode::OK);
        assert_eq!(text(&list["items"][0], "status"), "accepted");
    }

    async fn an_invitation_speaks_the_language_that_was_asked_for(backend) {
        let builder = TestServer::builder().on(backend)
            .config(|c| c.identity.default_language = diwan_identity::Language::Ar);
        let (server, owner) = builder.owned().await;
        assert_eq!(owner.get("/api/v1/me").await.expect(StatusCode::OK)["user"]["language"], "ar");
        assert_eq!(owner.get("/api/v1/setup").await.expect(StatusCode::OK)["default_language"], "ar");
        let unsaid = invite(&owner, "amina@example.org", "viewer").await;
        let body = json!({"email": "ben@example.org", "role": "viewer", "language": "en"});
        let english = owner.post("/api/v1/invitations", body).await.expect(StatusCode::CREATED);
        for (sent, language) in [(&unsaid, "ar"), (&english, "en")] {
            let preview = server.visitor().post("/api/v1/invitations/preview", json!({"token": token(sent)})).await;
            assert_eq!(text(&preview.expect(StatusCode::OK), "language"), language);
            assert_eq!(text(&sent["invitation"], "language"), language);
        }
        let mails = owner.get("/api/v1/outbox").await.expect(StatusCode::OK);
        let subjects: Vec<&str> = mails["items"].as_array().expect("items").iter().map(|m| text(m, "subject")).collect();
        assert_eq!(subjects, ["Omar invites you to Diwan", "دعوة من Omar إلى Diwan"]);
        // Sent again, it is in the same language; accepted, so is the account.
        let path = format!("/api/v1/invitations/{}/resend", text(&unsaid["invitation"], "id"));
        let again = owner.post(&path, Value::Null).await.expect(StatusCode::OK);
        assert_eq!(text(&again["invitation"], "language"), "ar");
        let joined = accept(&server, token(&again)).await.expect(StatusCode::CREATED);
        assert_eq!(text(&joined["user"], "language"), "ar");
        let body = json!({"token": token(&english), "name": "Ben", "password": PASSWORD, "language": "ar"});
        let joined = server.visitor().post("/api/v1/invitations/accept", body).await.expect(StatusCode::CREATED);
        assert_eq!(text(&joined["user"], "language"), "ar", "who comes in says so themselves");
        let body = json!({"email": "c@example.org", "role": "viewer", "language": "tlh"});
        assert!(owner.post("/api/v1/invitations", body).await.status.is_client_error());
    }

    async fn of_many_who_accept_at_once_one_joins(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let sent = invite(&owner, "amina@example.org", "viewer").await;
        let answers = futures::future::join_all((0..10).map(|_| accept(&server, token(&sent)))).await;
        assert_eq!(answers.iter().filter(|a| a.status == StatusCode::CREATED).count(), 1);
        let people = owner.get("/api/v1/users").await.expect(StatusCode::OK);
        assert_eq!(people["items"].as_array().expect("items").len(), 2);
    }

    async fn a_revoked_or_old_invitation_does_not_count(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let revoked = invite(&owner, "a@example.org", "viewer").await;
        let path = format!("/api/v1/invitations/{}", text(&revoked["invitation"], "id"));
        owner.delete(&path).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(accept(&server, token(&revoked)).await.problem(), "invitation_invalid");
        assert_eq!(owner.delete(&path).await.problem(), "invitation_closed");
        let old = invite(&owner, "b@example.org", "viewer").await;
        for _ in 0..7 {
            server.advance(Duration::from_secs(24 * 3600 - 1));
            owner.get("/api/v1/me").await.expect(StatusCode::OK);
        }
        server.advance(Duration::from_secs(7));
        assert_eq!(accept(&server, token(&old)).await.problem(), "invitation_invalid");
        let list = owner.get("/api/v1/invitations").await.expect(StatusCode::OK);
        let status = |email| list["items"].as_array()?.iter().find(|i| i["email"] == email)?["status"].as_str();
        assert_eq!((status("a@example.org"), status("b@example.org")), (Some("revoked"), Some("expired")));
        invite(&owner, "b@example.org", "viewer").await;
    }

    async fn sending_again_voids_the_old_link(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let first = invite(&owner, "amina@example.org", "viewer").await;
        let path = format!("/api/v1/invitations/{}/resend", text(&first["invitation"], "id"));
        let second = owner.post(&path, json!({})).await.expect(StatusCode::OK);
        assert_eq!(accept(&server, token(&first)).await.problem(), "invitation_invalid");
        accept(&server, token(&second)).await.expect(StatusCode::CREATED);
        assert_eq!(owner.post(&path, json!({})).await.problem(), "invitation_closed");
    }

    async fn nobody_is_invited_twice(backend) {
        let (_server, owner) = TestServer::builder().on(backend).owned().await;
        let body = |email: &str| json!({"email": email, "role": "viewer"});
        let taken = owner.post("/api/v1/invitations", body("OWNER@example.org")).await;
        assert_eq!((taken.status, taken.problem()), (StatusCode::CONFLICT, "email_taken"));
        invite(&owner, "amina@example.org", "viewer").await;
        let twice = owner.post("/api/v1/invitations", body("Amina@example.org")).await;
        assert_eq!((twice.status, twice.problem()), (StatusCode::CONFLICT, "already_invited"));
    }

    async fn only_owners_invite_owners(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let admin = server.invite(&owner, "Adel", "admin").await;
        let body = json!({"email": "x@example.org", "role": "owner"});
        assert_eq!(admin.post("/api/v1/invitations", body).await.problem(), "not_allowed");
        let sent = invite(&owner, "x@example.org", "owner").await;
        let path = format!("/api/v1/invitations/{}", text(&sent["invitation"], "id"));
        assert_eq!(admin.delete(&path).await.problem(), "not_allowed");
        assert_eq!(admin.post(&format!("{path}/resend"), json!({})).await.problem(), "not_allowed");
        let amina = server.invite(&owner, "Amina", "developer").await;
        assert_eq!(amina.get("/api/v1/invitations").await.problem(), "not_allowed");
    }

    async fn inviting_somebody_who_manages_people_needs_a_fresh_proof(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let sent = invite(&owner, "ghada@example.org", "admin").await;
        let again = format!("/api/v1/invitations/{}/resend", text(&sent["invitation"], "id"));
        server.advance(Duration::from_secs(600));
        for (email, role) in [("x@example.org", "owner"), ("y@example.org", "admin")] {
            let refused = owner.post("/api/v1/invitations", json!({"email": email, "role": role})).await;
            assert_eq!((refused.status, refused.problem()), (StatusCode::FORBIDDEN, "step_up_required"), "{role}");
        }
        assert_eq!(owner.post(&again, json!({})).await.problem(), "step_up_required");
        assert_eq!(owner.get("/api/v1/outbox").await.problem(), "step_up_required", "the links are there too");
        accept(&server, token(&sent)).await.expect(StatusCode::CREATED);
        invite(&owner, "z@example.org", "developer").await;
        step_up(&owner).await;
        invite(&owner, "x@example.org", "owner").await;
        owner.get("/api/v1/outbox").await.expect(StatusCode::OK);
    }

    async fn a_token_invites_nobody_who_may_do_more_than_it_may(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let admins = invite(&owner, "ghada@example.org", "admin").await;
        let viewers = invite(&owner, "badr@example.org", "viewer").await;
        let bot = async |scopes: Value| {
            let made = owner.post("/api/v1/me/tokens", json!({"name": "bot", "scopes": scopes})).await;
            server.visitor().with_token(text(&made.expect(StatusCode::CREATED), "secret"))
        };
        let refused = async |bot: &Person, role: &str| {
            let body = json!({"email": "x@example.org", "role": role});
            bot.post("/api/v1/invitations", body).await.problem().to_owned()
        };
        let again = |sent: &Value| format!("/api/v1/invitations/{}/resend", text(&sent["invitation"], "id"));
        let narrow = bot(json!(["invitations.manage", "roles.owner"])).await;
        for role in ["owner", "admin", "developer", "viewer"] {
            assert_eq!(refused(&narrow, role).await, "not_allowed", "{role}");
        }
        for sent in [&admins, &viewers] {
            assert_eq!(narrow.post(&again(sent), json!({})).await.problem(), "not_allowed");
        }
        let usual = bot(json!([
            "invitations.manage",
            "profile.self",
            "status.read",
            "users.read",
            "secrets.read",
            "secrets.use",
            "machines.read",
            "commands.run",
            "jobs.read",
            "jobs.run"
        ]))
        .await;
        assert_eq!(refused(&usual, "admin").await, "not_allowed");
        invite(&usual, "dalia@example.org", "developer").await;
        usual.post(&again(&viewers), json!({})).await.expect(StatusCode::OK);
        let all = owner.get("/api/v1/me").await.expect(StatusCode::OK)["permissions"].clone();
        let wide = bot(all).await;
        assert_eq!(refused(&wide, "admin").await, "session_required");
        assert_eq!(wide.post(&again(&admins), json!({})).await.problem(), "session_required");
        accept(&server, token(&admins)).await.expect(StatusCode::CREATED);
    }

    async fn who_loses_their_place_comes_back_through_no_invitation_of_their_own(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        for (name, action, change) in [
            ("Adel", "user.update", Some(json!({"status": "disabled"}))),
            ("Badr", "user.update", Some(json!({"role": "viewer"}))),
            ("Ghada", "user.delete", None),
        ] {
            let admin = server.invite(&owner, name, "admin").await;
            let kept = invite(&admin, &format!("back-{}@example.org", name.to_lowercase()), "admin").await;
            let other = invite(&owner, &format!("new-{}@example.org", name.to_lowercase()), "viewer").await;
            let path = format!("/api/v1/users/{}", id_of(&admin).await);
            match change {
                Some(change) => owner.patch(&path, change).await.expect(StatusCode::OK),
                None => owner.delete(&path).await.expect(StatusCode::NO_CONTENT),
            };
            let back = accept(&server, token(&kept)).await;
            assert_eq!((back.status, back.problem()), (StatusCode::NOT_FOUND, "invitation_invalid"), "{name}");
            assert_eq!(entry(&owner, action).await["metadata"]["revoked_invitations"], 1, "{name}");
            accept(&server, token(&other)).await.expect(StatusCode::CREATED);
        }
        let amina = server.invite(&owner, "Amina", "admin").await;
        let kept = invite(&amina, "friend@example.org", "viewer").await;
        owner.patch(&format!("/api/v1/users/{}", id_of(&amina).await), json!({"role": "owner"})).await.expect(StatusCode::OK);
        accept(&server, token(&kept)).await.expect(StatusCode::CREATED);
    }
}
