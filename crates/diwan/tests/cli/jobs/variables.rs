//! `diwan job run --env` and `--secret`, from the command line to a program in the sandbox and back.

use diwan_testkit::files_below;
use serde_json::json;

use super::super::fleet::Fleet;

/// What must be found nowhere.
const TOKEN: &str = "canary-9d2e-token";

#[tokio::test]
async fn every_try_knows_which_one_it_is_and_a_step_that_takes_the_key_is_done_once() {
    let (fleet, bridge) = Fleet::with("web-1").await;
    bridge.script(
        "pay.sh",
        "echo \"$DIWAN_JOB_ID $DIWAN_JOB_ATTEMPT $DIWAN_JOB_FENCE $MODE\" >> tries
         mkdir \"paid-$DIWAN_IDEMPOTENCY_KEY\" 2>/dev/null && echo once >> effects
         test \"$DIWAN_JOB_ATTEMPT\" -ge 3\n",
    );
    let line = "job run -q -m web-1 --retries 4 --backoff 1ms --env MODE=live --idempotency-key inv-7 -- sh pay.sh";
    let ran = fleet.desk.run(line).await;
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
    let id = fleet.newest_job().await["id"].as_str().expect("an id").to_owned();
    let read = |name: &str| std::fs::read_to_string(bridge.root().join(name)).expect("it was written");
    let tries: Vec<Vec<String>> =
        read("tries").lines().map(|line| line.split(' ').map(str::to_owned).collect()).collect();
    assert!(tries.iter().all(|one| one[0] == id && one[3] == "live"), "{tries:?}");
    assert_eq!(tries.iter().map(|one| one[1].as_str()).collect::<Vec<_>>(), ["1", "2", "3"]);
    let fences: Vec<u64> = tries.iter().map(|one| one[2].parse().expect("a number")).collect();
    assert!(fences.windows(2).all(|pair| pair[0] < pair[1]), "{fences:?}");
    assert_eq!(read("effects"), "once\n");
}

#[tokio::test]
async fn a_job_is_given_a_secret_and_nobody_sees_it() {
    let (fleet, bridge) = Fleet::with("web-1").await;
    let set = fleet.desk.run_with("secret set ci/token --kind api-key", &format!("{TOKEN}\n")).await;
    assert_eq!(set.code, 0, "{}", set.err);
    bridge.script("release.sh", "echo \"${#TOKEN} $TOKEN\"; echo \"$TOKEN\" | base64 >&2; exit 3\n");
    let ran =
        fleet.desk.run("job run -q -m web-1 --retries 1 --backoff 1ms --secret TOKEN=ci/token -- sh release.sh").await;
    assert_eq!((ran.code, ran.out.as_str()), (3, "17 ***\n17 ***\n"), "{}", ran.err);
    let job = fleet.newest_job().await;
    assert_eq!(job["secrets"], json!([{"env": "TOKEN", "secret": "ci/token"}]));
    let id = job["id"].as_str().expect("an id");
    let shown = fleet.desk.run(&format!("job show {id}")).await;
    assert!(shown.out.contains("TOKEN from ci/token"), "{}", shown.out);
    let logs = fleet.desk.run(&format!("job logs {id} --errors")).await;
    let audit = fleet.desk.run("audit").await;
    for text in [&ran.out, &ran.err, &shown.out, &logs.out, &audit.out, &job.to_string()] {
        assert!(!text.contains("canary-9d2e") && !text.contains("Y2FuYXJ5"), "{text}");
    }
    for dir in [fleet.server.dir(), &bridge.state()] {
        for (file, bytes) in files_below(dir) {
            assert!(!bytes.windows(TOKEN.len()).any(|part| part == TOKEN.as_bytes()), "it lies in {file}");
        }
    }
    let again = fleet.desk.run(&format!("job rerun -q {id} --env CI=1 -- sh -c true")).await;
    assert!(again.code != 0, "the policy takes scripts only");
    let again = fleet.newest_job().await;
    assert_eq!((&again["secrets"], &again["env"]), (&job["secrets"], &json!({"CI": "1"})), "what is not said stays");
    let unknown = fleet.desk.run("job run -m web-1 --secret TOKEN=ci/other -- sh release.sh").await;
    assert!(unknown.code == 125 && unknown.err.contains("no secret ci/other"), "{} {}", unknown.code, unknown.err);
    let own = fleet.desk.run("job run -m web-1 --env DIWAN_JOB_ID=1 -- sh release.sh").await;
    assert!(own.code == 125 && own.err.contains("says this one itself"), "{} {}", own.code, own.err);
}
