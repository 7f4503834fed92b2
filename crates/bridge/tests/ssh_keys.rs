//! SSH keys by a real bridge that is root, at a real `sshd`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

mod support;

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use diwan_protocol::Operation;
use diwan_protocol::command::SshKey;
use diwan_protocol::run::{Decision, Outcome};
use diwan_protocol::ssh_line::SshLine;
use support::bridge::{Bridge, POLICY};
use support::plane::{Connection, Plane};
use support::ssh_ground::{Ground, USER};
use support::talk::{Heard, command};

const RULES: &str = r#"
[programs.ssh]
path = ["/usr/bin/ssh"]

[[rules]]
name = "keys of the keeper"
operations = ["ssh_key.install", "ssh_key.prove", "ssh_key.remove"]
users = ["diwankeeper"]
class = "writes"
decision = "allow"
"#;

struct Stage {
    plane: Plane,
    _bridge: Bridge,
    machine: Connection,
    ground: Ground,
}

impl Stage {
    async fn set(ground: Ground) -> Self {
        let plane = Plane::start().await;
        let mut bridge = Bridge::joined(&plane).await;
        bridge.write_policy(&format!("{POLICY}{RULES}"));
        bridge.start_by(ground.starter());
        bridge.start();
        let machine = plane.meet().await;
        Self { plane, _bridge: bridge, machine, ground }
    }

    async fn does(&self, wanted: SshKey) -> Heard {
        let wanted = command(&self.plane, &self.machine, Operation::SshKey(wanted));
        self.machine.bring(&self.plane.signing.sign(&wanted)).await.until_the_end().await
    }

    async fn ends(&self, wanted: SshKey) -> (i32, String) {
        let heard = self.does(wanted).await;
        let Outcome::Exited(status) = heard.outcome() else { panic!("{heard:?}") };
        (*status, String::from_utf8_lossy(&heard.errors).into_owned())
    }

    fn prove(&self, line: &SshLine) -> SshKey {
        SshKey::Prove { line: line.clone(), port: self.ground.port }
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.ground.keys()).unwrap()
    }
}

const DONE: (i32, String) = (0, String::new());

#[tokio::test]
async fn a_key_is_put_there_proven_and_taken_away_and_lines_of_others_stay() {
    let Some(mut ground) = Ground::new() else { return };
    let (old, new) = (ground.make_key("old"), SshLine { version: 2, ..ground.make_key("new") });
    ground.serve("");
    let stage = Stage::set(ground).await;
    for line in [&old, &old, &new] {
        assert_eq!(stage.ends(SshKey::Install(line.clone())).await, DONE);
    }
    assert_eq!(stage.text(), format!("{}\n{}\n", old.text(), new.text()), "each is there once");
    let seen = [stage.ground.home().join(".ssh"), stage.ground.keys()].map(|path| path.metadata().unwrap());
    assert_eq!(seen.each_ref().map(|seen| seen.mode() & 0o777), [0o700, 0o600]);
    assert!(seen.iter().all(|seen| seen.uid() == stage.ground.uid()));
    let theirs = format!("# mine\n{}\nno-pty ssh-rsa AAAA me@home", stage.text().trim_end());
    std::fs::write(stage.ground.keys(), &theirs).unwrap();
    assert_eq!(stage.ends(stage.prove(&new)).await, DONE);
    assert_eq!(stage.text(), format!("{theirs}\n"), "nothing of the proof is left");
    assert_eq!(stage.ground.log_in("new").stdout, b"in\n");
    for _ in 0..2 {
        assert_eq!(stage.ends(SshKey::Remove(old.clone())).await, DONE);
    }
    assert_eq!(stage.text(), format!("# mine\n{}\nno-pty ssh-rsa AAAA me@home\n", new.text()));
    assert!(!stage.ground.log_in("old").status.success());
    assert_eq!(stage.ground.log_in("new").stdout, b"in\n");
    let left = std::fs::read_dir(std::env::temp_dir()).unwrap().filter_map(Result::ok);
    let mut owners = left.filter_map(|entry| Some(entry.metadata().ok()?.uid()));
    assert!(!owners.any(|uid| uid == stage.ground.uid()), "something of a proof is left");
}

