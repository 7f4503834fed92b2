//! `diwan bench`: how much a control plane bears.

mod board;
mod fleet;
mod live;

use clap::Subcommand;

use super::door::Door;
use super::failure::{Done, Failure};

/// Measure how much a control plane bears
#[derive(Debug, Subcommand)]
#[command(after_help = fleet::AFTER_HELP)]
pub(super) enum Bench {
    /// Let machines join that are not there, and measure while they report
    Fleet(fleet::Fleet),
}

impl Bench {
    pub(super) async fn run(self, door: &Door<'_>) -> Result<Done, Failure> {
        match self {
            Self::Fleet(fleet) => fleet.run(door).await,
        }
    }
}
