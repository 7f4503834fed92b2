//! What a machine believes.
#![allow(missing_docs, reason = "stories, not an interface")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "that is how a test fails")]

use diwan_protocol::command::{
    Actor, Approval, CreateProject, Exec, Files, Git, LONGEST_SOURCE, Limits, Place, Script, SshKey, Terminal, VERSION,
};
use diwan_protocol::environment::{Brought, Environment, Promised, SecretText, Variable};
use diwan_protocol::signed::Standing;
use diwan_protocol::ssh_line::SshLine;
use diwan_protocol::{Command, Operation, Refusal, SignedCommand, SigningKey};
use proptest::prelude::*;

const NOW: i64 = 1_800_000_000_000;

fn key() -> SigningKey {
    SigningKey::from_seed("key_1", &[7; 32]).unwrap()
}

fn place() -> Place {
    Place { root: "work".into(), path: "shop".into() }
}

fn exec(argv: &[&str]) -> Operation {
    let argv = argv.iter().map(|a| (*a).to_owned()).collect();
    Operation::Exec(Exec { argv, place: place(), has_input: false, timeout_ms: Some(5000) })
}

fn script(source: &str, arguments: &[&str]) -> Operation {
    let arguments = arguments.iter().map(|a| (*a).to_owned()).collect();
    let (language, source) = ("python".into(), source.into());
    Operation::Script(Script { language, source, arguments, place: place(), timeout_ms: Some(5000) })
}

fn line() -> SshLine {
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f".to_owned();
    SshLine { user: "deploy".into(), secret: "sec_1".into(), version: 2, key }
}

fn command(operation: Operation) -> Command {
    Command {
        version: VERSION,
        id: "cmd_1".into(),
        machine: "mch_1".into(),
        boot: [1; 16].into(),
        sequence: 9,
        issued_ms: NOW - 1000,
        expires_ms: NOW + 29_000,
        policy: [2; 32].into(),
        actor: Actor { id: "usr_1".into(), name: "أمينة".into() },
        approval: None,
        operation,
        retry_safe: false,
        environment: None,
        artifacts: None,
        limits: None,
    }
}

fn plain(name: &str, value: &str) -> Variable {
    Variable { name: name.into(), value: value.into() }
}

fn promised(names: &[&str]) -> Promised {
    let values = names.iter().map(|name| SecretText::new(format!("the value of {name}"))).collect();
    Promised::new(names.iter().map(|name| (*name).to_owned()).collect(), &Brought { salt: [3; 32].into(), values })
}

fn given(plain: Vec<Variable>, secret: Option<Promised>) -> Command {
    Command { environment: Some(Environment { plain, secret }), ..command(exec(&["cargo", "test"])) }
}

fn leaving(globs: &[&str]) -> Command {
    let globs = globs.iter().map(|glob| (*glob).to_owned()).collect();
    Command { artifacts: Some(globs), ..command(exec(&["cargo", "test"])) }
}

fn held_to(limits: Limits) -> Command {
    Command { limits: Some(limits), ..command(exec(&["cargo", "test"])) }
}

fn standing() -> Standing<'static> {
    Standing { machine: "mch_1", boot: [1; 16], policy: [2; 32], now_ms: NOW, seen: 8 }
}

fn open(signed: &SignedCommand) -> Result<Command, Refusal> {
    signed.open(&[key().verifying_key()], standing())
}

