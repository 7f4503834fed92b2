//! Connections: slow ones, many ones, old ones.

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use diwan_kernel::Supervisor;
use http_body_util::BodyExt;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::{Instant, sleep};

use crate::house::{House, plan, read_all};

const REQUEST: &str = "GET /api/v1/open HTTP/1.1\r\nHost: localhost\r\n\r\n";
const LAST: &str = "GET /api/v1/open HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// Sends a byte every so often and says after how long the connection was closed, and what came.
async fn drip(mut stream: DuplexStream, start: &str, byte: &[u8], every: Duration) -> (u64, String) {
    let began = Instant::now();
    stream.write_all(start.as_bytes()).await.unwrap();
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut answer = String::new();
    let reading = reader.read_to_string(&mut answer);
    let writing = async {
        loop {
            sleep(every).await;
            let _ = writer.write_all(byte).await;
        }
    };
    tokio::select! { _ = reading => {}, () = writing => {} }
    (began.elapsed().as_secs(), answer)
}

const NEVER: Duration = Duration::from_secs(1000);
const NOW_AND_THEN: Duration = Duration::from_secs(2);

#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_is_closed_after_five_seconds() {
    let house = plan().open().await;
    assert_eq!(drip(house.connect(), "", b"", NEVER).await.0, 5);
}

#[tokio::test(start_paused = true)]
async fn a_head_that_drips_or_stops_is_closed_after_ten_seconds() {
    let house = plan().open().await;
    assert_eq!(drip(house.connect(), "GET / HTTP/1.1\r\nHo", b"", NEVER).await.0, 10);
    assert_eq!(drip(house.connect(), "GET / HTTP/1.1\r\n", b"a", NOW_AND_THEN).await.0, 10);
    assert_eq!(
        drip(house.connect(), "", b"G", Duration::from_millis(4900)).await.0,
        10,
        "the last moment does not help"
    );
}

#[tokio::test(start_paused = true)]
async fn a_second_head_on_a_kept_connection_has_ten_seconds_too() {
    let house = plan().open().await;
    let (after, answer) = drip(house.connect(), REQUEST, b"", NEVER).await;
    assert_eq!((after, answer.matches("HTTP/1.1 200").count()), (10, 1));
    let (after, _) = drip(house.connect(), &format!("{REQUEST}GET / HT"), b"a", NOW_AND_THEN).await;
    assert_eq!(after, 10);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_drips_or_stops_is_answered_and_closed_after_ten_seconds() {
    let house = plan().open().await;
    let head = "POST /api/v1/things HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer amina\r\n\
Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{";
    for every in [NEVER, NOW_AND_THEN] {
        let (after, answer) = drip(house.connect(), head, b" ", every).await;
        assert_eq!(after, 10);
        assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("body_too_slow"), "{answer}");
    }
    let chunked = head.replace("Content-Length: 1000\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n");
    let (after, answer) = drip(house.connect(), &chunked, b"1\r\n \r\n", NOW_AND_THEN).await;
    assert!(after == 10 && answer.starts_with("HTTP/1.1 408"), "{after} {answer}");
}

