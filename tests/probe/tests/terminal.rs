//! A command with a terminal behaves as in one, and gets no other.

#![allow(clippy::unwrap_used, clippy::panic, reason = "that is how a test fails")]

mod support;

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::Child;

use nix::pty::{OpenptyResult, Winsize, openpty};
use support::{Machine, bridges};

/// A shell with a terminal, and the other end of that.
fn start(machine: &Machine, script: &str) -> (Child, File) {
    let size = Winsize { ws_row: 33, ws_col: 99, ws_xpixel: 0, ws_ypixel: 0 };
    let OpenptyResult { master, slave } = openpty(Some(&size), None).unwrap();
    // Whoever held this end too would keep the terminal from ever being hung up.
    rustix::io::fcntl_setfd(&master, rustix::io::FdFlags::CLOEXEC).unwrap();
    let mut command = machine.inside(&["--terminal"], &["/bin/sh", "-c", script]);
    let end = || -> OwnedFd { slave.try_clone().unwrap() };
    let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
    (child, File::from(master))
}

/// What is shown until a word is. A terminal that nobody holds any more is an error of reading.
fn until(screen: &mut File, word: &str) -> String {
    let (mut shown, mut part) = (String::new(), [0; 1024]);
    while !shown.contains(word) {
        match screen.read(&mut part) {
            Ok(length) if length > 0 => shown.push_str(&String::from_utf8_lossy(&part[..length])),
            _ => break,
        }
    }
    assert!(shown.contains(word), "{word} never came: {shown}");
    shown
}

#[test]
fn the_terminal_is_the_controlling_one_and_has_its_size() {
    for &bridge in bridges() {
        let machine = Machine::new(bridge);
        let (mut child, mut screen) = start(&machine, "stty size; echo to > /dev/tty; echo end");
        let shown = until(&mut screen, "end");
        child.wait().unwrap();
        assert!(shown.contains("33 99") && shown.contains("to\r\n"), "{shown} {}", machine.outcome());
    }
}

#[test]
fn an_interrupt_that_is_typed_reaches_the_program_once() {
    for &bridge in bridges() {
        let machine = Machine::new(bridge);
        // Not waiting for anything itself, so that a second one would be counted too.
        let script = "n=0; trap 'n=$((n+1)); echo caught $n' INT; echo ready; read line; read line; echo \"over $n\"";
        let (mut child, mut screen) = start(&machine, script);
        until(&mut screen, "ready");
        screen.write_all(b"\x03").unwrap();
        until(&mut screen, "caught 1");
        screen.write_all(b"\n\n").unwrap();
        until(&mut screen, "over 1");
        child.wait().unwrap();
    }
}

#[test]
fn a_shell_has_job_control() {
    for &bridge in bridges() {
        let machine = Machine::new(bridge);
        let (mut child, mut screen) = start(&machine, "exec /bin/sh -i");
        // What is typed before a program is there would be thrown away with the interrupt.
        screen.write_all(b"cat & sh -c 'echo up$((1+1)); exec sleep 100'\n").unwrap();
        until(&mut screen, "up2");
        screen.write_all(b"\x1a").unwrap();
        until(&mut screen, "Stopped");
        screen.write_all(b"echo $((6*7))\n").unwrap();
        let shown = until(&mut screen, "42");
        assert!(!shown.contains("no job control"), "{shown}");
        // Hanging up ends the shell, its jobs and the room.
        drop(screen);
        child.wait().unwrap();
    }
}

#[test]
fn programs_can_open_terminals_of_their_own() {
    for &bridge in bridges() {
        let machine = Machine::new(bridge);
        let script = "/usr/bin/python3 -c 'import os; m, s = os.openpty(); print(os.ttyname(s))'; ls /dev/pts";
        let (mut child, mut screen) = start(&machine, script);
        let shown = until(&mut screen, "ptmx");
        child.wait().unwrap();
        assert!(shown.contains("/dev/pts/0"), "{shown}");
    }
}

#[test]
fn a_command_without_a_terminal_has_none() {
    for &bridge in bridges() {
        let machine = Machine::new(bridge);
        let output = machine.shell(&[], "(: > /dev/tty) 2>/dev/null || echo none; [ -e /dev/ptmx ] || echo no more");
        assert_eq!(support::text(&output.stdout), "none\nno more\n", "{}", machine.outcome());
    }
}
