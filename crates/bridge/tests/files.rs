//! Files by a real bridge: an agent in the sandbox, and its pipe over the connection.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

mod support;

use diwan_files::channel::{Sink, Source, into_thread, out_of_thread};
use diwan_files::client::Arrival;
use diwan_files::{Client, Code, FilesError, Over};
use diwan_link::{Priority, Reset, Stream};
use diwan_protocol::command::{Files, Place};
use diwan_protocol::run::{Decision, Outcome};
use diwan_protocol::{Opening, Operation, encode};
use support::bridge::{Bridge, POLICY};
use support::plane::{Connection, Plane};
use support::talk::{Talk, command};

const RULES: &str = r#"
[profiles.files]
writable = true
limits = { wall_time_s = 600, file_mib = 1, memory_mib = 512 }

[profiles.fetched]
limits = { wall_time_s = 600 }

[[rules]]
name = "read files"
operations = ["files.get", "files.list"]
class = "reads"
profile = "fetched"
decision = "allow"

[[rules]]
name = "write files"
operations = ["files.put"]
class = "writes"
profile = "files"
decision = "allow"
"#;

async fn running() -> (Plane, Bridge, Connection) {
    let plane = Plane::start().await;
    let mut bridge = Bridge::joined(&plane).await;
    bridge.write_policy(&format!("{POLICY}{RULES}"));
    bridge.start();
    let machine = plane.meet().await;
    (plane, bridge, machine)
}

fn place(path: &str) -> Place {
    Place { root: "work".to_owned(), path: path.to_owned() }
}

/// Begins a command; gives its talk and its pipe.
async fn begin(plane: &Plane, machine: &Connection, files: Files) -> (Talk, String, Stream) {
    let wanted = command(plane, machine, Operation::Files(files));
    let mut talk = machine.bring(&plane.signing.sign(&wanted)).await;
    talk.until(|heard| heard.started || heard.ended.is_some()).await;
    assert!(talk.heard.started, "{:?}", talk.heard);
    let pipe = open(machine, &wanted.id);
    (talk, wanted.id, pipe)
}

fn open(machine: &Connection, command: &str) -> Stream {
    machine.link.open(Priority::Bulk, encode(&Opening::Pipe(command.to_owned())).into()).unwrap()
}

/// Talks with the agent at the other end of the pipe.
async fn with_client<T: Send + 'static>(
    pipe: Stream,
    talk: impl FnOnce(&mut Client<Source, Sink>) -> T + Send + 'static,
) -> T {
    let (mut sending, mut receiving) = pipe.split();
    let ((into, source), (sink, mut out)) = (into_thread(), out_of_thread());
    let thread = tokio::task::spawn_blocking(move || talk(&mut Client::begin(source, sink).unwrap()));
    let from_machine = async move {
        while let Ok(Some(bytes)) = receiving.receive().await {
            // A client that has ended hears no more.
            let _ = into.send(bytes).await;
        }
    };
    let to_machine = async move {
        while let Some(bytes) = out.recv().await {
            sending.send(bytes).await.unwrap();
        }
        sending.finish();
    };
    let (done, (), ()) = tokio::join!(thread, from_machine, to_machine);
    done.unwrap()
}

fn arrival(over: Over) -> Arrival {
    Arrival { over, mode: Some(0o755), modified: Some((1_700_000_000, 5)), with_basis: true }
}

