//! `diwan bridge`: this machine's end of the fleet. The slim program `diwan-bridge` is the same.

use clap::Parser;
pub(super) use diwan_bridge::cli::Bridge;

/// This program under the name of the slim one, as it is handed out to machines where that was not built.
#[derive(Debug, Parser)]
#[command(name = NAME, version, max_term_width = 110)]
#[command(subcommand_required = true, arg_required_else_help = true)]
struct Slim {
    #[command(subcommand)]
    bridge: Bridge,
}

const NAME: &str = "diwan-bridge";

/// What was asked for, when the program was called by the name of the slim one.
pub(super) fn by_its_own_name() -> Option<Bridge> {
    let called = std::env::args_os().next()?;
    (std::path::Path::new(&called).file_name()? == NAME).then(|| Slim::parse().bridge)
}
