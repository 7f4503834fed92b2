//! A client and an agent that mean each other well.
#![allow(clippy::unwrap_used, clippy::panic, reason = "that is how a test fails")]

mod support;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use diwan_files::client::Arrival;
use diwan_files::{Access, Code, Ignore, Over, Tree, Walked};
use support::{Talk, noise, tempdir};

fn quiet(_: u64) {}

#[test]
fn a_file_goes_there_and_back_as_it_was() {
    let (here, there) = (tempdir(), tempdir());
    let bytes = noise(3_000_017);
    fs::write(here.path().join("a.bin"), &bytes).unwrap();
    fs::set_permissions(here.path().join("a.bin"), fs::Permissions::from_mode(0o4751)).unwrap();
    let tree = Tree::open(here.path()).unwrap();
    let mut talk = Talk::with(there.path(), "", Access::Put);
    let (open, meta) = tree.file("a.bin").unwrap();
    let arrival = Arrival::like(&meta, Over::Nothing);
    talk.client.put(("a.bin", open, meta), "x/y/b.bin", &arrival, &mut quiet).unwrap();
    let arrived = there.path().join("x/y/b.bin");
    assert_eq!(fs::read(&arrived).unwrap(), bytes);
    let seen = fs::metadata(&arrived).unwrap();
    assert_eq!(seen.mode() & 0o7777, 0o751, "executable, and lending nobody's rights");
    assert_eq!((seen.mtime(), seen.mtime_nsec()), (meta.seconds, i64::from(meta.nanoseconds)));

    talk.client.get("x/y/b.bin", (&tree, "c.bin"), &Over::Nothing, &mut quiet).unwrap();
    assert_eq!(fs::read(here.path().join("c.bin")).unwrap(), bytes);
    assert_eq!(support::names(&here), ["a.bin", "c.bin"], "nothing is left beside it");
    let mut read = vec![];
    talk.client.read("x/y/b.bin", (1000, Some(500_000)), &mut |_| {}, &mut read).unwrap();
    assert_eq!(read, &bytes[1000..501_000]);
    talk.end().unwrap();
}

#[test]
fn only_what_changed_travels_both_ways() {
    let (here, there) = (tempdir(), tempdir());
    let mut bytes = noise(8_000_000);
    fs::write(there.path().join("f"), &bytes).unwrap();
    bytes.splice(4_000_000..4_000_000, *b"put in between");
    fs::write(here.path().join("f"), &bytes).unwrap();
    let tree = Tree::open(here.path()).unwrap();
    let mut talk = Talk::with(there.path(), "", Access::Put);
    let (open, meta) = tree.file("f").unwrap();
    talk.client.put(("f", open, meta), "f", &Arrival::like(&meta, Over::Anything), &mut quiet).unwrap();
    assert_eq!(fs::read(there.path().join("f")).unwrap(), bytes);
    let moved = talk.client.moved();
    assert!(moved < 700_000, "{moved} bytes for a change of fourteen");

    bytes.truncate(7_000_000);
    fs::write(there.path().join("f"), &bytes).unwrap();
    talk.client.get("f", (&tree, "f"), &Over::Anything, &mut quiet).unwrap();
    assert_eq!(fs::read(here.path().join("f")).unwrap(), bytes);
    let back = talk.client.moved() - moved;
    assert!(back < 700_000, "{back} bytes for a file that became shorter");
    talk.end().unwrap();
}

#[test]
fn an_agent_gives_no_more_than_it_was_begun_for() {
    let there = tempdir();
    fs::write(there.path().join("f"), "kept").unwrap();
    let tree = Tree::open(there.path()).unwrap();
    let (_, meta) = tree.file("f").unwrap();
    let denied = |done: Result<(), diwan_files::FilesError>| done.unwrap_err().code() == Some(Code::Denied);
    let mut talk = Talk::with(there.path(), "", Access::List);
    assert!(talk.client.stat("f").unwrap().is_some());
    assert!(denied(talk.client.read("f", (0, None), &mut |_| {}, &mut vec![]).map(drop)));
    assert_eq!(talk.end().unwrap().as_deref(), Some("this was not begun for that: reading is not writing"));
    let mut talk = Talk::with(there.path(), "", Access::Get);
    let put = Arrival { over: Over::Anything, mode: None, modified: None, with_basis: false };
    assert!(denied(talk.client.put_stream(&mut &b"new"[..], "f", &put, &mut quiet).map(drop)));
    let with_basis = Arrival { with_basis: true, ..put };
    assert!(denied(talk.client.put_stream(&mut &b"new"[..], "f", &with_basis, &mut quiet).map(drop)));
    talk.end().unwrap();
    let mut talk = Talk::with(there.path(), "", Access::Put);
    assert!(denied(talk.client.remove("f", &meta)));
    assert!(denied(talk.client.rename("f", "g", &meta)));
    talk.end().unwrap();
    assert_eq!(fs::read(there.path().join("f")).unwrap(), b"kept");
}

