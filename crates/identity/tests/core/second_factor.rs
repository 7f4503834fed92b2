//! Second factors that go away: for whom somebody else may remove them, and what becomes of a password
//! that was chosen to stand beside one.

use std::time::Duration;

use diwan_testkit::server::PASSWORD;
use diwan_testkit::{Answer, Person, TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::{Value, json};
use totp_rs::{Algorithm, Builder, Secret};

use super::{OTHER_PASSWORD, entry, id_of, step_up, text};

/// Long enough beside a second factor, too short without.
const SHORT: &str = "zq7 kvm!";

fn code(server: &TestServer, secret: &str) -> String {
    let secret = Secret::try_from_base32(secret).expect("a seed");
    let builder = Builder::new().with_algorithm(Algorithm::SHA1).with_digits(6).with_step_duration(30);
    let now_s = u64::try_from(server.product().world.now().as_secs()).expect("after 1970");
    builder.with_secret(secret).build().expect("a generator").generate(now_s).to_string()
}

/// Sets up an authenticator app; gives its seed.
pub(crate) async fn enrol(server: &TestServer, person: &Person) -> String {
    let started = person.post("/api/v1/me/totp", Value::Null).await.expect(StatusCode::OK);
    let secret = text(&started, "secret").to_owned();
    person.post("/api/v1/me/totp/confirm", json!({"code": code(server, &secret)})).await.expect(StatusCode::OK);
    server.advance(Duration::from_secs(30));
    secret
}

async fn set_password(person: &Person, current: &str, new: &str) -> Answer {
    person.put("/api/v1/me/password", json!({"current_password": current, "new_password": new})).await
}

async fn sign_in_with(server: &TestServer, email: &str, password: &str) -> Person {
    let visitor = server.visitor();
    let answer = visitor.post("/api/v1/auth/password", json!({"email": email, "password": password})).await;
    assert_eq!(answer.expect(StatusCode::OK)["status"], "signed_in");
    visitor
}

fn factor_of(id: &str) -> String {
    format!("/api/v1/users/{id}/second-factor")
}

on_every_backend! {
    async fn a_lost_second_factor_is_removed_by_somebody_else(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let amina = server.invite(&owner, "Amina", "developer").await;
        enrol(&server, &amina).await;
        let id = id_of(&amina).await;
        server.advance(Duration::from_secs(11 * 60));
        assert_eq!(owner.delete(&factor_of(&id)).await.problem(), "step_up_required");
        step_up(&owner).await;
        owner.delete(&factor_of(&id)).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(amina.get("/api/v1/me").await.problem(), "session_ended");
        let noted = entry(&owner, "user.reset_second_factor").await;
        assert_eq!(noted["metadata"], json!({"totp": true, "passkeys": 0, "ended_sessions": 1}));
        assert_eq!(noted["resource"]["id"], *id);
        let back = sign_in_with(&server, "amina@example.org", PASSWORD).await;
        let me = back.get("/api/v1/me").await.expect(StatusCode::OK);
        assert_eq!((&me["totp_enabled"], &me["recovery_codes_left"]), (&json!(false), &json!(0)));
        assert_eq!((&me["longer_password_needed"], &me["second_factor_needed"]), (&json!(false), &json!(false)));
        for path in [factor_of(&id), format!("{}?passkeys=true", factor_of(&id))] {
            assert_eq!(owner.delete(&path).await.problem(), "not_found", "there is nothing left");
        }
        server.stop().await;
    }

    async fn nobody_removes_the_second_factor_of_somebody_who_may_do_more(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let admin = server.invite(&owner, "Adel", "admin").await;
        let other_admin = server.invite(&owner, "Badr", "admin").await;
        let second_owner = server.invite(&owner, "Amina", "owner").await;
        let developer = server.invite(&owner, "Dalia", "developer").await;
        for person in [&owner, &other_admin, &second_owner, &developer] {
            enrol(&server, person).await;
        }
        step_up(&admin).await;
        for (who, code) in [(&owner, "not_allowed"), (&second_owner, "not_allowed"), (&other_admin, "not_allowed")] {
            assert_eq!(admin.delete(&factor_of(&id_of(who).await)).await.problem(), code);
            assert_eq!(who.get("/api/v1/me").await.expect(StatusCode::OK)["totp_enabled"], true);
        }
        assert_eq!(developer.delete(&factor_of(&id_of(&admin).await)).await.problem(), "not_allowed");
        let nobody = factor_of("usr_00000000000000000000000000");
        assert_eq!(admin.delete(&nobody).await.problem(), "not_found");
        admin.delete(&factor_of(&id_of(&developer).await)).await.expect(StatusCode::NO_CONTENT);
        // One's own is for the profile, whoever one is.
        let own = second_owner.delete(&factor_of(&id_of(&second_owner).await)).await;
        assert_eq!((own.status, own.problem()), (StatusCode::CONFLICT, "own_second_factor"));
        for who in [&owner, &other_admin] {
            second_owner.delete(&factor_of(&id_of(who).await)).await.expect(StatusCode::NO_CONTENT);
        }
        server.stop().await;
    }

    async fn an_api_token_removes_nobodys_second_factor(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let amina = server.invite(&owner, "Amina", "developer").await;
        enrol(&server, &amina).await;
        let body = json!({"name": "ci", "scopes": ["users.manage"], "expires_in_days": 1});
        let made = owner.post("/api/v1/me/tokens", body).await.expect(StatusCode::CREATED);
        let bot = server.visitor().with_token(text(&made, "secret"));
        assert_eq!(bot.delete(&factor_of(&id_of(&amina).await)).await.problem(), "session_required");
        server.stop().await;
    }

    async fn a_short_password_is_made_longer_before_its_second_factor_goes(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        enrol(&server, &owner).await;
        set_password(&owner, PASSWORD, SHORT).await.expect(StatusCode::NO_CONTENT);
        let refused = owner.delete("/api/v1/me/totp").await;
        assert_eq!((refused.status, refused.problem()), (StatusCode::CONFLICT, "password_too_short_without_second_factor"));
        let me = owner.get("/api/v1/me").await.expect(StatusCode::OK);
        assert_eq!((&me["totp_enabled"], &me["recovery_codes_left"]), (&json!(true), &json!(10)), "nothing was removed");
        set_password(&owner, SHORT, OTHER_PASSWORD).await.expect(StatusCode::NO_CONTENT);
        owner.delete("/api/v1/me/totp").await.expect(StatusCode::NO_CONTENT);
        server.stop().await;
    }

    async fn a_short_password_that_lost_its_second_factor_opens_nothing_but_the_profile(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let amina = server.invite(&owner, "Amina", "admin").await;
        let body = json!({"name": "ci", "scopes": ["users.read"], "expires_in_days": 1});
        let made = amina.post("/api/v1/me/tokens", body).await.expect(StatusCode::CREATED);
        let bot = server.visitor().with_token(text(&made, "secret"));
        enrol(&server, &amina).await;
        set_password(&amina, PASSWORD, SHORT).await.expect(StatusCode::NO_CONTENT);
        amina.get("/api/v1/users").await.expect(StatusCode::OK);
        step_up(&owner).await;
        owner.delete(&factor_of(&id_of(&amina).await)).await.expect(StatusCode::NO_CONTENT);

        let back = sign_in_with(&server, "amina@example.org", SHORT).await;
        let me = back.get("/api/v1/me").await.expect(StatusCode::OK);
        assert_eq!((&me["longer_password_needed"], &me["second_factor_needed"]), (&json!(true), &json!(false)));
        assert_eq!(me["permissions"], json!(["profile.self"]));
        let refused = back.get("/api/v1/users").await;
        assert_eq!((refused.status, refused.problem()), (StatusCode::FORBIDDEN, "longer_password_needed"));
        assert_eq!(back.get("/api/v1/outbox").await.problem(), "not_allowed", "that is not for admins anyway");
        bot.get("/api/v1/users").await.expect(StatusCode::OK);
        assert_eq!(set_password(&back, SHORT, "zq7 kvn!").await.problem(), "password_too_weak");
        set_password(&back, SHORT, OTHER_PASSWORD).await.expect(StatusCode::NO_CONTENT);
        back.get("/api/v1/users").await.expect(StatusCode::OK);
        server.stop().await;
    }

    async fn another_second_factor_settles_a_short_password_too(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let amina = server.invite(&owner, "Amina", "developer").await;
        enrol(&server, &amina).await;
        set_password(&amina, PASSWORD, SHORT).await.expect(StatusCode::NO_CONTENT);
        step_up(&owner).await;
        owner.delete(&factor_of(&id_of(&amina).await)).await.expect(StatusCode::NO_CONTENT);
        let back = sign_in_with(&server, "amina@example.org", SHORT).await;
        assert_eq!(back.get("/api/v1/users").await.problem(), "longer_password_needed");
        enrol(&server, &back).await;
        back.get("/api/v1/users").await.expect(StatusCode::OK);
        server.stop().await;
    }

    async fn how_long_an_old_password_is_is_found_out_when_it_is_used(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        enrol(&server, &owner).await;
        set_password(&owner, PASSWORD, SHORT).await.expect(StatusCode::NO_CONTENT);
        // As an earlier version left it.
        let forget = async || {
            let ctx = diwan_kernel::Ctx::system(&server.product().world, "test");
            let mut tx = server.product().db.begin(&ctx).await.expect("a unit of work");
            tx.execute("UPDATE users SET password_needs_second_factor = NULL", vec![]).await.expect("it is changed");
            tx.commit_unrecorded(diwan_kernel::db::Unrecorded::Bookkeeping).await.expect("it is saved");
        };
        forget().await;
        owner.delete("/api/v1/me/totp").await.expect(StatusCode::NO_CONTENT);
        owner.get("/api/v1/users").await.expect(StatusCode::OK);
        let back = sign_in_with(&server, "owner@example.org", SHORT).await;
        assert_eq!(back.get("/api/v1/users").await.problem(), "longer_password_needed");
        // Whoever proves it for another reason tells as much.
        enrol(&server, &back).await;
        forget().await;
        assert_eq!(set_password(&back, SHORT, "short").await.problem(), "password_too_weak");
        assert_eq!(back.delete("/api/v1/me/totp").await.problem(), "password_too_short_without_second_factor");
        server.stop().await;
    }
}