#[tokio::test]
async fn a_key_that_does_not_open_the_door_is_not_proven() {
    let Some(mut ground) = Ground::new() else { return };
    let (key, revoked) = (ground.make_key("key"), SshLine { version: 2, ..ground.make_key("revoked") });
    ground.serve(&format!("RevokedKeys {}", ground.at("revoked.pub").display()));
    let mut stage = Stage::set(ground).await;
    let (status, words) = stage.ends(stage.prove(&key)).await;
    assert_eq!((status, words.trim()), (20, "the line is not there"));
    for line in [&key, &revoked] {
        assert_eq!(stage.ends(SshKey::Install(line.clone())).await, DONE);
    }
    let before = stage.text();
    let (status, words) = stage.ends(stage.prove(&revoked)).await;
    assert_eq!((status, words.contains("but not with this key")), (22, true), "{words}");
    stage.ground.stop_serving();
    let (status, words) = stage.ends(stage.prove(&key)).await;
    assert_eq!((status, words.contains("no SSH server answers")), (21, true), "{words}");
    stage.ground.serve(&format!("DenyUsers {USER}"));
    let (status, words) = stage.ends(stage.prove(&key)).await;
    assert_eq!((status, words.contains("does not take the key")), (22, true), "{words}");
    stage.ground.stop_serving();
    stage.ground.serve("ForceCommand exit 9");
    let (status, words) = stage.ends(stage.prove(&key)).await;
    assert_eq!((status, words.contains("the login does not go on")), (23, true), "{words}");
    stage.ground.stop_serving();
    stage.ground.serve("AuthorizedKeysFile /nowhere");
    assert_eq!(stage.ends(stage.prove(&key)).await.0, 22);
    assert_eq!(stage.text(), before, "whatever came of it, nothing of a proof is left");
}

#[tokio::test]
async fn f90_a_link_in_the_way_is_not_followed() {
    let Some(ground) = Ground::new() else { return };
    let key = ground.make_key("key");
    let stage = Stage::set(ground).await;
    let (ssh, outside) = (stage.ground.home().join(".ssh"), stage.ground.at("outside"));
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("authorized_keys"), "root's own\n").unwrap();
    symlink(&outside, &ssh).unwrap();
    let refused = async |why: &str| {
        for wanted in [SshKey::Install(key.clone()), SshKey::Remove(key.clone())] {
            let (status, words) = stage.ends(wanted).await;
            assert_eq!((status, words.contains(why)), (20, true), "{words}");
        }
    };
    refused("link").await;
    std::fs::remove_file(&ssh).unwrap();
    std::fs::create_dir(&ssh).unwrap();
    refused("belongs to somebody else").await;
    stage.ground.give(&ssh);
    symlink(outside.join("authorized_keys"), stage.ground.keys()).unwrap();
    refused("link").await;
    std::fs::remove_file(stage.ground.keys()).unwrap();
    std::fs::write(stage.ground.keys(), "theirs\n").unwrap();
    refused("no file of this user").await;
    std::fs::remove_file(stage.ground.keys()).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, stage.ground.keys(), rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0)
        .unwrap();
    stage.ground.give(&stage.ground.keys());
    refused("no file of this user").await;
    assert_eq!(std::fs::read_to_string(outside.join("authorized_keys")).unwrap(), "root's own\n");
}

#[tokio::test]
async fn modes_that_sshd_would_not_believe_are_put_right() {
    let Some(mut ground) = Ground::new() else { return };
    let key = ground.make_key("key");
    ground.serve("");
    let stage = Stage::set(ground).await;
    std::fs::create_dir(stage.ground.home().join(".ssh")).unwrap();
    std::fs::write(stage.ground.keys(), "# mine\n").unwrap();
    for (path, mode) in [(stage.ground.home().join(".ssh"), 0o777), (stage.ground.keys(), 0o664)] {
        stage.ground.give(&path);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
    }
    assert_eq!(stage.ends(SshKey::Install(key.clone())).await, DONE);
    assert_eq!(stage.ends(stage.prove(&key)).await, DONE);
    assert_eq!(stage.text(), format!("# mine\n{}\n", key.text()));
}

#[tokio::test]
async fn keys_of_whoever_no_rule_names_are_refused() {
    let Some(ground) = Ground::new() else { return };
    let key = ground.make_key("key");
    let stage = Stage::set(ground).await;
    for user in ["root", "nobody"] {
        let heard = stage.does(SshKey::Install(SshLine { user: user.to_owned(), ..key.clone() })).await;
        assert_eq!((heard.decision(), heard.code()), (Decision::Deny, "user"));
    }
    let heard = stage.does(SshKey::Prove { line: key, port: 0 }).await;
    assert_eq!((heard.decision(), heard.code()), (Decision::Deny, "ssh_key"));
}
