//! `diwan run` with several machines.

use serde_json::Value;

use super::Fleet;

#[tokio::test]
async fn f40_lines_say_whose_they_are_and_a_table_says_who_failed() {
    let fleet = Fleet::new().await;
    let bridges = [fleet.join("a", "--label env=test").await, fleet.join("long", "--label env=test").await];
    bridges[0].script("say.sh", "printf 'one\\ntwo'; echo oops >&2\n");
    bridges[1].script("say.sh", "echo three; exit 3\n");
    let ran = fleet.desk.run("run --on env=test -- sh say.sh").await;
    assert_eq!(ran.code, 1);
    let mut lines: Vec<&str> = ran.out.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["a    | one", "a    | two", "long | three"]);
    assert!(ran.err.contains("a    | oops\n"), "{}", ran.err);
    assert!(ran.err.contains("✓ a") && ran.err.contains("✗ long") && ran.err.contains("status 3"), "{}", ran.err);
    assert!(ran.err.contains("1 of 2 ended well."), "{}", ran.err);

    let ran = fleet.desk.run("run -m a -m long --json -- sh say.sh").await;
    let mut reports: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    reports.sort_by_key(|report| report["machine_name"].as_str().map(str::to_owned));
    let said = reports.iter().map(|report| report["output"].as_str().expect("text")).collect::<Vec<_>>();
    assert_eq!((ran.code, said), (1, vec!["one\ntwo", "three\n"]));
    assert_eq!(fleet.desk.run("run -m a -m long -- true").await.code, 0);
    let detached = fleet.desk.run("run --on env=test --detach -- true").await;
    assert!(detached.out.lines().count() == 2 && detached.out.starts_with("cmd_"), "{}", detached.out);
}

#[tokio::test]
async fn f41_one_that_is_away_does_not_hold_the_others_up() {
    let fleet = Fleet::new().await;
    let mut bridges = [fleet.join("a", "").await, fleet.join("b", "").await];
    bridges[1].kill();
    fleet.becomes("b", "offline").await;
    let ran = fleet.desk.run("run -m a -m b -- true").await;
    assert!(ran.code == 1 && ran.err.contains("✓ a") && ran.err.contains("✗ b"), "{}", ran.err);
    assert!(ran.err.contains("offline") && ran.err.contains("1 of 2"), "{}", ran.err);
    let which = fleet.desk.run("run -- true").await;
    assert!(which.code == 125 && which.err.contains("There are: a, b."), "{} {}", which.code, which.err);
}
