//! Light work of other capabilities: carried to a machine in batches, as far as it pulls them.

use diwan_kernel::Timestamp;
use diwan_link::{Priority, Receiving, Sending};
use diwan_protocol::light::{Batch, Done, FromWorker, ToWorker};
use diwan_protocol::{Opening, decode, encode};

use crate::fleet::Fleet;
use crate::machine::MachineId;

/// No batch is larger.
pub const LARGEST_BATCH: usize = diwan_protocol::light::LARGEST_BATCH;

/// Brings batches to a machine.
#[derive(Debug)]
pub struct LightSender(Sending);

/// Hears of batches.
#[derive(Debug)]
pub struct LightReceiver(Receiving);

/// What a machine says of light work.
#[derive(Debug)]
pub enum LightNews {
    /// It takes so many more.
    Pull(u32),
    /// A batch is done.
    Done {
        /// Which.
        number: u64,
        /// When the machine began with it, by its clock.
        began_at: Timestamp,
        /// When it was done.
        ended_at: Timestamp,
        /// What was done.
        jobs: Vec<u128>,
    },
}

impl Fleet {
    /// Begins to bring light work to a machine; `None` when it is not there.
    pub fn open_light(&self, machine: MachineId) -> Option<(LightSender, LightReceiver)> {
        let connected = self.connections().find(machine)?;
        let stream = connected.link.open(Priority::Interactive, encode(&Opening::Light).into()).ok()?;
        let (sending, receiving) = stream.split();
        Some((LightSender(sending), LightReceiver(receiving)))
    }
}

impl LightSender {
    /// Brings a batch. False when the machine is gone.
    pub async fn send(&mut self, number: u64, jobs: impl Iterator<Item = u128>) -> bool {
        let jobs: Vec<u8> = jobs.flat_map(u128::to_be_bytes).collect();
        let batch = ToWorker::Batch(Batch { number, jobs: jobs.into() });
        self.0.send(encode(&batch).into()).await.is_ok()
    }
}

impl LightReceiver {
    /// What the machine says next; `None` when it is gone, or says what makes no sense.
    pub async fn next(&mut self) -> Option<LightNews> {
        loop {
            let message = self.0.receive().await.ok()??;
            // A kind that a later version brought is passed over.
            let Some(news) = decode::<FromWorker>(&message).ok()? else { continue };
            return match news {
                FromWorker::Pull(count) => Some(LightNews::Pull(count)),
                FromWorker::Done(done) => read(&done),
            };
        }
    }
}

fn read(done: &Done) -> Option<LightNews> {
    Some(LightNews::Done {
        number: done.number,
        began_at: Timestamp::from_millis(done.began_ms),
        ended_at: Timestamp::from_millis(done.ended_ms),
        jobs: done.ids()?.into_iter().map(|id| u128::from_be_bytes(*id)).collect(),
    })
}
