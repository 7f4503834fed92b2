//! Ctrl-C, and readers that go away.

use std::io::BufRead;

use super::super::fleet::Fleet;
use super::super::fleet::stopping::Running;

#[tokio::test]
async fn an_interrupt_cancels_the_job() {
    let (fleet, bridge) = Fleet::with("web-1").await;
    bridge.script("wait.sh", "echo begun\nexec tail -f /dev/null\n");
    let running = Running::begin(&fleet, "job run -m web-1 -- sh wait.sh").await;
    running.interrupt();
    let (code, errors) = running.end().await;
    assert!(code == Some(130) && errors.contains("cancelling it"), "{code:?} {errors}");
    assert!(errors.contains("it was cancelled on web-1"), "{errors}");
    assert_eq!(fleet.newest_job().await["state"], "cancelled");
}

#[tokio::test]
async fn a_second_interrupt_does_not_wait_for_the_end() {
    let (fleet, bridge) = Fleet::with("web-1").await;
    bridge.script("stay.sh", "trap '' INT TERM\necho begun\ntail -f /dev/null\n");
    let mut running = Running::begin(&fleet, "job run -q -m web-1 -- sh stay.sh").await;
    running.interrupt();
    let said = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        running.errors.read_line(&mut line).expect("a line");
        (running, line)
    });
    let (running, line) = said.await.expect("it says so");
    assert!(line.contains("Ctrl-C again"), "{line}");
    running.interrupt();
    let (code, errors) = running.end().await;
    assert!(code == Some(130) && errors.contains("being cancelled"), "{code:?} {errors}");
    assert!(errors.contains("diwan job logs job_"), "{errors}");
}

#[tokio::test]
async fn a_reader_that_goes_away_leaves_the_job_as_it_is() {
    let (fleet, bridge) = Fleet::with("web-1").await;
    bridge.script("say.sh", "echo begun\nuntil [ -e go ]; do echo more; sleep 0.05; done\n");
    let mut running = Running::begin(&fleet, "job run -m web-1 -- sh say.sh").await;
    running.stop_reading();
    let (code, errors) = running.end().await;
    assert!(code == Some(141) && errors.contains("it goes on"), "{code:?} {errors}");
    let id = fleet.newest_job().await["id"].as_str().expect("an id").to_owned();
    fleet.job_becomes(&id, "running").await;
    std::fs::write(bridge.root().join("go"), "").expect("a file");
    fleet.job_becomes(&id, "succeeded").await;
}
