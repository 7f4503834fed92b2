//! The policies to begin with.

use std::path::Path;

use diwan_policy::{Decision, MadeUp, Policy, Preset, Who, explain};
use diwan_protocol::Operation;
use diwan_protocol::command::{Place, SshKey, Terminal};
use diwan_protocol::ssh_line::SshLine;

#[test]
fn every_preset_is_a_policy_without_faults() {
    for name in Preset::names() {
        let text = Preset::named(name).unwrap().text(Path::new("/srv/projects"));
        let policy = Policy::load(&text).unwrap_or_else(|faults| panic!("{name}:\n{faults}"));
        assert!(policy.requires_sandbox() && !policy.takes_remote_approvals(), "{name}");
    }
    assert_eq!(Preset::named("none"), None);
}

#[test]
fn where_the_bridge_is_root_a_terminal_has_its_room_in_the_sandbox() {
    let root = Path::new("/srv/projects");
    let terminal = || Terminal {
        session: "main".into(),
        place: Place { root: "projects".into(), path: String::new() },
        columns: 80,
        rows: 24,
        read_only: false,
        recorded: None,
    };
    for (text, is_confined) in [(Preset::OwnMachine.text(root), false), (Preset::OwnMachine.text_for_root(root), true)]
    {
        let policy = Policy::load(&text).unwrap_or_else(|faults| panic!("{faults}"));
        let operation = Operation::Terminal(terminal());
        let verdict = policy.judge(&operation, Who { id: "usr_a", roles: &[] }, &MadeUp::usual());
        assert_eq!(verdict.decision, Decision::Allow);
        assert_eq!(verdict.plan.map(|plan| plan.profile.confined), Some(is_confined));
    }
}

#[test]
fn nothing_is_allowed_by_every_policy() {
    let own = Preset::Strict.text(Path::new("/srv/projects"));
    let denies_all = "version = 1\n[[rules]]\nname = \"no\"\ndecision = \"deny\"\n";
    for text in ["version = 1\n", denies_all, own.as_str()] {
        let who = Who { id: "usr_a", roles: &[] };
        let verdict = Policy::load(text).unwrap().judge(&Operation::Noop, who, &MadeUp::usual());
        assert!(verdict.is_allowed() && verdict.rule.is_none() && verdict.plan.is_none(), "{verdict:?}");
        assert_eq!(explain(&verdict), "allowed: nothing is done\n");
    }
}

#[test]
fn a_root_with_odd_letters_in_its_name_stays_a_text() {
    let text = Preset::Standard.text(Path::new("/srv/a\"b\\c"));
    Policy::load(&text).unwrap();
}

#[test]
fn the_example_that_is_marked_as_a_comment_is_right_as_well() {
    let text = Preset::Strict.text(Path::new("/srv/projects"));
    let unmarked = text.replace("\n#:", "\n");
    assert_ne!(text, unmarked);
    let policy = Policy::load(&unmarked).unwrap_or_else(|faults| panic!("{faults}"));
    let restart = Operation::ServiceRestart("nginx.service".into());
    let verdict = policy.judge(&restart, Who { id: "usr_a", roles: &[] }, &MadeUp::usual());
    assert_eq!((verdict.decision, verdict.rule.as_deref()), (Decision::Ask, Some("restart of the web server")));
    assert!(verdict.plan.is_some_and(|plan| !plan.profile.confined && plan.root.is_none()));
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f".to_owned();
    let line = SshLine { user: "deploy".into(), secret: "sec_1".into(), version: 1, key };
    let judge = |line: SshLine| {
        policy.judge(&Operation::SshKey(SshKey::Install(line)), Who { id: "usr_a", roles: &[] }, &MadeUp::usual())
    };
    let verdict = judge(line.clone());
    assert!(verdict.is_allowed() && verdict.plan.is_none() && verdict.keys.is_some_and(|keys| keys.ssh.is_none()));
    assert_eq!(judge(SshLine { user: "root".into(), ..line }).reasons.first().map(|r| r.code), Some("user"));
}
