//! Terminals that are really opened: what a program in one sees, and what becomes of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

mod support;

use diwan_link::Priority;
use diwan_protocol::command::{Operation, Place, Terminal};
use diwan_protocol::opening::Follow;
use diwan_protocol::run::{FromCommand, Outcome, Piece, ToCommand};
use diwan_protocol::{Opening, decode, encode};
use support::bridge::{Bridge, POLICY};
use support::plane::{Connection, Plane};
use support::talk::{Heard, Talk, command};

const RULE: &str = r#"
[profiles.terminal]
writable = true
limits = { wall_time_s = 600, output_mib = 2048 }

[profiles.open]
confined = false
limits = { wall_time_s = 600, output_mib = 2048 }

[[rules]]
name = "terminal"
operations = ["terminal"]
program = "sh"
class = "writes"
profile = "PROFILE"
decision = "allow"
"#;

const BOTH: [&str; 2] = ["terminal", "open"];

fn terminal(columns: u16, rows: u16) -> Operation {
    let place = Place { root: "work".into(), path: String::new() };
    Operation::Terminal(Terminal { session: "t".into(), place, columns, rows, read_only: false, recorded: None })
}

async fn running(profile: &str) -> (Plane, Bridge, Connection) {
    let plane = Plane::start().await;
    let mut bridge = Bridge::joined(&plane).await;
    bridge.write_policy(&format!("{POLICY}{}", RULE.replace("PROFILE", profile)));
    bridge.start();
    let machine = plane.meet().await;
    (plane, bridge, machine)
}

/// Somebody who types and looks.
struct Typist {
    talk: Talk,
    typed: u64,
}

impl Typist {
    async fn open(machine: &Connection, plane: &Plane) -> Self {
        Self { talk: machine.run(plane, terminal(100, 30)).await, typed: 0 }
    }

    async fn type_in(&mut self, text: &[u8]) {
        self.talk.input(self.typed, text).await;
        self.typed += text.len() as u64;
    }

    /// Types a line, and waits until this is seen after it.
    async fn line(&mut self, line: &str, seen: &str) {
        let before = self.talk.heard.output.len();
        self.type_in(format!("{line}\n").as_bytes()).await;
        self.talk.until(|heard| String::from_utf8_lossy(&heard.output[before..]).contains(seen)).await;
    }
}

/// What the owner of the machine is shown.
async fn shown(bridge: &Bridge) -> String {
    String::from_utf8(bridge.show().await.stdout).unwrap()
}

#[tokio::test]
async fn a_program_finds_a_real_terminal() {
    for profile in BOTH {
        let (plane, bridge, machine) = running(profile).await;
        let mut typist = Typist::open(&machine, &plane).await;
        typist.line("PS1=; stty -echo; echo re''ady", "ready").await;
        typist.line("stty size", "30 100\r\n").await;
        let seen = shown(&bridge).await;
        assert!(seen.contains("of Amina (usr_1) in work: for 0 min"), "{seen}");
        typist.talk.send(&ToCommand::Resize { columns: 132, rows: 50 }).await;
        typist.line("stty size", "50 132\r\n").await;
        typist.line("echo $TERM $COLORTERM $LANG", "xterm-256color truecolor C.UTF-8\r\n").await;
        typist.line("test -t 0 && test -t 1 && test -t 2 && echo all; : < /dev/tty && echo own", "own\r\n").await;
        assert!(typist.talk.heard.text().contains("all\r\n"), "{profile}");
        typist.line("tty | grep -v not && test -c $(tty) && : < $(tty) && echo named", "named\r\n").await;
        typist.line("script -qc tty /dev/null && echo fur''ther", "further\r\n").await;
        typist.type_in(b"exit 7\n").await;
        let heard = typist.talk.until_the_end().await;
        assert_eq!((heard.outcome(), heard.errors.len()), (&Outcome::Exited(7), 0), "{profile}");
        assert!(!shown(&bridge).await.contains("open terminal"), "it is closed");
    }
}

