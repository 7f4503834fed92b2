//! `diwan job list`, `show`, `cancel`, `retry`, `rerun`, `wait` and `stats`.

use std::io::{BufRead, BufReader};

use serde_json::{Value, json};

use super::super::fleet::Fleet;

#[tokio::test]
async fn jobs_are_listed_chosen_and_shown() {
    let (fleet, _bridge) = Fleet::with("web-1").await;
    let nothing = fleet.desk.run("job list").await;
    assert!(nothing.code == 0 && nothing.err.contains("There is nothing here"), "{}", nothing.err);
    let done = fleet.wants("-m web-1 --name done --label-job team=web -- true").await;
    fleet.job_becomes(&done, "succeeded").await;
    let waits = fleet.wants("--label nowhere --name waits --queue slow -- true").await;
    let list = fleet.desk.run("job list").await;
    assert!(list.out.contains(&format!("✓ {done}")) && list.out.contains(&format!("○ {waits}")), "{}", list.out);
    for (filter, title) in [
        ("--state succeeded", "done"),
        ("--machine web-1", "done"),
        ("--label team=web", "done"),
        ("--queue slow", "waits"),
        ("--search wai", "waits"),
    ] {
        let found = fleet.desk.json(&format!("job list {filter}")).await;
        let titles: Vec<_> = found["items"].as_array().expect("a list").iter().map(|job| &job["title"]).collect();
        assert_eq!(titles, [&json!(title)], "{filter}");
    }
    let shown = fleet.desk.run(&format!("job show {waits}")).await;
    assert!(shown.out.contains("on a machine with nowhere"), "{}", shown.out);
    assert!(shown.out.contains("a machine with nowhere: none is connected"), "{}", shown.out);
    let unknown = fleet.desk.run("job show job_00000000000000000000000000").await;
    assert!(unknown.code == 1 && unknown.err.contains("diwan job list"), "{}", unknown.err);
}

#[tokio::test]
async fn jobs_are_cancelled_tried_again_and_wanted_again_with_changes() {
    let (fleet, bridge) = Fleet::with("web-1").await;
    bridge.script("fail.sh", "exit 3\n");
    let waits = fleet.wants("--label nowhere -- true").await;
    let failed = fleet.wants("-m web-1 --name first -- sh fail.sh").await;
    fleet.job_becomes(&failed, "failed").await;
    let cancelled = fleet.desk.run(&format!("job cancel {waits} {failed}")).await;
    assert!(cancelled.code == 1 && cancelled.out.contains(&format!("{waits} is cancelled.")), "{}", cancelled.out);
    assert!(cancelled.err.contains(&format!("error: {failed}: ")), "{}", cancelled.err);
    fleet.job_becomes(&waits, "cancelled").await;
    bridge.script("fail.sh", "exit 0\n");
    let again = fleet.desk.run(&format!("job retry {failed}")).await;
    assert_eq!((again.code, again.out), (0, format!("{failed} is queued again.\n")), "{}", again.err);
    let job = fleet.job_becomes(&failed, "succeeded").await;
    assert_eq!((&job["attempt"], job["attempts"].as_array().map(Vec::len)), (&json!(2), Some(2)));
    let rerun = fleet.desk.run(&format!("job rerun {failed} -q --name second -- true")).await;
    assert_eq!(rerun.code, 0, "{}", rerun.err);
    let new = fleet.newest_job().await;
    assert_eq!((&new["rerun_of"], &new["title"], &new["target"]), (&json!(failed), &json!("second"), &job["target"]));
    let place = fleet.desk.run(&format!("job rerun {failed} --dir elsewhere")).await;
    assert!(place.code == 125 && place.err.contains("--dir"), "{} {}", place.code, place.err);
}

#[tokio::test]
async fn one_job_is_waited_for_with_its_code_and_several_until_all_have_ended() {
    let (fleet, bridge) = Fleet::with("web-1").await;
    bridge.script("fail.sh", "exit 3\n");
    let (well, ill) = (fleet.wants("-m web-1 -- true").await, fleet.wants("-m web-1 -- sh fail.sh").await);
    let then = fleet.wants(&format!("-m web-1 --after {ill}:ended -- true")).await;
    let never = fleet.wants(&format!("-m web-1 --after {ill} -- true")).await;
    let one = fleet.desk.run(&format!("job wait {ill}")).await;
    assert_eq!((one.code, one.out), (3, format!("✗ {ill}  status 3\n")), "{}", one.err);
    let all = fleet.desk.run(&format!("job wait {well} {then}")).await;
    assert_eq!((all.code, all.out.lines().count()), (0, 2), "{} {}", all.out, all.err);
    let some = fleet.desk.run(&format!("job wait {well} {ill} --json")).await;
    assert_eq!((some.code, some.out.lines().count()), (1, 2), "{}", some.err);
    let cancelled = fleet.desk.run(&format!("job wait {never}")).await;
    assert!(
        cancelled.code == 125 && cancelled.err.contains("it was not begun"),
        "{} {}",
        cancelled.code,
        cancelled.err
    );
    let statistics = fleet.desk.run("job stats --window 1h").await;
    assert!(statistics.code == 0 && statistics.out.contains("succeeded"), "{} {}", statistics.out, statistics.err);
}

#[tokio::test]
async fn whoever_watches_sees_each_change_as_a_line() {
    let (fleet, _bridge) = Fleet::with("web-1").await;
    let id = fleet.wants("--label later -- true").await;
    let mut watching = fleet.desk.command("job list --watch --json").spawn().expect("it starts");
    let mut lines = BufReader::new(watching.stdout.take().expect("its output")).lines();
    let (first, mut lines) = tokio::task::spawn_blocking(move || (lines.next(), lines)).await.expect("it was read");
    let first: Value = serde_json::from_str(&first.expect("a line").expect("text")).expect("JSON");
    assert_eq!((&first["id"], &first["state"]), (&json!(id), &json!("queued")));
    assert_eq!(fleet.desk.run("machine label web-1 later").await.code, 0);
    let succeeded = tokio::task::spawn_blocking(move || {
        lines.find_map(|line| {
            let job: Value = serde_json::from_str(&line.ok()?).ok()?;
            (job["state"] == "succeeded").then(|| job["id"].clone())
        })
    });
    assert_eq!(succeeded.await.expect("it was read"), Some(json!(id)));
    watching.kill().expect("it is stopped");
    watching.wait().expect("it ends");
}
