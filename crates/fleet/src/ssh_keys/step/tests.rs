//! No order of events leaves a machine without a line that opens the door.

use diwan_vault::SecretName;
use proptest::prelude::*;

use super::*;
use crate::commands::CommandActor;

fn key() -> SshKey {
    let at = Timestamp::from_millis(0);
    SshKey {
        id: super::super::id::SshKeyId::from_bits(1),
        machine: crate::machine::MachineId::from_bits(2),
        secret: diwan_vault::SecretId::from_bits(3),
        secret_name: "ssh/deploy".to_owned(),
        user: "deploy".to_owned(),
        port: 22,
        wanted_by: CommandActor { id: "usr_1".to_owned(), name: "Amina".to_owned(), user_id: None },
        created_at: at,
        removed_at: None,
        is_check_asked: false,
        next_at: at,
        tries: 0,
        problem: None,
        asked_as: None,
    }
}

fn current(version: i64) -> SshPublicKey {
    SshPublicKey {
        id: diwan_vault::SecretId::from_bits(3),
        name: SecretName::parse("ssh/deploy").expect("a name"),
        version,
        key: format!("ssh-ed25519 {version}"),
        fingerprint: String::new(),
    }
}

/// What may happen between two steps.
#[derive(Debug, Clone, Copy)]
enum Event {
    Rotated,
    /// The next step is done.
    Done,
    /// It failed.
    Failed,
    CheckAsked,
    TimePasses,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let one = prop_oneof![
        1 => Just(Event::Rotated),
        6 => Just(Event::Done),
        2 => Just(Event::Failed),
        1 => Just(Event::CheckAsked),
        1 => Just(Event::TimePasses),
    ];
    proptest::collection::vec(one, 1..80)
}

proptest! {
    #[test]
    fn the_last_line_that_opens_the_door_is_never_taken_away(events in events()) {
        let (mut key, mut lines, mut version, mut now) = (key(), Vec::<Line>::new(), 1, Timestamp::from_millis(1));
        let mut has_opened = false;
        for event in events {
            let step = next(&key, &lines, Some(&current(version)), now);
            match (event, step) {
                (Event::Rotated, _) => version += 1,
                (Event::CheckAsked, _) => key.is_check_asked = true,
                (Event::TimePasses, _) => now = now.plus(FRESH * 2),
                (Event::Failed, Step::Prove(line)) => {
                    lines.iter_mut().filter(|l| l.version == line.version).for_each(|l| l.proven_at = None);
                }
                (Event::Failed, _) => {}
                (Event::Done, Step::Install(line)) => {
                    lines.retain(|l| l.version != line.version);
                    lines.push(Line { installed_at: Some(now), ..line });
                }
                (Event::Done, Step::Prove(line)) => {
                    has_opened = true;
                    key.is_check_asked = false;
                    lines.iter_mut().filter(|l| l.version == line.version).for_each(|l| l.proven_at = Some(now));
                }
                (Event::Done, Step::Remove(line)) => {
                    let newest = lines.iter().find(|l| l.version == version).expect("the current one is there");
                    prop_assert!(newest.proven_at.is_some_and(|at| now.since(at) <= FRESH), "without a fresh proof");
                    prop_assert!(line.version != version);
                    lines.retain(|l| l.version != line.version);
                }
                (Event::Done, Step::Rest | Step::Forget | Step::Orphaned) => {}
            }
            prop_assert!(!has_opened || !lines.is_empty());
        }
        // Left alone it comes to rest, with the current version alone.
        for _ in 0..200 {
            match next(&key, &lines, Some(&current(version)), now) {
                Step::Install(line) => {
                    lines.retain(|l| l.version != line.version);
                    lines.push(Line { installed_at: Some(now), ..line });
                }
                Step::Prove(line) => {
                    key.is_check_asked = false;
                    lines.iter_mut().filter(|l| l.version == line.version).for_each(|l| l.proven_at = Some(now));
                }
                Step::Remove(line) => lines.retain(|l| l.version != line.version),
                _ => break,
            }
        }
        prop_assert_eq!(next(&key, &lines, Some(&current(version)), now), Step::Rest);
        prop_assert_eq!(lines.iter().map(|l| l.version).collect::<Vec<_>>(), [version]);
    }
}

#[test]
fn what_is_not_wanted_goes_whole_and_what_the_vault_lost_stays() {
    let now = Timestamp::from_millis(1);
    let line = Line { installed_at: Some(now), proven_at: Some(now), ..Line::wanted(&current(1)) };
    assert_eq!(next(&key(), std::slice::from_ref(&line), None, now), Step::Orphaned);
    let removed = SshKey { removed_at: Some(now), ..key() };
    assert_eq!(next(&removed, std::slice::from_ref(&line), Some(&current(1)), now), Step::Remove(line.clone()));
    assert_eq!(next(&removed, std::slice::from_ref(&line), None, now), Step::Remove(line));
    assert_eq!(next(&removed, &[], Some(&current(1)), now), Step::Forget);
}
