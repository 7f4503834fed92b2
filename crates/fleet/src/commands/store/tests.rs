//! What is said is what is read: while it is said, while it is packed, and afterwards.

use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;

use super::*;

const ID: u128 = 7;

fn id() -> CommandId {
    CommandId::from_bits(ID)
}

/// One with short parts and frames.
fn store(dir: &Path, part_length: u64, frame: usize) -> OutputStore {
    OutputStore { part_length, frame, ..OutputStore::new(&World::real(), dir) }
}

#[derive(Debug, Clone)]
enum Step {
    Say(usize, Vec<u8>),
    PackFull,
    /// Another process goes on.
    BeginAnew,
    Read(usize, u64, usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let bytes = prop_oneof![
        proptest::collection::vec(any::<u8>(), 1..6000),
        (any::<u8>(), 1usize..12_000).prop_map(|(byte, count)| vec![byte; count]),
    ];
    let step = prop_oneof![
        6 => (0usize..2, bytes).prop_map(|(channel, bytes)| Step::Say(channel, bytes)),
        1 => Just(Step::PackFull),
        1 => Just(Step::BeginAnew),
        3 => (0usize..2, 0u64..60_000, 1usize..30_000).prop_map(|(channel, at, most)| Step::Read(channel, at, most)),
    ];
    proptest::collection::vec(step, 1..30)
}

fn part_of(said: &[u8], at: u64, most: usize) -> &[u8] {
    let from = usize::try_from(at).expect("small").min(said.len());
    &said[from..from.saturating_add(most).min(said.len())]
}

/// Reads as all do who know how much there is.
async fn read(reader: &OutputReader, said: &[u8], at: u64, most: usize) -> Vec<u8> {
    let there = part_of(said, at, most).len();
    if there == 0 { vec![] } else { reader.read(at, there, vec![]).await.expect("it is read").to_vec() }
}

/// Takes the steps; afterwards everything is read from every place where that differs.
async fn take(steps: Vec<Step>, part_length: u64, frame: usize) {
    let (dir, supervisor) = (tempfile::tempdir().expect("a directory"), Supervisor::new());
    let store = store(dir.path(), part_length, frame);
    let mut said = [vec![], vec![]];
    let old = [store.reader(id(), 0), store.reader(id(), 1)];
    let mut writer = store.fresh(id());
    for step in steps {
        match step {
            Step::Say(channel, bytes) => {
                said[channel].extend_from_slice(&bytes);
                let (after, written) = store.append(id(), writer, vec![(channel, bytes.into())]).await;
                written.expect("it is written");
                writer = after;
            }
            Step::PackFull => {
                store.pack(id(), Ripe::Full, &supervisor).await.expect("it is packed");
            }
            Step::BeginAnew => writer = store.open(id()).await.expect("it is read"),
            Step::Read(channel, at, most) => {
                assert_eq!(read(&old[channel], &said[channel], at, most).await, part_of(&said[channel], at, most));
            }
        }
        assert_eq!(writer.lengths(), [said[0].len() as u64, said[1].len() as u64]);
    }
    store.sync(id(), writer).await.1.expect("it is on the disk");
    let packed = store.pack(id(), Ripe::All, &supervisor).await.expect("it is packed");
    assert_eq!(packed.is_none(), said.iter().all(Vec::is_empty));
    for (channel, said) in said.iter().enumerate() {
        let fresh = store.reader(id(), channel);
        for reader in [&old[channel], &fresh] {
            assert_eq!(read(reader, said, 0, said.len()).await, *said);
            for at in (0..said.len() as u64).step_by(997) {
                assert_eq!(read(reader, said, at, 1500).await, part_of(said, at, 1500));
            }
        }
    }
    assert_eq!(store.open(id()).await.expect("it is read").lengths(), [said[0].len() as u64, said[1].len() as u64]);
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Has this said on the first channel.
async fn say(store: &OutputStore, text: &[u8]) {
    let (writer, written) = store.append(id(), store.fresh(id()), vec![(0, text.to_vec().into())]).await;
    written.expect("it is written");
    store.sync(id(), writer).await.1.expect("it is on the disk");
}

fn text(length: usize) -> Vec<u8> {
    (0..).flat_map(|n: u32| format!("line {n} of what is said\n").into_bytes()).take(length).collect()
}

fn files(store: &OutputStore) -> Vec<String> {
    let entries = std::fs::read_dir(store.of(id())).expect("it is there");
    let mut names: Vec<_> = entries.map(|e| e.expect("an entry").file_name().into_string().expect("a name")).collect();
    names.sort();
    names
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_is_read_is_what_was_said(steps in steps(), part_length in 5000u64..20_000, frame in 100usize..9000) {
        runtime().block_on(take(steps, part_length, frame));
    }
}

#[tokio::test]
async fn what_grows_no_more_is_packed_while_the_rest_grows() {
    let (dir, supervisor) = (tempfile::tempdir().expect("a directory"), Supervisor::new());
    let store = store(dir.path(), 10_000, 1000);
    say(&store, &text(25_000)).await;
    assert_eq!(store.ripe().await.into_iter().collect::<Vec<_>>(), [id()], "it is said that something is ripe");
    store.pack(id(), Ripe::Full, &supervisor).await.expect("it is packed");
    assert_eq!(files(&store), ["1.1.packed", "1.2", "1.packed"]);
    let room = store.pack(id(), Ripe::All, &supervisor).await.expect("it is packed").expect("it is there");
    assert_eq!(files(&store), ["1.1.packed", "1.2.packed", "1.packed"]);
    assert!(room < 15_000, "{room}");
    assert_eq!(store.pack(id(), Ripe::All, &supervisor).await.expect("nothing is left to do"), Some(room));
}

#[tokio::test]
async fn whatever_a_crash_leaves_is_read_and_packed() {
    let (dir, supervisor) = (tempfile::tempdir().expect("a directory"), Supervisor::new());
    let (store, text) = (store(dir.path(), 100_000, 1000), text(9000));
    say(&store, &text).await;
    let plain = names::Part { channel: 0, number: 0 }.path(&store.of(id()));
    store.pack(id(), Ripe::All, &supervisor).await.expect("it is packed");
    let packed = std::fs::read(names::packed(&plain)).expect("it is there");
    for length in (0..=packed.len()).step_by(7).chain([packed.len()]) {
        // Before the rename it lies aside, behind it beside the plain file; a disk that failed may have left anything.
        for place in [names::packing(&plain), names::packed(&plain)] {
            std::fs::remove_file(names::packed(&plain)).expect("it is gone");
            std::fs::write(&plain, &text).expect("it is written");
            std::fs::write(&place, &packed[..length]).expect("it is written");
            assert_eq!(read(&store.reader(id(), 0), &text, 0, text.len()).await, text, "{length} at {place:?}");
            store.pack(id(), Ripe::All, &supervisor).await.expect("it is packed");
            assert_eq!(files(&store), ["1.packed"]);
            assert_eq!(read(&store.reader(id(), 0), &text, 0, text.len()).await, text);
        }
    }
    std::fs::write(names::packed(&plain), &packed[..packed.len() - 1]).expect("it is written");
    let error = store.reader(id(), 0).read(0, 10, vec![]).await.expect_err("nothing else is left");
    assert_eq!(error.kind(), ErrorKind::InvalidData);
}

#[tokio::test]
async fn whoever_reads_while_it_is_packed_reads_what_was_said() {
    let (dir, supervisor) = (tempfile::tempdir().expect("a directory"), Supervisor::new());
    let (store, text) = (store(dir.path(), 200_000, 4096), Arc::new(text(3_000_000)));
    say(&store, &text).await;
    let is_done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (1..4u64)
        .map(|number| {
            let (reader, text, is_done) = (store.reader(id(), 0), Arc::clone(&text), Arc::clone(&is_done));
            std::thread::spawn(move || {
                let mut at = number;
                loop {
                    let last = is_done.load(Ordering::SeqCst);
                    at = at.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(number) % text.len() as u64;
                    let there = part_of(&text, at, 50_000);
                    assert!(reader.read_now(at, there.len(), vec![]).expect("it is read") == there, "at {at}");
                    if last {
                        return;
                    }
                }
            })
        })
        .collect();
    store.pack(id(), Ripe::All, &supervisor).await.expect("it is packed");
    is_done.store(true, Ordering::SeqCst);
    readers.into_iter().for_each(|reader| reader.join().expect("all was as it was said"));
}

#[tokio::test]
async fn what_was_kept_in_one_file_goes_on_there_and_is_packed_like_everything() {
    let (dir, supervisor) = (tempfile::tempdir().expect("a directory"), Supervisor::new());
    let (store, text) = (store(dir.path(), 10_000, 1000), text(70_000));
    std::fs::create_dir_all(store.of(id())).expect("a directory");
    std::fs::write(store.of(id()).join("1"), &text[..35_000]).expect("it is written");
    let writer = store.open(id()).await.expect("it is read");
    assert_eq!(writer.lengths(), [35_000, 0]);
    let early = store.reader(id(), 0);
    assert_eq!(read(&early, &text, 30_000, 2000).await, part_of(&text, 30_000, 2000));
    let (_, written) = store.append(id(), writer, vec![(0, text[35_000..].to_vec().into())]).await;
    written.expect("it is written");
    assert_eq!(files(&store), ["1"]);
    store.pack(id(), Ripe::All, &supervisor).await.expect("it is packed");
    assert_eq!(files(&store), ["1.packed"]);
    for reader in [early, store.reader(id(), 0)] {
        assert_eq!(read(&reader, &text, 0, text.len()).await, text);
        assert_eq!(read(&reader, &text, 65_000, 2000).await, part_of(&text, 65_000, 2000));
    }
}

#[tokio::test]
async fn what_comes_after_a_part_that_lost_its_end_is_asked_for_again() {
    let (dir, text) = (tempfile::tempdir().expect("a directory"), text(45_000));
    let store = store(dir.path(), 10_000, 1000);
    say(&store, &text).await;
    std::fs::File::options()
        .write(true)
        .open(store.of(id()).join("1.2"))
        .expect("it is there")
        .set_len(500)
        .expect("it is cut");
    let writer = store.open(id()).await.expect("it is read");
    assert_eq!(writer.lengths(), [20_500, 0]);
    assert_eq!(files(&store), ["1", "1.1", "1.2"]);
    let (_, written) = store.append(id(), writer, vec![(0, text[20_500..].to_vec().into())]).await;
    written.expect("it is written");
    assert_eq!(read(&store.reader(id(), 0), &text, 0, text.len()).await, text);
}

#[tokio::test]
async fn nothing_is_added_to_what_is_packed() {
    let (dir, supervisor) = (tempfile::tempdir().expect("a directory"), Supervisor::new());
    let (store, text) = (store(dir.path(), 100_000, 1000), text(9000));
    say(&store, &text).await;
    store.pack(id(), Ripe::All, &supervisor).await.expect("it is packed");
    let writer = store.open(id()).await.expect("it is read");
    let (writer, written) = store.append(id(), writer, vec![(0, Bytes::from_static(b"late"))]).await;
    assert_eq!((written.map_err(|error| error.kind()), writer.lengths()), (Err(ErrorKind::AlreadyExists), [9000, 0]));
    assert_eq!(read(&store.reader(id(), 0), &text, 0, text.len()).await, text);
}
