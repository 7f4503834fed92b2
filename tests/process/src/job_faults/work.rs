//! What is wanted in a run: jobs whose step keeps a database of its own, and people who ask until they are answered.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use reqwest::Method;
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;

use super::Story;
use crate::api::Api;
use crate::fleet_faults::dice::Dice;
use crate::fleet_faults::machine::open_up;
use crate::fleet_faults::work::give;

/// The step: its key, and three pauses in which it may be killed. That it was called is committed before anything
/// else; its effect is the key and one more on the account, together or not at all. It says its key in between. While
/// steps are held, none comes to its end.
const STEP: &str = r#"import os, sqlite3, sys, time
key, pauses = sys.argv[1], [int(pause) / 1000 for pause in sys.argv[2:]]
def say():
    print("\n".join([key] * 500), flush=True)
effects = sqlite3.connect("effects.db", timeout=60, isolation_level=None)
effects.execute("PRAGMA synchronous = EXTRA")
effects.execute("INSERT INTO called (key) VALUES (?)", [key])
say()
time.sleep(pauses[0])
effects.execute("BEGIN IMMEDIATE")
if effects.execute("INSERT OR IGNORE INTO effect (key) VALUES (?)", [key]).rowcount == 1:
    effects.execute("UPDATE account SET balance = balance + 1")
time.sleep(pauses[1])
effects.execute("COMMIT")
while os.path.exists("hold"):
    time.sleep(0.02)
say()
time.sleep(pauses[2])
"#;

/// All that a step with this key says.
pub(super) fn says(key: &str) -> Vec<u8> {
    format!("{key}\n").repeat(1000).into_bytes()
}

/// The step's database. Where the step takes the key, the key has one row at the most.
const SCHEMA: &str = "CREATE TABLE called (key TEXT NOT NULL);
    CREATE TABLE effect (key TEXT NOT NULL UNIQUE_OR_NOT);
    CREATE TABLE account (balance INTEGER NOT NULL);
    INSERT INTO account (balance) VALUES (0);";

/// What runs the step.
const PYTHON: &str = "/usr/bin/python3";

/// Only this step may be run.
const POLICY: &str = r#"
version = 1
require_sandbox = false

[roots.work]
path = "ROOT"
writable = true

[programs.python3]
path = ["PYTHON"]

[profiles.steps]
writable = true
limits = { wall_time_s = 600, processes = 64 }

[[rules]]
name = "steps"
operations = ["exec"]
program = "python3"
positionals = [
  { value = "path" },
  { value = "name" },
  { value = "int", min = 0, max = 1000, at_least = 3, at_most = 3 },
]
class = "runs_repo_code"
profile = "steps"
decision = "allow"
"#;

/// The directory that the steps of all machines work in.
pub(super) struct Steps {
    dir: TempDir,
    root: PathBuf,
}

/// What the steps have done.
#[derive(Debug)]
pub(super) struct Done {
    /// How often a step was called with a key.
    pub(super) called: BTreeMap<String, i64>,
    /// How many effects a key has.
    pub(super) effects: BTreeMap<String, i64>,
    pub(super) balance: i64,
}

impl Steps {
    pub(super) fn lay_out(story: Story) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        open_up(dir.path());
        assert!(Path::new(PYTHON).exists(), "{PYTHON} is missing: install python3, then run this again");
        let root = dir.path().join("root");
        std::fs::create_dir(&root).expect("a root");
        std::fs::write(root.join("step.py"), STEP).expect("room");
        let unique = if story == Story::TakesTheKey { "UNIQUE" } else { "" };
        let database = Connection::open(root.join("effects.db")).expect("a database");
        database.execute_batch(&SCHEMA.replace("UNIQUE_OR_NOT", unique)).expect("its tables");
        give(&root.join("effects.db"));
        give(&root);
        Self { dir, root }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Holds every step before its end until they are let go.
    pub(super) fn hold(&self) {
        std::fs::write(self.root.join("hold"), "").expect("room");
    }

    pub(super) fn let_go(&self) {
        std::fs::remove_file(self.root.join("hold")).expect("they are held");
    }

