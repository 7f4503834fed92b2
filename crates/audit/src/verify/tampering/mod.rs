//! Ten thousand ways to tamper with a trail, every one of which must be found at the right place.

mod trail;
mod ways;

use diwan_kernel::Timestamp;
use proptest::prelude::*;

use self::trail::{ENTRIES, Memory, head_at, honest, key, thief};
use self::ways::{Tamper, tamper, tell_another_story};
use super::{AnchorState, AuditVerification, FaultKind, verify};
use crate::anchor::Anchor;
use crate::checkpoint::Checkpoint;
use crate::floor::Floor;
use crate::keys::SigningKey;

const CASES: u32 = 2000;

fn verified(trail: &Memory, anchor: &Anchor, key: &SigningKey) -> AuditVerification {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(verify(trail, key.vouching(), anchor)).expect("memory answers")
}

#[test]
fn an_honest_trail_verifies() {
    let (trail, anchor) = honest();
    let report = verified(&trail, &anchor, &key());
    assert!(report.ok, "{report:?}");
    assert_eq!((report.entries, report.last_seq, report.checkpoints), (ENTRIES, ENTRIES, 4));
    assert_eq!(report.anchor, AnchorState::Ok);
}

#[test]
fn a_trail_whose_old_entries_were_removed_verifies_and_hides_no_other_removal() {
    let (mut trail, anchor) = honest();
    let base = trail.checkpoints[2].base();
    trail.floor = Some(Floor::sign(&key(), base, Timestamp::from_millis(1)));
    trail.links.retain(|l| l.seq > base.seq);
    trail.checkpoints.retain(|c| c.number >= base.number);
    let report = verified(&trail, &anchor, &key());
    assert!(report.ok, "{report:?}");
    assert_eq!((report.first_seq, report.entries), (121, 80));

    let mut more = trail.clone();
    more.links.remove(0);
    let fault = verified(&more, &anchor, &key()).fault.expect("a fault");
    assert_eq!((fault.kind, fault.seq), (FaultKind::Removed, 121));

    let mut raised = trail.clone();
    raised.floor = Some(Floor::sign(&thief(), raised.checkpoints[1].base(), Timestamp::from_millis(1)));
    raised.links.retain(|l| l.seq > 190);
    let fault = verified(&raised, &anchor, &key()).fault.expect("a fault");
    assert_eq!(fault.kind, FaultKind::BadSignature);
}

#[test]
fn with_the_public_key_alone_the_signed_part_is_vouched_for() {
    let (mut trail, anchor) = honest();
    let public = crate::Vouching::parse(&key().vouching().public_key()).expect("a public key");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let check = |trail: &Memory| runtime.block_on(verify(trail, &public, &anchor)).expect("memory answers");
    assert!(check(&trail).ok);
    let (seq, _) = Tamper::Fork { from: 150, head: true }.apply(&mut trail);
    assert_eq!(check(&trail).fault.map(|f| f.seq), Some(seq));
}

#[test]
fn another_story_with_good_seals_is_told_apart_by_the_anchor() {
    let (mut trail, anchor) = honest();
    // Somebody with the key restored a copy made at 150 and the server went on from there.
    tell_another_story(&mut trail, 160);
    trail.checkpoints.truncate(3);
    let base = trail.checkpoints[2].base();
    let hash = trail.links[199].hash.expect("a hash");
    trail.checkpoints.push(Checkpoint::sign(&key(), &base, 200, hash, Timestamp::from_millis(9)));
    trail.head = head_at(&trail.links, &key());
    let report = verified(&trail, &anchor, &key());
    assert_eq!(report.anchor, AnchorState::RolledBack);
    assert_eq!(report.fault.map(|f| (f.kind, f.seq)), Some((FaultKind::RolledBack, 121)));
}

fn is_found(tamper: &Tamper) -> Result<(), TestCaseError> {
    let (mut trail, anchor) = honest();
    let (seq, kinds) = tamper.apply(&mut trail);
    let report = verified(&trail, &anchor, &key());
    let fault = report.fault.ok_or_else(|| TestCaseError::fail("not found"))?;
    prop_assert!(!report.ok);
    prop_assert_eq!(fault.seq, seq, "{:?}", fault);
    prop_assert!(kinds.contains(&fault.kind), "{:?} is not one of {:?}", fault, kinds);
    Ok(())
}

/// The same property five times with other cases, so that five processes share the ten thousand.
macro_rules! share {
    ($($name:ident)+) => {$(
        proptest! {
            #![proptest_config(ProptestConfig { cases: CASES, ..ProptestConfig::default() })]
            #[test]
            fn $name(tamper in tamper()) {
                is_found(&tamper)?;
            }
        }
    )+};
}
share! {
    every_tampering_is_found_where_it_is_1
    every_tampering_is_found_where_it_is_2
    every_tampering_is_found_where_it_is_3
    every_tampering_is_found_where_it_is_4
    every_tampering_is_found_where_it_is_5
}
