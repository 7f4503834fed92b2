//! Copies of what jobs leave, in an object storage: made after the end of a try, and given when the machine gives nothing.

use std::time::Duration;

use diwan_fleet::ArtifactsConfig;
use diwan_protocol::artifacts::FoundArtifact;
use diwan_protocol::encode;
use diwan_testkit::{Backend, Person, TestServer, on_every_backend};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::artifacts::{asked, fetch, file, gives, leaves, leaving, list, say_goodbye};
use super::storage::{Storage, Trouble};
use super::{Machine, text, want};

/// The list once this is true of it.
async fn listed(person: &Person, job: &Value, is_so: impl Fn(&Value) -> bool) -> Value {
    loop {
        let found = list(person, job, "").await;
        if is_so(&found) {
            return found;
        }
    }
}

async fn copied(person: &Person, job: &Value) -> Value {
    listed(person, job, |found| found["copying"] == "done").await
}

/// A server with a storage, a machine that is there, and a job for it that leaves files.
async fn ground(backend: Backend, storage: ArtifactsConfig) -> (TestServer, Person, Machine, Value) {
    let (server, owner) = TestServer::builder().on(backend).config(|c| c.artifacts = storage).owned().await;
    let machine = Machine::connected(&server, &owner, "box").await;
    let wanted = want(&owner, leaving(json!({}))).await;
    (server, owner, machine, wanted)
}

