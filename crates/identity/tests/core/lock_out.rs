//! Guessing is slowed, and nobody is locked out by others.

use diwan_testkit::server::PASSWORD;
use diwan_testkit::{Answer, Person, TestServer, on_every_backend};
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::OTHER_PASSWORD;

/// A try from an address, as a trusted proxy reports it.
async fn try_from(person: &Person, address: &str, password: &str) -> Answer {
    let body = json!({"email": "owner@example.org", "password": password});
    person.send(Method::POST, "/api/v1/auth/password", Some(body), &[("x-forwarded-for", address)]).await
}

fn behind_a_proxy(backend: diwan_testkit::Backend) -> diwan_testkit::server::Builder {
    let proxies = vec!["127.0.0.1/32".parse().expect("a network")];
    TestServer::builder().on(backend).config(|c| c.server.trusted_proxies = proxies)
}

on_every_backend! {
    async fn who_guesses_locks_out_only_themselves(backend) {
        let (server, _) = behind_a_proxy(backend).owned().await;
        let thief = server.visitor();
        for _ in 0..5 {
            assert_eq!(try_from(&thief, "203.0.113.66", OTHER_PASSWORD).await.problem(), "credentials_wrong");
        }
        assert_eq!(try_from(&thief, "203.0.113.66", OTHER_PASSWORD).await.problem(), "too_many_attempts");
        // The owner, at home, with a browser that was never here.
        try_from(&server.visitor(), "198.51.100.7", PASSWORD).await.expect(StatusCode::OK);
        assert_eq!(try_from(&thief, "203.0.113.66", PASSWORD).await.problem(), "too_many_attempts");
    }

    async fn a_known_browser_gets_in_from_a_network_that_was_locked_out(backend) {
        let (server, owner) = behind_a_proxy(backend).owned().await;
        let colleague = server.visitor();
        for _ in 0..6 {
            try_from(&colleague, "203.0.113.66", OTHER_PASSWORD).await;
        }
        assert_eq!(try_from(&colleague, "203.0.113.66", PASSWORD).await.problem(), "too_many_attempts");
        try_from(&owner, "203.0.113.66", PASSWORD).await.expect(StatusCode::OK);
    }

    async fn neighbours_in_ipv6_are_one_household(backend) {
        let (server, _) = behind_a_proxy(backend).owned().await;
        let thief = server.visitor();
        for host in 0..5 {
            let address = format!("2001:db8:aa:bb00::{host:x}");
            assert_eq!(try_from(&thief, &address, OTHER_PASSWORD).await.problem(), "credentials_wrong");
        }
        assert_eq!(try_from(&thief, "2001:db8:aa:bbff::1", PASSWORD).await.problem(), "too_many_attempts");
        try_from(&thief, "2001:db8:aa:cc00::1", PASSWORD).await.expect(StatusCode::OK);
    }

    async fn an_account_under_attack_leaves_strangers_one_try(backend) {
        let (server, owner) = behind_a_proxy(backend).owned().await;
        let thief = server.visitor();
        for host in 0..101 {
            let address = format!("203.0.{}.{host}", host % 4);
            assert_eq!(try_from(&thief, &address, OTHER_PASSWORD).await.problem(), "credentials_wrong");
        }
        assert_eq!(try_from(&thief, "198.51.100.1", OTHER_PASSWORD).await.problem(), "credentials_wrong");
        assert_eq!(try_from(&thief, "198.51.100.1", OTHER_PASSWORD).await.problem(), "too_many_attempts");
        try_from(&server.visitor(), "198.51.100.7", PASSWORD).await.expect(StatusCode::OK);
        try_from(&owner, "203.0.113.9", PASSWORD).await.expect(StatusCode::OK);
    }

    async fn a_made_up_browser_mark_is_no_way_around(backend) {
        let (server, _) = behind_a_proxy(backend).owned().await;
        let thief = server.visitor();
        for n in 0..6 {
            thief.set_cookie("diwan_device", &format!("{n:A<43}"));
            try_from(&thief, "203.0.113.66", OTHER_PASSWORD).await;
        }
        assert_eq!(try_from(&thief, "203.0.113.66", PASSWORD).await.problem(), "too_many_attempts");
    }

    async fn a_thousand_tries_at_once_are_counted_before_they_are_judged(backend) {
        let (server, _) = TestServer::builder().on(backend).owned().await;
        let tries = (0..40).map(|_| async {
            let body = json!({"email": "owner@example.org", "password": OTHER_PASSWORD});
            server.visitor().post("/api/v1/auth/password", body).await.status
        });
        let answers = futures::future::join_all(tries).await;
        let judged = answers.iter().filter(|s| **s == StatusCode::UNAUTHORIZED).count();
        let refused = answers.iter().filter(|s| **s == StatusCode::TOO_MANY_REQUESTS).count();
        assert_eq!((judged, refused), (5, 35), "{answers:?}");
    }
}
