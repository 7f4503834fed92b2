//! The contract of everything that keeps values, told through the front door on each of them. Real are
//! our own tables on SQLite and on PostgreSQL, and the key-value store of version 1 of a RustyVault
//! server ([`super::rusty_vault`]), where we sign in with a token and with an AppRole. A fake are the
//! stores of version 1 and 2 of [`super::fake_hashicorp`]. The names of the tests say which is which;
//! what only the real server or only the fake can be asked to do is in [`super::real_vault`] and below.

use std::time::Duration;

use diwan_testkit::Backend;
use diwan_vault::{BackendConfig, Dialect};
use reqwest::StatusCode;
use serde_json::json;

use super::fake_hashicorp::{FakeHashicorp, LEASE_SECONDS, Whim};
use super::keeper::{Keeper, Other, fails_and_heals, is};
use super::rusty_vault::SignIn;
use super::sealing::sign_in;
use super::{reveal, text, value};

/// The same story on every keeper of values: `name::KEEPER`.
macro_rules! on_every_keeper {
    ($($(#[$with:meta])* async fn $name:ident($keeper:ident, $change:expr) $story:block)+) => {$(
        mod $name {
            use super::*;

            async fn story($keeper: Keeper) $story

            #[tokio::test]
            async fn local_on_sqlite() {
                Box::pin(story(Keeper::local(Backend::Sqlite, $change).await)).await;
            }

            #[tokio::test]
            async fn local_on_postgresql() {
                Box::pin(story(Keeper::local(Backend::Postgresql, $change).await)).await;
            }

            #[tokio::test]
            async fn kv_version_1_of_rusty_vault_with_a_token() {
                Box::pin(story(Keeper::rusty_vault(SignIn::Token, $change).await)).await;
            }

            #[tokio::test]
            async fn kv_version_1_of_rusty_vault_with_an_approle() {
                Box::pin(story(Keeper::rusty_vault(SignIn::AppRole, $change).await)).await;
            }

            #[tokio::test]
            async fn kv_version_1_of_the_fake() {
                Box::pin(story(Keeper::fake_vault(Dialect::Kv1, $change).await)).await;
            }

            #[tokio::test]
            async fn kv_version_2_of_the_fake() {
                Box::pin(story(Keeper::fake_vault(Dialect::Kv2, $change).await)).await;
            }
        }
    )+};
}

on_every_keeper! {
    async fn a_value_goes_in_and_comes_out_as_it_was(keeper, |_| {}) {
        let odd = "ünï¢ödé \"quoted\" \\ {\"json\": 1}\n\ttail ";
        let long = "x".repeat(65_536);
        for (name, right) in [("git/plain", "a very quiet word"), ("git/odd", odd), ("git/long", &long)] {
            let made = keeper.try_create(name, json!({"kind": "free", "value": right})).await.expect(StatusCode::CREATED);
            assert_eq!(value(&keeper.owner, text(&made, "id")).await, right, "{name}");
        }
        let found = keeper.owner.get(&format!("/api/v1/secrets?backend={}", keeper.name)).await;
        assert_eq!(found.json["items"].as_array().map(Vec::len), Some(3));
        assert!(!found.text.contains("quiet"), "{}", found.text);
    }

    async fn it_is_there_after_a_restart(keeper, |_| {}) {
        let id = keeper.create("a", "the first value").await;
        keeper.put(&id, "the second value").await.expect(StatusCode::CREATED);
        let server = keeper.server.restart().await;
        let owner = sign_in(&server).await;
        assert_eq!(value(&owner, &id).await, "the second value");
    }

    async fn versions_follow_each_other_and_each_can_be_read(keeper, |_| {}) {
        let id = keeper.create("db/password", "value 1").await;
        for n in 2..=5 {
            keeper.put(&id, &format!("value {n}")).await.expect(StatusCode::CREATED);
        }
        assert_eq!(value(&keeper.owner, &id).await, "value 5");
        for n in 1..=5 {
            let shown = keeper.version(&id, n).await.expect(StatusCode::OK);
            assert_eq!((text(&shown, "value"), &shown["version"]), (format!("value {n}").as_str(), &json!(n)));
        }
        assert_eq!(keeper.states(&id).await, ["current", "overlapping", "overlapping", "overlapping", "overlapping"]);
        assert_eq!(keeper.version(&id, 6).await.status, StatusCode::NOT_FOUND);
    }

    async fn an_older_version_becomes_current_again_as_a_new_one(keeper, |_| {}) {
        let id = keeper.create("a", "the good value").await;
        keeper.put(&id, "the bad value").await.expect(StatusCode::CREATED);
        let path = format!("/api/v1/secrets/{id}/roll-back");
        let back = keeper.owner.post(&path, json!({"version": 1})).await.expect(StatusCode::CREATED);
        assert_eq!(back["current_version"], 3);
        assert_eq!(value(&keeper.owner, &id).await, "the good value");
        keeper.put(&id, "the next value").await.expect(StatusCode::CREATED);
        assert_eq!(value(&keeper.owner, &id).await, "the next value");
    }

    async fn a_destroyed_version_is_gone_and_the_others_are_not(keeper, |_| {}) {
        let id = keeper.create("a", "value-one").await;
        keeper.put(&id, "value-two").await.expect(StatusCode::CREATED);
        let path = format!("/api/v1/secrets/{id}/versions");
        is(&keeper.owner.delete(&format!("{path}/2")).await, StatusCode::CONFLICT, "secret_version_current");
        keeper.owner.delete(&format!("{path}/1")).await.expect(StatusCode::NO_CONTENT);
        is(&keeper.version(&id, 1).await, StatusCode::CONFLICT, "secret_version_destroyed");
        is(&keeper.owner.delete(&format!("{path}/1")).await, StatusCode::CONFLICT, "secret_version_destroyed");
        let back = keeper.owner.post(&format!("/api/v1/secrets/{id}/roll-back"), json!({"version": 1})).await;
        is(&back, StatusCode::CONFLICT, "secret_version_destroyed");
        assert!(keeper.is_local() || !keeper.keeps("value-one").await);
        assert_eq!(value(&keeper.owner, &id).await, "value-two");
        keeper.put(&id, "value-three").await.expect(StatusCode::CREATED);
        assert_eq!(keeper.states(&id).await, ["current", "overlapping", "destroyed"]);
    }

    async fn a_removed_secret_leaves_nothing_and_its_name_is_free(keeper, |_| {}) {
        let id = keeper.create("git/a", "value-one").await;
        keeper.put(&id, "value-two").await.expect(StatusCode::CREATED);
        keeper.owner.delete(&format!("/api/v1/secrets/{id}")).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(reveal(&keeper.owner, &id).await.status, StatusCode::NOT_FOUND);
        assert!(!keeper.keeps("value-").await);
        assert!(!keeper.knows("diwan/git/a").await);
        let again = keeper.create("git/a", "another life").await;
        assert_eq!(value(&keeper.owner, &again).await, "another life");
        assert_ne!(again, id);
    }

    async fn a_generated_value_is_made_anew_by_hand_and_by_the_clock(keeper, |_| {}) {
        let body = json!({"generate": {"length": 40}, "rotation_days": 7});
        let made = keeper.try_create("a", body).await.expect(StatusCode::CREATED);
        let id = text(&made, "id");
        let first = value(&keeper.owner, id).await;
        keeper.owner.post(&format!("/api/v1/secrets/{id}/rotate"), json!({})).await.expect(StatusCode::CREATED);
        let second = value(&keeper.owner, id).await;
        keeper.server.advance(Duration::from_secs(8 * 24 * 3600));
        keeper.server.product().vault.look().await;
        let owner = sign_in(&keeper.server).await;
        let third = value(&owner, id).await;
        assert!(first != second && second != third && [&first, &second, &third].iter().all(|v| v.len() == 40));
    }

    async fn of_many_who_write_at_once_nobody_loses_what_was_acknowledged(keeper, |_| {}) {
        let id = keeper.create("a", "value 0").await;
        let values: Vec<String> = (1..=8).map(|n| format!("value of writer {n}")).collect();
        let writes = [0, 1, 2, 3, 4, 5, 6, 7].map(|n: usize| keeper.put(&id, &values[n]));
        let [a, b, c, d, e, f, g, h] = writes;
        let answers = tokio::join!(a, b, c, d, e, f, g, h);
        let answers = [answers.0, answers.1, answers.2, answers.3, answers.4, answers.5, answers.6, answers.7];
        let mut acknowledged = vec![];
        for (answer, value) in answers.into_iter().zip(&values) {
            match answer.status {
                StatusCode::CREATED => acknowledged.push((answer.json["current_version"].as_i64().expect("a number"), value)),
                _ => is(&answer, StatusCode::CONFLICT, "secret_changed_meanwhile"),
            }
        }
        assert!(!acknowledged.is_empty());
        for (number, value) in &acknowledged {
            let shown = keeper.version(&id, *number).await.expect(StatusCode::OK);
            assert_eq!(text(&shown, "value"), *value, "version {number}");
        }
        assert_eq!(keeper.states(&id).await.len(), 1 + acknowledged.len());
        // Whoever lost is no hindrance for whoever comes next.
        keeper.put(&id, "the last value").await.expect(StatusCode::CREATED);
        assert_eq!(value(&keeper.owner, &id).await, "the last value");
    }

    async fn of_two_who_take_a_name_at_once_one_gets_it(keeper, |_| {}) {
        let (one, other) = tokio::join!(
            keeper.try_create("a", json!({"value": "value of one"})),
            keeper.try_create("a", json!({"value": "value of other"})),
        );
        let (won, lost, right) =
            if one.status == StatusCode::CREATED { (one, other, "value of one") } else { (other, one, "value of other") };
        assert_eq!(lost.status, StatusCode::CONFLICT, "{}", lost.text);
        let won = won.expect(StatusCode::CREATED);
        assert_eq!(value(&keeper.owner, text(&won, "id")).await, right);
    }

    async fn only_so_many_versions_keep_their_values(keeper, |vault| vault.keep_versions = 2) {
        let body = json!({"value": "value-1", "overlap_hours": 0});
        let made = keeper.try_create("a", body).await.expect(StatusCode::CREATED);
        let id = text(&made, "id");
        for n in 2..=4 {
            keeper.server.advance(Duration::from_secs(1));
            keeper.put(id, &format!("value-{n}")).await.expect(StatusCode::CREATED);
        }
        assert_eq!(keeper.states(id).await, ["current", "superseded", "destroyed", "destroyed"]);
        is(&keeper.version(id, 2).await, StatusCode::CONFLICT, "secret_version_destroyed");
        let shown = keeper.version(id, 3).await.expect(StatusCode::OK);
        assert_eq!(text(&shown, "value"), "value-3");
        assert!(keeper.is_local() || !keeper.keeps("value-1").await && keeper.keeps("value-4").await);
    }

    async fn a_sealed_vault_gives_nothing_of_it(keeper, |_| {}) {
        let id = keeper.create("a", "the first value").await;
        keeper.owner.post("/api/v1/vault/seal", json!({})).await.expect(StatusCode::NO_CONTENT);
        is(&reveal(&keeper.owner, &id).await, StatusCode::SERVICE_UNAVAILABLE, "vault_sealed");
        is(&keeper.put(&id, "another").await, StatusCode::SERVICE_UNAVAILABLE, "vault_sealed");
        keeper.owner.post("/api/v1/vault/unseal", json!({})).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(value(&keeper.owner, &id).await, "the first value");
    }

    async fn verifying_finds_nothing_wrong(keeper, |_| {}) {
        let id = keeper.create("a", "the first value").await;
        keeper.put(&id, "the second value").await.expect(StatusCode::CREATED);
        let found = keeper.owner.post("/api/v1/vault/verify", json!({})).await.expect(StatusCode::OK);
        let counted = if keeper.is_local() { (2, 0) } else { (0, 2) };
        assert_eq!((&found["ok"], &found["values"], &found["elsewhere"]), (&json!(true), &json!(counted.0), &json!(counted.1)));
    }
}

/// The same story with both stores of the fake.
macro_rules! on_every_other_vault {
    ($(async fn $name:ident($keeper:ident, $config:expr) $story:block)+) => {$(
        mod $name {
            use super::*;

            async fn story($keeper: Keeper) $story

            async fn arrange(dialect: Dialect) -> Keeper {
                let fake = FakeHashicorp::start().await;
                let configure: fn(&FakeHashicorp, Dialect) -> BackendConfig = $config;
                let config = configure(&fake, dialect);
                Keeper::with(Other::Fake(fake), config, |_| {}).await
            }

            #[tokio::test]
            async fn kv_version_1_of_the_fake() {
                Box::pin(story(arrange(Dialect::Kv1).await)).await;
            }

            #[tokio::test]
            async fn kv_version_2_of_the_fake() {
                Box::pin(story(arrange(Dialect::Kv2).await)).await;
            }
        }
    )+};
}

on_every_other_vault! {
    async fn the_value_is_there_under_its_prefix_and_not_here(keeper, FakeHashicorp::with_token) {
        keeper.create("git/a", "a very quiet word").await;
        assert!(keeper.fake().knows("diwan/git/a") && keeper.keeps("a very quiet word").await);
        let file = keeper.server.dir().join("data/diwan.db");
        let mut bytes = std::fs::read(&file).expect("a database");
        bytes.extend(std::fs::read(file.with_extension("db-wal")).unwrap_or_default());
        assert!(!bytes.windows(10).any(|w| w == b"very quiet"));
    }

    async fn while_it_is_away_its_secrets_are_away(keeper, FakeHashicorp::with_approle) {
        let id = keeper.create("a", "the first value").await;
        keeper.fake().go_away().await;
        let fake = keeper.fake();
        fails_and_heals(&keeper, &id, StatusCode::SERVICE_UNAVAILABLE, "backend_away", async || fake.come_back().await).await;
    }

    async fn while_it_is_sealed_its_secrets_are_away(keeper, FakeHashicorp::with_approle) {
        let id = keeper.create("a", "the first value").await;
        let fake = keeper.fake();
        fake.be(Some(Whim::Sealed));
        fails_and_heals(&keeper, &id, StatusCode::SERVICE_UNAVAILABLE, "backend_away", async || fake.be(None)).await;
    }

    async fn while_it_is_a_standby_its_secrets_are_away(keeper, FakeHashicorp::with_approle) {
        let id = keeper.create("a", "the first value").await;
        let fake = keeper.fake();
        fake.be(Some(Whim::Standby));
        fails_and_heals(&keeper, &id, StatusCode::SERVICE_UNAVAILABLE, "backend_away", async || fake.be(None)).await;
    }

    async fn an_answer_that_makes_no_sense_is_refused(keeper, FakeHashicorp::with_approle) {
        let id = keeper.create("a", "the first value").await;
        let fake = keeper.fake();
        fake.be(Some(Whim::Nonsense));
        fails_and_heals(&keeper, &id, StatusCode::BAD_GATEWAY, "backend_refused", async || fake.be(None)).await;
    }

    async fn it_is_not_followed_elsewhere(keeper, FakeHashicorp::with_approle) {
        let id = keeper.create("a", "the first value").await;
        let fake = keeper.fake();
        fake.be(Some(Whim::Redirect));
        let before = fake.requests();
        is(&reveal(&keeper.owner, &id).await, StatusCode::BAD_GATEWAY, "backend_refused");
        assert_eq!(fake.requests(), before + 1);
        fails_and_heals(&keeper, &id, StatusCode::BAD_GATEWAY, "backend_refused", async || fake.be(None)).await;
    }

    async fn a_wrong_token_is_refused_and_a_new_one_in_the_file_is_taken(keeper, FakeHashicorp::with_token) {
        let id = keeper.create("a", "the first value").await;
        let fake = keeper.fake();
        fake.write_token("of somebody else");
        // The one in memory is still good; after a restart there is only the wrong one.
        let server = keeper.server.restart().await;
        let owner = sign_in(&server).await;
        let keeper = Keeper { server, owner, ..keeper };
        let fake = keeper.fake();
        let mend = async || fake.write_token("root-of-the-fake");
        fails_and_heals(&keeper, &id, StatusCode::BAD_GATEWAY, "backend_refused", mend).await;
    }

    async fn a_token_that_expired_is_replaced_by_signing_in_again(keeper, FakeHashicorp::with_approle) {
        let id = keeper.create("a", "the first value").await;
        assert_eq!(value(&keeper.owner, &id).await, "the first value");
        assert_eq!(keeper.fake().logins(), 1);
        // Taken back before its time: noticed by the refusal.
        keeper.fake().expire_tokens();
        assert_eq!(value(&keeper.owner, &id).await, "the first value");
        assert_eq!(keeper.fake().logins(), 2);
        keeper.fake().expire_tokens();
        keeper.put(&id, "the second value").await.expect(StatusCode::CREATED);
        assert_eq!(keeper.fake().logins(), 3);
        // Near its end: replaced before anybody refuses it.
        keeper.server.advance(Duration::from_secs(LEASE_SECONDS - 1));
        let owner = sign_in(&keeper.server).await;
        assert_eq!(value(&owner, &id).await, "the second value");
        assert_eq!(keeper.fake().logins(), 4);
        assert_eq!(value(&owner, &id).await, "the second value");
        assert_eq!(keeper.fake().logins(), 4);
    }

    async fn a_role_that_it_does_not_know_is_refused(keeper, |fake, dialect| {
        BackendConfig { role_id: Some("nobody".to_owned()), ..fake.with_approle(dialect) }
    }) {
        let refused = keeper.try_create("a", json!({"value": "never taken"})).await;
        is(&refused, StatusCode::BAD_GATEWAY, "backend_refused");
        assert!(!refused.text.contains("never taken"));
    }

    async fn a_mount_that_is_not_there_is_not_a_value_that_was_destroyed(keeper, |fake, dialect| {
        BackendConfig { mount: "elsewhere".to_owned(), ..fake.with_token(dialect) }
    }) {
        is(&keeper.try_create("a", json!({"value": "xyz"})).await, StatusCode::BAD_GATEWAY, "backend_refused");
    }

    async fn a_value_that_is_gone_there_is_said_to_be_and_a_new_one_mends_it(keeper, FakeHashicorp::with_token) {
        let id = keeper.create("git/a", "the first value").await;
        keeper.fake().lose("diwan/git/a");
        is(&reveal(&keeper.owner, &id).await, StatusCode::CONFLICT, "secret_version_destroyed");
        keeper.put(&id, "the second value").await.expect(StatusCode::CREATED);
        assert_eq!(value(&keeper.owner, &id).await, "the second value");
        is(&keeper.version(&id, 1).await, StatusCode::CONFLICT, "secret_version_destroyed");
        // Its numbers may have begun again: what we destroy is ours, or nothing.
        keeper.owner.delete(&format!("/api/v1/secrets/{id}/versions/1")).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(value(&keeper.owner, &id).await, "the second value");
    }

    async fn a_write_whose_answer_was_lost_is_no_hindrance_for_the_next(keeper, FakeHashicorp::with_token) {
        let id = keeper.create("a", "the first value").await;
        for round in 1..=3 {
            keeper.fake().be(Some(Whim::LoseNextAnswer));
            is(&keeper.put(&id, "carried out and lost").await, StatusCode::SERVICE_UNAVAILABLE, "backend_away");
            let current = if round == 1 { "the first value".to_owned() } else { format!("value after {}", round - 1) };
            assert_eq!(value(&keeper.owner, &id).await, current);
            keeper.put(&id, &format!("value after {round}")).await.expect(StatusCode::CREATED);
            assert_eq!(value(&keeper.owner, &id).await, format!("value after {round}"));
        }
    }

    async fn a_removal_that_it_misses_is_carried_out_here(keeper, FakeHashicorp::with_token) {
        let id = keeper.create("a", "the first value").await;
        keeper.fake().be(Some(Whim::Sealed));
        keeper.owner.delete(&format!("/api/v1/secrets/{id}")).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(reveal(&keeper.owner, &id).await.status, StatusCode::NOT_FOUND);
    }

    async fn nothing_is_lost_when_it_is_no_longer_set_up(keeper, FakeHashicorp::with_token) {
        let id = keeper.create("a", "the first value").await;
        let unknown = keeper.owner.post("/api/v1/secrets", json!({"name": "b", "kind": "password", "value": "xyz", "backend": "nowhere"})).await;
        assert_eq!((unknown.status, &unknown.json["errors"][0]["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("backend_unknown")));
        let moved = keeper.owner.patch(&format!("/api/v1/secrets/{id}"), json!({"name": "c"})).await;
        is(&moved, StatusCode::CONFLICT, "secret_cannot_move");
        assert_eq!(value(&keeper.owner, &id).await, "the first value");
    }
}

mod of_somebody_else_in_kv_version_1_of_the_fake {
    use super::*;

    /// It cannot compare before it writes; but what others put in the place of ours is not ours.
    #[tokio::test]
    async fn a_document_that_was_replaced_is_not_given_out_as_ours() {
        let fake = FakeHashicorp::start().await;
        let config = fake.with_token(Dialect::Kv1);
        let keeper = Keeper::with(Other::Fake(fake), config, |_| {}).await;
        let id = keeper.create("a", "the first value").await;
        keeper.fake().write_over("diwan/a", "of somebody else");
        is(&reveal(&keeper.owner, &id).await, StatusCode::CONFLICT, "secret_version_destroyed");
        keeper.put(&id, "the second value").await.expect(StatusCode::CREATED);
        assert_eq!(value(&keeper.owner, &id).await, "the second value");
        assert!(keeper.keeps("of somebody else").await);
    }
}

mod of_somebody_else_in_kv_version_2_of_the_fake {
    use super::*;

    async fn keeper() -> Keeper {
        let fake = FakeHashicorp::start().await;
        let config = fake.with_token(Dialect::Kv2);
        Keeper::with(Other::Fake(fake), config, |_| {}).await
    }

    /// Check-and-set: what others wrote is neither given out as ours nor written over.
    #[tokio::test]
    async fn a_change_is_noticed_and_not_written_over() {
        let keeper = keeper().await;
        let id = keeper.create("a", "the first value").await;
        keeper.fake().write_behind("diwan/a", "of somebody else");
        is(&keeper.put(&id, "the second value").await, StatusCode::CONFLICT, "secret_changed_meanwhile");
        assert!(keeper.keeps("of somebody else").await && !keeper.keeps("the second value").await);
        assert_eq!(value(&keeper.owner, &id).await, "the first value");
        assert_eq!(keeper.states(&id).await, ["current"]);
        // Nor does it go with the secret.
        keeper.owner.delete(&format!("/api/v1/secrets/{id}")).await.expect(StatusCode::NO_CONTENT);
        assert!(keeper.keeps("of somebody else").await && !keeper.keeps("the first value").await);
    }

    #[tokio::test]
    async fn a_change_that_keeps_our_mark_is_noticed_too() {
        let keeper = keeper().await;
        let id = keeper.create("a", "the first value").await;
        keeper.fake().patch_behind("diwan/a", "of somebody else");
        is(&keeper.put(&id, "the second value").await, StatusCode::CONFLICT, "secret_changed_meanwhile");
        assert!(keeper.keeps("of somebody else").await);
    }

    #[tokio::test]
    async fn a_document_that_was_there_before_is_not_written_over() {
        let keeper = keeper().await;
        keeper.fake().write_behind("diwan/a", "of somebody else");
        let refused = keeper.try_create("a", json!({"value": "ours"})).await;
        is(&refused, StatusCode::CONFLICT, "secret_name_taken_there");
        assert_eq!(keeper.owner.get("/api/v1/secrets").await.json["items"], json!([]));
    }

    #[tokio::test]
    async fn a_version_that_was_deleted_is_gone_and_a_new_one_mends_it() {
        let keeper = keeper().await;
        let id = keeper.create("a", "the first value").await;
        keeper.fake().delete_newest("diwan/a");
        is(&reveal(&keeper.owner, &id).await, StatusCode::CONFLICT, "secret_version_destroyed");
        keeper.put(&id, "the second value").await.expect(StatusCode::CREATED);
        assert_eq!(value(&keeper.owner, &id).await, "the second value");
    }

    /// It keeps ten versions unless it is told otherwise.
    #[tokio::test]
    async fn versions_that_it_dropped_are_gone_and_the_rest_is_not() {
        let fake = FakeHashicorp::start().await;
        let config = fake.with_token(Dialect::Kv2);
        let keeper = Keeper::with(Other::Fake(fake), config, |vault| vault.keep_versions = 50).await;
        let id = keeper.create("a", "value 1").await;
        for n in 2..=12 {
            keeper.put(&id, &format!("value {n}")).await.expect(StatusCode::CREATED);
        }
        is(&keeper.version(&id, 2).await, StatusCode::CONFLICT, "secret_version_destroyed");
        let shown = keeper.version(&id, 3).await.expect(StatusCode::OK);
        assert_eq!(text(&shown, "value"), "value 3");
    }
}
