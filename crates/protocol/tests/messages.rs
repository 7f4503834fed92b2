//! What lies on the wire stays as it is: other versions read and write it.
#![allow(missing_docs, reason = "stories, not an interface")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "that is how a test fails")]

use std::fmt::Debug;

use diwan_protocol::artifacts::{Artifact, Artifacts, FetchArtifact, FoundArtifact, LeftOut};
use diwan_protocol::command::{Actor, Place};
use diwan_protocol::control::{self, FromBridge, Hello, ToBridge, Welcome, ability};
use diwan_protocol::environment::{Brought, Promised, SecretText};
use diwan_protocol::facts::{Disk, Facts, Graphics, Layer, PolicyInForce, Process, Sample};
use diwan_protocol::join::{JoinAnswer, JoinRefused, JoinRequest, Joined};
use diwan_protocol::light::{Batch, Done, FromWorker, ToWorker};
use diwan_protocol::opening::{Follow, Judge};
use diwan_protocol::rules::{Judged, RuleFault, RuleNews, RuleStanding};
use diwan_protocol::run::{Decision, Ended, FromCommand, Outcome, Piece, Reason, ToCommand, Usage, Verdict};
use diwan_protocol::succession::{SignedSuccession, Succession};
use diwan_protocol::{Opening, Operation, Refusal, SigningKey, VerifyingKey, decode, encode};
use minicbor::{Decode, Encode};
use proptest::prelude::*;

const NOW: i64 = 1_800_000_000_000;

fn signing_key() -> SigningKey {
    SigningKey::from_seed("key_1", &[7; 32]).unwrap()
}

fn key() -> VerifyingKey {
    signing_key().verifying_key()
}

fn layer() -> Layer {
    Layer { name: "landlock".into(), is_active: true, detail: "7".into() }
}

fn facts() -> Facts {
    Facts {
        hostname: "مخزن".into(),
        system: "linux".into(),
        architecture: "x86_64".into(),
        release: "Debian GNU/Linux 12 (bookworm)".into(),
        kernel: "6.1".into(),
        processors: 2,
        processor: "a processor".into(),
        memory_bytes: 1 << 34,
        version: "0.1.0".into(),
        layers: vec![layer()],
        graphics: vec!["a graphics processor".into()],
    }
}

fn policy() -> PolicyInForce {
    PolicyInForce { hash: [2; 32].into(), text: "# mine".into(), fault: Some("line 3".into()) }
}

fn sample() -> Sample {
    Sample {
        at_ms: NOW,
        uptime_s: 60,
        processor: 1234,
        processors: vec![1, 2],
        load: vec![10, 20, 30],
        memory_used_bytes: 1 << 30,
        memory_bytes: 1 << 34,
        swap_used_bytes: 1,
        swap_bytes: 2,
        disks: vec![Disk { path: "/".into(), used_bytes: 3, bytes: 4 }],
        received_bytes_s: 5,
        sent_bytes_s: 6,
        processes: vec![Process { pid: 1, name: "init".into(), processor: 7, memory_bytes: 8 }],
        graphics: vec![Graphics {
            name: "a graphics processor".into(),
            processor: 9,
            memory_used_bytes: 10,
            memory_bytes: 11,
            temperature: Some(40),
        }],
        commands: 1,
    }
}

fn hello() -> Hello {
    Hello {
        version: control::VERSION,
        boot: [1; 16].into(),
        connections: 3,
        seen: 8,
        now_ms: NOW,
        facts: facts(),
        policy: policy(),
        commands: vec!["cmd_1".into()],
        abilities: None,
    }
}

fn brought() -> Brought {
    Brought {
        salt: [3; 32].into(),
        values: ["hunter2-hunter2", "كلمة\nسر"].map(|v| SecretText::new(v.into())).to_vec(),
    }
}

fn joined() -> Joined {
    let chain = vec![vec![1, 2].into(), vec![3, 4].into()];
    Joined { machine: "mch_1".into(), name: "shed".into(), chain, keys: vec![key()], now_ms: NOW }
}

fn verdict(decision: Decision) -> FromCommand {
    let reasons = vec![Reason { code: "no_rule".into(), words: "No rule speaks of it.".into() }];
    FromCommand::Verdict(Verdict { decision, rule: Some("git".into()), reasons, argv: vec!["/usr/bin/git".into()] })
}

