//! Codes from an authenticator app.

use std::time::Duration;

use diwan_testkit::{Person, TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::{Value, json};
use totp_rs::{Algorithm, Builder, Secret, Totp};

use super::{PASSWORD, actions, sign_in, step_up};

/// An authenticator app on a phone whose clock is right.
pub(crate) struct App(Totp);

impl App {
    fn new(secret: &str) -> Self {
        let secret = Secret::try_from_base32(secret).unwrap();
        let builder = Builder::new().with_algorithm(Algorithm::SHA1).with_digits(6).with_step_duration(30);
        Self(builder.with_secret(secret).build().unwrap())
    }

    /// What it shows now.
    pub(crate) fn code(&self, server: &TestServer) -> String {
        let now_s = server.product().world.now().as_secs();
        self.0.generate(u64::try_from(now_s).unwrap()).to_string()
    }
}

/// Lets the app show the next code.
fn next_step(server: &TestServer) {
    server.advance(Duration::from_secs(30));
}

/// Sets up an authenticator app.
pub(crate) async fn enrol(server: &TestServer, person: &Person) -> (App, Vec<String>) {
    step_up(person).await;
    let started = person.post("/api/v1/me/totp", Value::Null).await.expect(StatusCode::OK);
    let app = App::new(started["secret"].as_str().unwrap());
    let confirmed =
        person.post("/api/v1/me/totp/confirm", json!({"code": app.code(server)})).await.expect(StatusCode::OK);
    next_step(server);
    next_step(server);
    let codes = confirmed["recovery_codes"].as_array().unwrap();
    (app, codes.iter().map(|c| c.as_str().unwrap().to_owned()).collect())
}

/// The password first: gives the challenge for the second factor.
async fn challenge(server: &TestServer, email: &str) -> (Person, String) {
    let (visitor, answer) = sign_in(server, email).await;
    let asked = answer.expect(StatusCode::OK);
    assert_eq!(asked["status"], "second_factor_required");
    (visitor, asked["challenge"].as_str().unwrap().to_owned())
}

async fn second(visitor: &Person, challenge: &str, method: &str, code: &str) -> diwan_testkit::Answer {
    let body = json!({"challenge": challenge, "method": method, "code": code});
    visitor.post("/api/v1/auth/second-factor", body).await
}

on_every_backend! {
    async fn a_confirmed_app_is_asked_for_at_the_next_sign_in(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let (app, _) = enrol(&server, &owner).await;
        let me = owner.get("/api/v1/me").await.expect(StatusCode::OK);
        assert_eq!((&me["totp_enabled"], &me["recovery_codes_left"], &me["user"]["two_factor"]), (&json!(true), &json!(10), &json!(true)));
        let (visitor, challenge) = challenge(&server, "owner@example.org").await;
        assert_eq!(visitor.get("/api/v1/me").await.status, StatusCode::UNAUTHORIZED, "a password alone lets nobody in");
        let done = second(&visitor, &challenge, "totp", &app.code(&server)).await.expect(StatusCode::OK);
        assert_eq!(done["status"], "signed_in");
        visitor.get("/api/v1/me").await.expect(StatusCode::OK);
        server.stop().await;
    }

    async fn a_code_is_good_for_once(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let (app, _) = enrol(&server, &owner).await;
        let code = app.code(&server);
        let (first, one) = challenge(&server, "owner@example.org").await;
        second(&first, &one, "totp", &code).await.expect(StatusCode::OK);
        let (other, two) = challenge(&server, "owner@example.org").await;
        assert_eq!(second(&other, &two, "totp", &code).await.problem(), "code_wrong", "the same code again");
        next_step(&server);
        second(&other, &two, "totp", &app.code(&server)).await.expect(StatusCode::OK);
        server.stop().await;
    }

    async fn one_code_sent_many_times_at_once_lets_in_one(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let (app, _) = enrol(&server, &owner).await;
        let mut attempts = vec![];
        for _ in 0..4 {
            attempts.push(challenge(&server, "owner@example.org").await);
        }
        let code = app.code(&server);
        let answers = futures::future::join_all(attempts.iter().map(|(p, c)| second(p, c, "totp", &code))).await;
        assert_eq!(answers.iter().filter(|a| a.status == StatusCode::OK).count(), 1);
        server.stop().await;
    }

    async fn a_recovery_code_is_good_for_once_and_for_nobody_else(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let (_, codes) = enrol(&server, &owner).await;
        let other = server.invite(&owner, "Badr", "developer").await;
        enrol(&server, &other).await;
        let (badr, stolen) = challenge(&server, "badr@example.org").await;
        assert_eq!(second(&badr, &stolen, "recovery_code", &codes[0]).await.problem(), "code_wrong");
        let (visitor, one) = challenge(&server, "owner@example.org").await;
        second(&visitor, &one, "recovery_code", &codes[0].to_uppercase().replace('-', " ")).await.expect(StatusCode::OK);
        let (visitor, two) = challenge(&server, "owner@example.org").await;
        assert_eq!(second(&visitor, &two, "recovery_code", &codes[0]).await.problem(), "code_wrong", "used");
        let me = owner.get("/api/v1/me").await.expect(StatusCode::OK);
        assert_eq!(me["recovery_codes_left"], 9);
        assert!(actions(&owner).await.contains(&("recovery_code.use".into(), "ok".into())));
        server.stop().await;
    }

    async fn new_recovery_codes_make_the_old_ones_worthless(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let (_, old) = enrol(&server, &owner).await;
        let answer = owner.post("/api/v1/me/recovery-codes", Value::Null).await.expect(StatusCode::OK);
        let new = answer["recovery_codes"][0].as_str().unwrap().to_owned();
        let (visitor, one) = challenge(&server, "owner@example.org").await;
        assert_eq!(second(&visitor, &one, "recovery_code", &old[0]).await.problem(), "code_wrong");
        second(&visitor, &one, "recovery_code", &new).await.expect(StatusCode::OK);
        server.stop().await;
    }

    async fn guessing_codes_ends_after_a_few(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let (app, _) = enrol(&server, &owner).await;
        let (visitor, challenge) = challenge(&server, "owner@example.org").await;
        let mut refused = 0;
        for guess in 0..12 {
            let answer = second(&visitor, &challenge, "totp", &format!("{guess:06}")).await;
            if answer.status == StatusCode::TOO_MANY_REQUESTS {
                refused += 1;
                assert!(answer.headers.contains_key("retry-after"));
            }
        }
        assert!(refused >= 6, "{refused} of 12 guesses were refused unseen");
        assert_eq!(second(&visitor, &challenge, "totp", &app.code(&server)).await.status, StatusCode::TOO_MANY_REQUESTS);
        server.stop().await;
    }

    async fn an_app_that_was_not_confirmed_is_not_asked_for(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        step_up(&owner).await;
        let started = owner.post("/api/v1/me/totp", Value::Null).await.expect(StatusCode::OK);
        assert!(started["uri"].as_str().unwrap().starts_with("otpauth://totp/"));
        let wrong = owner.post("/api/v1/me/totp/confirm", json!({"code": "000000"})).await;
        assert_eq!((wrong.status, wrong.problem()), (StatusCode::UNPROCESSABLE_ENTITY, "code_wrong"));
        let (_, answer) = sign_in(&server, "owner@example.org").await;
        assert_eq!(answer.expect(StatusCode::OK)["status"], "signed_in");
        // Too late.
        let app = App::new(started["secret"].as_str().unwrap());
        server.advance(Duration::from_secs(31 * 60));
        let late = owner.post("/api/v1/me/totp/confirm", json!({"code": app.code(&server)})).await;
        assert_eq!(late.problem(), "totp_not_started");
        server.stop().await;
    }

    async fn removing_the_app_needs_a_fresh_proof_and_ends_the_asking(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let (app, codes) = enrol(&server, &owner).await;
        server.advance(Duration::from_secs(11 * 60));
        assert_eq!(owner.delete("/api/v1/me/totp").await.problem(), "step_up_required");
        let prove = async |method: &str, secret: &str| {
            owner.post("/api/v1/auth/step-up", json!({"method": method, "secret": secret})).await
        };
        // Whoever found the session and knows the password has one factor, and takes no other away with it.
        let password = prove("password", PASSWORD).await;
        assert_eq!((password.status, password.problem()), (StatusCode::FORBIDDEN, "second_factor_required"));
        assert_eq!(owner.delete("/api/v1/me/totp").await.problem(), "step_up_required");
        prove("recovery_code", &codes[0]).await.expect(StatusCode::OK);
        server.advance(Duration::from_secs(11 * 60));
        prove("totp", &app.code(&server)).await.expect(StatusCode::OK);
        assert_eq!(owner.post("/api/v1/me/totp", Value::Null).await.problem(), "totp_already_enabled");
        assert_eq!(owner.delete("/api/v1/me/totp").await.status, StatusCode::NO_CONTENT);
        assert_eq!(owner.delete("/api/v1/me/totp").await.status, StatusCode::NOT_FOUND);
        assert_eq!(owner.post("/api/v1/me/recovery-codes", Value::Null).await.problem(), "totp_not_enabled");
        let (_, answer) = sign_in(&server, "owner@example.org").await;
        assert_eq!(answer.expect(StatusCode::OK)["status"], "signed_in");
        server.stop().await;
    }

    async fn a_sign_in_that_is_half_done_ends_with_the_sessions(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let (app, _) = enrol(&server, &owner).await;
        let (visitor, challenge) = challenge(&server, "owner@example.org").await;
        owner.post("/api/v1/me/sessions/revoke-others", json!({})).await.expect(StatusCode::OK);
        assert_eq!(second(&visitor, &challenge, "totp", &app.code(&server)).await.problem(), "challenge_expired");
        server.stop().await;
    }

    async fn a_code_that_could_not_be_judged_counts_as_no_guess(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let (app, _) = enrol(&server, &owner).await;
        let (visitor, challenge) = challenge(&server, "owner@example.org").await;
        let db = &server.product().db;
        let put_seed = async |seed: Vec<u8>| {
            let mut tx = db.begin(&diwan_kernel::Ctx::system(db.world(), "test")).await.unwrap();
            assert_eq!(tx.execute("UPDATE totp SET seed = $1", diwan_kernel::params![seed]).await.unwrap(), 1);
            tx.commit_unrecorded(diwan_kernel::db::Unrecorded::Bookkeeping).await.unwrap();
        };
        let seed: Vec<u8> = db.query("SELECT seed FROM totp", vec![]).await.unwrap()[0].get("seed").unwrap();
        // The app still shows right codes, and the server cannot tell.
        put_seed(vec![1; 64]).await;
        for _ in 0..8 {
            let answer = second(&visitor, &challenge, "totp", &app.code(&server)).await;
            assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{}", answer.text);
        }
        put_seed(seed).await;
        second(&visitor, &challenge, "totp", &app.code(&server)).await.expect(StatusCode::OK);
        server.stop().await;
    }

    async fn an_api_token_cannot_touch_how_its_owner_signs_in(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        step_up(&owner).await;
        let body = json!({"name": "ci", "scopes": ["profile.self", "mail.outbox"], "expires_in_days": 1});
        let made = owner.post("/api/v1/me/tokens", body).await.expect(StatusCode::CREATED);
        let token = owner.with_token(made["secret"].as_str().unwrap());
        for path in ["/api/v1/me/totp", "/api/v1/me/recovery-codes", "/api/v1/me/passkeys/start", "/api/v1/auth/step-up/passkey/start"] {
            assert_eq!(token.post(path, json!({})).await.problem(), "session_required", "{path}");
        }
        assert_eq!(token.get("/api/v1/outbox").await.problem(), "session_required");
        assert_eq!(token.delete("/api/v1/me/totp").await.problem(), "session_required");
        let confirm = token.post("/api/v1/me/totp/confirm", json!({"code": PASSWORD})).await;
        assert_eq!(confirm.problem(), "session_required");
        server.stop().await;
    }
}