fn operations() -> Vec<(&'static str, Operation)> {
    let url = "https://git.example.org/shop.git".to_owned();
    let terminal =
        Terminal { session: "main".into(), place: place(), columns: 120, rows: 40, read_only: true, recorded: None };
    let project = CreateProject { template: "node".into(), name: "shop".into(), place: place() };
    vec![
        ("exec", exec(&["cargo", "test"])),
        ("git_clone", Operation::Git(Git::Clone { url, into: place(), branch: Some("main".into()) })),
        ("git_pull", Operation::Git(Git::Pull { place: place() })),
        ("git_push", Operation::Git(Git::Push { place: place() })),
        ("git_status", Operation::Git(Git::Status { place: place() })),
        ("build", Operation::Build(place())),
        ("test", Operation::Test(place())),
        ("service_status", Operation::ServiceStatus("web".into())),
        ("service_restart", Operation::ServiceRestart("web".into())),
        ("terminal", Operation::Terminal(terminal)),
        ("files_list", Operation::Files(Files::List(place()))),
        ("files_get", Operation::Files(Files::Get(place()))),
        ("files_put", Operation::Files(Files::Put(place()))),
        ("files_sync", Operation::Files(Files::Sync(place()))),
        ("ssh_key_install", Operation::SshKey(SshKey::Install(line()))),
        ("ssh_key_prove", Operation::SshKey(SshKey::Prove { line: line(), port: 22 })),
        ("ssh_key_remove", Operation::SshKey(SshKey::Remove(line()))),
        ("noop", Operation::Noop),
        ("script", script("print('hi')\n", &["--all", "a b"])),
        ("create_project", Operation::CreateProject(project)),
    ]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// These files are never changed, only added to: other versions read what they say.
#[test]
fn frozen_commands_are_written_and_read_as_ever() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/frozen");
    for (name, operation) in operations() {
        let mut command = command(operation);
        let by = Actor { id: "usr_2".into(), name: "Omar".into() };
        command.approval = (name == "git_push").then(|| Approval { id: "apr_1".into(), by, at_ms: NOW });
        let signed = key().sign(&command);
        let written = format!("{}\n{}\n", hex(&signed.bytes), hex(&signed.signature));
        let path = format!("{dir}/command_{name}.hex");
        let frozen = std::fs::read_to_string(&path);
        if frozen.is_err() && std::env::var_os("DIWAN_FREEZE").is_some() {
            std::fs::write(&path, &written).unwrap();
        } else {
            assert_eq!(frozen.unwrap_or_default(), written, "{path}");
        }
        assert_eq!(open(&signed), Ok(command), "{name}");
    }
}

/// One without variables is written as before there were any: the files above say so.
#[test]
fn frozen_variables_are_written_and_read_as_ever() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/frozen");
    for (name, command) in [
        ("variables", given(vec![plain("CI", "true"), plain("GREETING", "مرحبا")], None)),
        ("secrets", given(vec![], Some(promised(&["TOKEN", "KEY"])))),
        ("both", given(vec![plain("CI", "")], Some(promised(&["TOKEN"])))),
    ] {
        let signed = key().sign(&command);
        let written = format!("{}\n{}\n", hex(&signed.bytes), hex(&signed.signature));
        let path = format!("{dir}/command_given_{name}.hex");
        let frozen = std::fs::read_to_string(&path);
        if frozen.is_err() && std::env::var_os("DIWAN_FREEZE").is_some() {
            std::fs::write(&path, &written).unwrap();
        } else {
            assert_eq!(frozen.unwrap_or_default(), written, "{path}");
        }
        assert_eq!(open(&signed), Ok(command), "{name}");
        assert!(!String::from_utf8_lossy(&signed.bytes).contains("the value of"), "{name}");
    }
}

/// One that leaves nothing is written as before any did: the files above say so.
#[test]
fn frozen_artifacts_are_written_and_read_as_ever() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/frozen/command_leaves_files.hex");
    let command = leaving(&["target/*.bin", "تقرير/**"]);
    let signed = key().sign(&command);
    let written = format!("{}\n{}\n", hex(&signed.bytes), hex(&signed.signature));
    let frozen = std::fs::read_to_string(path);
    if frozen.is_err() && std::env::var_os("DIWAN_FREEZE").is_some() {
        std::fs::write(path, &written).unwrap();
    } else {
        assert_eq!(frozen.unwrap_or_default(), written);
    }
    assert_eq!(open(&signed), Ok(command));
}