fn artifacts() -> Artifacts {
    let path = "تقرير/a.html".into();
    Artifacts {
        files: vec![Artifact { path, size: 9, modified_ms: NOW, hash: [7; 32].into() }],
        left_out: vec![LeftOut { path: "link".into(), why: "it is a link".into() }],
        more_left_out: 1,
    }
}

fn ended(outcome: Outcome) -> FromCommand {
    let usage = Usage { user_us: 1, system_us: 2, memory_bytes: 3, wall_us: 4 };
    FromCommand::Ended(Ended { outcome, at_ms: NOW, output: 5, errors: 6, usage })
}

fn piece(channel: u8) -> Piece {
    Piece { channel, at: 70_000, bytes: vec![0, 255].into() }
}

/// Compares a message with the file that says how it has always been written.
fn frozen<M>(name: &str, message: M)
where
    M: Encode<()> + for<'b> Decode<'b, ()> + PartialEq + Debug,
{
    let written = encode(&message).iter().map(|b| format!("{b:02x}")).collect::<String>() + "\n";
    let path = format!("{}/frozen/{name}.hex", env!("CARGO_MANIFEST_DIR"));
    let known = std::fs::read_to_string(&path);
    if known.is_err() && std::env::var_os("DIWAN_FREEZE").is_some() {
        std::fs::write(&path, &written).unwrap();
    } else {
        assert_eq!(known.unwrap_or_default(), written, "{path}");
    }
    assert_eq!(decode(&encode(&message)), Ok(Some(message)), "{name}");
}

