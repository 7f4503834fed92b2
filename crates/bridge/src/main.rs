//! The slim bridge: the daemon and what it takes to join, without the rest of Diwan.
#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::process::ExitCode;

use diwan_bridge::{JoinParams, RunParams, State};
use diwan_kernel::World;

const USAGE: &str = "\
usage:
  diwan-bridge join URL#FINGERPRINT --token TOKEN [--state DIR] [--force]
  diwan-bridge run [--state DIR] [--policy FILE]
  diwan-bridge show [--state DIR]
";

fn main() -> ExitCode {
    diwan_sandbox::launch_if_asked();
    tracing_subscriber::fmt().with_target(false).with_ansi(false).with_writer(std::io::stderr).init();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match obey(&arguments) {
        Ok(said) => {
            print!("{said}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("diwan-bridge: {why}");
            ExitCode::FAILURE
        }
    }
}

/// What was asked for, as it stands on the command line.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked {
    words: Vec<String>,
    token: Option<String>,
    state: Option<PathBuf>,
    policy: Option<PathBuf>,
    is_forced: bool,
}

fn obey(arguments: &[String]) -> Result<String, String> {
    let asked = read(arguments)?;
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let mut params = RunParams::usual(home.as_deref());
    params.state_dir = asked.state.unwrap_or(params.state_dir);
    params.policy = asked.policy.unwrap_or(params.policy);
    let world = World::real();
    let words: Vec<&str> = asked.words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["join", target] => {
            let token = asked.token.ok_or("--token is missing")?;
            let params = JoinParams { target, token: &token, state_dir: &params.state_dir, force: asked.is_forced };
            let joined = diwan_bridge::join_from_outside(&world, params).map_err(|e| e.to_string())?;
            Ok(format!("joined {} as {}\n", joined.url, joined.name))
        }
        ["run"] => diwan_bridge::run(&world, &params).map(|()| String::new()).map_err(|e| e.to_string()),
        ["show"] => match State::describe(&world, &params.state_dir).map_err(|e| e.to_string())? {
            Some(joined) => Ok(format!("{} ({}) of {}\n", joined.name, joined.machine, joined.url)),
            None => Err("this machine has not joined a control plane".to_owned()),
        },
        _ => Err(format!("that is not understood\n{USAGE}")),
    }
}

fn read(arguments: &[String]) -> Result<Asked, String> {
    let mut asked = Asked::default();
    let mut rest = arguments.iter();
    while let Some(word) = rest.next() {
        let mut value = || rest.next().cloned().ok_or(format!("{word} wants a value"));
        match word.as_str() {
            "--token" => asked.token = Some(value()?),
            "--state" => asked.state = Some(value()?.into()),
            "--policy" => asked.policy = Some(value()?.into()),
            "--force" => asked.is_forced = true,
            flag if flag.starts_with('-') => return Err(format!("{flag} is not known\n{USAGE}")),
            word => asked.words.push(word.to_owned()),
        }
    }
    Ok(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_are_read() {
        let line = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let asked = read(&line("join https://x#ab --token t --state /s --force")).unwrap();
        assert_eq!(asked.words, ["join", "https://x#ab"]);
        assert_eq!((asked.token.as_deref(), asked.state, asked.is_forced), (Some("t"), Some("/s".into()), true));
        for wrong in ["run --state", "run --stat x", "-h"] {
            assert!(read(&line(wrong)).is_err(), "{wrong}");
        }
        assert!(obey(&line("fly")).is_err());
    }
}
