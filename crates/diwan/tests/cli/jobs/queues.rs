//! `diwan queue`.

use serde_json::{Value, json};

use super::super::fleet::Fleet;

#[tokio::test]
async fn a_queue_is_paused_limited_and_goes_on() {
    let (fleet, _bridge) = Fleet::with("web-1").await;
    let paused = fleet.desk.run("queue pause deploy").await;
    assert!(paused.code == 0 && paused.err.contains("No job is in deploy"), "it may be a slip: {}", paused.err);
    let id = fleet.wants("-m web-1 --queue deploy -- true").await;
    let shown = fleet.desk.run(&format!("job show {id}")).await;
    assert!(shown.out.contains("the queue deploy, which is paused"), "{}", shown.out);
    let limited = fleet.desk.run("queue limit deploy 2").await;
    assert_eq!(limited.out, "At most 2 jobs of deploy are done at once.\n", "{}", limited.err);
    assert_eq!(limited.err, "", "it is known by now");
    let list = fleet.desk.run("queue list").await;
    assert!(list.out.contains("◐ deploy") && list.out.contains("paused since"), "{}", list.out);
    let queue = fleet.queue("deploy").await;
    assert_eq!((&queue["limit"], &queue["waiting"]), (&json!(2), &json!(1)));
    assert_eq!(fleet.desk.run("queue resume deploy").await.code, 0);
    fleet.job_becomes(&id, "succeeded").await;
    assert_eq!(fleet.desk.run("queue limit deploy none").await.code, 0);
    assert_eq!(fleet.queue("deploy").await["limit"], json!(null));
}

impl Fleet {
    /// A queue, as programs see it.
    async fn queue(&self, name: &str) -> Value {
        let all = self.desk.json("queue list").await;
        let found = all["items"].as_array().expect("a list").iter().find(|queue| queue["name"] == name);
        found.expect("the queue is there").clone()
    }
}

#[tokio::test]
async fn a_machine_does_as_many_jobs_as_it_is_told() {
    let (fleet, _bridge) = Fleet::with("web-1").await;
    let none = fleet.desk.run("queue machines web-1 --limit 0").await;
    assert_eq!((none.code, none.out.as_str()), (0, "web-1 begins no jobs any more.\n"), "{}", none.err);
    let id = fleet.wants("-m web-1 -- true").await;
    assert_eq!(fleet.desk.json(&format!("job show {id}")).await["waits_for"], json!("machines_full"));
    let machines = fleet.desk.run("queue machines").await;
    assert!(machines.out.contains("● web-1"), "{}", machines.out);
    assert_eq!(fleet.desk.run("queue machines web-1 --limit 3").await.code, 0);
    fleet.job_becomes(&id, "succeeded").await;
}
