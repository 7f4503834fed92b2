//! Passkeys, with a device made of software.

use diwan_testkit::{Answer, Person, TestServer, on_every_backend};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::authenticator::Authenticator;
use super::{actions, step_up};

fn origin(server: &TestServer) -> String {
    format!("http://localhost:{}", server.address().port())
}

/// Asks as a page that was opened by the installation's name.
async fn post(server: &TestServer, person: &Person, path: &str, body: Value) -> Answer {
    person.send(Method::POST, path, Some(body), &[("origin", &origin(server))]).await
}

async fn register(server: &TestServer, person: &Person) -> Authenticator {
    let mut device = Authenticator::new(&origin(server));
    let asked = post(server, person, "/api/v1/me/passkeys/start", json!({})).await.expect(StatusCode::OK);
    finish_registration(person, &asked, device.create(&asked["options"])).await.expect(StatusCode::CREATED);
    device
}

async fn finish_registration(person: &Person, asked: &Value, credential: Value) -> Answer {
    let body = json!({"challenge_id": asked["challenge_id"], "name": "My phone", "credential": credential});
    person.post("/api/v1/me/passkeys/finish", body).await
}

async fn ask_sign_in(server: &TestServer, visitor: &Person) -> Value {
    post(server, visitor, "/api/v1/auth/passkey/start", json!({})).await.expect(StatusCode::OK)
}

async fn finish_sign_in(visitor: &Person, asked: &Value, credential: Value) -> Answer {
    let body = json!({"challenge_id": asked["challenge_id"], "credential": credential});
    visitor.post("/api/v1/auth/passkey/finish", body).await
}

/// Signs in with a device that says what it likes.
async fn sign_in(server: &TestServer, device: &mut Authenticator) -> Answer {
    let visitor = server.visitor();
    let asked = ask_sign_in(server, &visitor).await;
    finish_sign_in(&visitor, &asked, device.get(&asked["options"])).await
}

