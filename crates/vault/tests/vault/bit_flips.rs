//! One bit after the other is flipped in the vault's tables, as a failing disk or memory would do: what is
//! given out is right, or nothing is.

use diwan_kernel::db::{Unrecorded, Value as Cell};
use diwan_kernel::{Ctx, DbError, params};
use diwan_testkit::{Person, TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::json;

use super::sealing::status;
use super::{bring, reveal, text, value};

/// What fits into a run of all tests. `VAULT_BIT_FLIPS=10000` is the whole rig.
const FLIPS: usize = 200;

/// How a column is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Bytes,
    Text,
    Number,
}

/// Every column that has a say in what is given out. What is encrypted or signed must be found out.
const COLUMNS: [(&str, &str, Form); 24] = [
    ("vault_version", "value", Form::Bytes),
    ("vault_version", "data_key", Form::Bytes),
    ("vault_version", "signature", Form::Bytes),
    ("vault_version", "master_id", Form::Text),
    ("vault_version", "origin", Form::Text),
    ("vault_version", "valid_until", Form::Number),
    ("vault_version", "destroyed_at", Form::Number),
    ("vault_version", "created_at", Form::Number),
    ("vault_secret", "signature", Form::Bytes),
    ("vault_secret", "name", Form::Text),
    ("vault_secret", "kind", Form::Text),
    ("vault_secret", "backend", Form::Text),
    ("vault_secret", "facts", Form::Text),
    ("vault_secret", "recipe", Form::Text),
    ("vault_secret", "current_version", Form::Number),
    ("vault_secret", "latest_version", Form::Number),
    ("vault_secret", "overlap_hours", Form::Number),
    ("vault_secret", "rotate_at", Form::Number),
    ("vault_policy", "subject", Form::Text),
    ("vault_policy", "actions", Form::Text),
    ("vault_master", "id", Form::Text),
    ("vault_master", "state", Form::Text),
    ("vault_master", "vouching", Form::Bytes),
    ("vault_master", "wraps", Form::Number),
];

struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

/// The same cell with one bit turned; `None` where there is none to turn.
fn flipped(cell: &Cell, dice: &mut Dice) -> Option<Cell> {
    match cell {
        Cell::Blob(bytes) if !bytes.is_empty() => {
            let (mut bytes, bit) = (bytes.clone(), dice.below(bytes.len() * 8));
            bytes[bit / 8] ^= 1 << (bit % 8);
            Some(Cell::Blob(bytes))
        }
        Cell::Text(text) if !text.is_empty() => {
            let (mut bytes, bit) = (text.clone().into_bytes(), dice.below(text.len() * 7));
            // PostgreSQL keeps nothing that is not text: seven of eight bits, and no zero.
            bytes[bit / 7] ^= 1 << (bit % 7);
            String::from_utf8(bytes).ok().filter(|text| !text.contains('\0')).map(Cell::Text)
        }
        Cell::Int(number) => Some(Cell::Int(number ^ (1 << dice.below(63)))),
        _ => None,
    }
}

fn leaked(sql: String) -> &'static str {
    Box::leak(sql.into_boxed_str())
}

/// The statements for one column.
struct Statements {
    read: &'static str,
    write: &'static str,
    form: Form,
    has_version: bool,
}

impl Statements {
    fn of((table, column, form): (&str, &str, Form)) -> Self {
        let has_version = table == "vault_version";
        let keys = if has_version { "secret_id, version" } else { "created_at, id" };
        // The id itself may be what is turned; when a row was made stays.
        let which = match (table, has_version) {
            (_, true) => "secret_id = $2 AND version = $3".to_owned(),
            ("vault_master", _) => "created_at = $2".to_owned(),
            _ => "id = $2".to_owned(),
        };
        Self {
            read: leaked(format!("SELECT {column} AS cell, {keys} FROM {table} ORDER BY {keys}")),
            write: leaked(format!("UPDATE {table} SET {column} = $1 WHERE {which}")),
            form,
            has_version,
        }
    }
}