#[tokio::test(start_paused = true)]
async fn http2_that_begins_and_asks_nothing_is_closed_after_ten_seconds() {
    let house = plan().open().await;
    assert_eq!(drip(house.connect(), "PRI * HTTP/2.0\r\n", b"", NEVER).await.0, 10);
    assert_eq!(drip(house.connect(), "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"", NEVER).await.0, 10);
    let settings = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u{4}\0\0\0\0\0";
    assert_eq!(drip(house.connect(), settings, b"", NEVER).await.0, 10);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_never_reads_does_not_stay() {
    let house = plan().with(|c| c.rate_limit_burst = 1_000_000).open().await;
    let mut stream = house.connect();
    let large = "GET /api/v1/large HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(100);
    stream.write_all(large.as_bytes()).await.unwrap();
    let began = Instant::now();
    while house.supervisor.running().contains(&"connection") {
        sleep(Duration::from_secs(1)).await;
        assert!(began.elapsed() < Duration::from_secs(60));
    }
}

#[tokio::test(start_paused = true)]
async fn good_clients_are_served_among_a_thousand_slow_ones() {
    let house = plan().open().await;
    let mut slow = vec![];
    for n in 0..1000 {
        let mut stream = house.connect_from(&format!("198.51.{}.{}:1", n / 150, n % 150));
        stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        slow.push(stream);
    }
    let began = Instant::now();
    for _ in 0..50 {
        assert!(house.raw(LAST).await.starts_with("HTTP/1.1 200"));
    }
    assert!(began.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn one_address_has_two_hundred_connections_and_others_are_served() {
    let house = plan().with(|c| c.rate_limit_burst = 10_000).open().await;
    let mut kept = vec![];
    for _ in 0..200 {
        let mut stream = house.connect();
        stream.write_all(REQUEST.as_bytes()).await.unwrap();
        assert!(stream.read_u8().await.is_ok());
        kept.push(stream);
    }
    assert_eq!(house.raw(LAST).await, "", "the next one is closed at once");
    let mut other = house.connect_from("203.0.113.99:1");
    other.write_all(LAST.as_bytes()).await.unwrap();
    assert!(read_all(&mut other).await.starts_with("HTTP/1.1 200"));
    drop(kept);
    sleep(Duration::from_secs(1)).await;
    assert!(house.raw(LAST).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test(start_paused = true)]
async fn heads_have_an_end() {
    let house = plan().open().await;
    let long = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(40_000));
    assert!(house.raw(long).await.starts_with("HTTP/1.1 431"));
    let many = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "X: y\r\n".repeat(500));
    assert!(house.raw(many).await.starts_with("HTTP/1.1 431"));
    for garbage in ["\0\0\0\0\r\n\r\n", "HELLO\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\u{16}\u{3}\u{1}\0\u{a5}\r\n\r\n"] {
        let answer = house.raw(garbage).await;
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 400") || answer.starts_with("HTTP/1.1 505"),
            "{answer}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_over_the_limit_is_refused_before_it_is_sent() {
    let house = plan().open().await;
    let head = |path: &str, method: &str, length: usize| {
        format!(
            "{method} /api/v1{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer amina\r\n\
Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        )
    };
    let answer = house.raw(head("/things", "POST", 300_000)).await;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("body_too_large"), "{answer}");
    let fits = head("/blob", "PUT", 1_048_576) + &"x".repeat(1_048_576);
    let mut stream = house.connect();
    let (answer, written) = {
        let (mut reader, mut writer) = tokio::io::split(&mut stream);
        let mut answer = String::new();
        let (_, written) = tokio::join!(reader.read_to_string(&mut answer), writer.write_all(fits.as_bytes()));
        (answer, written)
    };
    assert!(written.is_ok() && answer.contains("{\"bytes\":1048576}"), "{answer}");
    let answer = house.raw(head("/blob", "PUT", 1_048_577)).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

type H2 = http2::SendRequest<Body>;

async fn http2(house: &House) -> (H2, Supervisor) {
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(house.connect())).await.unwrap();
    let tasks = Supervisor::new();
    tasks.spawn("client", diwan_kernel::TaskPolicy::Once, async move {
        let _ = connection.await;
    });
    (sender, tasks)
}

fn open_request() -> Request<Body> {
    Request::builder().uri("http://localhost/api/v1/open").body(Body::empty()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn http2_is_served_and_closed_when_it_asks_nothing_more() {
    let house = plan().open().await;
    let (mut sender, tasks) = http2(&house).await;
    let answer = sender.send_request(open_request()).await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    assert!(answer.headers().contains_key("content-security-policy"));
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert!(body.starts_with(b"{"));
    let began = Instant::now();
    while !tasks.running().is_empty() {
        sleep(Duration::from_secs(1)).await;
        assert!(began.elapsed() < Duration::from_secs(120));
    }
    assert!(began.elapsed() >= Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_head_has_no_body_over_http2_either() {
    let house = plan().open().await;
    let (mut sender, _tasks) = http2(&house).await;
    for path in ["/", "/healthz", "/api/v1/open", "/nowhere"] {
        let ask = |method| {
            Request::builder().method(method).uri(format!("http://localhost{path}")).body(Body::empty()).unwrap()
        };
        let head = sender.send_request(ask("HEAD")).await.unwrap();
        let get = sender.send_request(ask("GET")).await.unwrap();
        assert_eq!(head.status(), get.status(), "{path}");
        let length = head.headers().get("content-length").map(|v| v.to_str().unwrap().to_owned());
        assert!(head.into_body().collect().await.unwrap().to_bytes().is_empty(), "{path}");
        let body = get.into_body().collect().await.unwrap().to_bytes();
        assert!(length.is_none_or(|length| length == body.len().to_string()), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn https_on_the_http_port_is_closed_at_once() {
    let house = plan().open().await;
    let began = Instant::now();
    assert_eq!(house.raw([&[0x16, 3, 1, 0, 100][..], &[7; 100]].concat()).await, "");
    assert_eq!(began.elapsed().as_secs(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_finishes_what_was_begun_and_closes_what_is_idle() {
    let house = plan().with(|c| c.request_timeout_s = 7).open().await;
    let mut idle = house.connect();
    idle.write_all(REQUEST.as_bytes()).await.unwrap();
    idle.read_u8().await.unwrap();
    let mut busy = house.connect();
    busy.write_all(b"GET /api/v1/slow HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let (mut sender, _tasks) = http2(&house).await;
    let request = Request::builder().uri("http://localhost/api/v1/slow").body(Body::empty()).unwrap();
    let busy2 = sender.send_request(request);
    let began = Instant::now();
    let supervisor = house.supervisor.clone();
    let (farewell, idle_closed, busy_answer, busy2_answer) = tokio::join!(
        async {
            sleep(Duration::from_secs(1)).await;
            supervisor.shut_down(Duration::from_secs(20)).await
        },
        async {
            read_all(&mut idle).await;
            began.elapsed()
        },
        read_all(&mut busy),
        busy2,
    );
    assert!(farewell.dropped.is_empty() && !farewell.failed, "{farewell:?}");
    assert!(idle_closed < Duration::from_secs(2), "{idle_closed:?}");
    assert!(busy_answer.starts_with("HTTP/1.1 503") && busy_answer.contains("took_too_long"), "{busy_answer}");
    assert_eq!(busy2_answer.unwrap().status().as_u16(), 503);
}
