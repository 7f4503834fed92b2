//! Refusals in the audit trail.

use std::time::Duration;

use diwan_kernel::Outcome;

use crate::house::{House, ask, get, plan, post};

async fn noted(house: &House) -> Vec<(String, String, i64)> {
    // The task that writes runs when the test waits.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let notes = house.notes.of("request.refuse").into_iter();
    let mut all: Vec<_> = notes
        .map(|(actor, entry)| {
            assert_eq!(entry.outcome, Outcome::Denied);
            (actor, entry.error.unwrap(), entry.metadata["count"].as_i64().unwrap())
        })
        .collect();
    all.sort();
    all
}

#[tokio::test(start_paused = true)]
async fn the_first_of_a_kind_is_written_at_once_and_the_rest_counted() {
    let house = plan().build().await;
    for _ in 0..50 {
        house.ask(ask("DELETE", "/api/v1/things/1").token("Bearer dalia")).await;
    }
    let first = noted(&house).await;
    assert_eq!((first.len(), first[0].1.as_str(), first[0].2), (1, "not_allowed", 1));
    tokio::time::sleep(Duration::from_secs(61)).await;
    let counts: Vec<i64> = noted(&house).await.iter().map(|(_, _, count)| *count).collect();
    assert_eq!(counts, [1, 49]);
}

#[tokio::test(start_paused = true)]
async fn bad_proofs_and_foreign_pages_are_refusals_but_being_unknown_is_not() {
    let house = plan().build().await;
    house.ask(get("/api/v1/mine").token("Bearer guess")).await;
    house
        .ask(
            post("/api/v1/things", "{}")
                .header("cookie", "diwan_session=amina")
                .header("origin", "https://evil.example"),
        )
        .await;
    house.ask(get("/api/v1/mine")).await;
    house.ask(get("/api/v1/nowhere")).await;
    let codes: Vec<String> = noted(&house).await.into_iter().map(|(_, code, _)| code).collect();
    assert_eq!(codes, ["cross_site_refused", "session_ended"]);
}

#[tokio::test(start_paused = true)]
async fn a_flood_from_everywhere_leaves_few_lines() {
    let house = plan().build().await;
    for n in 0..2000 {
        let peer = format!("10.{}.{}.1:5000", n / 250, n % 250);
        house.ask(ask("DELETE", "/api/v1/things/1").token("Bearer dalia").from(&peer)).await;
        tokio::task::yield_now().await;
    }
    tokio::time::sleep(Duration::from_secs(61)).await;
    let lines = noted(&house).await;
    assert!(lines.len() <= 130, "{} lines", lines.len());
    assert!(lines.iter().any(|(_, code, count)| code == "many_refusals" && *count > 100));
}