on_every_backend! {
    async fn a_passkey_signs_in_without_a_name_and_without_a_second_factor(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        crate::totp::enrol(&server, &owner).await;
        let mut device = register(&server, &owner).await;
        let listed = owner.get("/api/v1/me/passkeys").await.expect(StatusCode::OK);
        assert_eq!((&listed["items"][0]["name"], &listed["items"][0]["last_used_at"]), (&json!("My phone"), &Value::Null));

        let visitor = server.visitor();
        let asked = ask_sign_in(&server, &visitor).await;
        assert_eq!(asked["options"]["publicKey"]["userVerification"], "required");
        assert!(asked["options"]["publicKey"]["allowCredentials"].as_array().is_none_or(Vec::is_empty), "it names nobody");
        let done = finish_sign_in(&visitor, &asked, device.get(&asked["options"])).await.expect(StatusCode::OK);
        assert_eq!(done["status"], "signed_in");
        visitor.get("/api/v1/me").await.expect(StatusCode::OK);
        let listed = owner.get("/api/v1/me/passkeys").await.expect(StatusCode::OK);
        assert!(listed["items"][0]["last_used_at"].is_string());
        server.stop().await;
    }

    async fn somebodys_passkeys_go_with_their_second_factor_if_that_is_asked_for(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let amina = server.invite(&owner, "Amina", "developer").await;
        let mut device = register(&server, &amina).await;
        crate::totp::enrol(&server, &amina).await;
        let me = amina.get("/api/v1/me").await.expect(StatusCode::OK);
        let path = format!("/api/v1/users/{}/second-factor", me["user"]["id"].as_str().unwrap());
        step_up(&owner).await;
        owner.delete(&path).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(sign_in(&server, &mut device).await.expect(StatusCode::OK)["status"], "signed_in", "they stay");
        assert_eq!(owner.delete(&path).await.problem(), "not_found", "there is no app any more");

        let set_password = async |hash: &'static str| {
            let ctx = diwan_kernel::Ctx::system(&server.product().world, "test");
            let mut tx = server.product().db.begin(&ctx).await.unwrap();
            assert_eq!(tx.execute(hash, vec![]).await.unwrap(), 1);
            tx.commit_unrecorded(diwan_kernel::db::Unrecorded::Bookkeeping).await.unwrap();
        };
        set_password("UPDATE users SET password_hash = NULL WHERE email = 'amina@example.org'").await;
        let passkeys = format!("{path}?passkeys=true");
        assert_eq!(owner.delete(&passkeys).await.problem(), "their_last_way_in");
        set_password("UPDATE users SET password_hash = 'x' WHERE email = 'amina@example.org'").await;
        owner.delete(&passkeys).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(sign_in(&server, &mut device).await.problem(), "passkey_refused");
        assert_eq!(owner.delete(&passkeys).await.problem(), "not_found");
        assert_eq!(actions(&owner).await.iter().filter(|(a, _)| a == "user.reset_second_factor").count(), 2);
        server.stop().await;
    }

    async fn an_answer_counts_once_and_only_for_its_question(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let mut device = register(&server, &owner).await;
        let visitor = server.visitor();
        let asked = ask_sign_in(&server, &visitor).await;
        let answer = device.get(&asked["options"]);
        finish_sign_in(&visitor, &asked, answer.clone()).await.expect(StatusCode::OK);
        assert_eq!(finish_sign_in(&server.visitor(), &asked, answer.clone()).await.problem(), "challenge_expired");
        let other = ask_sign_in(&server, &visitor).await;
        assert_eq!(finish_sign_in(&server.visitor(), &other, answer).await.problem(), "passkey_refused");
        let late = ask_sign_in(&server, &visitor).await;
        server.advance(std::time::Duration::from_secs(600));
        assert_eq!(finish_sign_in(&visitor, &late, device.get(&late["options"])).await.problem(), "challenge_expired");
        server.stop().await;
    }

    async fn those_who_begin_without_end_keep_nobody_else_out(backend) {
        let builder = TestServer::builder().on(backend).config(|c| c.server.sign_in_rate_limit_burst = 1_000);
        let (server, owner) = builder.owned().await;
        let badr = server.invite(&owner, "Badr", "developer").await;
        let mut device = register(&server, &owner).await;
        let asked = futures::future::join_all((0..100).map(|_| async { ask_sign_in(&server, &server.visitor()).await })).await;
        let sql = "SELECT COUNT(*) AS n FROM passkey_ceremony";
        let kept: i64 = server.product().db.query_opt(sql, vec![]).await.unwrap().unwrap().get("n").unwrap();
        assert_eq!(kept, 0, "what anybody may begin is not kept");
        // Every one of them is good for its own answer all the same, and only as it was handed out.
        let answer = device.get(&asked[0]["options"]);
        let mut forged = asked[0].clone();
        let ticket = forged["challenge_id"].as_str().unwrap().to_owned();
        for other in [ticket.replacen('A', "B", 1), format!("{ticket}A"), ticket[..40].to_owned(), "A".repeat(2048)] {
            forged["challenge_id"] = json!(other);
            if other != ticket {
                assert_eq!(finish_sign_in(&server.visitor(), &forged, answer.clone()).await.problem(), "challenge_expired");
            }
        }
        finish_sign_in(&server.visitor(), &asked[0], answer).await.expect(StatusCode::OK);
        // Who is signed in has a number of their own.
        let mut begun = vec![];
        for _ in 0..55 {
            begun.push(post(&server, &owner, "/api/v1/me/passkeys/start", json!({})).await);
        }
        assert_eq!(begun.last().unwrap().problem(), "too_many_sign_ins");
        post(&server, &badr, "/api/v1/me/passkeys/start", json!({})).await.expect(StatusCode::OK);
        server.stop().await;
    }

    async fn a_copied_device_gives_itself_away(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut device = register(&server, &owner).await;
        for _ in 0..3 {
            sign_in(&server, &mut device).await.expect(StatusCode::OK);
        }
        device.counter = Some(1);
        assert_eq!(sign_in(&server, &mut device).await.problem(), "passkey_refused");
        assert!(actions(&owner).await.contains(&("passkey.use".into(), "denied".into())));
        // A device that does not count is no copy.
        let mut plain = Authenticator::new(&origin(&server));
        plain.counter = None;
        let asked = post(&server, &owner, "/api/v1/me/passkeys/start", json!({})).await.expect(StatusCode::OK);
        finish_registration(&owner, &asked, plain.create(&asked["options"])).await.expect(StatusCode::CREATED);
        for _ in 0..2 {
            sign_in(&server, &mut plain).await.expect(StatusCode::OK);
        }
        server.stop().await;
    }

    async fn answers_for_another_place_or_without_their_owner_are_refused(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut device = register(&server, &owner).await;
        device.origin = "https://evil.example".into();
        assert_eq!(sign_in(&server, &mut device).await.problem(), "passkey_refused", "a look-alike page");
        device.origin = format!("{}0", origin(&server));
        assert_eq!(sign_in(&server, &mut device).await.problem(), "passkey_refused", "another port");
        device.origin = origin(&server);
        device.rp_id = "evil.example".into();
        assert_eq!(sign_in(&server, &mut device).await.problem(), "passkey_refused", "a key of another place");
        device.rp_id = "localhost".into();
        device.verifies = false;
        assert_eq!(sign_in(&server, &mut device).await.problem(), "passkey_refused", "nobody was checked");
        device.verifies = true;
        sign_in(&server, &mut device).await.expect(StatusCode::OK);
        let mut stranger = Authenticator::new(&origin(&server));
        assert_eq!(sign_in(&server, &mut stranger).await.problem(), "passkey_refused", "an unknown key");
        server.stop().await;
    }

    async fn a_passkey_is_one_persons_only(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut device = register(&server, &owner).await;
        let badr = server.invite(&owner, "Badr", "developer").await;
        step_up(&badr).await;
        let asked = post(&server, &badr, "/api/v1/me/passkeys/start", json!({})).await.expect(StatusCode::OK);
        assert_eq!(finish_registration(&badr, &asked, device.create(&asked["options"])).await.problem(), "passkey_known");
        let listed = owner.get("/api/v1/me/passkeys").await.expect(StatusCode::OK);
        let path = format!("/api/v1/me/passkeys/{}", listed["items"][0]["id"].as_str().unwrap());
        assert_eq!(badr.delete(&path).await.status, StatusCode::NOT_FOUND);
        assert_eq!(badr.patch(&path, json!({"name": "mine"})).await.status, StatusCode::NOT_FOUND);
        let renamed = owner.patch(&path, json!({"name": " Old  phone "})).await.expect(StatusCode::OK);
        assert_eq!(renamed["name"], "Old phone");
        assert_eq!(owner.delete(&path).await.status, StatusCode::NO_CONTENT);
        assert_eq!(owner.delete(&path).await.status, StatusCode::NOT_FOUND);
        server.stop().await;
    }

    async fn a_registration_belongs_to_who_began_it(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let badr = server.invite(&owner, "Badr", "developer").await;
        step_up(&owner).await;
        let asked = post(&server, &owner, "/api/v1/me/passkeys/start", json!({})).await.expect(StatusCode::OK);
        let mut device = Authenticator::new(&origin(&server));
        let credential = device.create(&asked["options"]);
        assert_eq!(finish_registration(&badr, &asked, credential.clone()).await.problem(), "challenge_expired");
        // Whoever tries with a foreign ticket has used it up.
        assert_eq!(finish_registration(&owner, &asked, credential).await.problem(), "challenge_expired");
        server.stop().await;
    }

    async fn a_passkey_confirms_a_dangerous_action(backend) {
        let (server, owner) = TestServer::builder().on(backend).manual_clock().owned().await;
        let mut device = register(&server, &owner).await;
        server.advance(std::time::Duration::from_secs(700));
        assert_eq!(owner.post("/api/v1/me/totp", Value::Null).await.problem(), "step_up_required");
        let asked = post(&server, &owner, "/api/v1/auth/step-up/passkey/start", json!({})).await.expect(StatusCode::OK);
        let body = json!({"challenge_id": asked["challenge_id"], "credential": device.get(&asked["options"])});
        let done = owner.post("/api/v1/auth/step-up/passkey/finish", body).await.expect(StatusCode::OK);
        assert!(done["valid_until"].is_string());
        owner.post("/api/v1/me/totp", Value::Null).await.expect(StatusCode::OK);
        server.stop().await;
    }

    async fn a_page_opened_by_number_is_told_to_use_the_name(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        step_up(&owner).await;
        for path in ["/api/v1/auth/passkey/start", "/api/v1/me/passkeys/start"] {
            let by_number = format!("http://{}", server.address());
            let answer = owner.send(Method::POST, path, Some(json!({})), &[("origin", &by_number)]).await;
            assert_eq!(answer.problem(), "passkeys_need_a_name", "{path}");
            assert!(answer.json["next"].as_str().unwrap().contains(&origin(&server)), "{}", answer.text);
        }
        server.stop().await;
    }

    async fn garbage_for_an_answer_is_told_apart_from_a_wrong_one(backend) {
        let (server, _) = TestServer::builder().on(backend).owned().await;
        let visitor = server.visitor();
        for credential in [json!({}), json!({"id": 7}), json!({"id": "x", "rawId": "!", "type": "public-key", "response": {}})] {
            let asked = ask_sign_in(&server, &visitor).await;
            assert_eq!(finish_sign_in(&visitor, &asked, credential).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
        server.stop().await;
    }
}
