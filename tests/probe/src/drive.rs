//! A bridge in small: runs one program in a sandbox and writes down what became of it.

use std::fs::write;
use std::path::PathBuf;

use diwan_sandbox::{Mode, Network, Profile, Sandbox, User};

use crate::Done;

/// What is asked for on the command line.
struct Order {
    mode: Mode,
    profile: Profile,
    /// Where the end is written down.
    outcome: Option<PathBuf>,
    /// Where the layers are written down.
    layers: Option<PathBuf>,
}

/// Runs it. The streams are those of this process.
pub(crate) fn run(arguments: &[String]) -> Done<String> {
    let order = read(arguments)?;
    let ended = in_sandbox(&order);
    let said = match &ended {
        Ok(outcome) => format!("{outcome:?}"),
        Err(error) => format!("refused: {error}"),
    };
    if let Some(path) = &order.outcome {
        write(path, said)?;
    }
    ended.map(|_| String::new())
}

fn in_sandbox(order: &Order) -> Done<diwan_sandbox::Outcome> {
    let sandbox = Sandbox::new(order.mode)?;
    if let Some(path) = &order.layers {
        let lines: Vec<_> =
            sandbox.layers().iter().map(|(name, active, note)| format!("{name}: {active} {note}\n")).collect();
        write(path, lines.concat())?;
    }
    let prepared = sandbox.prepare(&order.profile)?;
    let status = prepared.command().status()?;
    Ok(prepared.finish(status)?)
}

fn read(arguments: &[String]) -> Done<Order> {
    let mut words = arguments.iter();
    let mut order = Order { mode: Mode::Required, profile: Profile::new("", "/"), outcome: None, layers: None };
    let profile = &mut order.profile;
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} of what?"));
        match word.as_str() {
            "--best-effort" => order.mode = Mode::BestEffort,
            "--outcome" => order.outcome = Some(value()?.into()),
            "--layers" => order.layers = Some(value()?.into()),
            "--directory" => profile.directory = value()?.into(),
            "--readable" => profile.readable.push(value()?.into()),
            "--writable" => profile.writable.push(value()?.into()),
            "--user" => {
                profile.user = Some(User { uid: value()?.parse()?, gid: words.next().ok_or("group?")?.parse()? })
            }
            "--network" => profile.network = Network::Host,
            "--terminal" => profile.terminal = true,
            "--env" => {
                let (name, value) = value()?.split_once('=').ok_or("NAME=VALUE")?;
                profile.environment.push((name.into(), value.into()));
            }
            "--given" => {
                let (name, text) = value()?.split_once('=').ok_or("NAME=TEXT")?;
                profile.given.push((name.into(), text.into()));
            }
            "--cpu" => profile.limits.cpu_seconds = Some(value()?.parse()?),
            "--memory" => profile.limits.memory_bytes = Some(value()?.parse()?),
            "--processes" => profile.limits.processes = Some(value()?.parse()?),
            "--file" => profile.limits.file_bytes = Some(value()?.parse()?),
            "--scratch" => profile.limits.scratch_bytes = value()?.parse()?,
            "--" => break,
            other => return Err(format!("{other}?").into()),
        }
    }
    profile.program = words.next().ok_or("which program?")?.into();
    profile.arguments = words.map(Into::into).collect();
    Ok(order)
}
