//! What a bridge does with the library itself: ending commands, and running many at once.
#![allow(clippy::unwrap_used, clippy::panic, reason = "that is how a test fails")]

use std::io::Read;
use std::process::{Child, Stdio};
use std::thread;

use diwan_sandbox::{Ended, Mode, Prepared, Profile, Sandbox, SandboxError, User};

fn sandbox() -> Sandbox {
    Sandbox::with_launcher(Mode::Required, env!("CARGO_BIN_EXE_diwan-probe")).unwrap()
}

fn shell(script: &str) -> Profile {
    let mut profile = Profile::new("/bin/sh", "/tmp");
    profile.arguments = vec!["-c".into(), script.into()];
    profile.user = nix::unistd::geteuid().is_root().then_some(User { uid: 65534, gid: 65534 });
    profile
}

/// Something that ends only when it is ended, and has begun.
fn endless(sandbox: &Sandbox) -> (Prepared, Child) {
    let prepared = sandbox.prepare(&shell("trap '' TERM; (setsid cat /dev/zero > /dev/null) & echo on; wait")).unwrap();
    let mut child = prepared.command().stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut on = [0; 3];
    child.stdout.as_mut().unwrap().read_exact(&mut on).unwrap();
    (prepared, child)
}

/// Nobody inside holds the output any more.
fn all_are_gone(child: &mut Child) {
    child.stdout.take().unwrap().read_to_end(&mut vec![]).unwrap();
}

#[test]
fn kill_all_ends_everything_and_is_told_as_a_kill() {
    let (prepared, mut child) = endless(&sandbox());
    prepared.kill_all();
    all_are_gone(&mut child);
    let status = child.wait().unwrap();
    assert_eq!(prepared.finish(status).unwrap().ended, Ended::Signalled(9));
}

#[test]
fn a_command_that_nobody_keeps_is_ended() {
    let (prepared, mut child) = endless(&sandbox());
    drop(prepared);
    all_are_gone(&mut child);
    child.wait().unwrap();
}

#[test]
fn the_thread_that_started_a_command_may_end_before_it() {
    let sandbox = sandbox();
    let prepared = sandbox.prepare(&shell("read line; exit 8")).unwrap();
    let start = || prepared.command().stdin(Stdio::piped()).spawn().unwrap();
    let mut child = thread::scope(|threads| threads.spawn(start).join().unwrap());
    drop(child.stdin.take());
    let status = child.wait().unwrap();
    assert_eq!(prepared.finish(status).unwrap().ended, Ended::Exited(8));
}

#[test]
fn many_commands_at_once_do_not_get_mixed_up() {
    let sandbox = sandbox();
    thread::scope(|threads| {
        for number in 1..=24 {
            let sandbox = &sandbox;
            threads.spawn(move || {
                let prepared = sandbox
                    .prepare(&shell(&format!("echo $$-{number}; ls /proc/self/fd | wc -l; exit {number}")))
                    .unwrap();
                let output = prepared.command().stdin(Stdio::null()).output().unwrap();
                // The three streams and the listing itself.
                assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("2-{number}\n4\n"));
                assert_eq!(prepared.finish(output.status).unwrap().ended, Ended::Exited(number));
            });
        }
    });
}

#[test]
fn texts_that_no_program_can_be_given_are_refused() {
    let sandbox = sandbox();
    let mut profile = shell("true");
    profile.arguments.push("a\0b".into());
    assert!(matches!(sandbox.prepare(&profile), Err(SandboxError::Profile(_))));
    let mut profile = shell("true");
    profile.environment.push(("A=B".into(), "c".into()));
    assert!(matches!(sandbox.prepare(&profile), Err(SandboxError::Profile(_))));
}

#[test]
fn long_arguments_arrive() {
    let sandbox = sandbox();
    let mut profile = shell("printf %s \"$1\" | wc -c");
    profile.arguments.extend(["sh".into(), "x".repeat(130_000).into()]);
    let prepared = sandbox.prepare(&profile).unwrap();
    let output = prepared.command().stdin(Stdio::null()).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), "130000");
}
