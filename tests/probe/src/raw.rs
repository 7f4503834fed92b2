//! System calls that have no safe name in Rust, asked for through Perl.

use std::process::Command;

use nix::libc::c_long;

use crate::{Broken, Done, text};

/// What a system call said: its number of the error, or that it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    Done,
    Failed(i32),
}

/// Makes one call. Arguments are numbers, or the variables `$b`, a buffer of zeroes, and `$t`, a text.
pub(crate) fn call(number: c_long, arguments: &str) -> Done<Said> {
    call_with(number, "", arguments)
}

/// The same with a text in `$t`.
pub(crate) fn call_with(number: c_long, text: &str, arguments: &str) -> Done<Said> {
    let comma = if arguments.is_empty() { "" } else { "," };
    script(&format!("my $b = \"\\0\" x 256; my $t = '{text}'; my $r = syscall({number}{comma}{arguments});"))
}

/// Runs a few words of Perl that end with `$r` being -1 if the call failed.
pub(crate) fn script(words: &str) -> Done<Said> {
    let script = format!("{words} print $r == -1 ? $!+0 : 'done';");
    let output = Command::new("/usr/bin/perl")
        .args(["-e", &script])
        .output()
        .map_err(|error| Broken(format!("perl: {error}")))?;
    let said = String::from_utf8(output.stdout)?;
    match said.as_str() {
        "done" => Ok(Said::Done),
        number => {
            let why = text(&output.stderr);
            Ok(Said::Failed(number.parse().map_err(|_| Broken(format!("perl: {said:?} {why}")))?))
        }
    }
}

/// Whether the kernel looked at the call at all: then it was not kept from it.
pub(crate) fn reached(said: Said, harmless: &[i32]) -> Done<String> {
    match said {
        Said::Done => Ok("done".to_owned()),
        Said::Failed(error) if harmless.contains(&error) => Ok(format!("the kernel looked at it: error {error}")),
        Said::Failed(error) => Err(std::io::Error::from_raw_os_error(error).into()),
    }
}
