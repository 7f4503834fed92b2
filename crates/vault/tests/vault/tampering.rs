//! Somebody edits the database behind our back: every edit is noticed, and nothing wrong is given out.

use diwan_kernel::db::Unrecorded;
use diwan_kernel::{Ctx, params};
use diwan_testkit::{Person, TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{bring, reveal, text};

/// Runs statements as somebody with the database's password would.
async fn edit(server: &TestServer, statements: &[&'static str]) {
    let db = &server.product().db;
    let mut tx = db.begin(&Ctx::system(db.world(), "an intruder")).await.expect("a unit of work");
    for sql in statements {
        let touched = tx.execute(sql, params![]).await.expect("the statement runs");
        assert!(touched > 0, "{sql} touched nothing");
    }
    tx.commit_unrecorded(Unrecorded::Bookkeeping).await.expect("it is saved");
}

async fn faults(owner: &Person) -> Vec<(String, String)> {
    let found = owner.post("/api/v1/vault/verify", json!({})).await.expect(StatusCode::OK);
    let faults = found["faults"].as_array().expect("faults").clone();
    assert_eq!(found["ok"], Value::Bool(faults.is_empty()));
    faults.iter().map(|f| (text(f, "name").to_owned(), text(f, "kind").to_owned())).collect()
}

macro_rules! noticed {
    ($($name:ident: $statements:expr, $kind:literal;)+) => {
        on_every_backend! {$(
            async fn $name(backend) {
                let (server, owner) = TestServer::builder().on(backend).owned().await;
                let a = bring(&owner, "a", "the value of a").await;
                bring(&owner, "b", "the value of b").await;
                owner.post(&format!("/api/v1/secrets/{a}/versions"), json!({"value": "the newer value of a"})).await.expect(StatusCode::CREATED);
                assert_eq!(faults(&owner).await, []);
                edit(&server, &$statements).await;
                let found = faults(&owner).await;
                assert!(found.iter().any(|(_, kind)| kind == $kind), "{found:?}");
                let list = owner.get("/api/v1/secrets").await.expect(StatusCode::OK);
                for item in list["items"].as_array().expect("items") {
                    let (name, taken) = (text(item, "name"), reveal(&owner, text(item, "id")).await);
                    let right = if text(item, "id") == a { "the newer value of a" } else { "the value of b" };
                    // Either the right value under its own name, or none.
                    let answer = (taken.status == StatusCode::OK).then(|| text(&taken.json, "value"));
                    let own_name = if text(item, "id") == a { "a" } else { "b" };
                    assert!(answer.is_none() || answer == Some(right) && name == own_name, "{name}: {answer:?}");
                }
            }
        )+}
    };
}

noticed! {
    values_that_were_swapped_between_secrets: [
        "UPDATE vault_version SET value = (SELECT o.value FROM vault_version o WHERE o.version = 1 AND o.secret_id <> vault_version.secret_id),
             data_key = (SELECT o.data_key FROM vault_version o WHERE o.version = 1 AND o.secret_id <> vault_version.secret_id)
         WHERE version = 1",
    ], "does_not_open";
    an_older_value_in_the_place_of_the_newer: [
        "UPDATE vault_version SET value = (SELECT o.value FROM vault_version o WHERE o.version = 1 AND o.secret_id = vault_version.secret_id),
             data_key = (SELECT o.data_key FROM vault_version o WHERE o.version = 1 AND o.secret_id = vault_version.secret_id)
         WHERE version = 2",
    ], "does_not_open";
    an_older_version_made_current: ["UPDATE vault_secret SET current_version = 1 WHERE name = 'a'"], "edited";
    names_that_were_swapped: [
        "UPDATE vault_secret SET name = 'x' WHERE name = 'a'",
        "UPDATE vault_secret SET name = 'a' WHERE name = 'b'",
        "UPDATE vault_secret SET name = 'b' WHERE name = 'x'",
    ], "edited";
    a_kind_that_was_changed: ["UPDATE vault_secret SET kind = 'api_key' WHERE name = 'a'"], "edited";
    a_keeper_that_was_changed: ["UPDATE vault_secret SET backend = 'other' WHERE name = 'a'"], "edited";
    what_is_known_of_a_value_was_changed: [r#"UPDATE vault_secret SET facts = '{"public_key":"ssh-ed25519 x"}' WHERE name = 'a'"#], "edited";
    a_value_that_was_removed: ["UPDATE vault_version SET value = NULL WHERE version = 2"], "missing";
    a_version_that_was_removed: ["DELETE FROM vault_version WHERE version = 2"], "missing";
    a_secret_that_was_removed: ["DELETE FROM vault_secret WHERE name = 'b'"], "vanished";
    a_destruction_that_nobody_ordered: [
        "UPDATE vault_version SET destroyed_at = 1, value = NULL, data_key = NULL, master_id = NULL WHERE version = 2",
    ], "edited";
    an_overlap_that_was_made_longer: ["UPDATE vault_version SET valid_until = 9999999999999 WHERE version = 1 AND valid_until IS NOT NULL"], "edited";
}

on_every_backend! {
    async fn a_value_that_is_missing_is_not_said_to_be_destroyed(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let id = bring(&owner, "a", "the value of a").await;
        edit(&server, &["UPDATE vault_version SET value = NULL"]).await;
        assert_eq!(reveal(&owner, &id).await.problem(), "secret_tampered");
    }

    async fn a_destruction_counts_for_its_own_version_of_its_own_secret(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let (a, b) = (bring(&owner, "a", "the value of a").await, bring(&owner, "b", "the value of b").await);
        for id in [&a, &b, &b] {
            owner.post(&format!("/api/v1/secrets/{id}/versions"), json!({"value": "a newer value"})).await.expect(StatusCode::CREATED);
        }
        owner.delete(&format!("/api/v1/secrets/{b}/versions/1")).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(faults(&owner).await, []);
        let db = &server.product().db;
        let rows = db.query("SELECT * FROM vault_version WHERE destroyed_at IS NOT NULL", params![]).await.expect("rows");
        let moment = |column| rows[0].get::<Option<i64>>(column).expect("a moment");
        let signature: Vec<u8> = rows[0].get("signature").expect("a signature");
        let mut tx = db.begin(&Ctx::system(db.world(), "an intruder")).await.expect("a unit of work");
        for (id, version) in [(&a, 1), (&b, 2)] {
            let sql = "UPDATE vault_version SET destroyed_at = $1, valid_until = $2, signature = $3, value = NULL, data_key = NULL,
                 master_id = NULL WHERE secret_id = $4 AND version = $5";
            let cells = params![moment("destroyed_at"), moment("valid_until"), signature.clone(), id, version];
            assert_eq!(tx.execute(sql, cells).await.expect("it runs"), 1);
        }
        tx.commit_unrecorded(Unrecorded::Bookkeeping).await.expect("it is saved");
        let found = faults(&owner).await;
        assert_eq!(found, [("a".to_owned(), "edited".to_owned()), ("b".to_owned(), "edited".to_owned())]);
    }

    async fn whole_descriptions_that_were_swapped_are_noticed(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let ids = [bring(&owner, "a", "the value of a").await, bring(&owner, "b", "the value of b").await];
        let db = &server.product().db;
        let rows = db.query("SELECT name, signature FROM vault_secret ORDER BY name", params![]).await.expect("rows");
        let mut tx = db.begin(&Ctx::system(db.world(), "an intruder")).await.expect("a unit of work");
        tx.execute("UPDATE vault_secret SET name = 'x' WHERE id = $1", params![&ids[0]]).await.expect("it runs");
        for (row, id) in rows.iter().zip(ids.iter().rev()) {
            let (name, signature): (String, Vec<u8>) = (row.get("name").expect("a name"), row.get("signature").expect("a signature"));
            tx.execute("UPDATE vault_secret SET name = $1, signature = $2 WHERE id = $3", params![name, signature, id]).await.expect("it runs");
        }
        tx.commit_unrecorded(Unrecorded::Bookkeeping).await.expect("it is saved");
        for id in &ids {
            assert_eq!(reveal(&owner, id).await.problem(), "secret_tampered");
        }
        let found = faults(&owner).await;
        assert_eq!(found, [("a".to_owned(), "edited".to_owned()), ("b".to_owned(), "edited".to_owned())]);
    }

    async fn rows_put_back_from_an_older_copy_are_noticed(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let a = bring(&owner, "a", "the value of a").await;
        let db = &server.product().db;
        let old = db.query("SELECT signature, rotate_at, rotated_at, changed_at FROM vault_secret", params![]).await.expect("a row");
        owner.post(&format!("/api/v1/secrets/{a}/versions"), json!({"value": "the newer value of a"})).await.expect(StatusCode::CREATED);
        let signature: Vec<u8> = old[0].get("signature").expect("a signature");
        let mut tx = db.begin(&Ctx::system(db.world(), "an intruder")).await.expect("a unit of work");
        let at = |column: &str| old[0].get::<i64>(column).expect("a moment");
        let back = "UPDATE vault_secret SET signature = $1, rotate_at = $2, rotated_at = $3, changed_at = $4,
             current_version = 1, latest_version = 1";
        tx.execute(back, params![signature, at("rotate_at"), at("rotated_at"), at("changed_at")]).await.expect("it runs");
        tx.execute("DELETE FROM vault_version WHERE version = 2", params![]).await.expect("it runs");
        tx.commit_unrecorded(Unrecorded::Bookkeeping).await.expect("it is saved");
        assert_eq!(faults(&owner).await, [("a".to_owned(), "rolled_back".to_owned())]);
    }
}