#[test]
fn what_changed_since_it_was_seen_is_not_replaced_or_removed() {
    let there = tempdir();
    fs::write(there.path().join("f"), "as it was").unwrap();
    let mut talk = Talk::with(there.path(), "", Access::Sync);
    let seen = talk.client.stat("f").unwrap().unwrap();
    fs::write(there.path().join("f"), "somebody's work").unwrap();
    let changed = |code: Option<Code>| assert_eq!(code, Some(Code::Changed));
    changed(talk.client.remove("f", &seen).unwrap_err().code());
    changed(talk.client.rename("f", "g", &seen).unwrap_err().code());
    let put = Arrival { over: Over::Seen(seen), mode: None, modified: None, with_basis: false };
    changed(talk.client.put_stream(&mut &b"new"[..], "f", &put, &mut quiet).unwrap_err().code());
    let nothing = Arrival { over: Over::Nothing, ..put };
    let exists = talk.client.put_stream(&mut &b"new"[..], "f", &nothing, &mut quiet).unwrap_err();
    assert_eq!(exists.code(), Some(Code::Exists));
    assert_eq!(fs::read(there.path().join("f")).unwrap(), b"somebody's work");
    talk.end().unwrap();
}

#[test]
fn a_page_is_sorted_and_a_walk_says_what_it_leaves_out() {
    let there = tempdir();
    for name in ["b", "a", "d", "c", "e", "bad\u{1b}[2J"] {
        fs::write(there.path().join(name), name).unwrap();
    }
    fs::create_dir(there.path().join(".git")).unwrap();
    fs::write(there.path().join(".git/config"), "x").unwrap();
    symlink("/etc/passwd", there.path().join("out")).unwrap();
    symlink("a", there.path().join("in")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, there.path().join("pipe"), 0o644.into()).unwrap();
    let mut talk = Talk::with(there.path(), "", Access::List);
    let (page, more) = talk.client.list("", Some("a"), 3).unwrap();
    assert_eq!(page.iter().map(|e| e.path.as_str()).collect::<Vec<_>>(), ["b", "c", "d"]);
    assert!(more);
    let (mut names, mut left) = (vec![], vec![]);
    let ignore = Ignore::read(["e"]).unwrap();
    talk.client
        .walk("", &ignore, &mut |walked| {
            match walked {
                Walked::Entry(entry) => names.push(entry.path),
                Walked::Skipped(skipped) => left.push(skipped.path),
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(names, ["a", "b", "c", "d", "in"]);
    left.sort();
    assert_eq!(left, [".git", "bad\\u{1b}[2J", "out", "pipe"]);
    talk.end().unwrap();
}

#[test]
fn readers_see_the_old_file_or_the_new_one() {
    let there = tempdir();
    let target = there.path().join("f");
    fs::write(&target, vec![0; 300_000]).unwrap();
    let mut talk = Talk::with(there.path(), "", Access::Put);
    let is_over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut reads = 0;
            while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                let seen = fs::read(&target).unwrap();
                assert!(seen.len() == 300_000 && seen.iter().all(|byte| *byte == seen[0]), "half a file");
                reads += 1;
            }
            reads
        });
        let put = Arrival { over: Over::Anything, mode: None, modified: None, with_basis: false };
        for round in 1..=60 {
            let bytes = vec![round; 300_000];
            talk.client.put_stream(&mut &bytes[..], "f", &put, &mut quiet).unwrap();
        }
        is_over.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(reader.join().unwrap() > 0);
    });
    talk.end().unwrap();
}

#[test]
fn what_was_cut_off_long_ago_is_removed_by_those_who_may_write() {
    let there = tempdir();
    let part = |name: &str, seconds: u64| {
        let file = fs::File::create(there.path().join(name)).unwrap();
        file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds)).unwrap();
    };
    part(".diwan-part-old.new", 1_800_000_000);
    part(".diwan-part-new.new", 1_899_900_000);
    for (access, left) in [(Access::Get, 2), (Access::Put, 1)] {
        let mut talk = Talk::with(there.path(), "", access);
        talk.client.walk("", &Ignore::default(), &mut |walked| panic!("{walked:?} is shown")).unwrap();
        talk.end().unwrap();
        assert_eq!(support::names(&there).len(), left, "{access:?}");
    }
}