#[test]
fn frozen_messages_are_written_and_read_as_ever() {
    let follow = Follow { command: "cmd_1".into(), output: 1, errors: 2, input: 3 };
    let actor = Actor { id: "usr_1".into(), name: "أمينة".into() };
    let place = Place { root: "work".into(), path: "shop".into() };
    frozen("opening_join", Opening::Join);
    frozen("opening_control", Opening::Control);
    frozen("opening_run", Opening::Run);
    frozen("opening_follow", Opening::Follow(follow));
    frozen("opening_judge", Opening::Judge);
    frozen("opening_pipe", Opening::Pipe("cmd_1".into()));
    frozen("opening_rules", Opening::Rules);
    frozen("opening_light", Opening::Light);
    frozen("to_worker_batch", ToWorker::Batch(Batch { number: 7, jobs: vec![1; 16].into() }));
    frozen("from_worker_pull", FromWorker::Pull(64));
    let done = Done { number: 7, began_ms: 1, ended_ms: 2, jobs: vec![1; 16].into() };
    frozen("from_worker_done", FromWorker::Done(done));
    frozen("judge", Judge { operation: Operation::Build(place), actor });
    frozen("join_request", JoinRequest { token: "dj_1".into(), request: vec![9].into(), facts: facts() });
    frozen("join_joined", JoinAnswer::Joined(joined()));
    let refused = JoinRefused { code: "token_used".into(), words: "Make another.".into() };
    frozen("join_refused", JoinAnswer::Refused(refused));
    frozen("hello", hello());
    frozen("hello_able", Hello { abilities: Some(vec![ability::VARIABLES.into(), "more".into()]), ..hello() });
    frozen("from_bridge_sample", FromBridge::Sample(sample()));
    frozen("from_bridge_policy", FromBridge::Policy(policy()));
    frozen("from_bridge_renew", FromBridge::Renew(vec![1].into()));
    frozen("from_bridge_facts", FromBridge::Facts(facts()));
    frozen("from_bridge_leaving", FromBridge::Leaving("an update".into()));
    let welcome = Welcome {
        version: control::VERSION,
        now_ms: NOW,
        sample_every_ms: 30_000,
        name: "shed".into(),
        keys: vec![key()],
    };
    frozen("to_bridge_welcome", ToBridge::Welcome(welcome));
    frozen("to_bridge_sample_every", ToBridge::SampleEvery(2000));
    frozen("to_bridge_renewed", ToBridge::Renewed(vec![vec![1].into()]));
    frozen("to_bridge_forget", ToBridge::Forget(vec!["cmd_1".into()]));
    frozen("to_bridge_keys", ToBridge::Keys(vec![key()]));
    frozen("to_bridge_name", ToBridge::Name("barn".into()));
    let succession = Succession { version: 1, authority: vec![1, 2].into(), keys: vec![key()], until_ms: NOW };
    frozen("to_bridge_succession", ToBridge::Succession(signing_key().sign_succession(&succession)));
    frozen("from_bridge_succeed", FromBridge::Succeed(vec![1].into()));
    frozen("from_bridge_succeeded", FromBridge::Succeeded);
    frozen("to_bridge_forget_rules", ToBridge::ForgetRules(vec!["rrq_1".into()]));
    let judged = Judged { words: vec!["“list” allows exec".into()], policy: [2; 32].into(), from_afar: true };
    let reason = Reason { code: "too_many".into(), words: "Too many wait.".into() };
    for (name, standing) in [
        ("waiting", RuleStanding::Waiting(judged)),
        ("faulty", RuleStanding::Faulty(vec![RuleFault { line: 3, words: "lacks name".into() }])),
        ("granted", RuleStanding::Granted),
        ("refused", RuleStanding::Refused("not here".into())),
        ("not_taken", RuleStanding::NotTaken(reason)),
    ] {
        let news = RuleNews { id: "rrq_1".into(), standing };
        frozen(&format!("rule_news_{name}"), news.clone());
        frozen(&format!("from_bridge_rules_{name}"), FromBridge::Rules(news));
    }
    frozen("from_command_allow", verdict(Decision::Allow));
    frozen("from_command_ask", verdict(Decision::Ask));
    frozen("from_command_deny", verdict(Decision::Deny));
    frozen("from_command_started", FromCommand::Started(NOW));
    frozen("from_command_output", FromCommand::Output(piece(2)));
    frozen("from_command_input_taken", FromCommand::InputTaken(70_002));
    frozen("from_command_artifacts", FromCommand::Artifacts(artifacts()));
    let (hash, length) = ([7; 32].into(), Some(3));
    let wanted = FetchArtifact { command: "cmd_1".into(), number: 2, hash, from: 5, length };
    frozen("opening_artifact", Opening::Artifact(wanted));
    frozen("found_artifact_here", FoundArtifact::Here);
    frozen("found_artifact_gone", FoundArtifact::Gone);
    let outcomes = [
        ("exited", Outcome::Exited(-1)),
        ("signalled", Outcome::Signalled(9)),
        ("timed_out", Outcome::TimedOut),
        ("over_limit", Outcome::OverLimit("memory".into())),
        ("cancelled", Outcome::Cancelled),
        ("not_started", Outcome::NotStarted("no such program".into())),
        ("unknown", Outcome::Unknown),
        ("forgotten", Outcome::Forgotten),
    ];
    outcomes.into_iter().for_each(|(name, outcome)| frozen(&format!("from_command_ended_{name}"), ended(outcome)));
    frozen("to_command_input", ToCommand::Input(piece(0)));
    frozen("to_command_input_ends", ToCommand::InputEnds);
    frozen("to_command_signal", ToCommand::Signal(2));
    frozen("to_command_resize", ToCommand::Resize { columns: 120, rows: 40 });
    frozen("to_command_cancel", ToCommand::Cancel);
    frozen("to_command_secrets", ToCommand::Secrets(brought()));
    frozen("to_command_blank", ToCommand::Blank(vec![0; 2].into()));
}

#[test]
fn f71_new_keys_are_believed_when_one_before_vouches_for_them() {
    let succession = Succession { version: 1, authority: vec![1, 2].into(), keys: vec![key()], until_ms: NOW };
    let signed = signing_key().sign_succession(&succession);
    assert_eq!(signed.open(&[key()]), Ok(succession.clone()));
    let other = SigningKey::from_seed("key_1", &[8; 32]).unwrap();
    assert_eq!(other.sign_succession(&succession).open(&[key()]), Err(Refusal::Signature));
    assert_eq!(signed.open(&[]), Err(Refusal::Signature));
    let mut bytes = signed.bytes.to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    assert_eq!(SignedSuccession { bytes: bytes.into(), ..signed }.open(&[key()]), Err(Refusal::Signature));
    let none = Succession { keys: vec![], ..succession.clone() };
    assert_eq!(signing_key().sign_succession(&none).open(&[key()]), Err(Refusal::Form));
    let later = Succession { version: 2, ..succession };
    assert_eq!(signing_key().sign_succession(&later).open(&[key()]), Err(Refusal::Version(2)));
}

