//! The platform about itself.

use diwan_kernel::TaskPolicy;
use tokio::io::AsyncWriteExt;

use crate::house::{get, plan, read_all};

#[tokio::test]
async fn it_lives_and_is_ready_until_it_stops() {
    let house = plan().build().await;
    assert_eq!(house.ask(get("/healthz")).await.json["status"], "ok");
    assert_eq!(house.ask(get("/readyz")).await.json["status"], "ready");
    assert_eq!(house.ask(get("/readyz").header("host", "anything.example")).await.status.as_u16(), 200);
    house.supervisor.stop();
    let stopping = house.ask(get("/readyz")).await;
    assert_eq!((stopping.status.as_u16(), &stopping.json["reason"]), (503, &"stopping".into()));
    assert_eq!(house.ask(get("/healthz")).await.status.as_u16(), 200);
}

#[tokio::test]
async fn its_status_is_for_those_who_are_signed_in() {
    let house = plan().with(|c| c.listen = "0.0.0.0:7400".parse().unwrap()).build().await;
    assert_eq!(house.ask(get("/api/v1/status")).await.problem().0, 401);
    let status = house.ask(get("/api/v1/status").token("Bearer dalia")).await;
    assert_eq!(status.json["database"]["engine"], "sqlite");
    assert_eq!(status.json["database"]["schema_version"], 2);
    assert!(status.json["database"]["size_bytes"].as_i64().unwrap() > 0);
    assert_eq!(status.json["warnings"][0]["code"], "not_encrypted");
}

#[tokio::test]
async fn its_tasks_end_when_it_stops() {
    let house = plan().open().await;
    house.supervisor.spawn("another", TaskPolicy::Once, async {});
    let farewell = house.supervisor.shut_down(std::time::Duration::from_secs(5)).await;
    assert!(farewell.dropped.is_empty() && !farewell.failed, "{farewell:?}");
}

#[tokio::test]
async fn its_numbers_are_on_an_address_of_their_own() {
    let house = plan().with(|c| c.metrics_listen = Some("127.0.0.1:7401".parse().unwrap())).open().await;
    for path in ["/api/v1/open", "/api/v1/nowhere", "/api/v1/panic", "/api/v1/things/usr_1", "/metrics"] {
        house.ask(get(path)).await;
    }
    let fetch = async |path: &str| {
        let mut stream = house.connect_to_metrics();
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        read_all(&mut stream).await
    };
    let numbers = fetch("/metrics").await;
    for line in [
        "diwan_http_requests_total{operation=\"get_open\",status=\"2xx\"} 1",
        "diwan_http_requests_total{operation=\"get_panic\",status=\"5xx\"} 1",
        "diwan_http_requests_total{operation=\"get_thing\",status=\"4xx\"} 1",
        "diwan_http_requests_total{operation=\"none\",status=\"4xx\"} 1",
        "diwan_http_panics_total 1",
        "diwan_connections 1",
    ] {
        assert!(numbers.lines().any(|l| l == line), "{line}\n{numbers}");
    }
    assert!(!numbers.contains("usr_1") && !numbers.contains("nowhere"), "no label comes from a client");
    assert!(fetch("/api/v1/open").await.starts_with("HTTP/1.1 404"));
    assert_eq!(house.ask(get("/metrics")).await.problem().0, 404, "and not on the door for people");
}