#[tokio::test]
async fn keys_that_signal_reach_the_program_and_bytes_pass_unchanged() {
    for profile in BOTH {
        let (plane, bridge, machine) = running(profile).await;
        let screen = b"\x1b[?1049h\x1b[2J\x1b[38;2;1;2;3m\xd8\xb3\xf0\x9f\x98\x80\x00\xff\x1b[?1049l".to_vec();
        std::fs::write(bridge.root().join("screen"), &screen).unwrap();
        let mut typist = Typist::open(&machine, &plane).await;
        typist.line("PS1=; stty -echo -opost; echo re''ady", "ready").await;
        typist.line("cat screen; echo e''nd", "end").await;
        let said = &typist.talk.heard.output;
        assert!(said.windows(screen.len()).any(|part| part == screen), "{profile}: {said:?}");
        typist.line("trap 'echo caught' INT; echo wai''ting; while :; do sleep 1; done", "waiting").await;
        typist.type_in(b"\x03").await;
        typist.talk.until(|heard| heard.text().contains("caught")).await;
        typist.talk.send(&ToCommand::Cancel).await;
        assert_eq!(typist.talk.until_the_end().await.outcome(), &Outcome::Cancelled, "{profile}");
    }
}

/// The processes of this test that have this word in their command line.
fn alive(word: &str) -> usize {
    let all = std::fs::read_dir("/proc").unwrap().filter_map(|entry| Some(entry.ok()?.path().join("cmdline")));
    all.filter_map(|path| std::fs::read(path).ok()).filter(|line| String::from_utf8_lossy(line).contains(word)).count()
}

#[tokio::test]
async fn everything_in_it_ends_with_it_also_what_stands_apart() {
    for (number, profile) in BOTH.into_iter().enumerate() {
        let (plane, mut bridge, machine) = running(profile).await;
        let mark = format!("86400.{}{number}", std::process::id());
        let start = format!("setsid sleep {mark} & (trap '' HUP; nohup sleep {mark}) & sleep {mark} & echo sta''rted");
        let mut typist = Typist::open(&machine, &plane).await;
        typist.line(&start, "started").await;
        typist.line(&format!("while ! pgrep -fc 'sleep {mark}' | grep -q 3; do :; done; echo th''ree"), "three").await;
        assert_eq!(alive(&format!("sleep\0{mark}")), 3, "{profile}");
        typist.type_in(b"exit\n").await;
        typist.talk.until_the_end().await;
        assert_eq!(alive(&mark), 0, "{profile}: the shell ended");
        let mut typist = Typist::open(&machine, &plane).await;
        typist.line(&start, "started").await;
        typist.talk.send(&ToCommand::Cancel).await;
        assert_eq!(typist.talk.until_the_end().await.outcome(), &Outcome::Cancelled, "{profile}");
        assert_eq!(alive(&mark), 0, "{profile}: it was cancelled");
        let mut typist = Typist::open(&machine, &plane).await;
        typist.line(&start, "started").await;
        bridge.kill();
        while alive(&mark) > 0 {
            tokio::task::yield_now().await;
        }
    }
}

/// Follows a terminal from a place on, and gives the first place that comes and the end of what does.
async fn newest(machine: &Connection, id: &str, from: u64) -> (u64, u64, Vec<u8>) {
    let follow = Follow { command: id.to_owned(), output: from, errors: 0, input: 0 };
    let mut stream = machine.link.open(Priority::Control, encode(&Opening::Follow(follow)).into()).unwrap();
    let (mut first, mut at, mut all) = (None, 0, vec![]);
    while !all.ends_with(b"done\r\n") {
        match decode(&stream.receive().await.unwrap().unwrap()).unwrap().unwrap() {
            FromCommand::Output(Piece { at: place, bytes, .. }) => {
                assert!(place >= at);
                first.get_or_insert(place);
                at = place + bytes.len() as u64;
                all.extend_from_slice(&bytes);
            }
            FromCommand::Ended(ended) => panic!("it ended: {ended:?}"),
            _ => {}
        }
    }
    (first.unwrap(), at, all)
}

