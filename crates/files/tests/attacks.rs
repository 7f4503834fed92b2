//! A client and an agent, one of which means harm.
#![allow(clippy::unwrap_used, clippy::panic, reason = "that is how a test fails")]

mod support;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, symlink};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};

use diwan_files::client::Arrival;
use diwan_files::message::{Message, Piece, VERSION};
use diwan_files::wire::{self, Wire};
use diwan_files::{Access, Client, Code, Entry, FilesError, Ignore, Kind, Meta, Over, Tree};
use proptest::prelude::*;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use support::{Talk, names, noise, spawn_agent, tempdir};

const META: Meta = Meta { kind: Kind::File, size: 3, seconds: 0, nanoseconds: 0, mode: 0o644 };

fn entry(path: &str) -> Entry {
    Entry { path: path.to_owned(), meta: META, target: None }
}

fn link(path: &str, target: &str) -> Entry {
    Entry { target: Some(target.to_owned()), meta: Meta { kind: Kind::Link, ..META }, ..entry(path) }
}

/// An agent that says this after hello, whatever it is asked.
fn lying(say: impl FnOnce(&mut Wire<UnixStream, UnixStream>) + Send + 'static) -> Client<UnixStream, UnixStream> {
    let (mine, its) = UnixStream::pair().unwrap();
    std::thread::spawn(move || {
        let mut wire = Wire::new(its.try_clone().unwrap(), its);
        wire.send(&Message::Hello { version: VERSION, oldest: VERSION }).unwrap();
        wire.flush().unwrap();
        let _ = wire.receive();
        say(&mut wire);
        // The client may have hung up on it.
        let _ = wire.flush();
        while matches!(wire.receive(), Ok(Some(_))) {}
    });
    Client::begin(mine.try_clone().unwrap(), mine).unwrap()
}

fn walk(client: &mut Client<UnixStream, UnixStream>) -> Result<(), FilesError> {
    client.walk("", &Ignore::default(), &mut |_| Ok(()))
}

#[test]
fn f92_an_agent_cannot_name_what_lies_elsewhere() {
    let evil = [
        entry("../../etc/passwd"),
        entry("/etc/passwd"),
        entry("a/../../b"),
        entry(""),
        entry("a\u{1b}[2J"),
        entry("a\0b"),
        entry(".git/hooks/post-checkout"),
        link("l", "/etc/passwd"),
        link("a/l", "../../x"),
        link("l", "a/../../x"),
        Entry { target: Some("x".to_owned()), ..entry("f") },
        Entry { meta: Meta { kind: Kind::Link, ..META }, ..entry("f") },
        Entry { meta: Meta { kind: Kind::Other, ..META }, ..entry("f") },
    ];
    for entry in evil {
        let shown = format!("{entry:?}");
        let mut client = lying(move |wire| wire.send(&Message::Entries(vec![entry])).unwrap());
        assert!(matches!(walk(&mut client), Err(FilesError::Protocol(_))), "{shown}");
    }
    for unsorted in [vec![entry("b"), entry("a")], vec![entry("a"), entry("a")], vec![entry("a/b")]] {
        let mut client = lying(move |wire| wire.send(&Message::Entries(unsorted)).unwrap());
        assert!(matches!(client.list("", None, 10), Err(FilesError::Protocol(_))));
    }
}

#[test]
fn a_list_without_end_has_one() {
    let endless = |wire: &mut Wire<UnixStream, UnixStream>| {
        let many: Vec<Entry> = (0..500).map(|n| entry(&format!("{n:03}"))).collect();
        while wire.send(&Message::Entries(many.clone())).is_ok() {}
    };
    assert!(matches!(walk(&mut lying(endless)), Err(FilesError::Protocol(_))));
    assert!(matches!(lying(endless).list("", None, 200), Err(FilesError::Protocol(_))));
}

