//! `diwan machine rules`, and `diwan bridge policy` on the machine.

use super::Fleet;

const RULE: &str = "[[rules]]\nname = \"true, loudly\"\noperations = [\"exec\"]\nprogram = \"true\"\nflags = [{ name = \"--version\" }]\nclass = \"reads\"\ndecision = \"allow\"\n";

impl Fleet {
    /// Waits until a request stands so.
    async fn stands(&self, id: &str, state: &str) {
        let mut feed = self.server.product().events.listen(None).receiver;
        while self.desk.json(&format!("machine rules show {id}")).await["state"] != state {
            feed.recv().await.expect("the feed goes on");
        }
    }
}

#[tokio::test]
async fn rules_are_asked_for_here_and_decided_on_the_machine() {
    let (fleet, bridge) = Fleet::with("web-1").await;
    assert_eq!(fleet.desk.run("run -m web-1 -- true --version").await.code, 126);
    let faulty =
        fleet.desk.run_with("machine rules ask web-1 --reason loud", &RULE.replace("true\"\nf", "no\"\nf")).await;
    assert!(faulty.code == 1 && faulty.out.contains("line 4:"), "{} {}", faulty.out, faulty.err);
    let asked = fleet.desk.run_with("machine rules ask web-1 --reason loud", RULE).await;
    assert!(asked.code == 0 && asked.out.contains("newly: “true, loudly” allows exec of `true`"), "{}", asked.out);
    let id = asked.out.split(':').next().expect("an id").to_owned();
    let own = fleet.desk.run(&format!("machine rules approve {id} --yes")).await;
    assert!(own.code != 0, "nobody says yes to themselves: {}", own.err);
    let listed = bridge.policy(&["requests"]).await;
    assert!(listed.0 && listed.1.contains(&id) && listed.1.contains("  | program = \"true\""), "{}", listed.1);
    let granted = bridge.policy(&["grant", &id, "--yes"]).await;
    assert!(granted.0, "{}", granted.1);
    fleet.stands(&id, "granted").await;
    assert_eq!(fleet.desk.run("run -m web-1 -- true --version").await.code, 0);
    let list = fleet.desk.run("machine rules list web-1").await;
    assert!(list.out.contains("granted") && list.out.contains("faulty"), "{}", list.out);

    let other = RULE.replace("true, loudly", "another").replace("--version", "--help");
    let asked = fleet.desk.run_with("machine rules ask web-1 --reason help", &other).await;
    let id = asked.out.split(':').next().expect("an id").to_owned();
    let withdrawn = fleet.desk.run(&format!("machine rules withdraw {id}")).await;
    assert_eq!(withdrawn.code, 0, "{}", withdrawn.err);
    assert_ne!(fleet.desk.run(&format!("machine rules refuse {id}")).await.code, 0, "it is over");
}
