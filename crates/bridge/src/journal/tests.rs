//! What survives of a journal, whatever happens to its bytes.

use std::fs;

use diwan_kernel::World;
use diwan_protocol::run::{Decision, Ended, Outcome, Usage, Verdict};
use proptest::prelude::*;

use super::{Journal, Memory, Record, Started, encoded, replay};

fn started(number: u64) -> Record {
    let verdict =
        Verdict { decision: Decision::Allow, rule: Some("r".into()), reasons: vec![], argv: vec!["x".into()] };
    let command = format!("cmd_{number}");
    Record::Started(Started { command, sequence: number, expires_ms: 60_000, at_ms: 1, verdict })
}

fn ended(number: u64) -> Record {
    let ended = Ended { outcome: Outcome::Exited(0), at_ms: 5, output: 3, errors: 0, usage: Usage::default() };
    Record::Ended { command: format!("cmd_{number}"), ended }
}

fn forgotten(number: u64) -> Record {
    Record::Forgotten { command: format!("cmd_{number}") }
}

fn any_record() -> impl Strategy<Value = Record> {
    (0_u64..20, 0..4).prop_map(|(number, kind)| match kind {
        0 => started(number),
        1 => ended(number),
        2 => forgotten(number),
        _ => Record::Seen(number * 3),
    })
}

fn written(records: &[Record]) -> Vec<u8> {
    records.iter().flat_map(encoded).collect()
}

fn meaning(records: &[Record]) -> Memory {
    let mut memory = Memory::default();
    records.iter().cloned().for_each(|record| memory.take(record));
    memory
}

proptest! {
    #[test]
    fn cut_anywhere_it_keeps_every_whole_record(records in prop::collection::vec(any_record(), 0..12)) {
        let bytes = written(&records);
        for cut in 0..=bytes.len() {
            let whole = (0..=records.len()).rev().find(|n| written(&records[..*n]).len() <= cut).unwrap();
            let (memory, sound) = replay(&bytes[..cut]);
            prop_assert_eq!(sound, written(&records[..whole]).len());
            prop_assert_eq!(memory, meaning(&records[..whole]));
        }
    }

    #[test]
    fn a_flipped_bit_is_never_believed(records in prop::collection::vec(any_record(), 1..8), at: prop::sample::Index) {
        let mut bytes = written(&records);
        let bit = at.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        let before = (0..=records.len()).rev().find(|n| written(&records[..*n]).len() <= bit / 8).unwrap();
        let (memory, sound) = replay(&bytes);
        prop_assert_eq!(sound, written(&records[..before]).len());
        prop_assert_eq!(memory, meaning(&records[..before]));
    }

    #[test]
    fn written_anew_it_means_the_same(records in prop::collection::vec(any_record(), 0..40)) {
        let memory = meaning(&records);
        prop_assert_eq!(meaning(&memory.records()), memory);
    }
}

#[test]
fn a_torn_end_is_cut_off_once_and_writing_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let mut bytes = written(&[started(1), ended(1)]);
    bytes.extend_from_slice(&encoded(&started(2))[..20]);
    fs::write(&path, &bytes).unwrap();
    let (journal, torn) = Journal::open(&World::real(), &path).unwrap();
    assert!((1..=20).contains(&torn));
    journal.commit(started(3)).unwrap();
    drop(journal);
    let (journal, torn) = Journal::open(&World::real(), &path).unwrap();
    assert_eq!(torn, 0);
    assert_eq!(journal.memory(|memory| memory.clone()), meaning(&[started(1), ended(1), started(3)]));
}

#[test]
fn many_write_at_once_and_nothing_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let (journal, _) = Journal::open(&World::real(), &path).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let journal = &journal;
            scope.spawn(move || (0..50).for_each(|n| journal.commit(started(thread * 100 + n)).unwrap()));
        }
    });
    drop(journal);
    let (journal, _) = Journal::open(&World::real(), &path).unwrap();
    assert_eq!(journal.memory(|memory| memory.commands.len()), 400);
}

#[test]
fn it_does_not_grow_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let (journal, _) = Journal::open(&World::real(), &path).unwrap();
    let mut records = vec![];
    for number in 0..20_000 {
        for record in [started(number), ended(number), forgotten(number)] {
            journal.append(record.clone()).unwrap();
            records.push(record);
        }
        journal.memory(|memory| memory.expire(60_000));
    }
    journal.commit(started(30_000)).unwrap();
    assert!(fs::metadata(&path).unwrap().len() < 3 * 1024 * 1024);
    drop(journal);
    let (journal, torn) = Journal::open(&World::real(), &path).unwrap();
    let memory = journal.memory(|memory| memory.clone());
    assert_eq!((torn, memory.seen), (0, 30_000));
    assert!(memory.commands.contains_key("cmd_30000") && memory.commands.len() == 1);
}

#[test]
fn zeros_after_the_records_are_no_damage() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let (journal, _) = Journal::open(&World::real(), &path).unwrap();
    journal.commit(started(1)).unwrap();
    drop(journal);
    assert!(fs::metadata(&path).unwrap().len() > 10_000);
    let (journal, torn) = Journal::open(&World::real(), &path).unwrap();
    journal.append(ended(1)).unwrap();
    assert_eq!((torn, journal.memory(|memory| memory.clone())), (0, meaning(&[started(1), ended(1)])));
}
