//! `diwan bridge run`: the daemon in the foreground.

use std::process::ExitCode;

use clap::Args;
use diwan_kernel::World;

use super::Failure;
use super::place::Place;
use crate::process;

/// Run the bridge in the foreground until it is stopped
#[derive(Debug, Args)]
pub struct Run {
    #[command(flatten)]
    place: Place,
    /// Stop when standard input ends: for those who start a bridge as their child
    #[arg(long)]
    with_parent: bool,
}

impl Run {
    pub(super) fn carry_out(&self) -> Result<ExitCode, Failure> {
        diwan_heap::share_one();
        tracing_subscriber::fmt().with_target(false).with_ansi(false).with_writer(std::io::stderr).init();
        process::run(&World::real(), &self.place.params(), self.with_parent).map_err(|e| Failure::new(e, ""))?;
        Ok(ExitCode::SUCCESS)
    }
}
