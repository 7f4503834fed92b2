//! What this machine is, and how it is doing.

mod facts;
mod graphics;
mod processes;
mod sample;
mod this;

use async_trait::async_trait;
use diwan_kernel::World;
use diwan_policy::Plan;
use diwan_protocol::facts::{Facts, Sample};

use crate::commands::{Given, Running};
use crate::execute::Streams;

pub(crate) use facts::facts;
pub use this::ThisMachine;

/// The machine under a bridge: a door, as those of the [`World`] are. [`ThisMachine`] is the real one; where a whole
/// bridge runs in a simulation, what it is asked to do is simulated too.
pub trait Machine: std::fmt::Debug + Send + Sync {
    /// What it is.
    fn facts(&self) -> Facts;

    /// Who tells how it is doing.
    fn sampler(&self, world: &World) -> Box<dyn Sampler>;

    /// Makes everything ready that a plan needs, with the variables that it is given.
    ///
    /// # Errors
    /// Why it cannot be started.
    fn prepare(&self, plan: &Plan, streams: Streams, given: Given) -> Result<Box<dyn Ready>, String>;
}

/// Tells how a machine is doing, and remembers what it counted before.
pub trait Sampler: Send {
    /// How it is now, where so many commands run. It may read many small files: not for the event loop.
    fn take(&mut self, commands: usize) -> Sample;
}

/// Something that only has to be started.
#[async_trait]
pub trait Ready: Send {
    /// Runs it to its end, and says how it ended.
    async fn run(self: Box<Self>, running: Running);
}

/// The text of a file of the kernel; empty where there is none.
fn text(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}
