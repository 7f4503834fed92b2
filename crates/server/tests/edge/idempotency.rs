//! Writes that are repeated.

use std::time::Duration;

use serde_json::json;

use crate::house::{Answer, Ask, House, ask, get, plan, post};

fn create<'a>(name: &'a str, key: &'a str) -> Ask<'a> {
    post("/api/v1/things", name).token("Bearer amina").header("idempotency-key", key)
}

async fn things(house: &House) -> i64 {
    house.ask(get("/api/v1/things").token("Bearer omar")).await.json["count"].as_i64().unwrap()
}

fn replayed(answer: &Answer) -> bool {
    answer.header("idempotency-replayed") == "true"
}

const A: &str = "{\"name\":\"a\"}";
const B: &str = "{\"name\":\"b\"}";

#[tokio::test]
async fn the_same_write_is_done_once_and_answered_twice() {
    let house = plan().build().await;
    let first = house.ask(create(A, "k1")).await;
    let second = house.ask(create(A, "k1")).await;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (201, 201));
    assert_eq!((replayed(&first), replayed(&second)), (false, true));
    assert_eq!((&first.text, second.header("location")), (&second.text, "/things/1"), "even what is shown only once");
    assert_eq!((first.header("set-cookie"), second.header("set-cookie")), ("crumb=1", ""), "but no cookie");
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
    assert_eq!(things(&house).await, 1);
    let other = house.ask(create(A, "k2")).await;
    assert_ne!(first.text, other.text);
    assert_eq!(things(&house).await, 2);
}

#[tokio::test]
async fn a_key_stands_for_one_request_of_one_person() {
    let house = plan().build().await;
    house.ask(create(A, "k")).await;
    assert_eq!(house.ask(create(B, "k")).await.problem(), (409, "idempotency_key_reused"));
    let elsewhere = ask("DELETE", "/api/v1/things/1").token("Bearer amina").header("idempotency-key", "k");
    assert_eq!(house.ask(elsewhere).await.problem(), (409, "idempotency_key_reused"));
    let dalia = house.ask(create(A, "k").token("Bearer dalia")).await;
    assert!(dalia.status.as_u16() == 201 && !replayed(&dalia));
    assert_eq!(things(&house).await, 2);
    for wrong in ["", "a b"] {
        assert_eq!(house.ask(create(A, wrong)).await.problem(), (400, "idempotency_key_invalid"));
    }
}

#[tokio::test]
async fn of_writes_at_the_same_moment_one_is_done() {
    let house = plan().build().await;
    let all = futures::future::join_all((0..20).map(|_| house.ask(create(A, "k")))).await;
    let done = all.iter().filter(|a| a.status.as_u16() == 201).count();
    let rest = all.iter().filter(|a| a.status.as_u16() != 201);
    assert!(done >= 1);
    for answer in rest {
        assert_eq!(answer.problem(), (409, "idempotency_key_in_progress"));
    }
    assert_eq!(things(&house).await, 1);
}

#[tokio::test]
async fn what_was_not_done_may_be_tried_again() {
    let house = plan().build().await;
    for name in ["refused", "undone"] {
        let body = json!({"name": name}).to_string();
        let (first, second) = (house.ask(create(&body, name)).await, house.ask(create(&body, name)).await);
        assert!(first.status.is_client_error() && second.status.is_client_error());
        assert!(!replayed(&second), "{name}: there was nothing to remember");
        assert_eq!(house.ask(create(A, name)).await.status.as_u16(), 201, "{name}: the key is still free");
    }
}

#[tokio::test]
async fn what_was_done_but_refused_stays_refused_and_keeps_its_document() {
    let house = plan().build().await;
    let body = json!({"name": "done-then-refused"}).to_string();
    let first = house.ask(create(&body, "k")).await;
    assert_eq!(first.problem(), (409, "too_late"));
    let second = house.ask(create(&body, "k")).await;
    assert!(replayed(&second));
    assert_eq!((second.json["code"].as_str(), &second.text), (Some("too_late"), &first.text));
}

#[tokio::test]
async fn our_own_failure_after_the_write_does_not_invite_a_second_write() {
    let house = plan().build().await;
    let body = json!({"name": "done-then-broken"}).to_string();
    assert_eq!(house.ask(create(&body, "k")).await.problem().0, 500);
    // Nobody is carrying it out any more, so there is nothing to wait for.
    assert_eq!(house.ask(create(&body, "k")).await.problem(), (409, "idempotency_answer_lost"));
    assert_eq!(things(&house).await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_hangs_up_finds_its_answer_when_it_comes_back() {
    let house = plan().build().await;
    let body = json!({"name": "slow"}).to_string();
    let hasty = tokio::time::timeout(Duration::from_secs(1), house.ask(create(&body, "k"))).await;
    assert!(hasty.is_err());
    let early = house.ask(create(&body, "k")).await;
    assert_eq!(early.problem(), (409, "idempotency_key_in_progress"));
    // By then the work, which takes three seconds, has gone on to its end without the client.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let answer = house.ask(create(&body, "k")).await;
    assert_eq!(answer.status.as_u16(), 201);
    assert!(replayed(&answer) && things(&house).await == 1);
}

#[tokio::test]
async fn answers_are_kept_sealed() {
    let house = plan().build().await;
    let answer = house.ask(create(A, "k")).await;
    let rows = house.db.query("SELECT answer FROM idempotency", vec![]).await.unwrap();
    let kept: Vec<u8> = rows[0].get("answer").unwrap();
    let secret = answer.json["secret"].as_str().unwrap().as_bytes();
    assert!(!kept.windows(secret.len()).any(|w| w == secret));
}

#[tokio::test]
async fn for_somebody_unknown_a_key_means_nothing() {
    let house = plan().build().await;
    let knock = || post("/api/v1/open", "").header("idempotency-key", "k");
    house.ask(knock()).await;
    let again = house.ask(knock()).await;
    assert!(again.status.as_u16() == 204 && !replayed(&again));
}
