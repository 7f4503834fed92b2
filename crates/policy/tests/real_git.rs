//! Git itself, in repositories that mean harm, with the arguments and the environment that the policy gives.
//!
//! No sandbox here: this shows what the hygiene alone is worth. Filters are left out, since nothing but the
//! sandbox stands against them.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "that is how a test fails")]

use std::path::{Path, PathBuf};
use std::process::Command;

use diwan_policy::{Here, Plan, Policy, Preset, User, Who};
use diwan_protocol::Operation;
use diwan_protocol::command::{Exec, Git, Place};

struct Ground {
    _dir: tempfile::TempDir,
    root: PathBuf,
    marker: PathBuf,
}

fn git(at: &Path, words: &[&str]) {
    let mut command = Command::new("git");
    command.current_dir(at).args(words).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    let done = command.output().unwrap();
    assert!(done.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// A working copy with an upstream, one commit behind it, and every trap that a configuration can set.
fn ground() -> Ground {
    let dir = tempfile::tempdir().unwrap();
    let (root, marker) = (dir.path().join("root"), dir.path().join("marker"));
    let upstream = root.join("upstream.git");
    std::fs::create_dir_all(&upstream).unwrap();
    git(&upstream, &["init", "-q", "--bare", "-b", "main"]);
    let first = dir.path().join("first");
    git(&root, &["clone", "-q", "upstream.git", first.to_str().unwrap()]);
    let who = ["-c", "user.name=a", "-c", "user.email=a@b"];
    let commit = |at: &Path, name: &str| {
        std::fs::write(at.join(name), "x").unwrap();
        git(at, &["add", "."]);
        git(at, &[&who[..], &["commit", "-qm", name]].concat());
    };
    commit(&first, "a");
    git(&first, &["push", "-q", "origin", "HEAD:main"]);
    git(&root, &["clone", "-q", "upstream.git", "work"]);
    commit(&first, "b");
    git(&first, &["push", "-q", "origin", "HEAD:main"]);
    let work = root.join("work");
    set_traps(&work, &marker);
    Ground { _dir: dir, root, marker }
}

fn set_traps(work: &Path, marker: &Path) {
    let touch = format!("touch {}", marker.display());
    for name in ["post-checkout", "post-merge", "pre-push", "reference-transaction", "post-index-change"] {
        let hook = work.join(".git/hooks").join(name);
        std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
        std::fs::write(&hook, format!("#!/bin/sh\n{touch}\n")).unwrap();
        std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    for (name, value) in [
        ("core.fsmonitor", touch.clone()),
        ("core.pager", touch.clone()),
        ("core.editor", touch.clone()),
        ("core.sshCommand", touch.clone()),
        ("diff.external", touch.clone()),
        ("credential.helper", format!("!{touch}")),
        ("gpg.program", touch.clone()),
        ("log.showSignature", "true".to_owned()),
        ("merge.verifySignatures", "true".to_owned()),
        ("alias.status", format!("!{touch}")),
        ("pull.rebase", "true".to_owned()),
        ("pager.status", touch.clone()),
        ("status.submoduleSummary", "true".to_owned()),
    ] {
        git(work, &["config", name, &value]);
    }
}

fn policy(root: &Path, file_scheme: bool) -> Policy {
    let mut text = Preset::Standard.text(root);
    if file_scheme {
        // Only so that the test needs no network: by default git speaks https and ssh.
        text = text.replace(
            "operations = [\"exec\", \"git.pull\"]",
            "operations = [\"exec\", \"git.pull\"]\nschemes = [\"file\"]",
        );
        text = text.replace(
            "operations = [\"exec\", \"git.push\"]",
            "operations = [\"exec\", \"git.push\"]\nschemes = [\"file\"]",
        );
    }
    Policy::load(&text).unwrap()
}

fn plan(ground: &Ground, operation: &Operation, file_scheme: bool) -> Plan {
    let user = rights_of(&ground.root);
    let verdict =
        policy(&ground.root, file_scheme).judge(operation, Who { id: "a", roles: &[] }, &Here::new(user, None));
    verdict.plan.unwrap_or_else(|| panic!("{:?}", verdict.reasons))
}

fn rights_of(path: &Path) -> Option<User> {
    use std::os::unix::fs::MetadataExt;
    let seen = std::fs::metadata(path).unwrap();
    Some(User { id: seen.uid(), group: seen.gid() })
}

/// Runs a plan, without a sandbox.
fn run(ground: &Ground, plan: &Plan) -> std::process::Output {
    let home = ground.root.join("home");
    std::fs::create_dir_all(&home).unwrap();
    let mut command = Command::new(&plan.program);
    command
        .args(&plan.argv[1..])
        .current_dir(ground.root.join(&plan.dir))
        .env_clear()
        .envs(plan.env.clone())
        .env("HOME", home);
    command.output().unwrap()
}

fn place() -> Place {
    Place { root: "projects".into(), path: "work".into() }
}

fn exec(argv: &[&str]) -> Operation {
    let argv = argv.iter().map(|&word| word.to_owned()).collect();
    Operation::Exec(Exec { argv, place: place(), has_input: false, timeout_ms: None })
}

#[test]
fn f75_the_traps_do_snap_when_git_is_run_as_it_comes() {
    let ground = ground();
    Command::new("git").current_dir(ground.root.join("work")).arg("status").output().unwrap();
    assert!(ground.marker.exists());
}

#[test]
fn f75_f76_no_trap_of_a_configuration_snaps_under_the_policy() {
    let ground = ground();
    for (operation, must_succeed) in [
        (Operation::Git(Git::Status { place: place() }), true),
        (exec(&["git", "status", "-sb"]), true),
        (exec(&["git", "status", "a"]), true),
        (exec(&["git", "log", "-n1", "--stat"]), true),
        (exec(&["git", "log", "main", "--", "a"]), true),
        (exec(&["git", "diff", "--stat"]), true),
        (exec(&["git", "diff", "HEAD"]), true),
        (exec(&["git", "show", "HEAD"]), true),
        (exec(&["git", "branch"]), true),
        (exec(&["git", "rev-parse", "HEAD"]), true),
        (exec(&["git", "--version"]), true),
        (Operation::Git(Git::Pull { place: place() }), true),
        (Operation::Git(Git::Push { place: place() }), true),
        (exec(&["git", "pull"]), true),
        (exec(&["git", "push"]), true),
        (exec(&["git", "fetch"]), false),
    ] {
        let done = run(&ground, &plan(&ground, &operation, true));
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.success(), must_succeed, "{operation:?}: {said}");
        assert!(!ground.marker.exists(), "{operation:?} set off a trap: {said}");
    }
    assert!(ground.root.join("work/b").exists(), "the pull has brought nothing");
}

#[test]
fn f75_git_speaks_no_protocol_but_those_of_the_rule() {
    let ground = ground();
    let touch = format!("touch {}", ground.marker.display());
    for url in
        [format!("ext::sh -c {}", touch.replace(' ', "% ")), ground.root.join("upstream.git").display().to_string()]
    {
        git(&ground.root.join("work"), &["remote", "set-url", "origin", &url]);
        let pull = Operation::Git(Git::Pull { place: place() });
        let push = Operation::Git(Git::Push { place: place() });
        for operation in [pull, push] {
            let done = run(&ground, &plan(&ground, &operation, false));
            assert!(!done.status.success(), "{url}");
            assert!(String::from_utf8_lossy(&done.stderr).contains("not allowed"), "{done:?}");
        }
    }
    assert!(!ground.marker.exists());
}

#[test]
fn f76_a_repository_within_a_repository_is_not_taken_for_one() {
    let ground = ground();
    let inner = ground.root.join("work/inner");
    std::fs::create_dir(&inner).unwrap();
    git(&inner, &["init", "-q", "--bare"]);
    git(&inner, &["config", "core.fsmonitor", &format!("touch {}", ground.marker.display())]);
    let status = Operation::Git(Git::Status { place: Place { path: "work/inner".into(), ..place() } });
    let done = run(&ground, &plan(&ground, &status, false));
    assert!(String::from_utf8_lossy(&done.stderr).contains("bare repository"), "{done:?}");
    assert!(!ground.marker.exists());
}
