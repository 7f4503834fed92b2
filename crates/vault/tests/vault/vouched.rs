//! Everything in the vault's tables is vouched for: whatever is edited is found by the verification, and
//! no policy is obeyed that nobody made.

use diwan_kernel::db::{Unrecorded, Value as Cell};
use diwan_kernel::{Ctx, DbError, params};
use diwan_testkit::{Person, TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{bring, reveal, text, value};

/// What may be edited without being found, and why that does no harm. This list may only shrink.
const NOT_FOUND: [(&str, &str, &str); 2] = [
    ("vault_master", "retired_at", "when a key was given up, for people to read; the audit trail has it too"),
    ("vault_secret", "warned_at", "whether somebody was warned of the end; upkeep writes it while the vault is sealed"),
];

/// Tables whose rows open nothing and decide nothing about secrets.
const BESIDES: [(&str, &str); 8] = [
    ("vault_own_key", "keys of the control plane's own, which belong to nobody's secret; an edited one does not open"),
    ("vault_lease", "who was lent a value; a renewal gives none out, and the audit trail has each"),
    ("vault_glass", "what is warned of for a week; the audit trail has each read past the policies"),
    ("vault_hook", "who is told that there is a new value; they are never told the value"),
    ("vault_hook_delivery", "what has to be told"),
    ("vault_removal", "what another vault has to remove; it removes only what carries our mark"),
    ("vault_rewrap", "how far a rotation has come; what is left to do is read from the versions"),
    ("vault_switch", "whether it is sealed by hand, which opens nothing; the audit trail has who did it"),
];

fn leaked(sql: String) -> &'static str {
    Box::leak(sql.into_boxed_str())
}

async fn edit(server: &TestServer, sql: &'static str, values: Vec<Cell>) -> Result<(), DbError> {
    let db = &server.product().db;
    let mut tx = db.begin(&Ctx::system(db.world(), "an intruder")).await?;
    assert!(tx.execute(sql, values).await? > 0, "{sql} touched nothing");
    tx.commit_unrecorded(Unrecorded::Bookkeeping).await
}

async fn edited(server: &TestServer, sql: &'static str) {
    edit(server, sql, params![]).await.expect("the statement runs");
}

/// The columns of the vault's tables, from the database itself: table, column, type.
async fn columns(server: &TestServer) -> Vec<(String, String, String)> {
    let db = &server.product().db;
    let sql = match db.engine() {
        "sqlite" => {
            "SELECT m.name AS t, c.name AS c, lower(c.type) AS k FROM sqlite_master m JOIN pragma_table_info(m.name) c
             WHERE m.type = 'table' AND m.name LIKE 'vault\\_%' ESCAPE '\\' ORDER BY 1, c.cid"
        }
        _ => {
            "SELECT CAST(table_name AS TEXT) AS t, CAST(column_name AS TEXT) AS c, CAST(data_type AS TEXT) AS k
             FROM information_schema.columns WHERE table_schema = current_schema() AND table_name LIKE 'vault\\_%'
             ORDER BY 1, ordinal_position"
        }
    };
    let rows = db.query(sql, params![]).await.expect("the columns");
    let read = |row: &diwan_kernel::db::Row, c: &str| row.get::<String>(c).expect("text");
    rows.iter().map(|row| (read(row, "t"), read(row, "c"), read(row, "k"))).collect()
}

async fn is_content(owner: &Person) -> bool {
    let found = owner.post("/api/v1/vault/verify", json!({})).await;
    found.status == StatusCode::OK && found.json["ok"] == true
}

async fn policy(owner: &Person, name: &str, effect: &str, role: &str, secrets: &str) -> String {
    let body = json!({"name": name, "effect": effect, "subject_kind": "role", "subject": role, "secrets": secrets, "actions": ["read"]});
    text(&owner.post("/api/v1/secret-policies", body).await.expect(StatusCode::CREATED), "id").to_owned()
}

