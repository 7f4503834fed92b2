//! What commands said, packed: it reads as it was said, its limits can be set, and what is damaged is told.

use std::path::{Path, PathBuf};

use diwan_protocol::run::{LONGEST_PIECE, Outcome, ToCommand};
use diwan_testkit::{Answer, Person, TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::cut::bytes_of;
use super::machine::{ended, hear, piece, say};
use super::watching::all_of;
use super::{Machine, becomes, exec, look, output, run, text};

const FRAME: usize = 256 * 1024;
const PART: usize = 16 * 1024 * 1024;

/// Lines that differ from each other, the last one filled up.
pub(crate) fn lines(length: usize) -> Vec<u8> {
    let mut all = Vec::with_capacity(length);
    for n in 0u32.. {
        let line = format!("\x1b[32mstep {n}\x1b[0m of {}: done\n", n / 7);
        if all.len() + line.len() > length {
            break;
        }
        all.extend_from_slice(line.as_bytes());
    }
    all.resize(length.saturating_sub(1), b'.');
    all.push(b'\n');
    all
}

/// A command that said this on its first channel and has ended.
pub(crate) async fn said(server: &TestServer, owner: &Person, machine: &mut Machine, words: &[u8]) -> Value {
    let begun = run(owner, exec("box", &["make"])).await;
    let mut sent = machine.sent().await;
    sent.begin().await;
    let mut at = 0;
    for part in words.chunks(LONGEST_PIECE) {
        say(&mut sent.stream, piece(1, at, part)).await;
        at += part.len() as u64;
    }
    sent.end(0, at, 0).await;
    becomes(server, owner, &begun, "ended").await;
    begun
}

/// Where the first channel of a command lies.
pub(crate) fn place(server: &TestServer, command: &Value) -> PathBuf {
    server.dir().join("data/outputs").join(text(command, "id")).join("1")
}

fn beside(plain: &Path) -> PathBuf {
    plain.with_file_name(format!("{}.packed", plain.file_name().and_then(|name| name.to_str()).expect("a name")))
}

/// Waits until a file is packed; gives the packed one.
pub(crate) async fn packed(plain: &Path) -> PathBuf {
    while plain.exists() || !beside(plain).exists() {
        tokio::task::yield_now().await;
    }
    beside(plain)
}

/// Waits until it is written down that a command is packed.
async fn noted(server: &TestServer, command: &Value) {
    let sql = "SELECT id FROM fleet_command WHERE id = $1 AND packed_bytes IS NOT NULL";
    let params = || diwan_kernel::params![text(command, "id").to_owned()];
    while server.product().db.query(sql, params()).await.expect("it is looked up").is_empty() {
        tokio::task::yield_now().await;
    }
}

async fn execute(server: &TestServer, sql: &'static str, id: &str) {
    let db = &server.product().db;
    let mut tx = db.begin(&diwan_kernel::Ctx::system(db.world(), "test")).await.expect("a unit");
    tx.execute(sql, diwan_kernel::params![id.to_owned()]).await.expect("done");
    tx.commit_unrecorded(diwan_kernel::db::Unrecorded::Bookkeeping).await.expect("committed");
}

async fn sign_in(server: &TestServer) -> Person {
    let owner = server.visitor();
    let body = json!({"email": "owner@example.org", "password": diwan_testkit::server::PASSWORD});
    owner.post("/api/v1/auth/password", body).await.expect(StatusCode::OK);
    owner
}

async fn search(owner: &Person, command: &Value) -> Answer {
    owner.get(&format!("/api/v1/commands/{}/output/search?text=step", text(command, "id"))).await
}

on_every_backend! {
    async fn what_was_said_is_the_same_before_while_and_after_it_is_packed(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let words = lines(700_000);
        let begun = said(&server, &owner, &mut machine, &words).await;
        assert!(bytes_of(&owner, &begun, 1).await == words);
        let packed = packed(&place(&server, &begun)).await;
        assert!(std::fs::metadata(&packed).expect("it is there").len() < 300_000);
        assert!(bytes_of(&owner, &begun, 1).await == words);
        assert!(all_of(&owner, &begun).await == words);
        for from in [0, 1, FRAME - 1, FRAME, 2 * FRAME + 5, 699_999, 700_000, 900_000] {
            let part = output(&owner, &begun, 1, from as u64).await;
            let to = (from + FRAME).min(words.len());
            assert!(part.text.as_bytes() == words.get(from..to).unwrap_or_default(), "from {from}");
        }
        let server = server.restart().await;
        let owner = sign_in(&server).await;
        assert!(bytes_of(&owner, &begun, 1).await == words);
    }

    async fn a_long_running_command_is_packed_from_its_beginning(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let words = lines(PART + 100_000);
        let begun = run(&owner, exec("box", &["make"])).await;
        let mut sent = machine.sent().await;
        sent.begin().await;
        let mut at = 0;
        for part in words.chunks(LONGEST_PIECE) {
            say(&mut sent.stream, piece(1, at, part)).await;
            at += part.len() as u64;
        }
        packed(&place(&server, &begun)).await;
        while look(&owner, &begun).await["output_bytes"] != words.len() {
            tokio::task::yield_now().await;
        }
        let part = output(&owner, &begun, 1, PART as u64 - 9).await;
        assert!(part.text.as_bytes() == &words[PART - 9..], "it goes on behind what is packed");
        // The connection breaks: what is here is known, packed or not.
        drop(sent.stream);
        let (follow, mut stream) = machine.followed().await;
        assert_eq!(follow.output, words.len() as u64);
        say(&mut stream, piece(1, words.len() as u64, b"end")).await;
        say(&mut stream, ended(Outcome::Exited(0), at + 3, 0)).await;
        becomes(&server, &owner, &begun, "ended").await;
        packed(&place(&server, &begun).with_file_name("1.1")).await;
        assert!(all_of(&owner, &begun).await == [words.as_slice(), b"end"].concat());
    }

    async fn what_was_not_packed_before_a_start_is_packed_after_it(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let words = lines(30_000);
        let begun = said(&server, &owner, &mut machine, &words).await;
        let plain = place(&server, &begun);
        let torn = packed(&plain).await;
        noted(&server, &begun).await;
        // As one has it who kept everything as it was said, with what a crash left besides.
        execute(&server, "UPDATE fleet_command SET packed_bytes = NULL WHERE id = $1", text(&begun, "id")).await;
        std::fs::write(&plain, &words).expect("it is written");
        let whole = std::fs::read(&torn).expect("it is there");
        std::fs::write(&torn, &whole[..whole.len() / 2]).expect("it is written");
        let server = server.restart().await;
        let owner = sign_in(&server).await;
        packed(&plain).await;
        assert!(std::fs::read(&torn).expect("it is there") == whole, "it is packed anew");
        assert!(bytes_of(&owner, &begun, 1).await == words);
    }

    async fn what_is_damaged_is_told_and_never_shown(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let words = lines(3 * FRAME);
        let begun = said(&server, &owner, &mut machine, &words).await;
        let path = packed(&place(&server, &begun)).await;
        let mut file = std::fs::read(&path).expect("it is there");
        file[10] ^= 1;
        std::fs::write(&path, &file).expect("it is written");
        for answer in [output(&owner, &begun, 1, 7).await, search(&owner, &begun).await] {
            assert_eq!((answer.status, answer.problem()), (StatusCode::INTERNAL_SERVER_ERROR, "output_damaged"));
        }
        let path = format!("/api/v1/commands/{}/output/download", text(&begun, "id"));
        assert_eq!(owner.get(&path).await.problem(), "output_damaged");
        let later = output(&owner, &begun, 1, FRAME as u64).await;
        assert!(later.text.as_bytes() == &words[FRAME..2 * FRAME], "the rest is whole");
    }

    async fn a_command_that_says_more_than_the_settings_let_it_is_stopped(backend) {
        let builder = TestServer::builder().on(backend).config(|c| c.outputs.most_per_command_mb = 1);
        let (server, owner) = builder.owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let begun = run(&owner, exec("box", &["make"])).await;
        let mut sent = machine.sent().await;
        sent.begin().await;
        let words = lines(1024 * 1024 + 1);
        let mut at = 0;
        for part in words.chunks(32 * 1024) {
            say(&mut sent.stream, piece(1, at, part)).await;
            at += part.len() as u64;
        }
        assert_eq!(hear(&mut sent.stream).await, ToCommand::Cancel);
        say(&mut sent.stream, ended(Outcome::Cancelled, at, 0)).await;
        let over = becomes(&server, &owner, &begun, "ended").await;
        assert_eq!((&over["outcome"], &over["output_bytes"]), (&json!("over_limit"), &json!(1024 * 1024)));
        let detail = text(&over, "detail");
        assert!(detail.contains("more than 1 MB") && detail.contains("The first 1048576 bytes are kept"), "{detail}");
    }

    async fn the_oldest_goes_when_the_limit_is_lowered(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let mut all = vec![];
        for _ in 0..3 {
            let begun = said(&server, &owner, &mut machine, &lines(9000)).await;
            noted(&server, &begun).await;
            all.push(begun);
        }
        for begun in &all {
            // As if each were of 600 MiB.
            execute(&server, "UPDATE fleet_command SET packed_bytes = 629145600 WHERE id = $1", text(begun, "id")).await;
        }
        let change = json!({"changes": {"outputs.most_total_gb": 1}});
        owner.patch("/api/v1/settings", change).await.expect(StatusCode::OK);
        while look(&owner, &all[0]).await["output_deleted_at"].is_null() {
            tokio::task::yield_now().await;
        }
        let gone = output(&owner, &all[1], 1, 0).await;
        assert_eq!((gone.status, gone.problem()), (StatusCode::GONE, "output_deleted"));
        assert_eq!(search(&owner, &all[0]).await.problem(), "output_deleted");
        let path = format!("/api/v1/commands/{}/output/download", text(&all[0], "id"));
        assert_eq!(owner.get(&path).await.problem(), "output_deleted");
        assert_eq!(output(&owner, &all[2], 1, 0).await.status, StatusCode::OK, "the newest stays");
    }
}
