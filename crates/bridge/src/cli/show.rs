//! `diwan bridge show`: whose machine this is.

use std::process::ExitCode;

use clap::Args;
use diwan_kernel::World;

use super::Failure;
use super::place::Place;
use crate::commands::OpenTerminal;
use crate::state::State;

/// Show whose machine this is
#[derive(Debug, Args)]
pub struct Show {
    #[command(flatten)]
    place: Place,
}

impl Show {
    pub(super) fn carry_out(&self) -> Result<ExitCode, Failure> {
        let params = self.place.params();
        let found = State::describe(&World::real(), &params.state_dir).map_err(|e| Failure::new(e, ""))?;
        let Some(joined) = found else {
            return Err(Failure::new(
                "this machine has not joined a control plane",
                "Paste the line that the dashboard shows under Machines → Add machine.",
            ));
        };
        println!("{} ({}) of {}", joined.name, joined.machine, joined.url);
        println!("state   {}", params.state_dir.display());
        println!("policy  {}", params.policy.display());
        let world = World::real();
        let open = State::open_terminals(&world, &params.state_dir).map_err(|e| Failure::new(e, ""))?;
        for terminal in &open {
            println!("{}", in_words(terminal, world.now().as_millis()));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// One line about a terminal that is open; what the control plane says in it cannot act on ours.
fn in_words(terminal: &OpenTerminal, now_ms: i64) -> String {
    let OpenTerminal { command, actor, name, root, path, .. } = terminal;
    let minutes = now_ms.saturating_sub(terminal.since_ms).max(0) / 60_000;
    let recorded = if terminal.is_recorded { ", recorded" } else { "" };
    let words = format!("open terminal  {command} of {name} ({actor}) in {root}:{path} for {minutes} min{recorded}");
    words.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_terminal_is_open_is_said_in_a_line() {
        let terminal = OpenTerminal {
            command: "cmd_1".into(),
            actor: "usr_1".into(),
            name: "Ami\u{1b}na".into(),
            since_ms: 0,
            root: "work".into(),
            path: "shop".into(),
            is_recorded: true,
        };
        let line = "open terminal  cmd_1 of Amina (usr_1) in work:shop for 2 min, recorded";
        assert_eq!(in_words(&terminal, 125_000), line);
    }
}
