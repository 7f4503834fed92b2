//! How fast files go through an agent and a client, without anything in between. Run it by hand:
//! `cargo nextest run --release -p diwan-files --test measure --run-ignored all --no-capture`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "that is how a test fails")]

mod support;

use std::fs;

use diwan_files::client::Arrival;
use diwan_files::{Access, Over, Tree};
use support::{Talk, noise, tempdir};

#[test]
#[ignore = "it measures"]
#[expect(clippy::disallowed_methods, reason = "it measures with the machine's own clock")]
fn a_gibibyte_there_again_and_back() {
    let (here, there) = (tempdir(), tempdir());
    let block = noise(64 << 20);
    let file = here.path().join("f");
    fs::write(&file, (0..16).flat_map(|_| &block).copied().collect::<Vec<u8>>()).unwrap();
    let tree = Tree::open(here.path()).unwrap();
    let mut talk = Talk::with(there.path(), "", Access::Put);
    let mut timed = |what: &str, work: &mut dyn FnMut(&mut Talk)| {
        let (began, before) = (std::time::Instant::now(), talk.client.moved());
        work(&mut talk);
        let (took, moved) = (began.elapsed().as_secs_f64(), talk.client.moved() - before);
        println!("{what}: {took:.2} s, {:.0} MiB/s, {moved} bytes travelled", 1024.0 / took);
    };
    let put = |talk: &mut Talk| {
        let (open, meta) = tree.file("f").unwrap();
        let arrival = Arrival { with_basis: true, ..Arrival::like(&meta, Over::Anything) };
        talk.client.put(("f", open, meta), "f", &arrival, &mut |_| {}).unwrap();
    };
    timed("there", &mut |talk| put(talk));
    timed("there again", &mut |talk| put(talk));
    timed("back", &mut |talk| {
        talk.client.get("f", (&tree, "g"), &Over::Nothing, &mut |_| {}).unwrap();
    });
    assert_eq!(fs::metadata(here.path().join("g")).unwrap().len(), 1 << 30);
    talk.end().unwrap();
}