#[tokio::test]
async fn files_go_there_and_back_through_the_sandbox() {
    let (plane, bridge, machine) = running().await;
    let bytes: Vec<u8> = (0..900_000_u32).flat_map(|n| (n % 251).to_le_bytes()[..1].to_vec()).collect();
    let (talk, _, pipe) = begin(&plane, &machine, Files::Put(place("deep/er"))).await;
    let sent = bytes.clone();
    with_client(pipe, move |client| {
        client.put_stream(&mut &sent[..], "a.bin", &arrival(Over::Nothing), &mut |_| {}).unwrap();
        let again = client.put_stream(&mut &sent[..], "a.bin", &arrival(Over::Nothing), &mut |_| {});
        assert_eq!(again.unwrap_err().code(), Some(Code::Exists));
        let out = client.put_stream(&mut &b"x"[..], "../out", &arrival(Over::Anything), &mut |_| {});
        assert_eq!(out.unwrap_err().code(), Some(Code::Name));
        let mut long = std::io::Read::take(std::io::repeat(7), 2 << 20);
        let long = client.put_stream(&mut long, "long", &arrival(Over::Nothing), &mut |_| {});
        assert_eq!(long.unwrap_err().code(), Some(Code::TooLarge), "the rule allows one MiB");
    })
    .await;
    let heard = talk.until_the_end().await;
    // Whoever looks at it later sees that something failed, and why the first thing did.
    assert_eq!((heard.outcome(), heard.output.len()), (&Outcome::Exited(1), 0));
    assert_eq!(String::from_utf8_lossy(&heard.errors), "../out: it is no name\n");
    assert_eq!(std::fs::read(bridge.root().join("deep/er/a.bin")).unwrap(), bytes);

    let (talk, _, pipe) = begin(&plane, &machine, Files::Get(place("deep"))).await;
    let read = with_client(pipe, |client| {
        let mut read = vec![];
        let meta = client.read("er/a.bin", (0, None), &mut |_| {}, &mut read).unwrap();
        assert_eq!((meta.mode, meta.seconds), (0o755, 1_700_000_000));
        let denied = client.put_stream(&mut &b"x"[..], "er/b", &arrival(Over::Anything), &mut |_| {});
        assert_eq!(denied.unwrap_err().code(), Some(Code::Denied));
        read
    })
    .await;
    assert!(read == bytes);
    assert_eq!(talk.until_the_end().await.outcome(), &Outcome::Exited(1));

    let (talk, _, pipe) = begin(&plane, &machine, Files::Get(place("deep"))).await;
    with_client(pipe, |client| client.read("er/a.bin", (0, None), &mut |_| {}, &mut vec![]).map(drop).unwrap()).await;
    assert_eq!(talk.until_the_end().await.outcome(), &Outcome::Exited(0));
}

#[tokio::test]
async fn one_end_is_recorded_when_the_pipe_breaks_and_a_second_taker_is_refused() {
    let (plane, _bridge, machine) = running().await;
    let (talk, id, mut pipe) = begin(&plane, &machine, Files::List(place(""))).await;
    assert!(pipe.receive().await.unwrap().is_some(), "the agent says hello");
    let second = open(&machine, &id).receive().await;
    assert!(matches!(second, Err(Reset::ByPeer { .. })), "{second:?}");
    let unknown = open(&machine, "cmd_404").receive().await;
    assert!(matches!(unknown, Err(Reset::ByPeer { .. })), "{unknown:?}");
    drop(pipe);
    let heard = talk.until_the_end().await;
    assert!(matches!(heard.outcome(), Outcome::Cancelled | Outcome::Exited(_)), "{:?}", heard.outcome());
}

#[tokio::test]
async fn what_the_policy_denies_has_words_and_no_pipe() {
    let (plane, _bridge, machine) = running().await;
    let wanted = command(&plane, &machine, Operation::Files(Files::Sync(place(""))));
    let heard = machine.bring(&plane.signing.sign(&wanted)).await.until_the_end().await;
    assert_eq!(heard.decision(), Decision::Deny);
    assert!(matches!(heard.outcome(), Outcome::NotStarted(words) if !words.is_empty()));
    let refused = open(&machine, &wanted.id).receive().await;
    assert!(matches!(refused, Err(Reset::ByPeer { .. })), "{refused:?}");
    let git = command(&plane, &machine, Operation::Files(Files::Get(place(".git/config"))));
    assert_eq!(machine.bring(&plane.signing.sign(&git)).await.until_the_end().await.decision(), Decision::Deny);
}

#[tokio::test]
async fn what_was_cut_off_is_taken_up_again() {
    let (plane, bridge, machine) = running().await;
    let bytes: Vec<u8> = (0..1_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let (talk, _, pipe) = begin(&plane, &machine, Files::Put(place("f"))).await;
    let half = bytes[..600_000].to_vec();
    with_client(pipe, move |client| {
        // Its source breaks in the middle.
        let mut source = std::io::Read::chain(&half[..], Broken);
        let cut = client.put_stream(&mut source, "", &arrival(Over::Nothing), &mut |_| {});
        assert!(matches!(cut, Err(FilesError::Refused { .. })), "{cut:?}");
    })
    .await;
    talk.until_the_end().await;
    assert!(!bridge.root().join("f").exists());
    let (talk, _, pipe) = begin(&plane, &machine, Files::Put(place("f"))).await;
    let all = bytes.clone();
    let moved = with_client(pipe, move |client| {
        client.put_stream(&mut &all[..], "", &arrival(Over::Nothing), &mut |_| {}).unwrap();
        client.moved()
    })
    .await;
    talk.until_the_end().await;
    assert_eq!(std::fs::read(bridge.root().join("f")).unwrap(), bytes);
    assert!(moved < 800_000, "{moved} bytes for the second time");
    let left: Vec<_> = std::fs::read_dir(bridge.root()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

struct Broken;

impl std::io::Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::ConnectionReset.into())
    }
}
