//! Files that commands leave, kept and given by a real bridge.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

mod support;

use std::os::unix::fs::symlink;

use diwan_link::Priority;
use diwan_protocol::artifacts::{Artifacts, FetchArtifact, FoundArtifact};
use diwan_protocol::control::ability;
use diwan_protocol::run::{Outcome, ToCommand};
use diwan_protocol::{Command, Opening, decode, encode};
use support::bridge::{Bridge, POLICY};
use support::plane::{Connection, Plane};
use support::talk::{Heard, Talk, command, exec};

/// Besides the scripts: files may be read, if they are no longer than a megabyte.
const READING: &str = r#"
[profiles.fetched]
limits = { wall_time_s = 600, file_mib = 1 }

[[rules]]
name = "read files"
operations = ["files.get"]
class = "reads"
profile = "fetched"
decision = "allow"
"#;

async fn running(more: &str) -> (Plane, Bridge, Connection) {
    let plane = Plane::start().await;
    let mut bridge = Bridge::joined(&plane).await;
    bridge.write_policy(&format!("{POLICY}{more}"));
    bridge.start();
    let machine = plane.meet().await;
    (plane, bridge, machine)
}

async fn begin(plane: &Plane, machine: &Connection, argv: &[&str], globs: &[&str]) -> (String, Talk) {
    let globs = globs.iter().map(|glob| (*glob).to_owned()).collect();
    let wanted = Command { artifacts: Some(globs), ..command(plane, machine, exec(argv)) };
    let talk = machine.bring(&plane.signing.sign(&wanted)).await;
    (wanted.id, talk)
}

async fn leave(plane: &Plane, machine: &Connection, argv: &[&str], globs: &[&str]) -> (String, Heard) {
    let (id, talk) = begin(plane, machine, argv, globs).await;
    (id, talk.until_the_end().await)
}

fn names(artifacts: &Artifacts) -> Vec<&str> {
    artifacts.files.iter().map(|file| file.path.as_str()).collect()
}

/// Asks for a file; `None` when it is not kept any longer.
async fn fetch(machine: &Connection, id: &str, told: &Artifacts, number: u32, from: u64) -> Option<Vec<u8>> {
    let hash = told.files[number as usize].hash;
    let wanted = FetchArtifact { command: id.to_owned(), number, hash, from, length: None };
    let mut stream = machine.link.open(Priority::Bulk, encode(&Opening::Artifact(wanted)).into()).unwrap();
    let answer = stream.receive().await.unwrap().unwrap();
    if decode(&answer).unwrap() == Some(FoundArtifact::Gone) {
        return None;
    }
    let mut bytes = vec![];
    while let Some(piece) = stream.receive().await.unwrap() {
        bytes.extend_from_slice(&piece);
    }
    stream.finish();
    Some(bytes)
}

#[tokio::test]
async fn what_a_command_leaves_is_kept_as_it_was_and_given_from_any_place_on() {
    let (plane, mut bridge, machine) = running(READING).await;
    assert!(machine.hello.is_able(ability::ARTIFACTS));
    bridge.script(
        "build.sh",
        "mkdir -p target report/sub; head -c 300000 /dev/zero | tr '\\0' x > target/app.bin
         echo first > report/sub/index.html; echo no > target/notes; echo done; exit 3\n",
    );
    let (id, heard) = leave(&plane, &machine, &["sh", "build.sh"], &["target/*.bin", "report/**"]).await;
    assert_eq!((heard.outcome(), heard.text().as_str()), (&Outcome::Exited(3), "done\n"));
    let told = heard.artifacts.expect("files are told of");
    assert_eq!(names(&told), ["report/sub/index.html", "target/app.bin"]);
    assert_eq!((told.files[1].size, told.left_out.len()), (300_000, 0));
    std::fs::write(bridge.root().join("report/sub/index.html"), "changed later").unwrap();
    assert_eq!(fetch(&machine, &id, &told, 0, 0).await.unwrap(), b"first\n");
    assert_eq!(fetch(&machine, &id, &told, 1, 0).await.unwrap(), vec![b'x'; 300_000]);
    assert_eq!(fetch(&machine, &id, &told, 1, 299_990).await.unwrap().len(), 10);
    assert_eq!(fetch(&machine, &id, &told, 1, 300_000).await.unwrap().len(), 0);
    assert_eq!(fetch(&machine, "cmd_999", &told, 0, 0).await, None);
    // The machine dies and comes back, and the control plane had not heard the end.
    bridge.kill();
    bridge.start();
    let machine = plane.meet().await;
    let again = machine.follow(&id, Heard::default()).await.until_the_end().await;
    assert_eq!(again.artifacts, Some(told.clone()));
    assert_eq!(fetch(&machine, &id, &told, 0, 0).await.unwrap(), b"first\n");
}

