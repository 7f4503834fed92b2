//! Signing in through an identity provider, honest or not.

use std::collections::HashMap;

use diwan_identity::OidcProvider;
use diwan_testkit::{Answer, Backend, Person, TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::{Value, json};
use url::Url;

use super::actions;
use super::fake_provider::{CLIENT_ID, CLIENT_SECRET, FakeProvider};

const NOW_S: i64 = 1_767_690_000;

fn settings(id: &str, provider: &FakeProvider, change: impl FnOnce(&mut OidcProvider)) -> OidcProvider {
    let value = json!({"id": id, "label": "Acme", "issuer": provider.issuer(), "client_id": CLIENT_ID});
    let mut settings: OidcProvider = serde_json::from_value(value).unwrap();
    settings.client_secret = CLIENT_SECRET.into();
    change(&mut settings);
    settings
}

async fn server_with(backend: Backend, providers: Vec<OidcProvider>) -> (TestServer, Person) {
    let builder = TestServer::builder().on(backend).manual_clock();
    builder.config(|config| config.oidc.providers = providers).owned().await
}

async fn house(backend: Backend) -> (FakeProvider, TestServer, Person) {
    let provider = FakeProvider::start().await;
    let (server, owner) = server_with(backend, vec![settings("acme", &provider, |_| {})]).await;
    (provider, server, owner)
}

fn location(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::FOUND, "{}", answer.text);
    answer.headers["location"].to_str().unwrap().to_owned()
}

/// Leaves for the provider: gives the address there.
async fn depart(visitor: &Person, return_to: &str) -> String {
    let answer = visitor.get(&format!("/api/v1/auth/oidc/acme/start?return_to={return_to}")).await;
    location(&answer)
}

async fn come_back(visitor: &Person, provider: &str, query: &str) -> String {
    location(&visitor.get(&format!("/api/v1/auth/oidc/{provider}/callback?{query}")).await)
}

/// Leaves, signs in there as this person, and comes back.
async fn go_through(visitor: &Person, provider: &FakeProvider, person: Value) -> String {
    let departure = depart(visitor, "/people").await;
    come_back(visitor, "acme", &provider.consent(&departure, NOW_S, person)).await
}

async fn is_signed_in(visitor: &Person) -> bool {
    visitor.get("/api/v1/me").await.status == StatusCode::OK
}

/// Links this account elsewhere to a person who is signed in.
async fn link(person: &Person, provider: &FakeProvider, account: Value) -> String {
    let started = person.post("/api/v1/me/identities/acme/start", json!({})).await.expect(StatusCode::OK);
    come_back(person, "acme", &provider.consent(started["url"].as_str().unwrap(), NOW_S, account)).await
}

fn amina() -> Value {
    json!({"sub": "amina-1", "email": "amina@example.com", "email_verified": true, "name": "Amina"})
}

