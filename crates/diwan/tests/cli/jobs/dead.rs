//! `diwan job dead`.

use super::super::fleet::Fleet;

#[tokio::test]
async fn what_came_to_nothing_is_tried_again_or_let_rest() {
    let (fleet, bridge) = Fleet::with("web-1").await;
    bridge.script("fail.sh", "exit 3\n");
    let mut ids = vec![];
    for queue in ["a", "a", "b", "b"] {
        let id = fleet.wants(&format!("-m web-1 --queue {queue} -- sh fail.sh")).await;
        fleet.job_becomes(&id, "failed").await;
        ids.push(id);
    }
    let list = fleet.desk.run("job dead list --queue a --reason exit_code").await;
    assert!(list.out.contains(&ids[0]) && !list.out.contains(&ids[2]), "{}", list.out);
    let asks = fleet.desk.run("job dead dismiss --queue b").await;
    assert!(asks.code == 2 && asks.err.contains("--yes"), "{} {}", asks.code, asks.err);
    bridge.script("fail.sh", "exit 0\n");
    let one = fleet.desk.run(&format!("job dead replay --id {}", ids[0])).await;
    assert_eq!((one.code, one.out.as_str()), (0, "1 job is tried again.\n"), "{}", one.err);
    fleet.job_becomes(&ids[0], "succeeded").await;
    let dismissed = fleet.desk.run("job dead dismiss --queue b --yes").await;
    assert_eq!((dismissed.code, dismissed.out.as_str()), (0, "2 jobs rest now.\n"), "{}", dismissed.err);
    assert_eq!(fleet.job_becomes(&ids[2], "failed").await["dead_at"], serde_json::Value::Null);
    let rest = fleet.desk.json("job dead replay --all --yes").await;
    assert_eq!(rest["replayed"], 1);
    fleet.job_becomes(&ids[1], "succeeded").await;
    assert!(fleet.desk.run("job dead list").await.err.contains("There is nothing here"));
}
