//! What is kept, and what becomes of it.

use std::os::unix::fs::PermissionsExt;

use super::*;

const LIMITS: Limits =
    Limits { files: 3, bytes_per_command: 20, bytes: 50, commands: 10, age: Duration::from_secs(3600), free: 0 };

struct Ground {
    dir: tempfile::TempDir,
}

impl Ground {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn open(&self, limits: Limits) -> Store {
        Store::open(&World::real(), &self.dir.path().join("kept"), limits).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let there = std::fs::read_dir(self.dir.path().join("kept")).unwrap();
        let mut names: Vec<String> = there.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn put(keeping: &mut Keeping<'_>, path: &str, text: &str) {
    keeping.file(path, text.len() as u64, 7);
    keeping.bytes(text.as_bytes());
    keeping.whole();
}

fn keep(store: &Store, command: &str, files: &[(&str, &str)]) -> Artifacts {
    let mut keeping = store.begin(command);
    files.iter().for_each(|(path, text)| put(&mut keeping, path, text));
    keeping.finish()
}

fn read(store: &Store, command: &str, told: &Artifacts, number: u32) -> Option<String> {
    let hash = told.files[number as usize].hash;
    let wanted = FetchArtifact { command: command.to_owned(), number, hash, from: 0, length: None };
    let (file, size) = store.find(&wanted)?;
    let mut bytes = vec![];
    file.read_at(0, 1000, &mut bytes).unwrap();
    assert_eq!(bytes.len() as u64, size);
    Some(String::from_utf8(bytes).unwrap())
}

fn whys(told: &Artifacts) -> Vec<(&str, &str)> {
    told.left_out.iter().map(|one| (one.path.as_str(), one.why.as_str())).collect()
}

#[test]
fn what_is_kept_is_there_after_a_new_start_and_is_nobody_elses() {
    let ground = Ground::new();
    let told = keep(&ground.open(LIMITS), "cmd_1", &[("a/b.txt", "hello"), ("empty", "")]);
    let hash = ring::digest::digest(&ring::digest::SHA256, b"hello");
    assert_eq!((told.files[0].size, &told.files[0].hash[..]), (5, hash.as_ref()));
    let again = ground.open(LIMITS);
    assert_eq!(again.told("cmd_1"), Some(told.clone()));
    assert_eq!(read(&again, "cmd_1", &told, 0).unwrap(), "hello");
    assert_eq!(read(&again, "cmd_1", &told, 1).unwrap(), "");
    assert_eq!(read(&again, "cmd_2", &told, 0), None);
    let mut other = told.clone();
    other.files[0].hash = [0; 32].into();
    assert_eq!(read(&again, "cmd_1", &other, 0), None, "another file than was told is not given");
    let file = ground.dir.path().join("kept/cmd_1.0");
    assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn what_is_left_of_a_gathering_that_was_cut_off_is_cleared_away() {
    let ground = Ground::new();
    let store = ground.open(LIMITS);
    keep(&store, "cmd_1", &[("a", "12345")]);
    let mut cut_off = store.begin("cmd_2");
    put(&mut cut_off, "b", "123");
    cut_off.file("c", 9, 0);
    cut_off.bytes(b"12");
    // As a crash: nothing is given back.
    std::mem::forget(cut_off);
    std::fs::write(ground.dir.path().join("kept/cmd_3.manifest"), "no manifest").unwrap();
    std::fs::write(ground.dir.path().join("kept/cmd_3.0"), "of it").unwrap();
    std::fs::write(ground.dir.path().join("kept/cmd_4.manifest.new"), "half of one").unwrap();
    let again = ground.open(LIMITS);
    assert_eq!(ground.names(), ["cmd_1.0", "cmd_1.manifest"]);
    assert_eq!(again.known().used, 5);
}

#[test]
fn a_gathering_that_is_given_up_leaves_nothing() {
    let ground = Ground::new();
    let store = ground.open(LIMITS);
    let mut keeping = store.begin("cmd_1");
    put(&mut keeping, "a", "123");
    keeping.file("b", 9, 0);
    drop(keeping);
    assert_eq!((ground.names(), store.known().used), (vec![], 0));
}

#[test]
fn beyond_a_limit_files_are_left_out_and_the_others_are_kept() {
    let ground = Ground::new();
    let store = ground.open(LIMITS);
    let told = keep(
        &store,
        "cmd_1",
        &[
            ("a", "1234567890"),
            ("large", "12345678901"),
            ("../up", "x"),
            ("a", "x"),
            ("b", "x"),
            ("c", "x"),
            ("d", "x"),
        ],
    );
    let names: Vec<&str> = told.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(names, ["a", "b", "c"]);
    assert_eq!(
        whys(&told),
        [
            ("large", "with it there would be more than is kept of one command"),
            ("../up", "its path is none, or too long"),
            ("a", "there are two of this path"),
            ("d", "there are more files than are kept of one command"),
        ]
    );
    assert_eq!(store.known().used, 12);
}

#[test]
fn a_file_that_is_not_as_long_as_it_was_said_is_left_out_and_takes_no_room() {
    let ground = Ground::new();
    let store = ground.open(LIMITS);
    let mut keeping = store.begin("cmd_1");
    for (path, size) in [("shrank", 9), ("grew", 3)] {
        keeping.file(path, size, 0);
        keeping.bytes(b"12345");
        keeping.whole();
    }
    put(&mut keeping, "good", "12345");
    let told = keeping.finish();
    assert_eq!(told.files.len(), 1);
    assert!(whys(&told).iter().all(|(_, why)| *why == "it was changed while it was read"), "{told:?}");
    assert_eq!(read(&store, "cmd_1", &told, 0).unwrap(), "12345");
    assert_eq!((ground.names().len(), store.known().used), (2, 5));
}

/// What was kept in the same millisecond goes by its name.
#[test]
fn the_oldest_make_room_for_the_newest() {
    let ground = Ground::new();
    let store = ground.open(LIMITS);
    for n in 0..4 {
        keep(&store, &format!("cmd_{n}"), &[("a", "12345678901234567890")]);
    }
    assert_eq!(ground.names(), ["cmd_2.0", "cmd_2.manifest", "cmd_3.0", "cmd_3.manifest"]);
    assert_eq!(store.known().used, 40);
}

#[test]
fn what_is_too_old_is_given_up_and_so_is_what_is_too_many() {
    let ground = Ground::new();
    let store = ground.open(LIMITS);
    keep(&store, "cmd_1", &[("a", "1")]);
    keep(&store, "cmd_2", &[("a", "1")]);
    drop(store);
    drop(ground.open(Limits { commands: 1, ..LIMITS }));
    assert_eq!(ground.names(), ["cmd_2.0", "cmd_2.manifest"]);
    let path = ground.dir.path().join("kept/cmd_2.manifest");
    let told = ground.open(LIMITS).told("cmd_2").unwrap();
    std::fs::write(&path, encode(&Manifest { at_ms: 1, told })).unwrap();
    let store = ground.open(LIMITS);
    assert_eq!((ground.names(), store.known().used), (vec![], 0));
}

#[test]
fn a_disk_that_is_nearly_full_is_not_filled() {
    let ground = Ground::new();
    let store = ground.open(Limits { free: u64::MAX, ..LIMITS });
    let told = keep(&store, "cmd_1", &[("a", "1")]);
    assert!(told.files.is_empty() && told.left_out[0].why.contains("no room"), "{told:?}");
}

#[test]
fn of_a_command_that_left_nothing_nothing_stays_once_that_was_told() {
    let ground = Ground::new();
    let store = ground.open(LIMITS);
    keep(&store, "cmd_1", &[]);
    keep(&store, "cmd_2", &[("a", "1")]);
    assert!(store.told("cmd_1").is_some());
    for command in ["cmd_1", "cmd_2", "cmd_3"] {
        store.was_told(command);
    }
    assert_eq!(ground.names(), ["cmd_2.0", "cmd_2.manifest"]);
}