on_every_backend! {
    async fn a_linked_account_signs_in(backend) {
        let (provider, server, owner) = house(backend).await;
        assert_eq!(link(&owner, &provider, amina()).await, "/profile/security");
        let listed = owner.get("/api/v1/me/identities").await.expect(StatusCode::OK);
        assert_eq!((&listed["items"][0]["provider"], &listed["items"][0]["label"]), (&json!("acme"), &json!("Acme")));
        let visitor = server.visitor();
        assert_eq!(go_through(&visitor, &provider, amina()).await, "/people");
        let me = visitor.get("/api/v1/me").await.expect(StatusCode::OK);
        assert_eq!(me["user"]["email"], "owner@example.org");
        assert!(actions(&owner).await.contains(&("identity.link".into(), "ok".into())));
        // And no longer once it is unlinked.
        let path = format!("/api/v1/me/identities/{}", listed["items"][0]["id"].as_str().unwrap());
        assert_eq!(owner.delete(&path).await.status, StatusCode::NO_CONTENT);
        assert_eq!(go_through(&server.visitor(), &provider, amina()).await, "/sign-in?error=oidc_not_linked");
        server.stop().await;
    }

    async fn what_leaves_with_the_browser_is_by_the_book(backend) {
        let (provider, server, _) = house(backend).await;
        let visitor = server.visitor();
        let url = Url::parse(&depart(&visitor, "/people").await).unwrap();
        let asked: HashMap<String, String> = url.query_pairs().into_owned().collect();
        assert!(url.as_str().starts_with(&format!("{}/authorize?tenant=1&", provider.issuer())), "{url}");
        let callback = format!("http://localhost:{}/api/v1/auth/oidc/acme/callback", server.address().port());
        assert_eq!(asked["redirect_uri"], callback);
        assert_eq!(asked["scope"], "openid email profile");
        for secret in ["state", "nonce", "code_challenge"] {
            assert_eq!(asked[secret].len(), 43, "{secret}");
        }
        assert!(!url.as_str().contains("secret"));
        let again = Url::parse(&depart(&visitor, "/people").await).unwrap();
        let again: HashMap<String, String> = again.query_pairs().into_owned().collect();
        for secret in ["state", "nonce", "code_challenge"] {
            assert_ne!(asked[secret], again[secret], "{secret} is new each time");
        }
        server.stop().await;
    }

    async fn an_equal_address_takes_nobodys_account(backend) {
        let (provider, server, _) = house(backend).await;
        let thief = json!({"sub": "thief", "email": "owner@example.org", "email_verified": true});
        let visitor = server.visitor();
        assert_eq!(go_through(&visitor, &provider, thief).await, "/sign-in?error=oidc_link_first");
        assert!(!is_signed_in(&visitor).await);
        let unverified = json!({"sub": "thief", "email": "owner@example.org", "email_verified": false});
        assert_eq!(go_through(&visitor, &provider, unverified).await, "/sign-in?error=oidc_not_linked");
        server.stop().await;
    }

    async fn an_account_is_linked_to_one_person_only(backend) {
        let (provider, server, owner) = house(backend).await;
        link(&owner, &provider, amina()).await;
        let badr = server.invite(&owner, "Badr", "developer").await;
        assert_eq!(link(&badr, &provider, amina()).await, "/profile/security?error=oidc_linked_elsewhere");
        assert_eq!(link(&owner, &provider, amina()).await, "/profile/security", "linking twice changes nothing");
        server.stop().await;
    }

    async fn a_return_counts_once_in_the_browser_that_left(backend) {
        let (provider, server, owner) = house(backend).await;
        link(&owner, &provider, amina()).await;
        let visitor = server.visitor();
        let back = provider.consent(&depart(&visitor, "/").await, NOW_S, amina());
        // Another browser: nothing comes of it, and the ticket is used up.
        let thief = server.visitor();
        depart(&thief, "/").await;
        assert_eq!(come_back(&thief, "acme", &back).await, "/sign-in?error=oidc_expired");
        assert_eq!(come_back(&visitor, "acme", &back).await, "/sign-in?error=oidc_expired");
        // The same return twice.
        let back = provider.consent(&depart(&visitor, "/").await, NOW_S, amina());
        assert_eq!(come_back(&visitor, "acme", &back).await, "/");
        assert_eq!(come_back(&visitor, "acme", &back).await, "/sign-in?error=oidc_expired");
        // Too late.
        let late = server.visitor();
        let back = provider.consent(&depart(&late, "/").await, NOW_S + 700, amina());
        server.advance(std::time::Duration::from_secs(700));
        assert_eq!(come_back(&late, "acme", &back).await, "/sign-in?error=oidc_expired");
        server.stop().await;
    }

    async fn a_token_of_another_sign_in_is_refused(backend) {
        let (provider, server, owner) = house(backend).await;
        link(&owner, &provider, amina()).await;
        for (name, value) in [
            ("nonce", json!("of-another-sign-in")),
            ("nonce", Value::Null),
            ("aud", json!("another-client")),
            ("iss", json!("https://evil.example")),
            ("exp", json!(NOW_S - 400)),
            ("iat", json!(NOW_S - 4000)),
            ("sub", json!("")),
        ] {
            let visitor = server.visitor();
            let mut person = amina();
            person[name] = value.clone();
            assert_eq!(go_through(&visitor, &provider, person).await, "/sign-in?error=oidc_failed", "{name} {value}");
            assert!(!is_signed_in(&visitor).await, "{name} {value}");
        }
        assert!(actions(&owner).await.contains(&("oidc.sign_in".into(), "denied".into())));
        server.stop().await;
    }

    async fn a_code_of_one_provider_is_not_taken_to_another(backend) {
        let (honest, evil) = (FakeProvider::start().await, FakeProvider::start().await);
        let providers = vec![settings("acme", &honest, |_| {}), settings("evil", &evil, |_| {})];
        let (server, owner) = server_with(backend, providers).await;
        link(&owner, &honest, amina()).await;
        // Left for one provider, sent back as if from the other.
        let visitor = server.visitor();
        let back = honest.consent(&depart(&visitor, "/").await, NOW_S, amina());
        assert_eq!(come_back(&visitor, "evil", &back).await, "/sign-in?error=oidc_expired");
        // An answer that says it is from somebody else.
        let back = honest.consent(&depart(&visitor, "/").await, NOW_S, amina());
        let evil_issuer: String = url::form_urlencoded::byte_serialize(evil.issuer().as_bytes()).collect();
        assert_eq!(come_back(&visitor, "acme", &format!("{back}&iss={evil_issuer}")).await, "/sign-in?error=oidc_failed");
        let own_issuer: String = url::form_urlencoded::byte_serialize(honest.issuer().as_bytes()).collect();
        let back = honest.consent(&depart(&visitor, "/").await, NOW_S, amina());
        assert_eq!(come_back(&visitor, "acme", &format!("{back}&iss={own_issuer}")).await, "/");
        server.stop().await;
    }

    async fn a_provider_that_names_itself_must_always_do_so(backend) {
        let provider = FakeProvider::start().await;
        provider.says_more(json!({"authorization_response_iss_parameter_supported": true}));
        let (server, owner) = server_with(backend, vec![settings("acme", &provider, |_| {})]).await;
        assert_eq!(link(&owner, &provider, amina()).await, "/profile/security?error=oidc_failed");
        server.stop().await;
    }

    async fn a_new_key_is_fetched_and_an_unpublished_one_refused(backend) {
        let (provider, server, owner) = house(backend).await;
        link(&owner, &provider, amina()).await;
        provider.changes_its_key("key-2");
        server.advance(std::time::Duration::from_secs(60));
        let later = |seconds: i64| json!({"sub": "amina-1", "iat": NOW_S + seconds, "exp": NOW_S + seconds + 300});
        assert_eq!(go_through(&server.visitor(), &provider, later(60)).await, "/people");
        provider.hides_its_key("key-3");
        server.advance(std::time::Duration::from_secs(60));
        let before = provider.asked_for_keys();
        for _ in 0..5 {
            assert_eq!(go_through(&server.visitor(), &provider, later(120)).await, "/sign-in?error=oidc_failed");
        }
        assert_eq!(provider.asked_for_keys(), before + 1, "keys are not fetched for every bad token");
        server.stop().await;
    }

    async fn what_a_second_factor_guards_needs_it_here_too(backend) {
        let (provider, server, owner) = house(backend).await;
        let (app, _) = crate::totp::enrol(&server, &owner).await;
        link(&owner, &provider, amina()).await;
        let visitor = server.visitor();
        let to = go_through(&visitor, &provider, amina()).await;
        assert!(to.starts_with("/sign-in?return_to=%2Fpeople#challenge="), "{to}");
        assert!(!is_signed_in(&visitor).await);
        let fragment = to.split('#').nth(1).unwrap();
        let told: HashMap<String, String> = url::form_urlencoded::parse(fragment.as_bytes()).into_owned().collect();
        assert_eq!(told["methods"], "totp,recovery_code");
        let body = json!({"challenge": told["challenge"], "method": "totp", "code": app.code(&server)});
        visitor.post("/api/v1/auth/second-factor", body).await.expect(StatusCode::OK);
        assert!(is_signed_in(&visitor).await);
        server.stop().await;
    }

    async fn whoever_says_no_or_cannot_answer_is_reported_as_such(backend) {
        let (provider, server, owner) = house(backend).await;
        let visitor = server.visitor();
        let departure = Url::parse(&depart(&visitor, "/").await).unwrap();
        let state = departure.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
        assert_eq!(come_back(&visitor, "acme", &format!("error=access_denied&state={state}")).await, "/sign-in?error=oidc_denied");
        for query in ["", "code=x", "state=x&code=y", &format!("state={state}&code=x")] {
            assert_eq!(come_back(&visitor, "acme", query).await, "/sign-in?error=oidc_expired", "{query}");
        }
        assert_eq!(visitor.get("/api/v1/auth/oidc/nobody/start").await.problem(), "not_found");
        assert_eq!(visitor.get("/api/v1/auth/oidc/nobody/callback").await.problem(), "not_found");
        for way_out in ["//evil.example", "https://evil.example", "%2F%5Cevil.example", "/api/v1/audit/export"] {
            let answer = visitor.get(&format!("/api/v1/auth/oidc/acme/start?return_to={way_out}")).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{way_out}");
        }
        drop((provider, owner));
        server.stop().await;
    }

    async fn a_provider_that_is_down_is_said_to_be(backend) {
        let (provider, server, _) = house(backend).await;
        provider.is_down(true);
        let answer = server.visitor().get("/api/v1/auth/oidc/acme/start").await;
        assert_eq!((answer.status, answer.problem()), (StatusCode::SERVICE_UNAVAILABLE, "oidc_unreachable"));
        server.stop().await;
    }

    async fn an_invitation_to_a_verified_address_is_accepted_by_signing_in(backend) {
        let (provider, server, owner) = house(backend).await;
        let body = json!({"email": "amina@example.com", "role": "developer"});
        owner.post("/api/v1/invitations", body).await.expect(StatusCode::CREATED);
        let mut unverified = amina();
        unverified["email_verified"] = json!(false);
        assert_eq!(go_through(&server.visitor(), &provider, unverified).await, "/sign-in?error=oidc_not_linked");
        let visitor = server.visitor();
        assert_eq!(go_through(&visitor, &provider, amina()).await, "/people");
        let me = visitor.get("/api/v1/me").await.expect(StatusCode::OK);
        assert_eq!((&me["user"]["role"], &me["user"]["name"], &me["has_password"]), (&json!("developer"), &json!("Amina"), &json!(false)));
        let invitations = owner.get("/api/v1/invitations").await.expect(StatusCode::OK);
        assert_eq!(invitations["items"][0]["status"], "accepted");
        // The last way in stays open.
        let listed = visitor.get("/api/v1/me/identities").await.expect(StatusCode::OK);
        let path = format!("/api/v1/me/identities/{}", listed["items"][0]["id"].as_str().unwrap());
        assert_ne!(visitor.delete(&path).await.status, StatusCode::NO_CONTENT);
        server.stop().await;
    }

    async fn only_verified_addresses_of_allowed_domains_get_an_account(backend) {
        let provider = FakeProvider::start().await;
        let allowing = settings("acme", &provider, |s| {
            s.auto_create = true;
            s.allowed_domains = vec!["example.com".into()];
        });
        let (server, _) = server_with(backend, vec![allowing]).await;
        for (person, allowed) in [
            (json!({"sub": "1", "email": "a@example.com", "email_verified": true}), true),
            (json!({"sub": "2", "email": "b@example.com", "email_verified": false}), false),
            (json!({"sub": "3", "email": "c@evil.com", "email_verified": true}), false),
            (json!({"sub": "4", "email": "d@sub.example.com", "email_verified": true}), false),
            (json!({"sub": "5", "email": "e@evil.com@example.com", "email_verified": true}), false),
            (json!({"sub": "6", "email": "f@example.com.evil.com", "email_verified": true}), false),
            (json!({"sub": "7"}), false),
        ] {
            let visitor = server.visitor();
            go_through(&visitor, &provider, person.clone()).await;
            assert_eq!(is_signed_in(&visitor).await, allowed, "{person}");
        }
        // The address may be missing from the token and known to the userinfo endpoint.
        provider.knows(json!({"sub": "8", "email": "g@example.com", "email_verified": true, "name": "Ghada"}));
        let visitor = server.visitor();
        go_through(&visitor, &provider, json!({"sub": "8"})).await;
        let me = visitor.get("/api/v1/me").await.expect(StatusCode::OK);
        assert_eq!((&me["user"]["role"], &me["user"]["name"]), (&json!("viewer"), &json!("Ghada")));
        // But not when that speaks of somebody else.
        assert_eq!(go_through(&server.visitor(), &provider, json!({"sub": "9"})).await, "/sign-in?error=oidc_failed");
        server.stop().await;
    }
}