async fn write(server: &TestServer, sql: &'static str, cell: &Cell, key: &[Cell]) -> Result<(), DbError> {
    let db = &server.product().db;
    let mut tx = db.begin(&Ctx::system(db.world(), "a cosmic ray")).await?;
    let values = std::iter::once(cell).chain(key).cloned().collect();
    assert_eq!(tx.execute(sql, values).await?, 1, "{sql}");
    tx.commit_unrecorded(Unrecorded::Bookkeeping).await
}

/// Unsealed again: what a flipped master key brought about.
async fn heal(owner: &Person) {
    if status(owner).await["sealed"] == true {
        owner.post("/api/v1/vault/unseal", json!({})).await.expect(StatusCode::NO_CONTENT);
    }
}

on_every_backend! {
    async fn no_flipped_bit_makes_a_wrong_value_come_out(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut secrets = vec![];
        for name in ["a", "git/b", "db/c"] {
            let id = bring(&owner, name, &format!("the older value of {name}")).await;
            let body = json!({"value": format!("the value of {name}")});
            owner.post(&format!("/api/v1/secrets/{id}/versions"), body).await.expect(StatusCode::CREATED);
            secrets.push((id, name));
        }
        let flips = std::env::var("VAULT_BIT_FLIPS").map_or(FLIPS, |n| n.parse().expect("a number"));
        let columns: Vec<(_, Statements)> = COLUMNS.into_iter().map(|c| (c, Statements::of(c))).collect();
        let mut dice = Dice(7);
        let (mut done, mut found_out) = (0, 0);
        while done < flips {
            let ((table, column, _), statements) = &columns[dice.below(columns.len())];
            let rows = server.product().db.query(statements.read, params![]).await.expect("rows");
            let row = &rows[dice.below(rows.len())];
            let cell = match statements.form {
                Form::Bytes => row.get::<Option<Vec<u8>>>("cell").expect("a cell").map(Cell::Blob),
                Form::Text => row.get::<Option<String>>("cell").expect("a cell").map(Cell::Text),
                Form::Number => row.get::<Option<i64>>("cell").expect("a cell").map(Cell::Int),
            };
            let Some((cell, turned)) = cell.and_then(|cell| flipped(&cell, &mut dice).map(|turned| (cell, turned))) else {
                continue;
            };
            let text_of = |column| Cell::Text(row.get::<String>(column).expect("a key"));
            let key = match (*table, statements.has_version) {
                (_, true) => vec![text_of("secret_id"), Cell::Int(row.get("version").expect("a number"))],
                ("vault_master", _) => vec![Cell::Int(row.get("created_at").expect("a number"))],
                _ => vec![text_of("id")],
            };
            match write(&server, statements.write, &turned, &key).await {
                Ok(()) => {}
                // A name that is taken cannot come about.
                Err(DbError::Unique(_)) => continue,
                Err(other) => panic!("{table}.{column}: {other}"),
            }
            done += 1;
            let mut was_refused = false;
            for (id, name) in &secrets {
                let taken = reveal(&owner, id).await;
                was_refused |= taken.status != StatusCode::OK;
                if taken.status == StatusCode::OK {
                    assert_eq!((text(&taken.json, "value"), text(&taken.json, "name")), (format!("the value of {name}").as_str(), *name),
                        "{table}.{column} {cell:?} as {turned:?}");
                }
            }
            let is_about_current = key.get(1).is_none_or(|version| *version == Cell::Int(2));
            let must_be_found = matches!((*table, *column), ("vault_version", "value" | "data_key" | "signature" | "origin")
                | ("vault_secret", "signature" | "name" | "kind" | "backend" | "facts" | "current_version" | "latest_version"));
            if must_be_found && is_about_current {
                assert!(was_refused, "{table}.{column} {cell:?} as {turned:?} was not noticed");
            }
            found_out += usize::from(was_refused);
            write(&server, statements.write, &cell, &key).await.expect("it is put back");
            heal(&owner).await;
        }
        for (id, name) in &secrets {
            assert_eq!(value(&owner, id).await, format!("the value of {name}"));
        }
        assert!(found_out > flips / 4, "{found_out} of {flips}: too few to say anything");
        println!("{flips} bits turned, {found_out} found out, none led to a wrong value");
    }
}