#[tokio::test]
async fn f92_nothing_outside_of_the_directory_is_ever_kept() {
    let (plane, bridge, machine) = running(READING).await;
    let outside = bridge.root().parent().unwrap().join("secret");
    std::fs::write(&outside, "of somebody else").unwrap();
    bridge.script("links.sh", "mkdir d; ln -s / d/all; mkfifo d/pipe; echo ok > d/ok; ln -s ok d/near\n");
    symlink(&outside, bridge.root().join("link")).unwrap();
    symlink(outside.parent().unwrap(), bridge.root().join("up")).unwrap();
    let (_, heard) = leave(&plane, &machine, &["sh", "links.sh"], &["d/**", "link", "up/*", "up/**"]).await;
    let told = heard.artifacts.unwrap();
    assert_eq!(names(&told), ["d/ok"]);
    let left_out: Vec<&str> = told.left_out.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(left_out, ["d/all", "d/near", "d/pipe", "link"]);
    assert!(told.left_out[0].why.contains("links are not followed"), "{told:?}");
}

/// Who asks for a file has signed nothing.
#[tokio::test]
async fn an_id_that_is_a_path_names_no_file() {
    let (plane, bridge, machine) = running(READING).await;
    bridge.script("leave.sh", "echo mine > left\n");
    let (id, heard) = leave(&plane, &machine, &["sh", "leave.sh"], &["left"]).await;
    let told = heard.artifacts.unwrap();
    // As if kept, but where any command can write.
    let planted = bridge.root().join("planted");
    let manifest = bridge.state().join("artifacts").join(format!("{id}.manifest"));
    std::fs::copy(manifest, planted.with_extension("manifest")).unwrap();
    std::fs::write(planted.with_extension("0"), "of somebody else").unwrap();
    for path in [planted.to_str().unwrap(), "../../root/planted"] {
        assert_eq!(fetch(&machine, path, &told, 0, 0).await, None, "{path}");
    }
    assert_eq!(fetch(&machine, &id, &told, 0, 0).await.unwrap(), b"mine\n");
}

#[tokio::test]
async fn only_what_the_policy_lets_be_read_is_kept() {
    let (plane, bridge, machine) = running("").await;
    bridge.script("leave.sh", "echo x > left\n");
    let (_, heard) = leave(&plane, &machine, &["sh", "leave.sh"], &["*"]).await;
    let told = heard.artifacts.unwrap();
    assert_eq!((names(&told), told.left_out.len()), (vec![], 1));
    assert!(told.left_out[0].why.contains("(files.get)"), "{told:?}");
    assert!(bridge.root().join("left").exists(), "the command ran all the same");
    let (plane, bridge, machine) = running(READING).await;
    bridge.script("leave.sh", "head -c 1048577 /dev/zero > long; echo x > short\n");
    let (_, heard) = leave(&plane, &machine, &["sh", "leave.sh"], &["long", "short"]).await;
    let told = heard.artifacts.unwrap();
    assert_eq!(names(&told), ["short"]);
    assert!(told.left_out[0].path == "long" && told.left_out[0].why.contains("longer than 1 MiB"), "{told:?}");
}

#[tokio::test]
async fn of_many_files_some_are_left_out_and_all_the_others_told_in_several_messages() {
    let (plane, bridge, machine) = running(READING).await;
    bridge.script("many.sh", "i=0; while [ $i -lt 1003 ]; do : > f$i; i=$((i+1)); done\n");
    let (_, heard) = leave(&plane, &machine, &["sh", "many.sh"], &["f*"]).await;
    let told = heard.artifacts.unwrap();
    assert_eq!((told.files.len(), told.left_out.len(), told.more_left_out), (1000, 3, 0));
    assert!(told.left_out[0].why.contains("more than 1000 files"), "{told:?}");
}

#[tokio::test]
async fn of_a_command_that_was_stopped_or_never_began_nothing_is_kept() {
    let (plane, bridge, machine) = running(READING).await;
    bridge.script("wait.sh", "echo x > left; echo ready; while :; do sleep 60; done\n");
    let (_, mut talk) = begin(&plane, &machine, &["sh", "wait.sh"], &["*"]).await;
    talk.until(|heard| heard.text() == "ready\n").await;
    talk.send(&ToCommand::Cancel).await;
    let heard = talk.until_the_end().await;
    assert_eq!(heard.outcome(), &Outcome::Cancelled);
    let told = heard.artifacts.unwrap();
    assert_eq!((names(&told), told.left_out[0].why.as_str()), (vec![], "the command was stopped"));
    let (_, heard) = leave(&plane, &machine, &["nothing-of-the-kind"], &["*"]).await;
    assert_eq!(heard.artifacts, None);
    let (_, heard) = leave(&plane, &machine, &["sh", "fail.sh"], &["nothing/**"]).await;
    assert_eq!(heard.artifacts, Some(Artifacts::default()), "that it left nothing is told");
}