    pub(super) fn policy(&self) -> String {
        POLICY.replace("ROOT", &self.root.to_string_lossy()).replace("PYTHON", PYTHON)
    }

    /// Reads what the steps have done, from a database that is whole.
    pub(super) fn done(&self) -> Done {
        let path = self.dir.path().join("root/effects.db");
        is_whole(&path);
        let database = Connection::open(path).expect("a database");
        let count = |table: &str| -> BTreeMap<String, i64> {
            let sql = format!("SELECT key, COUNT(*) FROM {table} GROUP BY key");
            let mut rows = database.prepare(&sql).expect("a statement");
            let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
            rows.map(|row| row.expect("a row")).collect()
        };
        let balance = database.query_row("SELECT balance FROM account", [], |row| row.get(0)).expect("an account");
        Done { called: count("called"), effects: count("effect"), balance }
    }
}

/// Nothing in a database contradicts itself.
pub(super) fn is_whole(path: &Path) {
    let database = Connection::open(path).expect("a database");
    let verdict: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("a verdict");
    assert_eq!(verdict, "ok", "{}", path.display());
}

/// A job that somebody wants.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) key: String,
    body: Value,
    /// Whether whoever wants it asks no more when an answer was lost.
    gives_up: bool,
    /// Whether it is wanted once more after it was acknowledged.
    asks_again: bool,
}

/// What somebody was told who wanted a job.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) key: String,
    /// The job, if it was ever acknowledged.
    pub(super) job: Option<String>,
    /// How many answers were lost.
    pub(super) lost: usize,
}

impl Wish {
    pub(super) fn draw(number: usize, story: Story, dice: &mut Dice) -> Self {
        let key = format!("key-{number}");
        let mut argv = vec!["python3".to_owned(), "step.py".to_owned(), key.clone()];
        argv.extend((0..3).map(|_| dice.below(150).to_string()));
        // A pause, so that nothing comes back faster than it can be struck.
        let mut retry = json!({"attempts": 100, "delay_ms": 50, "max_delay_ms": 500});
        // A failure that is known as one would be tried again by right; only what is lost must not.
        if story == Story::AtMostOnce {
            retry["on"] = json!(["lost"]);
        }
        let lost = match story {
            _ if dice.is_one_in(2) => json!({"policy": "wait"}),
            Story::TakesTheKey => json!({"policy": "move", "after_ms": 1000}),
            Story::AtMostOnce => json!({"policy": "fail", "after_ms": 1000}),
        };
        let body = json!({
            "operation": {"kind": "exec", "argv": argv, "root": "work"},
            "idempotency_key": key,
            "retry": retry,
            "retry_safe": story == Story::TakesTheKey,
            "lost": lost,
        });
        Self { key, body, gives_up: dice.is_one_in(5), asks_again: dice.is_one_in(3) }
    }
}

impl Wish {
    /// One that stays with its machine, however long that is away.
    pub(super) fn staying(mut self) -> Self {
        self.body["lost"] = json!({"policy": "wait"});
        self
    }
}

/// Asks until there is an answer, with the same key: it is the same wish.
pub(super) async fn want(wish: Wish, mut api: watch::Receiver<Api>) -> Told {
    let mut told = Told { key: wish.key, job: None, lost: 0 };
    let mut answers = if wish.asks_again { 2 } else { 1 };
    while answers > 0 {
        let now = api.borrow_and_update().clone();
        let Some(answer) = now.send(Method::POST, "/jobs", Some(wish.body.clone()), None).await else {
            told.lost += 1;
            if wish.gives_up {
                break;
            }
            api.changed().await.expect("the run goes on");
            continue;
        };
        assert!(matches!(answer.status, 200 | 201), "{}: {} {}", told.key, answer.status, answer.json);
        let job = answer.json["id"].as_str().expect("an id").to_owned();
        assert!(told.job.as_ref().is_none_or(|known| *known == job), "{} is another job now", told.key);
        // Once it is there, it is never made anew.
        assert!(answer.status == 200 || told.job.is_none(), "{} was made twice", told.key);
        told.job = Some(job);
        answers -= 1;
    }
    told
}
