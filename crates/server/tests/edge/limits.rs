//! How fast requests may come, to the exact one.

use std::time::Duration;

use crate::house::{Answer, House, get, plan, post};

fn left(answer: &Answer) -> (u16, u64, u64, u64) {
    let number = |name| answer.header(name).parse().unwrap();
    (answer.status.as_u16(), number("ratelimit-limit"), number("ratelimit-remaining"), number("ratelimit-reset"))
}

async fn count(house: &House, ask: crate::house::Ask<'_>, times: usize) -> usize {
    let mut passed = 0;
    for _ in 0..times {
        passed += usize::from(house.ask(ask.clone()).await.status.as_u16() != 429);
    }
    passed
}

#[tokio::test]
async fn an_address_sends_its_burst_and_then_what_comes_back() {
    let house = plan().manual_clock().build().await;
    assert_eq!(left(&house.ask(get("/api/v1/open")).await), (200, 100, 99, 1));
    assert_eq!(count(&house, get("/api/v1/open"), 200).await, 99);
    let refused = house.ask(get("/api/v1/open")).await;
    assert_eq!((refused.problem(), refused.header("retry-after")), ((429, "rate_limited"), "1"));
    assert_eq!((left(&refused), &refused.json["retry_after_s"]), ((429, 100, 0, 10), &1.into()));
    house.advance(Duration::from_secs(1));
    assert_eq!(count(&house, get("/api/v1/open"), 50).await, 10);
    assert_eq!(
        count(&house, get("/api/v1/open").from("203.0.113.8:1"), 5).await,
        5,
        "another address is another client"
    );
}

#[tokio::test]
async fn paths_that_do_not_exist_and_bad_proofs_count_as_well() {
    let house = plan().manual_clock().build().await;
    assert_eq!(count(&house, get("/api/v1/nowhere"), 60).await, 60);
    assert_eq!(count(&house, get("/api/v1/mine").token("Bearer guess"), 60).await, 40);
}

#[tokio::test]
async fn refusals_that_cost_nothing_count_as_well() {
    let evil = |path| post(path, "").header("origin", "https://evil.example");
    for request in [get("/").header("host", "evil.example"), get("/%00"), evil("/api/v1/open"), evil("/api/v1/things")]
    {
        let house = plan().manual_clock().build().await;
        assert_eq!(count(&house, request, 200).await, 100);
    }
}

#[tokio::test]
async fn an_account_has_a_bucket_of_its_own_wherever_it_is() {
    let house = plan().manual_clock().with(|c| c.account_rate_limit_burst = 150).build().await;
    assert_eq!(count(&house, get("/api/v1/mine").token("Bearer amina"), 100).await, 100);
    assert_eq!(count(&house, get("/api/v1/mine").browser("diwan_session=amina").from("203.0.113.9:1"), 100).await, 50);
    assert_eq!(count(&house, get("/api/v1/mine").token("Bearer dalia"), 100).await, 100);
    assert_eq!(count(&house, get("/api/v1/open"), 200).await, 100, "the address still has its own");
}

#[tokio::test]
async fn attempts_to_sign_in_are_few() {
    let house = plan().manual_clock().build().await;
    assert_eq!(count(&house, post("/api/v1/open", ""), 100).await, 30);
    house.advance(Duration::from_secs(10));
    assert_eq!(count(&house, post("/api/v1/open", ""), 100).await, 5);
    assert_eq!(count(&house, get("/api/v1/open"), 10).await, 10, "reading goes on");
}

#[tokio::test]
async fn calls_of_other_services_keep_nobody_from_signing_in() {
    let house = plan().manual_clock().build().await;
    assert_eq!(count(&house, post("/api/v1/bell", ""), 200).await, 120);
    assert_eq!(count(&house, post("/api/v1/open", ""), 100).await, 30);
    house.advance(Duration::from_secs(1));
    assert_eq!(count(&house, post("/api/v1/bell", ""), 10).await, 2, "they come back");
}

#[tokio::test]
async fn the_dashboard_and_signs_of_life_are_not_limited() {
    let house = plan().manual_clock().with(|c| c.rate_limit_burst = 1).build().await;
    for path in ["/assets/main-1.js", "/healthz", "/readyz"] {
        assert_eq!(count(&house, get(path), 50).await, 50, "{path}");
    }
}

#[tokio::test]
async fn a_spoofed_address_is_the_same_client() {
    let house = plan().manual_clock().with(|c| c.rate_limit_burst = 1).build().await;
    let spoofed = |address| get("/api/v1/open").header("x-forwarded-for", address);
    assert_eq!(house.ask(spoofed("1.2.3.4")).await.json["address"], "203.0.113.7");
    assert_eq!(house.ask(spoofed("1.2.3.5")).await.problem().0, 429);
}
