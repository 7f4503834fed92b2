//! `diwan bridge show`: whose machine this is.

use std::process::ExitCode;

use clap::Args;
use diwan_kernel::World;

use super::Failure;
use super::place::Place;
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
        Ok(ExitCode::SUCCESS)
    }
}