#[tokio::test]
async fn f86_a_flood_that_nobody_looks_at_leaves_its_end() {
    let (plane, mut bridge, machine) = running("terminal").await;
    bridge.script("flood.sh", "head -c 104857600 /dev/zero | tr '\\0' x; echo done; : > finished; read line < gate\n");
    assert!(
        std::process::Command::new("mkfifo")
            .args(["-m", "666"])
            .arg(bridge.root().join("gate"))
            .status()
            .unwrap()
            .success()
    );
    let sent = command(&plane, &machine, terminal(80, 24));
    let mut typist = Typist { talk: machine.bring(&plane.signing.sign(&sent)).await, typed: 0 };
    typist.line("PS1=; stty -echo; echo re''ady", "ready").await;
    let before = bridge.memory();
    typist.type_in(b"sh flood.sh\n").await;
    // From here on nobody reads on this connection; the bridge tells when all of it was said.
    while !bridge.root().join("finished").exists() {
        tokio::task::yield_now().await;
    }
    let (first, at, all) = newest(&machine, &sent.id, 0).await;
    assert!(all.len() >= 1024 * 1024 && all.len() <= 2 * 1024 * 1024, "{} bytes", all.len());
    assert_eq!((first + all.len() as u64, at > 104_857_600), (at, true));
    let on_disk: u64 =
        std::fs::read_dir(bridge.state().join("spool")).unwrap().map(|e| e.unwrap().metadata().unwrap().len()).sum();
    assert_eq!(on_disk, 2 * 1024 * 1024);
    let grown = bridge.memory().saturating_sub(before);
    assert!(grown < 8 * 1024 * 1024, "its memory grew by {grown} bytes");
    drop(typist);
    bridge.kill();
}

#[tokio::test]
async fn one_that_ended_is_told_so_by_the_next_life_of_the_bridge() {
    let (plane, mut bridge, machine) = running("terminal").await;
    let sent = command(&plane, &machine, terminal(80, 24));
    let mut typist = Typist { talk: machine.bring(&plane.signing.sign(&sent)).await, typed: 0 };
    typist.type_in(b"exit 3\n").await;
    assert_eq!(typist.talk.until_the_end().await.outcome(), &Outcome::Exited(3));
    bridge.kill();
    bridge.start();
    let machine = plane.meet().await;
    let heard = machine.follow(&sent.id, Heard::default()).await.until_the_end().await;
    assert_eq!(heard.outcome(), &Outcome::Exited(3));
}

#[tokio::test]
async fn it_goes_on_while_the_connection_is_away() {
    let (plane, _bridge, machine) = running("terminal").await;
    let sent = command(&plane, &machine, terminal(80, 24));
    let mut typist = Typist { talk: machine.bring(&plane.signing.sign(&sent)).await, typed: 0 };
    typist.line("PS1=; stty -echo; x=same; echo re''ady", "ready").await;
    let heard = std::mem::take(&mut typist.talk.heard);
    machine.wire.cut();
    drop((typist.talk, machine));
    let machine = plane.meet().await;
    assert_eq!(machine.hello.commands, std::slice::from_ref(&sent.id));
    let mut talk = machine.follow(&sent.id, heard).await;
    talk.until(|heard| heard.input_taken > 0).await;
    assert_eq!(talk.heard.input_taken, typist.typed, "what comes next belongs there");
    let mut typist = Typist { talk, typed: typist.typed };
    typist.line("echo $x sh''ell", "same shell").await;
    typist.type_in(b"exit\n").await;
    assert_eq!(typist.talk.until_the_end().await.outcome(), &Outcome::Exited(0));
}
