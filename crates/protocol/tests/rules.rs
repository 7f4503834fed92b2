//! Rules that are asked for are believed like commands: in their place and time only.
#![allow(missing_docs, reason = "stories, not an interface")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "that is how a test fails")]

use diwan_protocol::command::{Actor, Approval};
use diwan_protocol::rules::{Grant, RuleAsk, RuleStand, SignedRules, VERSION, is_id};
use diwan_protocol::{Refusal, SigningKey};
use proptest::prelude::*;

const NOW: i64 = 1_800_000_000_000;
const DAY: i64 = 24 * 60 * 60 * 1000;

fn key() -> SigningKey {
    SigningKey::from_seed("key_1", &[7; 32]).unwrap()
}

fn ask() -> RuleAsk {
    RuleAsk {
        version: VERSION,
        id: "rrq_01".into(),
        machine: "mch_1".into(),
        issued_ms: NOW,
        expires_ms: NOW + 7 * DAY,
        actor: Actor { id: "usr_1".into(), name: "أمينة".into() },
        reason: "for Fridays".into(),
        text: "[[rules]]\nname = \"list\"\n".into(),
        grant: None,
    }
}

fn granted() -> RuleAsk {
    let by = Actor { id: "usr_2".into(), name: "Omar".into() };
    let approval = Approval { id: "apv_1".into(), by, at_ms: NOW };
    let grant = Grant { approval, boot: [1; 16].into(), policy: [2; 32].into() };
    RuleAsk { expires_ms: NOW + 60_000, grant: Some(grant), ..ask() }
}

fn open(signed: &SignedRules) -> Result<RuleAsk, Refusal> {
    let stand = RuleStand { machine: "mch_1", boot: [1; 16], policy: [2; 32], now_ms: NOW };
    signed.open(&[key().verifying_key()], stand)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// These files are never changed, only added to: other versions read what they say.
#[test]
fn frozen_asks_are_written_and_read_as_ever() {
    for (name, ask) in [("rules_ask", ask()), ("rules_grant", granted())] {
        let signed = key().sign_rules(&ask);
        let written = format!("{}\n{}\n", hex(&signed.bytes), hex(&signed.signature));
        let path = format!("{}/frozen/{name}.hex", env!("CARGO_MANIFEST_DIR"));
        let frozen = std::fs::read_to_string(&path);
        if frozen.is_err() && std::env::var_os("DIWAN_FREEZE").is_some() {
            std::fs::write(&path, &written).unwrap();
        } else {
            assert_eq!(frozen.unwrap_or_default(), written, "{path}");
        }
        assert_eq!(open(&signed), Ok(ask), "{name}");
    }
}

#[test]
fn f80_what_is_asked_is_believed_in_its_place_and_time_only() {
    let changed = |mut ask: RuleAsk, change: fn(&mut RuleAsk)| {
        change(&mut ask);
        open(&key().sign_rules(&ask)).map(|_| ())
    };
    let grant = |ask: &mut RuleAsk, change: fn(&mut Grant)| change(ask.grant.as_mut().unwrap());
    assert_eq!(changed(ask(), |_| {}), Ok(()));
    for ask in [ask(), granted()] {
        assert_eq!(changed(ask.clone(), |a| a.version = 2), Err(Refusal::Version(2)));
        assert_eq!(changed(ask.clone(), |a| a.machine = "mch_2".into()), Err(Refusal::Machine));
        assert_eq!(changed(ask.clone(), |a| a.expires_ms = NOW), Err(Refusal::Expired));
        assert_eq!(changed(ask.clone(), |a| a.expires_ms = NOW + 8 * DAY), Err(Refusal::Expired));
        assert_eq!(changed(ask.clone(), |a| a.issued_ms = NOW + 30_001), Err(Refusal::ClockSkew));
        assert_eq!(changed(ask.clone(), |a| a.text = "x".repeat(16 * 1024 + 1)), Err(Refusal::Form));
        assert_eq!(changed(ask.clone(), |a| a.text = "x".repeat(64 * 1024)), Err(Refusal::TooLong));
        for id in ["", "rrq_", "rrq_../x", "rrq_A", "cmd_1", "rrq_a/b", "rrq_a\0"] {
            let signed = key().sign_rules(&RuleAsk { id: id.into(), ..ask.clone() });
            assert!(!is_id(id) && open(&signed) == Err(Refusal::Form), "{id}");
        }
    }
    assert_eq!(changed(granted(), |a| a.expires_ms += 1), Err(Refusal::Expired), "a yes holds for a minute");
    assert!(
        open(&key().sign_rules(&{
            let mut other = granted();
            grant(&mut other, |g| g.policy = [3; 32].into());
            other
        })) == Err(Refusal::Policy)
    );
    assert!(
        open(&key().sign_rules(&{
            let mut other = granted();
            grant(&mut other, |g| g.boot = [3; 16].into());
            other
        })) == Err(Refusal::Boot)
    );
}

proptest! {
    #[test]
    fn no_change_of_any_byte_is_believed(at in any::<prop::sample::Index>(), bit in 0..8u8, yes in any::<bool>()) {
        let mut signed = key().sign_rules(&if yes { granted() } else { ask() });
        let at = at.index(signed.bytes.len() + signed.signature.len());
        let length = signed.bytes.len();
        if at < length { signed.bytes[at] ^= 1 << bit } else { signed.signature[at - length] ^= 1 << bit }
        prop_assert_eq!(open(&signed), Err(Refusal::Signature));
    }
}
