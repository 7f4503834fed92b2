//! `diwan job logs`.

use std::io::{BufRead as _, Read as _};

use super::super::fleet::Fleet;

#[tokio::test]
async fn what_each_attempt_said_is_read_looked_through_and_kept() {
    let (fleet, bridge) = Fleet::with("web-1").await;
    bridge.script(
        "again.sh",
        "if [ -e once ]; then echo second; else echo first; echo 'an error[1]' >&2; : > once; exit 3; fi\n",
    );
    let id = fleet.wants("-m web-1 --retries 1 --backoff 1ms -- sh again.sh").await;
    fleet.job_becomes(&id, "succeeded").await;
    let last = fleet.desk.run(&format!("job logs {id}")).await;
    assert_eq!((last.code, last.out.as_str(), last.err.as_str()), (0, "second\n", ""));
    let first = fleet.desk.run(&format!("job logs {id} --attempt 1")).await;
    assert_eq!((first.out.as_str(), first.err.as_str()), ("first\n", "an error[1]\n"));
    let errors = fleet.desk.run(&format!("job logs {id} --attempt 1 --errors")).await;
    assert_eq!((errors.out.as_str(), errors.err.as_str()), ("an error[1]\n", ""));
    let all = fleet.desk.run(&format!("job logs -f {id} --attempt 1")).await;
    assert_eq!((all.out.as_str(), all.err.as_str()), ("first\nsecond\n", "an error[1]\n"));
    let file = fleet.desk.home.path().join("log");
    let kept = fleet.desk.run(&format!("job logs {id} --download {}", file.display())).await;
    assert!(kept.code == 0 && kept.err.contains("7 B were written to"), "{}", kept.err);
    let read = |name: &str| std::fs::read_to_string(file.with_file_name(name)).ok();
    assert_eq!((read("log").as_deref(), read("log.err")), (Some("second\n"), None));
    let both = format!("job logs {id} --attempt 1 --download {}", file.with_file_name("both").display());
    let kept = fleet.desk.run(&both).await;
    assert!(kept.code == 0 && kept.err.contains("12 B of errors were written to"), "{}", kept.err);
    assert_eq!((read("both").as_deref(), read("both.err").as_deref()), (Some("first\n"), Some("an error[1]\n")));
    std::fs::remove_file(file.with_file_name("both")).expect("it is removed");
    assert_eq!(fleet.desk.run(&both).await.code, 2, "the errors are there already");
    assert_eq!((read("both"), read("both.err").as_deref()), (None, Some("an error[1]\n")));
    let errors = fleet.desk.run(&both.replace("both", "only --errors")).await;
    assert_eq!((errors.code, read("only").as_deref(), read("only.err")), (0, Some("an error[1]\n"), None));
    let there = fleet.desk.run(&format!("job logs {id} --download {}", file.display())).await;
    assert!(there.code == 2 && there.err.contains("--download"), "{} {}", there.code, there.err);
    let json = fleet.desk.json(&format!("job logs {id}")).await;
    assert_eq!((&json["output"], &json["state"]), (&"second\n".into(), &"succeeded".into()));
    for line in ["--attempt 99", "-f --attempt 99"] {
        let none = fleet.desk.run(&format!("job logs {id} {line}")).await;
        assert!(none.code == 1 && none.err.contains("was not tried so often"), "{line}: {} {}", none.code, none.err);
        assert!(none.err.contains(&format!("diwan job show {id}")), "{}", none.err);
    }
    let unknown = fleet.desk.run("job logs job_00000000000000000000000000").await;
    assert!(unknown.code == 1 && unknown.err.contains("diwan job list"), "{} {}", unknown.code, unknown.err);
}

#[tokio::test]
async fn whoever_follows_an_attempt_that_is_still_to_come_hears_nothing_of_those_before() {
    let (fleet, bridge) = Fleet::with("web-1").await;
    bridge.script(
        "again.sh",
        "if [ -e once ]; then echo second; else echo first; : > once; until [ -e go ]; do sleep 0.05; done; exit 3; fi\n",
    );
    let id = fleet.wants("-m web-1 --retries 1 --backoff 1ms -- sh again.sh").await;
    fleet.job_becomes(&id, "running").await;
    let second = fleet.desk.command(&format!("job logs -f {id} --attempt 2")).spawn().expect("it starts");
    let mut all = fleet.desk.command(&format!("job logs -f {id}")).spawn().expect("it starts");
    let (second, all) = tokio::task::spawn_blocking(move || {
        let mut said = std::io::BufReader::new(all.stdout.take().expect("it is piped"));
        let mut heard = String::new();
        said.read_line(&mut heard).expect("it says something");
        std::fs::write(bridge.root().join("go"), "").expect("a file");
        said.read_to_string(&mut heard).expect("it ends");
        all.wait().expect("it ended");
        (second.wait_with_output().expect("it ended"), heard)
    })
    .await
    .expect("they ran");
    assert_eq!((String::from_utf8_lossy(&second.stdout).as_ref(), all.as_str()), ("second\n", "first\nsecond\n"));
}

#[tokio::test]
async fn whoever_follows_hears_what_is_said_from_then_on() {
    let (fleet, bridge) = Fleet::with("web-1").await;
    bridge.script("wait.sh", "echo begun; until [ -e go ]; do sleep 0.05; done; echo ended\n");
    let id = fleet.wants("-m web-1 -- sh wait.sh").await;
    fleet.job_becomes(&id, "running").await;
    let following = fleet.desk.command(&format!("job logs -f {id}")).spawn().expect("it starts");
    std::fs::write(bridge.root().join("go"), "").expect("a file");
    let ended = tokio::task::spawn_blocking(move || following.wait_with_output()).await.expect("it ran");
    assert_eq!(String::from_utf8_lossy(&ended.expect("it ended").stdout), "begun\nended\n");
}
