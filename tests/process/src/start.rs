//! Starts that cannot succeed: one clear sentence, what to do next, exit code 2.

use std::fs;
use std::path::Path;

use crate::api::claim;
use crate::program::{Ended, Program, free_address, memory_dir, run};

const REFUSED: Option<i32> = Some(2);

/// One sentence of what is wrong, one of what to do, and nothing of the inside.
#[track_caller]
fn is_a_clear_refusal(ended: &Ended, about: &str) {
    assert_eq!(ended.code, REFUSED, "{}", ended.said);
    let lines: Vec<&str> = ended.said.lines().filter(|line| !line.trim().is_empty()).collect();
    let errors = lines.iter().filter(|line| line.starts_with("error: ")).count();
    assert_eq!(errors, 1, "{}", ended.said);
    assert!(lines.iter().any(|line| line.starts_with("next: ")), "{}", ended.said);
    assert!(ended.said.to_lowercase().contains(about), "{:?} is not in: {}", about, ended.said);
    assert!(!ended.said.contains("panicked") && !ended.said.contains("RUST_BACKTRACE"), "{}", ended.said);
}

async fn server(data_dir: &Path, args: &[&str]) -> Ended {
    let address = free_address().to_string();
    let data_dir = data_dir.display().to_string();
    let mut all = vec!["server", "--data-dir", &data_dir];
    if !args.contains(&"--listen") {
        all.extend(["--listen", &address]);
    }
    all.extend(args);
    run(&all).await
}

#[tokio::test]
async fn a_second_server_on_the_same_directory_is_refused_and_the_first_goes_on() {
    let dir = memory_dir();
    let first = Program::start(dir.path()).await;
    let owner = claim(&first).await;
    is_a_clear_refusal(&server(dir.path(), &[]).await, "already running");
    owner.get("/me").await.expect(200);
}

#[tokio::test]
async fn a_taken_port_is_refused() {
    let (one, other) = (memory_dir(), memory_dir());
    let first = Program::start(one.path()).await;
    let taken = first.address.to_string();
    is_a_clear_refusal(&server(other.path(), &["--listen", &taken]).await, "already in use");
}

#[tokio::test]
async fn a_configuration_that_is_missing_malformed_or_wrong_is_refused() {
    let dir = memory_dir();
    let file = dir.path().join("diwan.yaml");
    let path = file.display().to_string();
    is_a_clear_refusal(&server(dir.path(), &["--config", &path]).await, "cannot read");
    for (text, about) in [
        ("server: [", "not valid"),
        ("server:\n  instance_name: Ours\n  lissten: 127.0.0.1:1\n", "line 3 of"),
        ("server:\n  log_format: xml\n", "server.log_format in line 2"),
        ("server:\n  lissten: 127.0.0.1:1\n", "server.listen"),
        ("server:\n  max_body_bytes: many\n", "server.max_body_bytes"),
    ] {
        fs::write(&file, text).expect("a file can be written");
        is_a_clear_refusal(&server(dir.path(), &["--config", &path]).await, about);
    }
}

#[tokio::test]
async fn an_address_that_is_none_is_refused() {
    let dir = memory_dir();
    is_a_clear_refusal(&server(dir.path(), &["--listen", "nowhere"]).await, "listen");
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    let dir = memory_dir();
    Program::start(dir.path()).await.kill().await;
    let file = dir.path().join("diwan.db");
    let database = rusqlite::Connection::open(&file).expect("a database");
    let newer =
        "INSERT INTO schema_migration (component, name, applied_at) VALUES ('kernel', '9999_from_the_future', 0)";
    database.execute(newer, []).expect("a migration can be added");
    drop(database);
    is_a_clear_refusal(&server(dir.path(), &[]).await, "newer");
    let database = rusqlite::Connection::open(&file).expect("a database");
    let kept: i64 = database
        .query_row("SELECT count(*) FROM schema_migration WHERE name = '9999_from_the_future'", [], |row| row.get(0))
        .expect("a count");
    assert_eq!(kept, 1);
}

