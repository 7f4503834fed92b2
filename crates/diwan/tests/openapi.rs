//! The contract with every client: the document that the handlers make is the one that is committed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

use std::path::PathBuf;

use diwan_testkit::TestServer;
use serde_json::Value;

fn committed() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../server/openapi.json")
}

async fn document() -> String {
    let server = TestServer::builder().start().await;
    let text = server.visitor().get("/api/v1/openapi.json").await.text;
    server.stop().await;
    text
}

fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let all = paths.iter().flat_map(|(path, item)| {
        let item = item.as_object().expect("an item");
        item.iter().map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
    });
    all.collect()
}

/// To renew the committed copy: `DIWAN_UPDATE_SNAPSHOTS=1 cargo nextest run -p diwan --test openapi`.
#[tokio::test]
async fn the_committed_document_is_the_one_that_is_served() {
    let served = document().await;
    if std::env::var_os("DIWAN_UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(committed(), &served).unwrap();
    }
    let kept = std::fs::read_to_string(committed()).unwrap_or_default();
    let first = served.lines().zip(kept.lines()).position(|(a, b)| a != b);
    assert!(
        served == kept,
        "crates/server/openapi.json is stale (first at line {:?}); renew it with \
DIWAN_UPDATE_SNAPSHOTS=1 cargo nextest run -p diwan --test openapi",
        first.map(|n| n + 1)
    );
}

#[tokio::test]
async fn every_operation_says_who_may_use_it_and_what_it_answers() {
    let document: Value = serde_json::from_str(&document().await).unwrap();
    let mut names = std::collections::BTreeSet::new();
    for (place, operation) in operations(&document) {
        let name = operation["operationId"].as_str().unwrap_or_else(|| panic!("{place} has no name"));
        assert!(names.insert(name.to_owned()), "{name} is the name of two operations");
        let permission =
            operation["x-permission"].as_str().unwrap_or_else(|| panic!("{place} does not say who may use it"));
        let is_proof = |s: &Value| s.as_object().is_some_and(|s| !s.is_empty());
        let is_guarded = operation["security"].as_array().is_some_and(|s| s.iter().all(is_proof));
        assert_eq!(permission != "none", is_guarded, "{place}: x-permission and security disagree");
        assert!(operation["summary"].as_str().is_some_and(|s| !s.is_empty()), "{place} says nothing about itself");
        assert!(operation["tags"].as_array().is_some_and(|t| t.len() == 1), "{place} belongs to no group");
        let responses = operation["responses"].as_object().expect("responses");
        assert!(responses.keys().any(|s| s.starts_with(['1', '2', '3'])), "{place} never succeeds");
    }
}

#[tokio::test]
async fn every_reference_in_the_document_leads_somewhere() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str));
                map.values().for_each(|v| references(v, found));
            }
            Value::Array(items) => items.iter().for_each(|v| references(v, found)),
            _ => {}
        }
    }
    let document: Value = serde_json::from_str(&document().await).unwrap();
    let mut found = vec![];
    references(&document, &mut found);
    for reference in found {
        let pointer = reference.trim_start_matches('#');
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}
