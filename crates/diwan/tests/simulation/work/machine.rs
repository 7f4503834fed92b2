//! The machine under a simulated bridge: its programs take the time of turmoil and write down what they do.

use std::time::Duration;

use async_trait::async_trait;
use diwan_bridge::{Channel, Finished, Given, Machine, Plan, Ready, Running, Sampler, Streams};
use diwan_kernel::World;
use diwan_protocol::facts::{Facts, Sample};
use diwan_protocol::run::{Outcome, Usage};
use tokio::time::{sleep, timeout};

use super::ledger::Ledger;
use super::step::{Act, Step};

/// What a process is given to stop by itself.
const GRACE: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(crate) struct SimMachine {
    pub(crate) number: usize,
    pub(crate) ledger: Ledger,
}

/// A program that only has to be started.
struct Program {
    number: usize,
    step: usize,
    wall_time: Duration,
    ledger: Ledger,
}

struct Still(World);

impl Machine for SimMachine {
    fn facts(&self) -> Facts {
        Facts {
            hostname: format!("machine-{}", self.number),
            system: "linux".to_owned(),
            architecture: "x86_64".to_owned(),
            release: "Simulated".to_owned(),
            kernel: "0".to_owned(),
            processors: 4,
            processor: "Simulated processor".to_owned(),
            memory_bytes: 1 << 30,
            version: "0".to_owned(),
            layers: vec![],
            graphics: vec![],
        }
    }

    fn sampler(&self, world: &World) -> Box<dyn Sampler> {
        Box::new(Still(world.clone()))
    }

    fn prepare(&self, plan: &Plan, _: Streams, _: Given) -> Result<Box<dyn Ready>, String> {
        let step = plan.argv.get(1).and_then(|word| word.strip_prefix('s')?.parse().ok());
        Ok(Box::new(Program {
            number: self.number,
            step: step.ok_or("it names no step")?,
            wall_time: Duration::from_millis(plan.wall_time_ms),
            ledger: self.ledger.clone(),
        }))
    }
}

impl Sampler for Still {
    fn take(&mut self, commands: usize) -> Sample {
        Sample {
            at_ms: self.0.now().as_millis(),
            uptime_s: 1,
            processor: 0,
            processors: vec![],
            load: vec![],
            memory_used_bytes: 1,
            memory_bytes: 1 << 30,
            swap_used_bytes: 0,
            swap_bytes: 0,
            disks: vec![],
            received_bytes_s: 0,
            sent_bytes_s: 0,
            processes: vec![],
            graphics: vec![],
            commands: u32::try_from(commands).unwrap_or_default(),
        }
    }
}

/// What a program says at a place: everybody can say what it should have been.
pub(crate) fn words(command: &str, channel: usize, from: usize, length: usize) -> Vec<u8> {
    let seed = command.bytes().fold(channel as u64 + 1, |all, byte| all.wrapping_mul(31).wrapping_add(byte.into()));
    let letter = |at: usize| b'a' + ((seed ^ (at as u64)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as u8 % 26;
    (from..from + length).map(letter).collect()
}

#[async_trait]
impl Ready for Program {
    async fn run(self: Box<Self>, running: Running) {
        let mut life = Life::begin(&self, &running);
        let (outcome, lengths) = life.live(&running, self.wall_time).await;
        life.has_ended = true;
        self.ledger.ends(running.id(), &format!("{outcome:?}"));
        running.end(Finished { outcome, lengths, usage: Usage::default() });
    }
}

/// A program that runs. When it is let go of before its end, its bridge has died.
struct Life {
    ledger: Ledger,
    command: String,
    step: Step,
    status: i32,
    world: World,
    began: Duration,
    has_ended: bool,
}

impl Life {
    fn begin(program: &Program, running: &Running) -> Self {
        let (ledger, world) = (program.ledger.clone(), running.world().clone());
        let status = ledger.begins(running.id(), program.step, program.number);
        let (command, step, began) = (running.id().to_owned(), ledger.step(program.step).clone(), world.monotonic());
        Self { ledger, command, step, status, world, began, has_ended: false }
    }

    async fn live(&mut self, running: &Running, wall_time: Duration) -> (Outcome, [u64; 2]) {
        let mut said = running.says();
        // When it is over, and why; whether it was asked to stop by then.
        let (mut end, mut why, mut is_stopping) = (self.began + self.step.takes, Outcome::Exited(self.status), false);
        let deadline = self.began + wall_time;
        let mut course = self.step.course.clone().into_iter().peekable();
        loop {
            let next = course.peek().map_or(end, |(after, _)| (self.began + *after).min(end));
            let until = if is_stopping { next } else { next.min(deadline) };
            let wait = until.saturating_sub(self.world.monotonic());
            let asked = match is_stopping {
                true => {
                    sleep(wait).await;
                    None
                }
                false => match timeout(wait, running.cancelled()).await {
                    Ok(()) => Some(Outcome::Cancelled),
                    Err(_) => (self.world.monotonic() >= deadline && deadline < end).then_some(Outcome::TimedOut),
                },
            };
            let now = self.world.monotonic();
            if let Some(asked) = asked {
                (is_stopping, why, end) = (true, asked, end.min(now + self.step.deaf.min(GRACE)));
                continue;
            }
            while let Some((_, act)) = course.next_if(|(after, _)| self.began + *after <= now.min(end)) {
                match act {
                    Act::Effect => self.ledger.effect(&self.command, now),
                    Act::Say(channel, length) => {
                        let from = said.lengths()[channel] as usize;
                        let words = words(&self.command, channel, from, length);
                        said.say(Channel::BOTH[channel], &words).expect("there is room");
                        self.ledger.said(&self.command, channel, length);
                    }
                }
            }
            if now >= end {
                return (why, said.lengths());
            }
        }
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        if !self.has_ended {
            self.ledger.dies(&self.command, self.began);
        }
    }
}