/// One without limits of its own is written as before any had some: the files above say so.
#[test]
fn frozen_limits_are_written_and_read_as_ever() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/frozen/command_held_to_limits.hex");
    let (memory_bytes, processes, output_bytes) = (Some(512 << 20), Some(20), Some(1 << 20));
    let command = held_to(Limits { memory_bytes, processes, output_bytes, ..Limits::default() });
    let signed = key().sign(&command);
    let written = format!("{}\n{}\n", hex(&signed.bytes), hex(&signed.signature));
    let frozen = std::fs::read_to_string(path);
    if frozen.is_err() && std::env::var_os("DIWAN_FREEZE").is_some() {
        std::fs::write(path, &written).unwrap();
    } else {
        assert_eq!(frozen.unwrap_or_default(), written);
    }
    assert_eq!(open(&signed), Ok(command));
}

#[test]
fn limits_that_cannot_be_meant_are_refused_by_their_form() {
    let usual = Limits::default();
    for odd in [
        usual,
        Limits { cpu_percent: Some(0), ..usual },
        Limits { memory_bytes: Some(0), ..usual },
        Limits { processes: Some(0), ..usual },
        Limits { open_files: Some(0), ..usual },
        Limits { file_bytes: Some(0), ..usual },
        Limits { output_bytes: Some(0), processes: Some(1), ..usual },
    ] {
        assert_eq!(open(&key().sign(&held_to(odd))), Err(Refusal::Form), "{odd:?}");
    }
}

#[test]
fn patterns_of_files_that_cannot_be_meant_are_refused_by_their_form() {
    let opened = |globs: &[&str]| open(&key().sign(&leaving(globs))).map(|_| ());
    assert_eq!(opened(&["a"; 32]), Ok(()));
    let long = "a".repeat(257);
    for odd in [&[][..], &["a"; 33], &[""], &["a\0b"], &[long.as_str()]] {
        assert_eq!(opened(odd), Err(Refusal::Form), "{odd:?}");
    }
}

#[test]
fn f80_variables_that_cannot_be_meant_are_refused_by_their_form() {
    let opened = |command: Command| open(&key().sign(&command)).map(|_| ());
    let many: Vec<Variable> = (0..65).map(|n| plain(&format!("V{n}"), "")).collect();
    assert_eq!(opened(given(many[..64].to_vec(), None)), Ok(()));
    assert_eq!(opened(given(vec![plain("A", &"x".repeat(16 * 1024 - 1))], None)), Ok(()));
    for odd in [
        given(vec![], None),
        given(vec![], Some(promised(&[]))),
        given(many, None),
        given(vec![plain("A", &"x".repeat(16 * 1024))], None),
        given(vec![plain("A", "x\0y")], None),
        given(vec![plain("A", "1"), plain("A", "2")], None),
        given(vec![plain("A", "1")], Some(promised(&["A"]))),
        given(vec![plain("", "1")], None),
        given(vec![plain("A=B", "1")], None),
        given(vec![], Some(promised(&["1A"]))),
        given(vec![plain(&"A".repeat(129), "1")], None),
    ] {
        assert_eq!(opened(odd.clone()), Err(Refusal::Form), "{odd:?}");
    }
}

/// How a bridge reads a command that knows nothing of variables: as this one did before there were any.
#[derive(Debug, minicbor::Encode, minicbor::Decode)]
#[cbor(map)]
struct BeforeVariables {
    #[n(0)]
    version: u16,
    #[n(1)]
    id: String,
    #[n(2)]
    machine: String,
    #[n(3)]
    boot: minicbor::bytes::ByteArray<16>,
    #[n(4)]
    sequence: u64,
    #[n(5)]
    issued_ms: i64,
    #[n(6)]
    expires_ms: i64,
    #[n(7)]
    policy: minicbor::bytes::ByteArray<32>,
    #[n(8)]
    actor: Actor,
    #[n(9)]
    approval: Option<Approval>,
    #[n(10)]
    operation: Operation,
    #[n(11)]
    retry_safe: bool,
}

