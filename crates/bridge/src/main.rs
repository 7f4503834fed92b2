//! The slim bridge: the daemon and what it takes to join, without the rest of Diwan.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use diwan_bridge::cli::Bridge;
use diwan_heap::Wiping;

/// Secrets of commands pass through many hands here.
#[global_allocator]
static MEMORY: Wiping = Wiping;

/// The bridge of Diwan: what makes this machine one of yours
#[derive(Debug, Parser)]
#[command(name = "diwan-bridge", version, about, max_term_width = 110)]
#[command(subcommand_required = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    bridge: Bridge,
}

fn main() -> ExitCode {
    diwan_bridge::launch_if_asked();
    Cli::parse().bridge.carry_out()
}
