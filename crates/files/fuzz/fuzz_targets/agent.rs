//! Whatever a client says: the agent answers or ends, and nothing beside its directory is touched.
#![no_main]

use std::fs;
use std::io::Cursor;

use diwan_files::{Access, Agent, Tree};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let place = tempfile::tempdir().expect("a directory");
    let root = place.path().join("root");
    fs::create_dir_all(root.join("sub")).expect("it is made");
    fs::write(root.join("file"), b"content of a file").expect("it is written");
    std::os::unix::fs::symlink("../secret", root.join("out")).expect("a link");
    fs::write(place.path().join("secret"), b"THE CANARY").expect("it is written");
    let tree = Tree::open(&root).expect("it is there");
    let mut said = vec![];
    if let Ok(agent) = Agent::new(tree, "", Access::Sync, (1 << 20, 1_900_000_000), (Cursor::new(bytes), &mut said)) {
        let _ = agent.serve();
    }
    assert!(!said.windows(10).any(|some| some == b"THE CANARY"), "a link was followed");
    assert_eq!(fs::read(place.path().join("secret")).expect("it is there"), b"THE CANARY");
    assert_eq!(fs::read_dir(place.path()).expect("it is there").count(), 2, "something lies beside the root");
});