#[test]
fn an_earlier_bridge_refuses_a_command_with_variables_or_limits_and_takes_one_without() {
    let same_again = |command: &Command| {
        let bytes = key().sign(command).bytes;
        let read: BeforeVariables = minicbor::decode(&bytes).unwrap();
        minicbor::to_vec(read).unwrap() == bytes.as_slice()
    };
    assert!(same_again(&command(exec(&["true"]))));
    assert!(!same_again(&given(vec![plain("CI", "true")], None)), "it is not in the form that is known there");
    assert!(!same_again(&held_to(Limits { processes: Some(1), ..Limits::default() })));
}

#[test]
fn a_command_is_believed_in_its_place_and_time_only() {
    let changed = |change: &dyn Fn(&mut Command)| {
        let mut command = command(exec(&["true"]));
        change(&mut command);
        open(&key().sign(&command)).map(|_| ())
    };
    assert_eq!(changed(&|_: &mut Command| {}), Ok(()));
    assert_eq!(changed(&|c: &mut Command| c.version = 2), Err(Refusal::Version(2)));
    assert_eq!(changed(&|c: &mut Command| c.machine = "mch_2".into()), Err(Refusal::Machine));
    assert_eq!(changed(&|c: &mut Command| c.boot = [0; 16].into()), Err(Refusal::Boot));
    assert_eq!(changed(&|c: &mut Command| c.policy = [0; 32].into()), Err(Refusal::Policy));
    assert_eq!(changed(&|c: &mut Command| c.sequence = 8), Err(Refusal::Replay));
    assert_eq!(changed(&|c: &mut Command| c.expires_ms = NOW), Err(Refusal::Expired));
    assert_eq!(changed(&|c: &mut Command| c.expires_ms = NOW + 1), Ok(()));
    assert_eq!(changed(&|c: &mut Command| c.expires_ms = c.issued_ms + 60_001), Err(Refusal::Expired));
    assert_eq!(changed(&|c: &mut Command| c.issued_ms = NOW + 30_001), Err(Refusal::ClockSkew));
    assert_eq!(changed(&|c: &mut Command| c.issued_ms = i64::MIN), Err(Refusal::Expired));
    assert_eq!(changed(&|c: &mut Command| c.operation = exec(&[])), Err(Refusal::Form));
    let two = SshLine { key: format!("{0}\n{0}", line().key), ..line() };
    let two = move |c: &mut Command| c.operation = Operation::SshKey(SshKey::Install(two.clone()));
    assert_eq!(changed(&two), Err(Refusal::Form));
    assert_eq!(changed(&|c: &mut Command| c.operation = exec(&["a\0b"])), Err(Refusal::Form));
    assert_eq!(changed(&|c: &mut Command| c.operation = exec(&["a"; 65])), Err(Refusal::Form));
    assert_eq!(changed(&|c: &mut Command| c.operation = exec(&[&"a".repeat(32 * 1024)])), Err(Refusal::Form));
    assert_eq!(changed(&|c: &mut Command| c.operation = script(&"\u{1}".repeat(LONGEST_SOURCE), &[""; 64])), Ok(()));
    assert_eq!(
        changed(&|c: &mut Command| c.operation = script(&"a".repeat(LONGEST_SOURCE + 1), &[])),
        Err(Refusal::Form)
    );
    assert_eq!(changed(&|c: &mut Command| c.operation = script("a\0b", &[])), Err(Refusal::Form));
    assert_eq!(changed(&|c: &mut Command| c.operation = script("", &["a\0b"])), Err(Refusal::Form));
    assert_eq!(changed(&|c: &mut Command| c.operation = script("", &[""; 65])), Err(Refusal::Form));
    assert_eq!(changed(&|c: &mut Command| c.actor.name = "a".repeat(128 * 1024)), Err(Refusal::TooLong));
}

