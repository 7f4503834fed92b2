//! What becomes of our secrets when a REAL vault that keeps them is sealed, killed, or refuses us. The
//! same and more is told of the fake in [`super::keepers`].

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use diwan_vault::BackendConfig;
use reqwest::StatusCode;
use serde_json::json;

use super::keeper::{Keeper, Other, fails_and_heals, is};
use super::rusty_vault::{RustyVault, SignIn};
use super::sealing::sign_in;
use super::{reveal, text, value};

/// The same story with a token and with an AppRole.
macro_rules! on_rusty_vault {
    ($(async fn $name:ident($keeper:ident) $story:block)+) => {$(
        mod $name {
            use super::*;

            async fn story($keeper: Keeper) $story

            #[tokio::test]
            async fn with_a_token() {
                Box::pin(story(Keeper::rusty_vault(SignIn::Token, |_| {}).await)).await;
            }

            #[tokio::test]
            async fn with_an_approle() {
                Box::pin(story(Keeper::rusty_vault(SignIn::AppRole, |_| {}).await)).await;
            }
        }
    )+};
}

fn holds(file: &std::path::Path, what: &str) -> bool {
    if file.is_dir() {
        return std::fs::read_dir(file).expect("a folder").flatten().any(|entry| holds(&entry.path(), what));
    }
    let bytes = std::fs::read(file).unwrap_or_default();
    bytes.windows(what.len()).any(|w| w == what.as_bytes())
}

on_rusty_vault! {
    async fn the_value_is_there_under_its_prefix_and_in_nobodys_files(keeper) {
        keeper.create("git/a", "a very quiet word").await;
        assert!(keeper.knows("diwan/git/a").await && keeper.keeps("a very quiet word").await);
        assert!(!holds(keeper.server.dir(), "very quiet"));
        assert!(!holds(&keeper.real().files(), "very quiet"));
    }

    async fn while_it_is_sealed_its_secrets_are_away(keeper) {
        let id = keeper.create("a", "the first value").await;
        let vault = keeper.real();
        vault.seal().await;
        let mend = async || vault.unseal().await;
        fails_and_heals(&keeper, &id, StatusCode::SERVICE_UNAVAILABLE, "backend_away", mend).await;
    }

    async fn while_it_is_away_its_secrets_are_away(keeper) {
        let id = keeper.create("a", "the first value").await;
        let vault = keeper.real();
        vault.go_away().await;
        let mend = async || vault.come_back().await;
        fails_and_heals(&keeper, &id, StatusCode::SERVICE_UNAVAILABLE, "backend_away", mend).await;
    }

    async fn sealed_again_and_again_under_load_it_loses_and_mixes_up_nothing(keeper) {
        let id = keeper.create("a", "value 0").await;
        let (is_over, acknowledged, read, refused) =
            (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        let away = |answer: &diwan_testkit::Answer| {
            is(answer, StatusCode::SERVICE_UNAVAILABLE, "backend_away");
            refused.fetch_add(1, Ordering::Relaxed);
        };
        let writes = async {
            for n in 1.. {
                let answer = keeper.put(&id, &format!("value {n}")).await;
                if answer.status == StatusCode::CREATED {
                    acknowledged.store(n, Ordering::Relaxed);
                } else {
                    away(&answer);
                }
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
            }
        };
        let reads = async {
            while !is_over.load(Ordering::Relaxed) {
                let least = acknowledged.load(Ordering::Relaxed);
                let answer = reveal(&keeper.owner, &id).await;
                if answer.status == StatusCode::OK {
                    let found: usize = text(&answer.json, "value").trim_start_matches("value ").parse().expect("ours");
                    assert!(found >= least, "{found} after {least} was acknowledged");
                    read.fetch_add(1, Ordering::Relaxed);
                } else {
                    away(&answer);
                }
            }
        };
        let seals = async {
            for round in 1..=5 {
                keeper.real().seal().await;
                until(|| refused.load(Ordering::Relaxed) >= 4 * round).await;
                keeper.real().unseal().await;
                let before = (read.load(Ordering::Relaxed), acknowledged.load(Ordering::Relaxed));
                until(|| read.load(Ordering::Relaxed) > before.0 && acknowledged.load(Ordering::Relaxed) > before.1).await;
            }
            is_over.store(true, Ordering::Relaxed);
        };
        tokio::join!(writes, reads, seals);
        let last = acknowledged.load(Ordering::Relaxed);
        assert_eq!(value(&keeper.owner, &id).await, format!("value {last}"));
    }

    async fn a_value_that_is_gone_there_is_said_to_be_and_a_new_one_mends_it(keeper) {
        let id = keeper.create("git/a", "the first value").await;
        keeper.real().lose("diwan/git/a").await;
        is(&reveal(&keeper.owner, &id).await, StatusCode::CONFLICT, "secret_version_destroyed");
        keeper.put(&id, "the second value").await.expect(StatusCode::CREATED);
        assert_eq!(value(&keeper.owner, &id).await, "the second value");
    }

    async fn a_removal_that_it_misses_is_carried_out_here(keeper) {
        let id = keeper.create("a", "the first value").await;
        keeper.real().seal().await;
        keeper.owner.delete(&format!("/api/v1/secrets/{id}")).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(reveal(&keeper.owner, &id).await.status, StatusCode::NOT_FOUND);
    }
}

/// Lets the others go on until it is so.
async fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_token_that_was_revoked_is_refused_and_a_new_one_in_the_file_is_taken() {
    let vault = RustyVault::start().await;
    let token = vault.issue_token().await;
    let config = vault.config(SignIn::Token);
    let keeper = Keeper::with(Other::Real(Box::new(vault)), config, |_| {}).await;
    let id = keeper.create("a", "the first value").await;
    keeper.real().revoke(&token).await;
    let vault = keeper.real();
    let mend = async || drop(vault.issue_token().await);
    fails_and_heals(&keeper, &id, StatusCode::BAD_GATEWAY, "backend_refused", mend).await;
}

#[tokio::test]
async fn a_token_of_somebody_else_is_refused() {
    let keeper = Keeper::rusty_vault(SignIn::Token, |_| {}).await;
    let id = keeper.create("a", "the first value").await;
    keeper.real().write_token("of somebody else");
    let server = keeper.server.restart().await;
    let owner = sign_in(&server).await;
    is(&reveal(&owner, &id).await, StatusCode::BAD_GATEWAY, "backend_refused");
}

#[tokio::test]
async fn a_role_that_it_does_not_know_is_refused() {
    let vault = RustyVault::start().await;
    let config = BackendConfig { role_id: Some("nobody".to_owned()), ..vault.config(SignIn::AppRole) };
    let keeper = Keeper::with(Other::Real(Box::new(vault)), config, |_| {}).await;
    let refused = keeper.try_create("a", json!({"value": "never taken"})).await;
    is(&refused, StatusCode::BAD_GATEWAY, "backend_refused");
    assert!(!refused.text.contains("never taken"));
}

#[tokio::test]
async fn a_mount_that_is_not_there_is_not_a_value_that_was_destroyed() {
    let vault = RustyVault::start().await;
    let config = BackendConfig { mount: "elsewhere".to_owned(), ..vault.config(SignIn::Token) };
    let keeper = Keeper::with(Other::Real(Box::new(vault)), config, |_| {}).await;
    is(&keeper.try_create("a", json!({"value": "xyz"})).await, StatusCode::BAD_GATEWAY, "backend_refused");
}
