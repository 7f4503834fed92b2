//! `diwan run --env` and `--secret`, from the command line to a program in the sandbox and back.

use diwan_testkit::files_below;
use serde_json::json;

use super::Fleet;

/// What must be found nowhere.
const TOKEN: &str = "canary-5b1f-token";

#[tokio::test]
async fn a_program_is_given_variables_and_secrets_and_nobody_sees_the_secrets() {
    let (fleet, bridge) = Fleet::with("web-1").await;
    let set = fleet.desk.run_with("secret set ci/token --kind api-key", &format!("{TOKEN}\n")).await;
    assert_eq!(set.code, 0, "{}", set.err);
    bridge.script("release.sh", "echo \"$MODE ${#TOKEN} $TOKEN\"; echo \"$TOKEN\" | base64 >&2; env > /dev/null\n");
    let line = "run -m web-1 --env MODE=dry=run --secret TOKEN=ci/token -- sh release.sh";
    let ran = fleet.desk.run(line).await;
    assert_eq!((ran.code, ran.out.as_str()), (0, "dry=run 17 ***\n"), "{}", ran.err);
    assert!(ran.err.starts_with("***") && !ran.err.contains("Y2FuYXJ5"), "{}", ran.err);
    let last = fleet.desk.json("command list --limit 1").await["items"][0].clone();
    assert_eq!(
        (&last["env"], &last["secrets"]),
        (&json!({"MODE": "dry=run"}), &json!([{"env": "TOKEN", "secret": "ci/token"}]))
    );
    let id = last["id"].as_str().expect("an id").to_owned();
    let shown = fleet.desk.run(&format!("command show {id}")).await;
    assert!(shown.out.contains("MODE=dry=run") && shown.out.contains("TOKEN from ci/token"), "{}", shown.out);
    let kept = fleet.desk.run(&format!("command output {id}")).await;
    let leases = fleet.desk.run("secret leases").await;
    let audit = fleet.desk.run("audit --action command.run").await;
    let told = [&ran.out, &ran.err, &shown.out, &kept.out, &leases.out, &audit.out, &last.to_string()];
    assert!(told.iter().all(|text| !text.contains("canary-5b1f")), "{told:?}");
    for dir in [fleet.server.dir(), &bridge.state()] {
        for (file, bytes) in files_below(dir) {
            let is_in = bytes.windows(TOKEN.len()).any(|part| part == TOKEN.as_bytes());
            assert!(!is_in, "it lies in {file}");
        }
    }
}

#[tokio::test]
async fn what_is_refused_is_told_with_what_to_do() {
    let (fleet, bridge) = Fleet::with("web-1").await;
    bridge.script("mark.sh", "echo ran > ran\n");
    let unknown = fleet.desk.run("run -m web-1 --secret TOKEN=ci/other -- sh mark.sh").await;
    assert!(unknown.code == 125 && unknown.err.contains("no secret ci/other"), "{} {}", unknown.code, unknown.err);
    for (line, why) in [
        ("run -m web-1 --env LD_PRELOAD=x -- sh mark.sh", "changes what programs do"),
        ("run -m web-1 --env A=1 --env A=2 -- sh mark.sh", "twice"),
        ("run -m web-1 --env A -- sh mark.sh", "NAME=VALUE"),
        ("run -m web-1 --secret TOKEN= -- sh mark.sh", "NAME=SECRET"),
        ("run -m web-1 --env A=1 --service-status nginx", "sandbox"),
        ("run -m web-1 --env A=1 --check -- sh mark.sh", "cannot be used with"),
    ] {
        let slip = fleet.desk.run(line).await;
        assert!(slip.code != 0 && slip.err.contains(why), "{line}: {} {}", slip.code, slip.err);
    }
    assert!(!bridge.root().join("ran").exists());
}
