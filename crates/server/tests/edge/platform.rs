//! The platform about itself.

use diwan_kernel::TaskPolicy;

use crate::house::{get, plan};

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
async fn its_settings_are_for_those_who_manage() {
    let house = plan().build().await;
    assert_eq!(house.ask(get("/api/v1/settings").token("Bearer dalia")).await.problem(), (403, "not_allowed"));
    assert!(house.ask(get("/api/v1/settings").token("Bearer amina")).await.json["items"].is_array());
}

#[tokio::test]
async fn its_tasks_end_when_it_stops() {
    let house = plan().open().await;
    house.supervisor.spawn("another", TaskPolicy::Once, async {});
    let farewell = house.supervisor.shut_down(std::time::Duration::from_secs(5)).await;
    assert!(farewell.dropped.is_empty() && !farewell.failed, "{farewell:?}");
}