#[test]
fn what_was_not_signed_by_the_control_plane_is_not_read() {
    let signed = key().sign(&command(exec(&["true"])));
    let other = SigningKey::from_seed("key_1", &[8; 32]).unwrap();
    assert_eq!(signed.open(&[other.verifying_key()], standing()), Err(Refusal::Signature));
    assert_eq!(signed.open(&[], standing()), Err(Refusal::Signature));
    // While keys change, those of before and after both hold.
    let new = SigningKey::from_seed("key_2", &[9; 32]).unwrap();
    let keys = [key().verifying_key(), new.verifying_key()];
    assert!(new.sign(&command(exec(&["true"]))).open(&keys, standing()).is_ok());
    assert_eq!(SignedCommand { key: "key_2".into(), ..signed }.open(&keys, standing()), Err(Refusal::Signature));
}

/// A field that is not known might be what the command is about.
#[test]
fn a_signed_command_with_more_than_is_known_is_refused() {
    let mut bytes = key().sign(&command(exec(&["true"]))).bytes.to_vec();
    assert_eq!(bytes[0], 0xab, "a map of eleven");
    bytes[0] = 0xac;
    bytes.extend([0x18, 0x63, 0x01]);
    assert_eq!(open(&resigned(bytes)), Err(Refusal::Form));
}

/// Signs bytes as the control plane would if it wrote such.
fn resigned(bytes: Vec<u8>) -> SignedCommand {
    let pair = ring::signature::Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let signature = pair.sign(&[b"diwan command 1\0".as_slice(), &bytes].concat()).as_ref().to_vec();
    SignedCommand { bytes: bytes.into(), signature: signature.into(), key: "key_1".into() }
}

proptest! {
    #[test]
    fn no_change_of_any_byte_is_believed(at in any::<prop::sample::Index>(), bit in 0..8u8, which in any::<prop::sample::Index>()) {
        let mut signed = key().sign(&command(which.get(&operations()).1.clone()));
        let at = at.index(signed.bytes.len() + signed.signature.len());
        let length = signed.bytes.len();
        if at < length { signed.bytes[at] ^= 1 << bit } else { signed.signature[at - length] ^= 1 << bit }
        prop_assert_eq!(open(&signed), Err(Refusal::Signature));
    }

    /// Whatever names and values come, what is believed can be given to a process, and is what was signed.
    #[test]
    fn variables_that_are_believed_can_be_given(
        plain_ones in prop::collection::vec(("[A-Z_=0-9é ]{0,4}", "\\PC{0,8}|\0"), 0..6),
        secret in prop::option::of(prop::collection::vec("[A-Z_=]{0,3}", 0..4)),
    ) {
        let plain_ones: Vec<Variable> = plain_ones.iter().map(|(name, value)| plain(name, value)).collect();
        let secret = secret.map(|names| promised(&names.iter().map(String::as_str).collect::<Vec<_>>()));
        let command = given(plain_ones, secret);
        match open(&key().sign(&command)) {
            Err(why) => prop_assert_eq!(why, Refusal::Form),
            Ok(opened) => {
                prop_assert_eq!(&opened, &command);
                let environment = opened.environment.unwrap();
                let mut names: Vec<&str> = environment.names().collect();
                prop_assert!(names.iter().all(|name| !name.is_empty() && !name.contains(['=', '\0', ' '])));
                names.sort_unstable();
                prop_assert!(names.windows(2).all(|pair| pair[0] != pair[1]) && !names.is_empty());
                prop_assert!(environment.plain.iter().all(|variable| !variable.value.contains('\0')));
            }
        }
    }

    #[test]
    fn whatever_was_signed_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(open(&resigned(bytes)), Err(Refusal::Form));
    }
}
