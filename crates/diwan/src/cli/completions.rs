//! `diwan completions`: what a shell needs to complete commands.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Cli;
use super::door::Door;
use super::failure::{Done, Failure};

const AFTER_HELP: &str = "\
Examples:
  diwan completions bash > ~/.local/share/bash-completion/completions/diwan
  diwan completions zsh > \"${fpath[1]}/_diwan\"
  diwan completions fish > ~/.config/fish/completions/diwan.fish";

/// Print completions for a shell
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Completions {
    /// Which shell
    shell: Shell,
}

impl Completions {
    pub(super) fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let mut script = vec![];
        clap_complete::generate(self.shell, &mut Cli::command(), "diwan", &mut script);
        door.screen.line(&String::from_utf8_lossy(&script))?;
        Ok(Done::Well)
    }
}
