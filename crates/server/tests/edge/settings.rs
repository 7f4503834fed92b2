//! Settings that change while it runs: the next request is judged by the new ones, and nothing that is
//! under way is disturbed.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::{Instant, sleep};

use crate::house::{Ask, House, ask, get, plan, post, read_all};

const REQUEST: &str = "GET /api/v1/open HTTP/1.1\r\nHost: localhost\r\n\r\n";
const LAST: &str = "GET /api/v1/open HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

async fn count(house: &House, request: Ask<'_>, times: usize) -> usize {
    let mut passed = 0;
    for _ in 0..times {
        passed += usize::from(house.ask(request.clone()).await.status.as_u16() != 429);
    }
    passed
}

/// Asks on a connection that stays open: the whole answer, which is an object of JSON, or what came of it.
async fn exchange(stream: &mut DuplexStream, request: &str) -> String {
    let (mut answer, mut chunk) = (vec![], [0; 4096]);
    if stream.write_all(request.as_bytes()).await.is_ok() {
        while !answer.ends_with(b"}") {
            match stream.read(&mut chunk).await {
                Ok(read @ 1..) => answer.extend(&chunk[..read]),
                _ => break,
            }
        }
    }
    String::from_utf8(answer).unwrap()
}

async fn is_served(stream: &mut DuplexStream) -> bool {
    exchange(stream, REQUEST).await.starts_with("HTTP/1.1 200")
}

#[tokio::test]
async fn a_larger_rate_gives_more_and_a_smaller_one_forgives_nothing() {
    let house = plan().manual_clock().build().await;
    let open = || get("/api/v1/open");
    assert_eq!(count(&house, open(), 200).await, 100);
    house.change(|c| c.rate_limit_burst = 150);
    assert_eq!(count(&house, open(), 200).await, 50);
    house.change(|c| c.rate_limit_per_s = 1);
    assert_eq!(count(&house, open(), 200).await, 0, "what was used stays used");
    house.advance(Duration::from_secs(1));
    assert_eq!(count(&house, open(), 200).await, 1);
    house.change(|c| c.rate_limit_burst = 3);
    let refused = house.ask(open()).await;
    assert_eq!(
        (refused.problem().0, refused.header("ratelimit-limit"), refused.header("retry-after")),
        (429, "3", "1")
    );
    assert_eq!(count(&house, open().from("203.0.113.8:1"), 9).await, 3);
}

#[tokio::test]
async fn accounts_and_attempts_to_sign_in_have_their_new_rates_at_once() {
    let house = plan().manual_clock().build().await;
    let mine = || get("/api/v1/mine").token("Bearer amina");
    let knock = || post("/api/v1/open", "");
    assert_eq!((count(&house, mine(), 500).await, count(&house, knock(), 40).await), (400, 30));
    house.change(|c| {
        (c.account_rate_limit_burst, c.account_rate_limit_per_s) = (410, 5);
        (c.sign_in_rate_limit_burst, c.sign_in_rate_limit_per_minute) = (31, 60);
    });
    assert_eq!((count(&house, mine(), 500).await, count(&house, knock(), 40).await), (10, 1));
    house.advance(Duration::from_secs(2));
    assert_eq!((count(&house, mine(), 500).await, count(&house, knock(), 40).await), (10, 2));
}

#[tokio::test]
async fn further_names_are_answered_as_soon_as_they_are_allowed() {
    let house = plan().reached_at("https://diwan.example.org").build().await;
    let named = async |name| house.ask(get("/api/v1/open").header("host", name)).await.status.as_u16();
    assert_eq!((named("diwan.example.org").await, named("spare.example.org").await), (200, 421));
    house.change(|c| c.allowed_hosts = vec!["Spare.example.org".into()]);
    assert_eq!((named("diwan.example.org").await, named("spare.example.org").await), (200, 200));
    house.change(|c| c.allowed_hosts.clear());
    assert_eq!(named("spare.example.org").await, 421);
}

#[tokio::test]
async fn where_people_open_it_is_told_by_whoever_built_it_alone() {
    let house = plan()
        .with(|c| c.public_url = Some("https://other.example.org".into()))
        .reached_at("http://diwan.example.org")
        .build()
        .await;
    let named = async |name| house.ask(get("/api/v1/open").header("host", name)).await;
    assert_eq!(named("other.example.org").await.problem(), (421, "host_unknown"));
    assert_eq!(named("diwan.example.org").await.header("strict-transport-security"), "");
}

#[tokio::test]
async fn other_origins_are_let_in_and_out() {
    let house = plan().build().await;
    let origin = "https://tool.example";
    let preflight =
        || ask("OPTIONS", "/api/v1/things").header("origin", origin).header("access-control-request-method", "POST");
    let read = || get("/api/v1/open").header("origin", origin);
    for (origins, status, answered) in [(vec![], 405, ""), (vec![origin], 204, origin), (vec![], 405, "")] {
        house.change(|c| c.cors_origins = origins.iter().map(|origin| origin.parse().unwrap()).collect());
        assert_eq!(house.ask(preflight()).await.status.as_u16(), status);
        assert_eq!(house.ask(read()).await.header("access-control-allow-origin"), answered);
    }
}