#[test]
fn an_agent_cannot_pass_off_other_bytes() {
    let here = tempdir();
    let tree = Tree::open(here.path()).unwrap();
    let get = |client: &mut Client<UnixStream, UnixStream>| client.get("f", (&tree, "f"), &Over::Anything, &mut |_| {});
    let wrong = |wire: &mut Wire<UnixStream, UnixStream>| {
        let _ = wire.receive();
        wire.send(&Message::Begins(META)).unwrap();
        wire.send(&Message::Data(b"abc"[..].into())).unwrap();
        wire.send(&Message::Whole { size: 3, hash: [7; 32].into() }).unwrap();
    };
    assert_eq!(get(&mut lying(wrong)).unwrap_err().code(), Some(Code::Corrupt));
    let never_told = |wire: &mut Wire<UnixStream, UnixStream>| {
        let _ = wire.receive();
        wire.send(&Message::Begins(META)).unwrap();
        wire.send(&Message::Same { first: u64::MAX, count: 2 }).unwrap();
    };
    assert!(matches!(get(&mut lying(never_told)), Err(FilesError::Protocol(_))));
    let directory = |wire: &mut Wire<UnixStream, UnixStream>| {
        let _ = wire.receive();
        wire.send(&Message::Begins(Meta { kind: Kind::Directory, ..META })).unwrap();
    };
    assert!(matches!(get(&mut lying(directory)), Err(FilesError::Protocol(_))));
    assert_eq!(names(&here), [] as [&str; 0], "nothing of it stays");
    let words = |wire: &mut Wire<UnixStream, UnixStream>| {
        wire.send(&Message::Failed { code: "x", words: "a\u{1b}]52;c;aGk=\u{7}" }).unwrap();
    };
    let told = walk(&mut lying(words)).unwrap_err().to_string();
    assert!(!told.chars().any(char::is_control), "{told:?}");
}

#[test]
fn oversized_and_senseless_messages_end_the_conversation() {
    for bytes in [&[0xff, 0xff, 0xff, 0xff][..], &[0, 0, 0, 3, 1, 2, 3], &[0, 0, 0, 0], &[0, 0, 0, 9, 1]] {
        let there = tempdir();
        let (mut mine, its) = UnixStream::pair().unwrap();
        let agent = spawn_agent(there.path(), "", Access::Sync, its);
        mine.write_all(bytes).unwrap();
        mine.shutdown(std::net::Shutdown::Write).unwrap();
        assert!(agent.join().unwrap().is_err(), "{bytes:?}");
    }
}

#[test]
fn f92_a_client_reaches_nothing_outside_of_its_scope() {
    let there = tempdir();
    fs::create_dir_all(there.path().join("mine/sub")).unwrap();
    fs::write(there.path().join("secret"), "secret").unwrap();
    symlink("../secret", there.path().join("mine/link")).unwrap();
    symlink("..", there.path().join("mine/up")).unwrap();
    fs::hard_link(there.path().join("secret"), there.path().join("mine/hard")).unwrap();
    let mut talk = Talk::with(there.path(), "mine", Access::Sync);
    let client = &mut talk.client;
    let put = Arrival { over: Over::Anything, mode: Some(0o7777), modified: None, with_basis: false };
    for path in
        ["../secret", "/etc/passwd", "sub/../../secret", "up/secret", "link", "up", ".git/hooks/x", "a\0", "a\n"]
    {
        let read = client.read(path, (0, None), &mut |_| {}, &mut vec![]);
        assert!(matches!(read, Err(FilesError::Refused { .. })), "{path:?} {read:?}");
        let written = client.put_stream(&mut &b"x"[..], path, &put, &mut |_| {});
        assert!(matches!(written, Err(FilesError::Refused { .. })), "{path:?} {written:?}");
        assert!(client.make_directory(path, None).is_err(), "{path:?}");
    }
    for (path, target) in [("l", "/etc"), ("l", ".."), ("sub/l", "../../x"), ("l", "sub/../..")] {
        let made = client.make_link(path, target, &Over::Anything);
        assert_eq!(made.unwrap_err().code(), Some(Code::Link), "{path} -> {target}");
    }
    // What is replaced is a name, never what another name leads to.
    client.put_stream(&mut &b"replaced"[..], "hard", &put, &mut |_| {}).unwrap();
    assert_eq!(fs::read_to_string(there.path().join("secret")).unwrap(), "secret");
    assert_eq!(fs::metadata(there.path().join("mine/hard")).unwrap().mode() & 0o7777, 0o777);
    talk.end().unwrap();
}