on_every_backend! {
    async fn every_column_that_is_edited_is_found(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        bring(&owner, "a", "the value of a").await;
        let policies = owner.get("/api/v1/secret-policies").await.expect(StatusCode::OK);
        for policy in policies["items"].as_array().expect("items").iter().filter(|p| p["name"] != "owners") {
            owner.delete(&format!("/api/v1/secret-policies/{}", text(policy, "id"))).await.expect(StatusCode::NO_CONTENT);
        }
        assert!(is_content(&owner).await);
        let db = &server.product().db;
        let mut not_found = vec![];
        let mut tried = 0;
        for (table, column, kind) in columns(&server).await {
            if BESIDES.iter().any(|(besides, _)| *besides == table) {
                continue;
            }
            // One row each, so that nothing has to be said about which.
            let rows = db.query(leaked(format!("SELECT {column} AS cell FROM {table}")), params![]).await.expect("rows");
            assert_eq!(rows.len(), 1, "{table}");
            let right: Cell = cell(&rows[0], &kind);
            let wrong = match &right {
                Cell::Int(number) => Cell::Int(number + 1),
                Cell::Text(text) => Cell::Text(format!("{text}x")),
                Cell::Blob(bytes) => Cell::Blob(bytes.iter().map(|b| b ^ 1).collect()),
                _ if kind == "bigint" => Cell::Int(1),
                _ if kind == "text" => Cell::Text("x".into()),
                _ => Cell::Blob(vec![1]),
            };
            let set = leaked(format!("UPDATE {table} SET {column} = $1"));
            tried += 1;
            if edit(&server, set, vec![wrong]).await.is_err() {
                // The database itself refuses it.
                continue;
            }
            if is_content(&owner).await {
                not_found.push((table.clone(), column.clone()));
            }
            edit(&server, set, vec![right]).await.expect("it is put back");
            assert!(is_content(&owner).await, "{table}.{column} was put back");
        }
        assert!(tried > 50, "{tried}");
        let expected: Vec<_> = NOT_FOUND.iter().map(|(t, c, _)| ((*t).to_owned(), (*c).to_owned())).collect();
        assert_eq!(not_found, expected);
    }

    async fn a_policy_that_nobody_made_is_not_obeyed(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let developer = server.invite(&owner, "Amina", "developer").await;
        let id = bring(&owner, "git/token", "the value").await;
        let made = policy(&owner, "first", "allow", "developer", "git/**").await;
        assert_eq!(value(&developer, &id).await, "the value");
        owner.delete(&format!("/api/v1/secret-policies/{made}")).await.expect(StatusCode::NO_CONTENT);
        // Edited, added, and one whose id is none.
        edited(&server, "UPDATE vault_policy SET subject = 'developer' WHERE name = 'owners'").await;
        edited(&server, "UPDATE vault_policy SET actions = '[\"read\"]', subject = 'viewer' WHERE name = 'admins'").await;
        edited(&server, "INSERT INTO vault_policy SELECT 'no id', 'forged', effect, subject_kind, 'developer', '**', '[\"read\"]', purposes, expires_at, created_at, created_by FROM vault_policy WHERE name = 'owners'").await;
        assert_eq!(reveal(&developer, &id).await.status, StatusCode::NOT_FOUND);
        assert_eq!(reveal(&owner, &id).await.problem(), "secret_denied");
        let found = owner.post("/api/v1/vault/verify", json!({})).await.expect(StatusCode::OK);
        let mut names: Vec<&str> = found["faults"].as_array().expect("faults").iter().filter(|f| f["about"] == "policy").map(|f| text(f, "name")).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names, ["admins", "forged", "owners"]);
        // One bad row is no reason to refuse what the others allow.
        policy(&owner, "again", "allow", "owner", "git/**").await;
        assert_eq!(value(&owner, &id).await, "the value");
    }

    async fn a_denial_that_is_missing_is_noticed_before_anything_is_given_out(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let id = bring(&owner, "prod/key", "the value").await;
        let deny = policy(&owner, "nobody", "deny", "owner", "prod/**").await;
        assert_eq!(reveal(&owner, &id).await.problem(), "secret_denied");
        for sql in ["UPDATE vault_policy SET secrets = 'nothing' WHERE effect = 'deny'", "DELETE FROM vault_policy WHERE name = 'nobody'"] {
            edited(&server, sql).await;
            assert_eq!(reveal(&owner, &id).await.problem(), "secret_tampered", "{sql}");
        }
        let found = owner.post("/api/v1/vault/verify", json!({})).await.expect(StatusCode::OK);
        let about = |f: &Value| (f["about"].clone(), f["id"].clone(), f["kind"].clone());
        assert_eq!(about(&found["faults"][0]), (json!("policy"), json!(deny), json!("missing")));
        // In an emergency an owner reads all the same; and the denial can be given up.
        let path = format!("/api/v1/secrets/{id}/break-glass");
        owner.post(&path, json!({"reason": "the house is on fire"})).await.expect(StatusCode::OK);
        owner.delete(&format!("/api/v1/secret-policies/{deny}")).await.expect(StatusCode::NO_CONTENT);
        assert_eq!(value(&owner, &id).await, "the value");
        assert!(is_content(&owner).await);
    }

    async fn a_list_of_policies_that_was_edited_allows_nothing_until_it_is_begun_anew(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let id = bring(&owner, "git/token", "the value").await;
        for sql in ["UPDATE vault_policy_book SET policies = '{}'", "DELETE FROM vault_policy_book"] {
            edited(&server, sql).await;
            assert_eq!(reveal(&owner, &id).await.problem(), "secret_tampered", "{sql}");
            let made = policy(&owner, "again", "allow", "owner", "git/**").await;
            assert_eq!(value(&owner, &id).await, "the value");
            // What was in it before holds when it is saved again, and no sooner.
            assert_eq!(owner.post("/api/v1/secrets", json!({"name": "b", "kind": "free", "value": "x"})).await.problem(), "secret_denied");
            owner.delete(&format!("/api/v1/secret-policies/{made}")).await.expect(StatusCode::NO_CONTENT);
        }
    }

    async fn a_policy_from_an_older_copy_is_not_obeyed(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let developer = server.invite(&owner, "Amina", "developer").await;
        let id = bring(&owner, "git/token", "the value").await;
        let made = policy(&owner, "devs", "allow", "developer", "git/**").await;
        let put = json!({"name": "devs", "effect": "allow", "subject_kind": "role", "subject": "developer", "secrets": "dev/**", "actions": ["read"]});
        owner.put(&format!("/api/v1/secret-policies/{made}"), put).await.expect(StatusCode::OK);
        edited(&server, "UPDATE vault_policy SET secrets = 'git/**' WHERE name = 'devs'").await;
        assert_ne!(reveal(&developer, &id).await.status, StatusCode::OK);
        assert!(!is_content(&owner).await);
    }

    async fn the_whole_list_from_an_older_copy_is_found(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let db = &server.product().db;
        let old = db.query("SELECT policies, signature FROM vault_policy_book", params![]).await.expect("the book");
        let (policies, signature): (String, Vec<u8>) = (old[0].get("policies").expect("text"), old[0].get("signature").expect("bytes"));
        policy(&owner, "nobody", "deny", "owner", "prod/**").await;
        edited(&server, "DELETE FROM vault_policy WHERE name = 'nobody'").await;
        edit(&server, "UPDATE vault_policy_book SET policies = $1, signature = $2", params![policies, signature]).await.expect("it runs");
        let found = owner.post("/api/v1/vault/verify", json!({})).await.expect(StatusCode::OK);
        assert_eq!((found["faults"][0]["about"].clone(), found["faults"][0]["kind"].clone()), (json!("policy"), json!("rolled_back")));
    }

    async fn a_count_of_wraps_that_was_edited_stops_writing_until_the_key_is_rotated(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        bring(&owner, "a", "the value of a").await;
        edited(&server, "UPDATE vault_master SET wraps = 0").await;
        assert!(!is_content(&owner).await);
        let refused = owner.post("/api/v1/secrets", json!({"name": "b", "kind": "free", "value": "x"})).await;
        assert_eq!(refused.problem(), "secret_tampered");
        owner.post("/api/v1/vault/rotate-master-key", json!({"guard": "key_file"})).await.expect(StatusCode::ACCEPTED);
        server.recorded("vault.master_rotated", 1).await;
        bring(&owner, "b", "the value of b").await;
        assert!(is_content(&owner).await);
    }
}

fn cell(row: &diwan_kernel::db::Row, kind: &str) -> Cell {
    match kind {
        "bigint" | "integer" => row.get::<Option<i64>>("cell").expect("a number").map_or(Cell::Null, Cell::Int),
        "text" => row.get::<Option<String>>("cell").expect("a text").map_or(Cell::Null, Cell::Text),
        _ => row.get::<Option<Vec<u8>>>("cell").expect("bytes").map_or(Cell::Null, Cell::Blob),
    }
}
