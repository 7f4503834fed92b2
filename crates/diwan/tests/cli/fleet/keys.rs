//! The change of the keys that machines know the control plane by, with bridges that are processes of their own.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::Fleet;

impl Fleet {
    async fn keys(&self) -> Value {
        self.owner.get("/api/v1/fleet/keys").await.expect(StatusCode::OK)
    }

    /// Waits until so many machines have not learned the newest keys.
    async fn until_without(&self, count: u64) -> Value {
        let mut feed = self.server.product().events.listen(None).receiver;
        loop {
            let keys = self.keys().await;
            if keys["count_without"] == count {
                return keys;
            }
            feed.recv().await.expect("the feed goes on");
        }
    }

    async fn works(&self, name: &str) {
        let ran = self.desk.run(&format!("run -m {name} -- true")).await;
        assert_eq!(ran.code, 0, "{name}: {}", ran.err);
    }
}

#[tokio::test]
async fn f71_one_of_five_machines_is_away_while_the_keys_change_and_none_is_lost() {
    let fleet = Fleet::new().await;
    let mut bridges = vec![];
    for name in ["m-1", "m-2", "m-3", "m-4", "m-5"] {
        bridges.push(fleet.join(name, "").await);
    }
    let before = fleet.keys().await;
    assert_eq!((&before["generation"], &before["count_without"]), (&json!(1), &json!(0)));
    bridges[4].kill();
    fleet.becomes("m-5", "offline").await;
    let changed = fleet.owner.post("/api/v1/fleet/rotate-keys", json!({})).await.expect(StatusCode::OK);
    assert_eq!((&changed["generation"], &changed["machines"]), (&json!(2), &json!(5)));
    assert_ne!(changed["fingerprint"], before["fingerprint"]);
    let keys = fleet.until_without(1).await;
    assert_eq!(keys["without"][0]["name"], "m-5");
    let told = fleet.desk.run("machine fleet-keys").await;
    assert!(told.out.contains("4 of 5 machines") && told.out.contains("m-5: learns them"), "{}", told.out);
    for name in ["m-1", "m-2", "m-3", "m-4"] {
        fleet.works(name).await;
    }
    // Whoever learned them comes back with them, as often as it likes.
    for at in [0, 0, 1] {
        bridges[at].kill();
        fleet.becomes(&format!("m-{}", at + 1), "offline").await;
        bridges[at].start();
        fleet.becomes(&format!("m-{}", at + 1), "online").await;
        fleet.works(&format!("m-{}", at + 1)).await;
    }
    let _sixth = fleet.join("m-6", "").await;
    fleet.works("m-6").await;
    bridges[4].start();
    fleet.becomes("m-5", "online").await;
    fleet.until_without(0).await;
    fleet.works("m-5").await;
    let again = fleet.owner.post("/api/v1/fleet/rotate-keys", json!({})).await;
    assert_eq!((again.status, again.problem()), (StatusCode::CONFLICT, "keys_rotating"));
}