#[test]
fn f92_a_directory_that_becomes_a_link_while_files_are_written_leads_nowhere() {
    let (there, outside) = (tempdir(), tempdir());
    let (dir, aside) = (there.path().join("d"), there.path().join("aside"));
    fs::create_dir(&dir).unwrap();
    symlink(outside.path(), &aside).unwrap();
    let is_over = AtomicBool::new(false);
    let mut talk = Talk::with(there.path(), "", Access::Sync);
    let put = Arrival { over: Over::Anything, mode: None, modified: None, with_basis: true };
    let done = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                // In one step: it is always there, now as a directory and now as a link.
                renameat_with(CWD, &dir, CWD, &aside, RenameFlags::EXCHANGE).unwrap();
            }
        });
        let put = |n: usize| talk.client.put_stream(&mut &b"x"[..], &format!("d/{n}"), &put, &mut |_| {}).is_ok();
        let done = (0..400).map(put).filter(|done| *done).count();
        is_over.store(true, Ordering::Relaxed);
        done
    });
    assert_eq!(names(&outside), [] as [&str; 0]);
    assert!(done > 0, "none was written, so nothing was tried");
    talk.end().unwrap();
}

#[test]
fn what_lies_where_a_transfer_wants_to_write_is_not_written_through() {
    let (there, outside) = (tempdir(), tempdir());
    let victim = outside.path().join("victim");
    fs::write(&victim, "kept").unwrap();
    let mut talk = Talk::with(there.path(), "", Access::Put);
    // A cut transfer shows what the name is.
    let half =
        Message::Put { path: "f", over: Over::Anything, mode: None, modified: None, with_basis: false, parents: true };
    let (mine, its) = UnixStream::pair().unwrap();
    let agent = spawn_agent(there.path(), "", Access::Put, its);
    let mut wire = Wire::new(mine.try_clone().unwrap(), mine);
    let _ = wire.receive().unwrap();
    wire.send(&half).unwrap();
    wire.send(&Message::Data(noise(1000)[..].into())).unwrap();
    wire.flush().unwrap();
    drop(wire);
    assert!(agent.join().unwrap().is_err());
    let [part] = &names(&there)[..] else { panic!("one part is kept") };
    fs::remove_file(there.path().join(part)).unwrap();
    let put = Arrival { over: Over::Anything, mode: None, modified: None, with_basis: true };
    for plant in [fs::hard_link, |victim: &std::path::PathBuf, part: std::path::PathBuf| symlink(victim, part)] {
        plant(&victim, there.path().join(part)).unwrap();
        talk.client.put_stream(&mut &b"new"[..], "f", &put, &mut |_| {}).unwrap();
        assert_eq!(fs::read_to_string(&victim).unwrap(), "kept");
        assert_eq!(fs::read_to_string(there.path().join("f")).unwrap(), "new");
    }
    talk.end().unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// However often and wherever it is cut off, in the end the file is there as it was sent, and nothing else.
    #[test]
    fn a_transfer_that_is_cut_anywhere_goes_on(cuts in proptest::collection::vec(0_usize..2_000_000, 0..4), tail in 0_usize..300_000) {
        let (here, there) = (tempdir(), tempdir());
        let bytes = noise(1_700_000 + tail);
        fs::write(here.path().join("f"), &bytes).unwrap();
        let tree = Tree::open(here.path()).unwrap();
        for cut in cuts {
            let (mine, its) = UnixStream::pair().unwrap();
            let agent = spawn_agent(there.path(), "", Access::Put, its);
            let limited = Limited { inner: mine.try_clone().unwrap(), left: cut };
            let mut client = Client::begin(mine, limited).unwrap();
            let (open, meta) = tree.file("f").unwrap();
            let arrival = Arrival { with_basis: true, ..Arrival::like(&meta, Over::Anything) };
            let _ = client.put(("f", open, meta), "f", &arrival, &mut |_| {});
            drop(client);
            let _ = agent.join().unwrap();
        }
        let mut talk = Talk::with(there.path(), "", Access::Put);
        let (open, meta) = tree.file("f").unwrap();
        let arrival = Arrival { with_basis: true, ..Arrival::like(&meta, Over::Anything) };
        talk.client.put(("f", open, meta), "f", &arrival, &mut |_| {}).unwrap();
        talk.end().unwrap();
        prop_assert!(fs::read(there.path().join("f")).unwrap() == bytes);
        prop_assert_eq!(names(&there), ["f"]);
    }

    /// Whatever comes, reading it neither panics nor takes more than it is long.
    #[test]
    fn any_bytes_are_a_message_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = wire::decode(&bytes);
    }

    /// Whatever questions come in whatever order, an agent touches nothing outside.
    #[test]
    fn an_agent_survives_any_questions(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let there = tempdir();
        let (mut mine, its) = UnixStream::pair().unwrap();
        let agent = spawn_agent(there.path(), "", Access::Sync, its);
        let mut framed = u32::try_from(bytes.len()).unwrap().to_be_bytes().to_vec();
        framed.extend(&bytes);
        mine.write_all(&framed).unwrap();
        mine.shutdown(std::net::Shutdown::Write).unwrap();
        let _ = mine.read_to_end(&mut vec![]);
        let _ = agent.join().unwrap();
    }
}