on_every_backend! {
    async fn what_a_job_leaves_is_copied_and_given_from_there_when_the_machine_is_away(backend) {
        let (storage, settings) = Storage::start().await;
        let (server, owner, mut machine, wanted) = ground(backend, settings).await;
        let large: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
        let left = vec![file("dist/large", &large), file("dist/\u{645} b.txt", b"hello"), file("empty", b"")];
        let sent = leaves(&mut machine, left).await;
        for content in [&large[..], b"hello", b""] {
            gives(&mut machine, content).await;
        }
        let found = copied(&owner, &wanted).await;
        let command = &sent.command.id;
        assert_eq!(found["files"][1]["copy"], format!("{command}/dist/\u{645} b.txt"));
        assert_eq!(found["copying_problem"], Value::Null);
        let objects = storage.objects();
        assert_eq!(objects.len(), 3);
        assert_eq!(objects[&format!("{command}/dist/large")], large);
        assert_eq!(objects[&format!("{command}/dist/%D9%85%20b.txt")], b"hello");

        // While the machine is there, it gives them: that is nearer, and costs nothing.
        let (answer, _) = tokio::join!(fetch(&owner, &wanted, "dist/large", ""), gives(&mut machine, &large));
        assert_eq!(answer.status, StatusCode::OK);
        machine.cut(&server).await;
        let answer = fetch(&owner, &wanted, "dist/%D9%85%20b.txt", "").await;
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, "hello"));
        let answer = fetch(&owner, &wanted, "dist/large", "bytes=1199990-").await;
        assert_eq!((answer.status, &answer.headers["content-range"]), (StatusCode::PARTIAL_CONTENT, &"bytes 1199990-1199999/1200000".parse().expect("a header")));
        assert_eq!(fetch(&owner, &wanted, "empty", "").await.status, StatusCode::OK);

        storage.spoil(|objects| objects.values_mut().filter(|object| object.len() == 5).for_each(|object| object[0] ^= 1));
        let answer = fetch(&owner, &wanted, "dist/%D9%85%20b.txt", "").await;
        assert_eq!((answer.status, answer.problem()), (StatusCode::CONFLICT, "machine_offline"), "the machine has a better one");
        for (trouble, status, code) in [
            (Trouble::Denied, StatusCode::CONFLICT, "storage_failed"),
            (Trouble::Down, StatusCode::BAD_GATEWAY, "storage_away"),
        ] {
            storage.is_in(Some(trouble));
            let answer = fetch(&owner, &wanted, "empty", "").await;
            assert_eq!((answer.status, answer.problem()), (status, code));
            assert!(!answer.text.contains("a secret of the storage"));
        }
        storage.is_in(None);
        storage.spoil(std::collections::BTreeMap::clear);
        assert_eq!(fetch(&owner, &wanted, "empty", "").await.problem(), "machine_offline", "the machine still has it");
    }

    async fn what_the_machine_keeps_no_longer_still_comes_from_the_copy(backend) {
        let (_storage, settings) = Storage::start().await;
        let (server, owner, mut machine, wanted) = ground(backend, settings).await;
        let _sent = leaves(&mut machine, vec![file("a.log", b"hello")]).await;
        gives(&mut machine, b"hello").await;
        copied(&owner, &wanted).await;
        let gone = async {
            let (_, mut stream) = asked(&mut machine).await;
            stream.send(encode(&FoundArtifact::Gone).into()).await.expect("it is heard");
            say_goodbye(stream).await;
        };
        let (answer, ()) = tokio::join!(fetch(&owner, &wanted, "a.log", ""), gone);
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, "hello"));
        assert_eq!(list(&owner, &wanted, "").await["state"], "gone");
        assert_eq!(fetch(&owner, &wanted, "a.log", "").await.text, "hello");
        // Without the setting nobody knows of copies.
        let _server = server.restart_with(|config| config.artifacts = Default::default()).await;
        let found = list(&owner, &wanted, "").await;
        assert_eq!((&found["copying"], &found["files"][0]["copy"]), (&json!("off"), &Value::Null));
        assert_eq!(fetch(&owner, &wanted, "a.log", "").await.problem(), "artifact_gone");
    }

    async fn what_could_not_be_copied_is_copied_later_and_each_file_once(backend) {
        let (storage, settings) = Storage::start().await;
        let builder = TestServer::builder().on(backend).manual_clock();
        let (server, owner) = builder.config(|c| c.artifacts = settings).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let wanted = want(&owner, leaving(json!({}))).await;
        storage.is_in(Some(Trouble::Denied));
        let _sent = leaves(&mut machine, vec![file("a.log", b"first"), file("b.log", b"second")]).await;
        gives(&mut machine, b"first").await;
        let found = listed(&owner, &wanted, |found| found["copying_problem"] != Value::Null).await;
        let problem = text(&found, "copying_problem");
        assert!(problem.contains("AccessDenied"), "{problem}");
        assert_eq!((&found["copying"], &found["files"][0]["copy"]), (&json!("waiting"), &Value::Null));
        assert_eq!((storage.puts(), storage.objects().len()), (1, 0));
        storage.is_in(None);
        machine.cut(&server).await;
        server.advance(Duration::from_secs(31));
        let server = server.restart().await;
        machine.connect(&server).await;
        gives(&mut machine, b"first").await;
        gives(&mut machine, b"second").await;
        let found = copied(&owner, &wanted).await;
        assert_eq!(found["copying_problem"], Value::Null);
        assert_eq!((storage.puts(), storage.objects().len()), (3, 2));
    }

    async fn of_what_is_damaged_there_is_no_copy_and_the_others_are_copied(backend) {
        let (storage, settings) = Storage::start().await;
        let (_server, owner, mut machine, wanted) = ground(backend, settings).await;
        let large = vec![b'x'; 1_000_000];
        let _sent = leaves(&mut machine, vec![file("large", &large), file("b.log", b"second")]).await;
        let mut other = large.clone();
        other[999_999] ^= 1;
        gives(&mut machine, &other).await;
        gives(&mut machine, b"second").await;
        let found = copied(&owner, &wanted).await;
        assert_eq!(found["files"][0]["copy"], Value::Null);
        assert!(text(&found["files"][1], "copy").ends_with("/b.log"));
        assert!(text(&found, "copying_problem").contains("not what the machine told"), "{found}");
        assert_eq!(storage.objects().into_values().collect::<Vec<_>>(), [b"second"]);
    }

    async fn a_file_that_turns_out_to_be_damaged_on_its_machine_comes_from_the_copy_then(backend) {
        let (_storage, settings) = Storage::start().await;
        let (_server, owner, mut machine, wanted) = ground(backend, settings).await;
        let large = vec![b'x'; 1_000_000];
        let _sent = leaves(&mut machine, vec![file("large", &large)]).await;
        gives(&mut machine, &large).await;
        copied(&owner, &wanted).await;
        let mut other = large.clone();
        other[999_999] ^= 1;
        let (answer, _) = tokio::join!(fetch(&owner, &wanted, "large", ""), gives(&mut machine, &other));
        assert_eq!(answer.text, "", "it breaks off");
        let answer = fetch(&owner, &wanted, "large", "").await;
        assert_eq!((answer.status, answer.text.len()), (StatusCode::OK, 1_000_000), "the machine is not asked again");
    }

    async fn another_bucket_gets_copies_of_what_is_still_kept(backend) {
        let ((first, settings), (second, others)) = (Storage::start().await, Storage::start().await);
        let (server, owner, mut machine, wanted) = ground(backend, settings).await;
        let _sent = leaves(&mut machine, vec![file("a.log", b"hello")]).await;
        gives(&mut machine, b"hello").await;
        copied(&owner, &wanted).await;
        machine.cut(&server).await;
        let server = server.restart_with(|config| config.artifacts = others).await;
        let found = list(&owner, &wanted, "").await;
        assert_eq!((&found["copying"], &found["files"][0]["copy"]), (&json!("waiting"), &Value::Null));
        machine.connect(&server).await;
        gives(&mut machine, b"hello").await;
        copied(&owner, &wanted).await;
        assert_eq!((first.puts(), second.puts(), second.objects().len()), (1, 1, 1));
    }

    async fn a_machine_that_gives_nothing_keeps_no_other_waiting(backend) {
        let (storage, settings) = Storage::start().await;
        let (server, owner) = TestServer::builder().on(backend).config(|c| c.artifacts = settings).owned().await;
        let mut silent = Machine::connected(&server, &owner, "silent").await;
        let first = want(&owner, leaving(json!({}))).await;
        let _first = leaves(&mut silent, vec![file("a.log", b"hello")]).await;
        let (_, _never_answered) = asked(&mut silent).await;
        let mut other = Machine::connected(&server, &owner, "other").await;
        let there = json!({"kind": "machine", "machine_id": other.id()});
        let second = want(&owner, leaving(json!({"target": there}))).await;
        let _second = leaves(&mut other, vec![file("b.log", b"there")]).await;
        gives(&mut other, b"there").await;
        copied(&owner, &second).await;
        assert_eq!(list(&owner, &first, "").await["copying"], "waiting");
        assert_eq!(storage.objects().len(), 1);
    }
}
