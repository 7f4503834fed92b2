//! Machines and servers that are away for a while.

use serde_json::json;

use super::super::fleet::Fleet;
use super::super::fleet::terminal::Desk;

#[tokio::test]
async fn a_job_waits_for_its_machine_and_expires_when_it_may_wait_no_longer() {
    let (fleet, mut bridge) = Fleet::with("web-1").await;
    bridge.kill();
    fleet.becomes("web-1", "offline").await;
    let waits = fleet.wants("-m web-1 -- true").await;
    let late = fleet.desk.run("job run -m web-1 --queue-timeout 1s -- true").await;
    assert!(late.code == 120 && late.err.contains("did not begin in time"), "{} {}", late.code, late.err);
    assert!(late.err.contains("waits for its machine, which is not connected"), "{}", late.err);
    assert_eq!(fleet.desk.json(&format!("job show {waits}")).await["waits_for"], json!("no_machine"));
    let waiting = fleet.desk.command(&format!("job wait {waits}")).spawn().expect("it starts");
    bridge.start();
    let ended = tokio::task::spawn_blocking(move || waiting.wait_with_output()).await.expect("it ran");
    assert_eq!(ended.expect("it ended").status.code(), Some(0));
}

#[tokio::test]
async fn a_job_on_a_machine_that_is_away_is_given_up() {
    let (fleet, mut bridge) = Fleet::with("web-1").await;
    bridge.script("wait.sh", "while [ -e wait.sh ]; do sleep 0.05; done\n");
    let id = fleet.wants("-m web-1 -- sh wait.sh").await;
    fleet.job_becomes(&id, "running").await;
    bridge.kill();
    fleet.becomes("web-1", "offline").await;
    let asked = fleet.desk.run(&format!("job cancel {id}")).await;
    assert_eq!((asked.code, asked.out), (0, format!("{id} is being cancelled.\n")), "{}", asked.err);
    let given_up = fleet.desk.run(&format!("job cancel {id} --give-up")).await;
    assert_eq!((given_up.code, given_up.out), (0, format!("{id} is cancelled.\n")), "{}", given_up.err);
    assert_eq!(fleet.job_becomes(&id, "cancelled").await["reason"], "given_up");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_shows_what_is_waited_for_until_something_is_said() {
    let (fleet, mut bridge) = Fleet::with("web-1").await;
    bridge.script("talk.sh", "echo said\n");
    bridge.kill();
    fleet.becomes("web-1", "offline").await;
    let (code, shown) = tokio::task::block_in_place(|| {
        let mut desk = Desk::run(&fleet, "job run -m web-1 -- sh talk.sh", (60, 20));
        desk.sees("is queued");
        desk.sees("\u{1b}[Kwaits for its machine, which is not connected (");
        bridge.start();
        desk.sees("said\r\n");
        desk.code()
    });
    assert_eq!(code, Some(0), "{shown:?}");
    assert!(shown.lines().all(|line| line.rsplit('\r').all(|part| part.chars().count() < 100)), "{shown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_looks_on_goes_on_when_the_server_is_started_again() {
    let (fleet, bridge) = Fleet::with("web-1").await;
    bridge.script("wait.sh", "echo begun; until [ -e go ]; do sleep 0.05; done; echo ended\n");
    let id = fleet.wants("-m web-1 -- sh wait.sh").await;
    let token = fleet.token(&["jobs.run", "jobs.read", "commands.run", "machines.read"]).await;
    let mut command = fleet.desk.command(&format!("job logs -f {id}"));
    let looking = command.env("DIWAN_TOKEN", token).spawn().expect("it starts");
    fleet.job_becomes(&id, "running").await;
    let Fleet { server, owner, desk } = fleet;
    let server = server.restart().await;
    let fleet = Fleet { server, owner, desk };
    std::fs::write(bridge.root().join("go"), "").expect("a file");
    let ended = tokio::task::spawn_blocking(move || looking.wait_with_output()).await.expect("it ran");
    let ended = ended.expect("it ended");
    assert_eq!(String::from_utf8_lossy(&ended.stdout), "begun\nended\n", "{}", String::from_utf8_lossy(&ended.stderr));
    fleet.job_becomes(&id, "succeeded").await;
}
