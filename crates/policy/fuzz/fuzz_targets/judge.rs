//! Whatever is asked for: what the standard policy lets through is a listed program, with nothing hidden in its
//! arguments, below its root, and in the sandbox.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use arbitrary::Arbitrary;
use diwan_policy::{MadeUp, Policy, Preset, Who, explain};
use diwan_protocol::Operation;
use diwan_protocol::command::{Exec, Files, Git, Place};
use libfuzzer_sys::fuzz_target;

static POLICY: LazyLock<Policy> = LazyLock::new(|| Policy::load(&Preset::Standard.text(Path::new("/srv/projects"))).unwrap());
static MACHINE: LazyLock<MadeUp> = LazyLock::new(MadeUp::usual);

#[derive(Debug, Arbitrary)]
enum Asked {
    Exec { first: u8, rest: Vec<String>, path: String },
    Clone { url: String, branch: Option<String>, path: String },
    Files { which: u8, path: String },
    Service { name: String },
}

/// Commands begin with a program that there is: otherwise nearly all would end at the first word.
const PROGRAMS: [&str; 10] = ["git", "npm", "cargo", "python", "ls", "cat", "head", "echo", "seq", "uname"];

fn operation(asked: Asked) -> Operation {
    let place = |path| Place { root: "projects".to_owned(), path };
    match asked {
        Asked::Exec { first, rest, path } => {
            let first = PROGRAMS[usize::from(first) % PROGRAMS.len()].to_owned();
            let argv = std::iter::once(first).chain(rest).collect();
            Operation::Exec(Exec { argv, place: place(path), has_input: false, timeout_ms: None })
        }
        Asked::Clone { url, branch, path } => Operation::Git(Git::Clone { url, into: place(path), branch }),
        Asked::Files { which, path } => Operation::Files(match which % 4 {
            0 => Files::Get(place(path)),
            1 => Files::Put(place(path)),
            2 => Files::List(place(path)),
            _ => Files::Sync(place(path)),
        }),
        Asked::Service { name } => Operation::ServiceRestart(name),
    }
}

fn is_below(path: &str) -> bool {
    !path.starts_with('/') && path.split('/').all(|part| part != ".." && !part.eq_ignore_ascii_case(".git"))
}

fuzz_target!(|asked: Asked| {
    let verdict = POLICY.judge(&operation(asked), Who { id: "usr_a", roles: &[] }, &*MACHINE);
    assert!(!explain(&verdict).is_empty());
    if let Some(plan) = verdict.plan {
        assert!(plan.program.starts_with("/usr/bin") || plan.program == Path::new("/home/worker/.cargo/bin/cargo"));
        assert!(plan.argv.iter().all(|word| !word.contains(char::is_control)));
        assert!(plan.profile.confined && plan.profile.required && is_below(&plan.dir));
        let behind = plan.argv.iter().skip_while(|word| *word != "--").skip(1);
        assert!(behind.into_iter().all(|word| !word.starts_with('-') && !word.starts_with("../")));
    }
    if let Some(plan) = verdict.files {
        assert!(is_below(&plan.path));
    }
});