#[test]
fn a_field_of_a_later_version_is_skipped() {
    let mut bytes = encode(&hello());
    assert_eq!(bytes[0], 0xa8, "a map of eight");
    bytes[0] = 0xa9;
    bytes.extend([0x18, 0x63, 0x82, 0x01, 0x61, 0x78]);
    assert_eq!(decode(&bytes), Ok(Some(hello())));
}

#[test]
fn what_a_bridge_can_do_it_says_itself() {
    assert!(!hello().is_able(ability::VARIABLES), "one that says nothing is an early one");
    let able = Hello { abilities: Some(ability::ALL.iter().map(|able| (*able).to_owned()).collect()), ..hello() };
    assert!(able.is_able(ability::VARIABLES) && !able.is_able("flight"));
}

#[test]
fn secrets_are_what_was_promised_or_they_are_not_taken() {
    let names = vec!["TOKEN".to_owned(), "KEY".to_owned()];
    let promised = Promised::new(names.clone(), &brought());
    assert!(promised.is_kept_by(&brought()));
    let changed = |change: &dyn Fn(&mut Brought)| {
        let mut other = brought();
        change(&mut other);
        promised.is_kept_by(&other)
    };
    assert!(!changed(&|other| other.salt = [4; 32].into()));
    assert!(!changed(&|other| other.values.reverse()));
    assert!(!changed(&|other| drop(other.values.pop())));
    assert!(!changed(&|other| other.values[1] = SecretText::new("another".into())));
    // The same bytes, cut otherwise.
    let cut = |at: usize| {
        let all: String = brought().values.iter().map(SecretText::expose).collect();
        let (one, other) = all.split_at(at);
        Brought { values: [one, other].map(|v| SecretText::new(v.to_owned())).to_vec(), ..brought() }
    };
    assert_eq!(cut(15), brought());
    assert!(!promised.is_kept_by(&cut(14)));
    // What no variable can hold is not taken either, whatever was promised.
    for value in ["a\0b".to_owned(), "x".repeat(128 * 1024)] {
        let odd = Brought { values: vec![SecretText::new(value)], ..brought() };
        assert!(!Promised::new(vec!["TOKEN".to_owned()], &odd).is_kept_by(&odd));
    }
}

#[test]
fn secrets_do_not_show_themselves() {
    let shown = format!("{:?} {:?}", brought(), ToCommand::Secrets(brought()));
    assert!(!shown.contains("hunter2") && shown.contains("•••"), "{shown}");
}

#[test]
fn a_message_of_a_later_version_is_passed_over() {
    assert_eq!(decode::<ToBridge>(&[0x82, 0x18, 0x63, 0x81, 0x01]), Ok(None));
    assert_eq!(decode::<Opening>(&[0x82, 0x18, 0x63, 0x80]), Ok(None));
    assert!(decode::<Opening>(&[]).is_err());
}

proptest! {
    #[test]
    fn whatever_comes_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = decode::<Opening>(&bytes);
        let _ = decode::<JoinRequest>(&bytes);
        let _ = decode::<JoinAnswer>(&bytes);
        let _ = decode::<Hello>(&bytes);
        let _ = decode::<FromBridge>(&bytes);
        let _ = decode::<ToBridge>(&bytes);
        let _ = decode::<FromCommand>(&bytes);
        let _ = decode::<ToCommand>(&bytes);
        let _ = decode::<Judge>(&bytes);
        let _ = decode::<RuleNews>(&bytes);
    }
}

#[test]
fn light_work_names_whole_jobs_and_not_too_many() {
    let ids = |bytes: Vec<u8>| Batch { number: 1, jobs: bytes.into() }.ids().map(|ids| ids.len());
    assert_eq!((ids(vec![]), ids(vec![0; 15]), ids(vec![0; 17])), (None, None, None));
    assert_eq!((ids(vec![0; 32]), ids(vec![0; 16 * 1024]), ids(vec![0; 16 * 1025])), (Some(2), Some(1024), None));
}
