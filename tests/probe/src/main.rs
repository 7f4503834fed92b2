//! A program that tries to get out of the room in which it runs, and says what it could do.
//!
//! - `diwan-probe try NAME` makes one attempt; its exit code is 0 if it **succeeded**, 1 if it was denied.
//! - `diwan-probe try-all` makes each of them in a process of its own and prints a line for each.
//! - `diwan-probe run OPTIONS -- PROGRAM…` is a bridge in small: it runs a program in a sandbox.
//! - `diwan-probe wait`, `orphan`, `eat`, `whoami` are what attempts and tests need beside them.
#![forbid(unsafe_code)]

mod attacks;
mod drive;
mod raw;

use std::error::Error;
use std::fmt::{Display, Formatter};
use std::io::{Read, stdin};
use std::process::{Command, ExitCode, Stdio};

type Done<T> = Result<T, Box<dyn Error>>;

/// An attempt that was not even made: that it was denied would be a lie.
#[derive(Debug)]
struct Broken(String);

impl Display for Broken {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        write!(out, "not attempted: {}", self.0)
    }
}

impl Error for Broken {}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn main() -> ExitCode {
    diwan_sandbox::launch_if_asked();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["try", name] => attacks::attempt(name),
        ["try-all"] => attacks::attempt_all(),
        ["run", ..] => drive::run(&arguments[1..]),
        ["wait", _] => stdin().read_to_end(&mut vec![]).map(|_| String::new()).map_err(Into::into),
        ["orphan"] => orphan(),
        ["eat", bytes] => eat(bytes),
        ["whoami"] => Ok(format!("{}", nix::unistd::geteuid())),
        _ => Err("what?".into()),
    };
    match done {
        Ok(said) => {
            print!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("{error}");
            if error.is::<Broken>() { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

/// Leaves a process behind that nobody waits for, and says its number.
fn orphan() -> Done<String> {
    let child =
        Command::new("/bin/sh").args(["-c", "exec cat <&0"]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    Ok(child.id().to_string())
}

/// Fills so much memory, page by page, that it is really there.
fn eat(bytes: &str) -> Done<String> {
    let bytes: usize = bytes.parse()?;
    let mut eaten = vec![];
    while eaten.len() < bytes {
        eaten.extend_from_slice(&[1_u8; 4096]);
    }
    Ok(eaten.iter().map(|byte| u64::from(*byte)).sum::<u64>().to_string())
}
