//! The machine that this process runs on.

use async_trait::async_trait;
use diwan_kernel::World;
use diwan_policy::Plan;
use diwan_protocol::facts::Facts;

use super::{Machine, Ready, Sampler, facts, sample};
use crate::commands::{Given, Running};
use crate::execute::{self, Executor, Streams};

/// The machine that this process runs on.
#[derive(Debug)]
pub struct ThisMachine {
    executor: Executor,
}

impl ThisMachine {
    /// Finds out what it offers.
    pub fn look() -> Self {
        Self { executor: Executor::new() }
    }
}

impl Machine for ThisMachine {
    fn facts(&self) -> Facts {
        facts(self.executor.layers())
    }

    fn sampler(&self, world: &World) -> Box<dyn Sampler> {
        Box::new(sample::Sampler::new(world))
    }

    fn prepare(&self, plan: &Plan, streams: Streams, given: Given) -> Result<Box<dyn Ready>, String> {
        Ok(Box::new(self.executor.prepare(plan, streams, given)?))
    }
}

#[async_trait]
impl Ready for execute::Ready {
    async fn run(self: Box<Self>, running: Running) {
        let world = running.world().clone();
        let attend = move || {
            let sandbox = self.sandbox();
            let finished = (*self).run(running.parts(), running.entry());
            running.keep_what_it_left(sandbox.as_ref(), &finished);
            running.end(finished);
        };
        // What broke down is told as such by whoever finds it without an end.
        let _ = world.heavy(attend).await;
    }
}