#[tokio::test]
async fn a_proxy_is_believed_as_long_as_it_is_trusted() {
    let house = plan().build().await;
    let through = || get("/api/v1/open").header("x-forwarded-for", "198.51.100.4").header("x-forwarded-proto", "https");
    let warnings = async || house.ask(get("/api/v1/status").token("Bearer dalia")).await.json["warnings"].clone();
    for (proxies, address, is_https) in
        [(vec![], "203.0.113.7", false), (vec!["203.0.113.0/24"], "198.51.100.4", true), (vec![], "203.0.113.7", false)]
    {
        house.change(|c| c.trusted_proxies = proxies.iter().map(|proxy| proxy.parse().unwrap()).collect());
        let answer = house.ask(through()).await;
        assert_eq!(answer.json["address"], address);
        assert_eq!(!answer.header("strict-transport-security").is_empty(), is_https);
        assert_eq!(warnings().await[0]["code"] == "not_encrypted", is_https, "told that others reach it");
    }
}

#[tokio::test(start_paused = true)]
async fn who_began_has_the_time_that_was_given_at_the_beginning() {
    let house = plan().build().await;
    let slow = async || {
        let began = Instant::now();
        assert_eq!(house.ask(get("/api/v1/slow")).await.problem(), (503, "took_too_long"));
        began.elapsed().as_secs()
    };
    let (first, second) = tokio::join!(slow(), async {
        sleep(Duration::from_secs(1)).await;
        house.change(|c| c.request_timeout_s = 5);
        slow().await
    });
    assert_eq!((first, second), (30, 5));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_began_may_be_as_large_as_it_was_allowed_to_be() {
    let house = plan().open().await;
    let body = format!("{{\"name\":\"{}\"}}", "x".repeat(30_000));
    let head = format!(
        "POST /api/v1/things HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer amina\r\n\
Content-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let (early, late) = body.split_at(10_000);
    let mut stream = house.connect();
    stream.write_all(format!("{head}{early}").as_bytes()).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    house.change(|c| c.max_body_bytes = 20_000);
    stream.write_all(late.as_bytes()).await.unwrap();
    let answer = read_all(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let answer = house.raw(format!("{head}{body}")).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    house.change(|c| c.max_body_bytes = 40_000);
    let answer = house.raw(format!("{head}{body}")).await;
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn fewer_connections_close_none_of_those_that_are_open() {
    let house = plan().open().await;
    let mut open: Vec<_> = (0..3).map(|_| house.connect()).collect();
    for stream in &mut open {
        assert!(is_served(stream).await);
    }
    let changes: [fn(&mut diwan_server::ServerConfig); 2] =
        [|c| c.max_connections_per_address = 2, |c| (c.max_connections_per_address, c.max_connections) = (200, 3)];
    for change in changes {
        house.change(change);
        assert_eq!(house.raw(LAST).await, "", "there is no room for another");
        for stream in &mut open {
            assert!(is_served(stream).await, "who is inside stays");
        }
    }
    house.change(|c| c.max_connections = 4);
    assert!(house.raw(LAST).await.starts_with("HTTP/1.1 200"));
}

/// One request after another on one connection. Every answer shows by what it was judged: the versions
/// come in two kinds.
async fn keep_asking(house: &House, answered: &AtomicU64, is_over: &AtomicBool) {
    let mut stream = house.connect();
    let request = REQUEST.replace("\r\n\r\n", "\r\nOrigin: https://tool.example\r\n\r\n");
    while !is_over.load(Ordering::Relaxed) {
        let answer = exchange(&mut stream, &request).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "a request was dropped or refused: {answer:?}");
        let limit = answer.split_once("ratelimit-limit: ").and_then(|(_, rest)| rest.lines().next()).unwrap();
        let is_even = limit.parse::<u64>().unwrap().is_multiple_of(2);
        assert_eq!(answer.contains("access-control-allow-origin"), is_even, "it was judged by two versions: {answer}");
        answered.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_changes_in_a_storm_of_requests_harm_nobody() {
    const CHANGES: u32 = 1000;
    let house = plan().with(|c| (c.rate_limit_burst, c.rate_limit_per_s) = (1_000_001, 1_000_000)).open().await;
    let (answered, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    let changing = async {
        for n in 0..CHANGES {
            let is_even = n.is_multiple_of(2);
            house.change(|c| {
                c.rate_limit_burst = 1_000_000 + n;
                c.rate_limit_per_s = if is_even { 1_000_000 } else { 500_000 };
                c.cors_origins = if is_even { vec!["https://tool.example".parse().unwrap()] } else { vec![] };
                c.allowed_hosts = vec![format!("name-{n}.example")];
                c.max_body_bytes = 10_000 + n as usize;
                c.request_timeout_s = 10 + u64::from(n % 7);
                c.max_connections = 100 + n as usize;
                c.max_connections_per_address = 50 + n as usize;
            });
            let before = answered.load(Ordering::Relaxed);
            let next = house.ask(get("/api/v1/open").header("host", &format!("name-{n}.example"))).await;
            assert_eq!(next.status.as_u16(), 200, "the next request knows of it");
            while answered.load(Ordering::Relaxed) == before {
                tokio::task::yield_now().await;
            }
        }
        is_over.store(true, Ordering::Relaxed);
    };
    let clients = futures::future::join_all((0..4).map(|_| keep_asking(&house, &answered, &is_over)));
    tokio::join!(changing, clients);
    assert!(answered.into_inner() >= u64::from(CHANGES));
}
