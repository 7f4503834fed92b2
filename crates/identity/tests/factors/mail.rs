//! Mail through a mail server, good and bad.

use std::time::Duration;

use base64::Engine;
use diwan_identity::MailSecurity;
use diwan_testkit::{Backend, Person, TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::json;

use super::fake_smtp::FakeSmtp;
use super::outbox;

async fn house(backend: Backend, smtp: &FakeSmtp, security: MailSecurity) -> (TestServer, Person) {
    let port = smtp.port;
    let builder = TestServer::builder().on(backend).manual_clock().config(move |config| {
        config.mail.host = "127.0.0.1".into();
        config.mail.port = port;
        config.mail.security = security;
        config.mail.from = "Diwan <diwan@example.org>".into();
    });
    builder.owned().await
}

async fn invite(owner: &Person, email: &str) -> serde_json::Value {
    let body = json!({"email": email, "role": "viewer"});
    owner.post("/api/v1/invitations", body).await.expect(StatusCode::CREATED)
}

/// Whether a mail to this address comes, while time passes and other mails wake the sender.
async fn arrives(smtp: &mut FakeSmtp, server: &TestServer, owner: &Person, recipient: &str) -> bool {
    for round in 0..40 {
        server.advance(Duration::from_secs(600));
        let other = format!("other-{round}@example.com");
        invite(owner, &other).await;
        // The sender has gone through what was due by then: time does not run away from it.
        while smtp.next_try().await.is_some_and(|recipient| recipient != other) {}
        while let Some(mail) = smtp.next_if_here() {
            if mail.recipient == recipient {
                return true;
            }
        }
    }
    false
}

/// The owner, signed in anew.
async fn owner_again(server: &TestServer) -> Person {
    let (owner, answer) = crate::sign_in(server, "owner@example.org").await;
    answer.expect(StatusCode::OK);
    owner
}

on_every_backend! {
    async fn a_mail_goes_to_the_mail_server_and_leaves_nothing_readable_behind(backend) {
        let mut smtp = FakeSmtp::start(&[]).await;
        let (server, owner) = house(backend, &smtp, MailSecurity::None).await;
        let invited = invite(&owner, "amina@example.com").await;
        assert_eq!(invited["mail"], "sent");
        let mail = smtp.next().await;
        assert_eq!(mail.recipient, "amina@example.com");
        for part in ["From: Diwan <diwan@example.org>", "To: amina@example.com", "Auto-Submitted: auto-generated", "Message-ID: <mai_"] {
            assert!(mail.data.contains(part), "{part} in {}", mail.data);
        }
        assert_eq!(outbox(&owner, 0).await, Vec::<serde_json::Value>::new());
        server.stop().await;
    }

    async fn a_mail_server_that_is_set_while_it_runs_is_used_with_a_password_from_the_vault(backend) {
        let mut smtp = FakeSmtp::start(&[]).await;
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        assert_eq!(invite(&owner, "first@example.com").await["mail"], "outbox");
        let secret = json!({"name": "mail/password", "kind": "free", "value": "a quiet word"});
        let secret = owner.post("/api/v1/secrets", secret).await.expect(StatusCode::CREATED);
        let changes = json!({
            "mail.host": "127.0.0.1", "mail.port": smtp.port, "mail.security": "none", "mail.from": "diwan@example.org",
            "mail.username": "diwan", "mail.password": "vault:mail/password",
        });
        owner.patch("/api/v1/settings", json!({"changes": changes})).await.expect(StatusCode::OK);
        let login = |word: &str| Some(base64::engine::general_purpose::STANDARD.encode(format!("\0diwan\0{word}")));
        assert_eq!(invite(&owner, "second@example.com").await["mail"], "sent");
        let mail = smtp.next().await;
        assert_eq!((mail.recipient.as_str(), mail.login), ("second@example.com", login("a quiet word")));
        // A new password is used from the next mail on.
        let versions = format!("/api/v1/secrets/{}/versions", secret["id"].as_str().unwrap());
        owner.post(&versions, json!({"value": "another quiet word"})).await.expect(StatusCode::CREATED);
        invite(&owner, "third@example.com").await;
        assert_eq!(smtp.next().await.login, login("another quiet word"));
        let read = owner.get("/api/v1/audit?action=secret.read&limit=1").await.expect(StatusCode::OK);
        assert_eq!(read["items"][0]["metadata"]["purpose"], "mail");
        owner.patch("/api/v1/settings", json!({"changes": {"mail.host": null}})).await.expect(StatusCode::OK);
        assert_eq!(invite(&owner, "fourth@example.com").await["mail"], "outbox");
        server.stop().await;
    }

    async fn a_mail_that_is_not_taken_at_once_is_tried_again(backend) {
        let mut smtp = FakeSmtp::start(&["451 come back later", "421 busy"]).await;
        let (server, owner) = house(backend, &smtp, MailSecurity::None).await;
        invite(&owner, "amina@example.com").await;
        assert!(arrives(&mut smtp, &server, &owner, "amina@example.com").await);
        server.stop().await;
    }

    async fn a_mail_that_is_refused_for_good_is_shown_to_the_owner(backend) {
        let mut smtp = FakeSmtp::start(&["550 no such mailbox"]).await;
        let (server, owner) = house(backend, &smtp, MailSecurity::None).await;
        invite(&owner, "nobody@example.com").await;
        let mails = outbox(&owner, 1).await;
        assert_eq!(mails[0]["to"], "nobody@example.com");
        assert!(smtp.next_if_here().is_none());
        server.stop().await;
    }

    async fn a_waiting_mail_survives_a_restart(backend) {
        let mut smtp = FakeSmtp::start(&["451 come back later"]).await;
        let (server, owner) = house(backend, &smtp, MailSecurity::None).await;
        invite(&owner, "amina@example.com").await;
        assert_eq!(smtp.next_try().await.as_deref(), Some("amina@example.com"));
        let server = server.restart().await;
        assert!(arrives(&mut smtp, &server, &owner_again(&server).await, "amina@example.com").await);
        server.stop().await;
    }

    async fn whoever_is_concerned_is_told_that_their_sign_in_changed(backend) {
        let mut smtp = FakeSmtp::start(&[]).await;
        let (server, owner) = house(backend, &smtp, MailSecurity::None).await;
        crate::totp::enrol(&server, &owner).await;
        let mail = smtp.next().await;
        assert_eq!(mail.recipient, "owner@example.org");
        assert!(mail.data.contains("Subject: Your sign-in to Diwan has changed"), "{}", mail.data);
        server.stop().await;
    }

    async fn whoever_loses_a_factor_or_is_rescued_is_told_in_their_language(backend) {
        let mut smtp = FakeSmtp::start(&[]).await;
        let (server, owner) = house(backend, &smtp, MailSecurity::None).await;
        let amina = server.invite(&owner, "Amina", "developer").await;
        amina.patch("/api/v1/me", json!({"language": "ar"})).await.expect(StatusCode::OK);
        crate::totp::enrol(&server, &amina).await;
        let me = amina.get("/api/v1/me").await.expect(StatusCode::OK);
        crate::step_up(&owner).await;
        let path = format!("/api/v1/users/{}/second-factor", me["user"]["id"].as_str().unwrap());
        owner.delete(&path).await.expect(StatusCode::NO_CONTENT);
        let base = url::Url::parse("https://diwan.example.org").unwrap();
        let link = diwan_identity::RescueLink::make(&server.product().db, &base, "amina@example.org", true).await.unwrap();
        let token = link.url.expose().split_once("#token=").unwrap().1;
        let body = json!({"token": token, "password": "eleven green kites over water"});
        server.visitor().post("/api/v1/auth/rescue", body).await.expect(StatusCode::NO_CONTENT);
        // The invitation, the app that was set up, the factor that was removed, the rescue.
        let mut told = vec![];
        for _ in 0..4 {
            let mail = smtp.next().await;
            assert_eq!(mail.recipient, "amina@example.org");
            told.push(mail.data);
        }
        assert!(told[0].contains("Subject: Omar invites you to Diwan"), "{}", told[0]);
        let subject = |data: &str| data.lines().find(|line| line.starts_with("Subject: ")).unwrap_or_default().to_owned();
        for mail in &told[1..] {
            assert!(subject(mail).starts_with("Subject: =?utf-8?b?"), "{mail}");
            assert_eq!(subject(mail), subject(&told[1]));
        }
        server.stop().await;
    }

    async fn nothing_is_said_in_clear_to_a_server_without_tls(backend) {
        let mut smtp = FakeSmtp::start(&[]).await;
        let (server, owner) = house(backend, &smtp, MailSecurity::Starttls).await;
        invite(&owner, "amina@example.com").await;
        assert_eq!(smtp.next_try().await, None, "a recipient was named in clear");
        assert!(smtp.next_if_here().is_none(), "the mail went out in clear");
        server.stop().await;
    }
}