struct Limited {
    inner: UnixStream,
    left: usize,
}

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let length = bytes.len().min(self.left);
        if length == 0 {
            self.inner.shutdown(std::net::Shutdown::Both)?;
            return Err(std::io::ErrorKind::BrokenPipe.into());
        }
        self.left -= length;
        self.inner.write(&bytes[..length])
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn frozen_messages_are_written_and_read_as_ever() {
    let seen = Meta { kind: Kind::Link, size: 1, seconds: -2, nanoseconds: 3, mode: 0o755 };
    let piece = Piece { hash: [9; 32].into(), length: 7 };
    let put = Message::Put {
        path: "p",
        over: Over::Seen(seen),
        mode: Some(1),
        modified: Some((2, 3)),
        with_basis: true,
        parents: false,
    };
    let all = [
        ("hello", Message::Hello { version: 1, oldest: 1 }),
        ("failed", Message::Failed { code: "absent", words: "it is not there" }),
        ("done", Message::Done(Some(seen))),
        ("list", Message::List { path: "p", after: Some("a"), limit: 5 }),
        ("walk", Message::Walk { path: "p", ignore: vec!["*.log".to_owned()] }),
        ("stat", Message::Stat("p")),
        ("entries", Message::Entries(vec![entry("a"), link("l", "a")])),
        ("skipped", Message::Skipped { path: "p", why: "w" }),
        ("entries_end", Message::EntriesEnd { more: true }),
        ("get", Message::Get { path: "p", with_basis: true, from: 1, length: Some(2) }),
        ("basis", Message::Basis(vec![piece])),
        ("basis_end", Message::BasisEnd),
        ("begins", Message::Begins(seen)),
        ("data", Message::Data(b"abc"[..].into())),
        ("same", Message::Same { first: 1, count: 2 }),
        ("whole", Message::Whole { size: 1, hash: [8; 32].into() }),
        ("given_up", Message::GivenUp("why")),
        ("put", put),
        ("hash", Message::Hash("p")),
        ("make_directory", Message::MakeDirectory { path: "p", mode: Some(1), parents: true }),
        ("make_link", Message::MakeLink { path: "p", target: "t", over: Over::Nothing }),
        ("remove", Message::Remove { path: "p", seen }),
        ("rename", Message::Rename { from: "a", to: "b", seen }),
        ("set_meta", Message::SetMeta { path: "p", seen, meta: seen }),
    ];
    let frozen = concat!(env!("CARGO_MANIFEST_DIR"), "/frozen.txt");
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    let written: String =
        all.iter().map(|(name, message)| format!("{name} {}\n", hex(&minicbor::to_vec(message).unwrap()))).collect();
    if std::env::var_os("DIWAN_FREEZE").is_some() && !fs::exists(frozen).unwrap() {
        fs::write(frozen, &written).unwrap();
    }
    assert_eq!(fs::read_to_string(frozen).unwrap(), written, "other versions read these bytes");
    for (_, message) in &all {
        assert_eq!(&wire::decode(&minicbor::to_vec(message).unwrap()).unwrap(), message);
    }
}