#[tokio::test]
async fn a_file_in_place_of_the_data_directory_is_refused() {
    let dir = memory_dir();
    let file = dir.path().join("occupied");
    fs::write(&file, "a file").expect("a file can be written");
    is_a_clear_refusal(&server(&file, &[]).await, "data directory");
}

#[tokio::test]
async fn a_database_that_is_none_is_refused() {
    let dir = memory_dir();
    let file = dir.path().join("diwan.db");
    fs::write(&file, "this is not a database, but long enough to look at. ".repeat(40)).expect("a file");
    is_a_clear_refusal(&server(dir.path(), &[]).await, "database");
}

#[tokio::test]
async fn a_postgresql_that_does_not_answer_is_refused() {
    let dir = memory_dir();
    let url = format!("postgres://diwan@{}/diwan", free_address());
    let ended = server(dir.path(), &["--database-url", &url]).await;
    is_a_clear_refusal(&ended, "database");
}

#[tokio::test]
async fn a_database_that_cannot_be_opened_is_told_with_the_line_that_names_it() {
    let dir = memory_dir();
    let file = dir.path().join("diwan.yaml");
    fs::write(&file, "server:\n  database_url: /nowhere/x.db\n").expect("a file can be written");
    is_a_clear_refusal(&server(dir.path(), &[]).await, "server.database_url in line 2 of");
}

#[tokio::test]
async fn what_is_wrong_with_a_database_is_said_without_its_password() {
    let dir = memory_dir();
    let nowhere = free_address();
    for url in [
        format!("postgres://diwan:hunter2@{nowhere}/diwan"),
        "postgres://diwan:hunter2@127.0.0.1:port/diwan".to_owned(),
        format!("mysql://diwan:hunter2@{nowhere}/diwan"),
    ] {
        let ended = server(dir.path(), &["--database-url", &url]).await;
        is_a_clear_refusal(&ended, "database");
        assert!(!ended.said.contains("hunter2"), "{}", ended.said);
    }
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_refused_before_anything_is_made() {
    let dir = memory_dir();
    let (certificate, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
    fs::write(&certificate, "nothing").expect("a file");
    fs::write(&key, "nothing").expect("a file");
    let data = dir.path().join("data");
    let (certificate, key) = (certificate.display().to_string(), key.display().to_string());
    is_a_clear_refusal(&server(&data, &["--tls-cert", &certificate, "--tls-key", &key]).await, "certificate");
    is_a_clear_refusal(&server(&data, &["--tls-cert", "/nowhere.pem", "--tls-key", &key]).await, "/nowhere.pem");
    is_a_clear_refusal(&server(&data, &["--tls-cert", &certificate]).await, "belong together");
    assert!(!data.join("diwan.db").exists());
}

#[tokio::test]
async fn a_missing_sealing_key_is_refused_rather_than_replaced() {
    let dir = memory_dir();
    let first = Program::start(dir.path()).await;
    claim(&first).await;
    first.kill().await;
    fs::remove_file(dir.path().join("keys/seal.key")).expect("the key file is there");
    is_a_clear_refusal(&server(dir.path(), &[]).await, "key");
}

#[tokio::test]
async fn what_was_there_is_found_again() {
    let dir = memory_dir();
    let first = Program::start(dir.path()).await;
    let owner = claim(&first).await;
    first.kill().await;
    let second = Program::start(dir.path()).await;
    assert!(second.setup_link.is_none(), "nobody can claim it again");
    let me = owner.at(&second).get("/me").await.expect(200);
    assert_eq!(me["user"]["role"], "owner");
}

#[tokio::test]
async fn files_with_secrets_are_readable_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let dir = memory_dir();
    let program = Program::start(dir.path()).await;
    claim(&program).await;
    let mut folders = vec![dir.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
                continue;
            }
            let mode = entry.metadata().expect("metadata").permissions().mode() & 0o077;
            assert_eq!(mode, 0, "{} is open to others", entry.path().display());
        }
    }
}
