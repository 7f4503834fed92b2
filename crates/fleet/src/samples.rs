//! How machines are doing: the last sample of each and the way there, in memory only. It is kept small: ten
//! thousand machines report twice a minute.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use diwan_kernel::world::Timestamp;
use diwan_protocol::facts::{Disk, Graphics, Process, Sample};
use diwan_protocol::{decode, encode};
use serde::Serialize;

use crate::facts::{bounded, clean};
use crate::machine::MachineId;

/// So far back the way goes.
const KEPT: Duration = Duration::from_secs(600);
/// What is kept of a machine at most: one that reports too often loses its oldest points.
const MOST_POINTS: usize = 360;
const MOST_PROCESSORS: usize = 1024;
const MOST_OTHERS: usize = 64;

/// How a machine was doing at one moment.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct MachineSample {
    /// When, by our clock.
    pub(crate) at: Timestamp,
    /// How long the machine runs.
    uptime_s: u64,
    /// Share of all processors in use, from 0 to 1.
    processor: f64,
    /// Share of each processor.
    processors: Vec<f64>,
    /// Load of 1, 5 and 15 minutes.
    load: Vec<f64>,
    /// Memory in use.
    memory_used_bytes: u64,
    /// Memory there is.
    memory_bytes: u64,
    /// Swap in use.
    swap_used_bytes: u64,
    /// Swap there is.
    swap_bytes: u64,
    /// File systems.
    disks: Vec<MachineDisk>,
    /// Bytes that come in a second.
    received_bytes_s: u64,
    /// Bytes that go in a second.
    sent_bytes_s: u64,
    /// What takes most.
    processes: Vec<MachineProcess>,
    /// Graphics processors.
    graphics: Vec<MachineGraphics>,
    /// How many commands run there.
    commands: u32,
}

/// A file system of a machine.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
struct MachineDisk {
    /// Where it is mounted.
    path: String,
    /// In use.
    used_bytes: u64,
    /// In all.
    bytes: u64,
}

/// A process of a machine.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
struct MachineProcess {
    /// Its number.
    pid: u32,
    /// Its name.
    name: String,
    /// Processors that it uses.
    processor: f64,
    /// Memory that it uses.
    memory_bytes: u64,
}

/// A graphics processor of a machine.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
struct MachineGraphics {
    /// What it is.
    name: String,
    /// Share in use, from 0 to 1.
    processor: f64,
    /// Memory in use.
    memory_used_bytes: u64,
    /// Memory there is.
    memory_bytes: u64,
    /// In degrees Celsius.
    temperature: Option<u32>,
}

/// A point of a graph.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, utoipa::ToSchema)]
pub(crate) struct SamplePoint {
    /// When.
    pub(crate) at: Timestamp,
    /// Share of all processors in use, from 0 to 1.
    processor: f32,
    /// Memory in use.
    memory_used_bytes: u64,
    /// Bytes that came in a second.
    received_bytes_s: u64,
    /// Bytes that went in a second.
    sent_bytes_s: u64,
}

/// What is kept of one machine.
#[derive(Debug, Default)]
struct Recent {
    /// The last sample as it came: that is its smallest form.
    last: Vec<u8>,
    commands: u32,
    points: VecDeque<SamplePoint>,
}

/// What is kept of all.
#[derive(Debug, Default)]
pub(crate) struct Samples(Mutex<HashMap<MachineId, Recent>>);

impl Samples {
    /// Keeps a sample.
    pub(crate) fn add(&self, machine: MachineId, sample: &Sample, now: Timestamp) {
        let mut all = self.lock();
        let recent = all.entry(machine).or_default();
        recent.last = encode(&Sample { at_ms: now.as_millis(), ..sample.clone() });
        recent.commands = sample.commands;
        recent.points.push_back(SamplePoint {
            at: now,
            processor: share(sample.processor) as f32,
            memory_used_bytes: bounded(sample.memory_used_bytes),
            received_bytes_s: bounded(sample.received_bytes_s),
            sent_bytes_s: bounded(sample.sent_bytes_s),
        });
        let oldest = now.minus(KEPT);
        while recent.points.len() > MOST_POINTS || recent.points.front().is_some_and(|point| point.at < oldest) {
            recent.points.pop_front();
        }
    }

    /// The last sample of a machine.
    pub(crate) fn last(&self, machine: MachineId) -> Option<MachineSample> {
        let bytes = self.lock().get(&machine).map(|recent| recent.last.clone())?;
        let sample = decode::<Sample>(&bytes).ok()??;
        let at = Timestamp::from_millis(sample.at_ms);
        Some(MachineSample::new(sample, at))
    }

    /// The newest point of a machine.
    pub(crate) fn pulse(&self, machine: MachineId) -> Option<SamplePoint> {
        self.lock().get(&machine).and_then(|recent| recent.points.back().copied())
    }

    /// How many commands run on a machine, as it last said.
    pub(crate) fn commands(&self, machine: MachineId) -> u32 {
        self.lock().get(&machine).map_or(0, |recent| recent.commands)
    }

    /// The last minutes of a machine, oldest first.
    pub(crate) fn points(&self, machine: MachineId) -> Vec<SamplePoint> {
        self.lock().get(&machine).map_or_else(Vec::new, |recent| recent.points.iter().copied().collect())
    }

    /// Forgets machines that have not reported for long, or are none of ours any more.
    pub(crate) fn forget_old(&self, now: Timestamp) {
        let oldest = now.minus(KEPT);
        self.lock().retain(|_, recent| recent.points.back().is_some_and(|point| point.at >= oldest));
    }

    /// Forgets a machine.
    pub(crate) fn forget(&self, machine: MachineId) {
        self.lock().remove(&machine);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<MachineId, Recent>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ten thousandths as a share.
fn share(ten_thousandths: u32) -> f64 {
    f64::from(ten_thousandths.min(10_000)) / 10_000.0
}

impl MachineSample {
    /// What a machine said, at a moment of ours; cut to a sane size.
    pub(crate) fn new(sample: Sample, at: Timestamp) -> Self {
        Self {
            at,
            uptime_s: bounded(sample.uptime_s),
            processor: share(sample.processor),
            processors: sample.processors.into_iter().take(MOST_PROCESSORS).map(share).collect(),
            load: sample.load.into_iter().take(3).map(|load| f64::from(load) / 100.0).collect(),
            memory_used_bytes: bounded(sample.memory_used_bytes),
            memory_bytes: bounded(sample.memory_bytes),
            swap_used_bytes: bounded(sample.swap_used_bytes),
            swap_bytes: bounded(sample.swap_bytes),
            disks: sample.disks.into_iter().take(MOST_OTHERS).map(MachineDisk::from).collect(),
            received_bytes_s: bounded(sample.received_bytes_s),
            sent_bytes_s: bounded(sample.sent_bytes_s),
            processes: sample.processes.into_iter().take(MOST_OTHERS).map(MachineProcess::from).collect(),
            graphics: sample.graphics.into_iter().take(MOST_OTHERS).map(MachineGraphics::from).collect(),
            commands: sample.commands,
        }
    }
}

impl From<Disk> for MachineDisk {
    fn from(disk: Disk) -> Self {
        Self { path: clean(&disk.path), used_bytes: bounded(disk.used_bytes), bytes: bounded(disk.bytes) }
    }
}

impl From<Process> for MachineProcess {
    fn from(process: Process) -> Self {
        let processor = f64::from(process.processor) / 10_000.0;
        Self { pid: process.pid, name: clean(&process.name), processor, memory_bytes: bounded(process.memory_bytes) }
    }
}

impl From<Graphics> for MachineGraphics {
    fn from(graphics: Graphics) -> Self {
        Self {
            name: clean(&graphics.name),
            processor: share(graphics.processor),
            memory_used_bytes: bounded(graphics.memory_used_bytes),
            memory_bytes: bounded(graphics.memory_bytes),
            temperature: graphics.temperature,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_is_as_long_as_said_and_the_last_is_the_newest() {
        let (samples, machine) = (Samples::default(), MachineId::from_bits(1));
        let begin = Timestamp::from_millis(1_800_000_000_000);
        for round in 0..2000u32 {
            let sample = Sample { processor: round, commands: 1, ..Sample::default() };
            samples.add(machine, &sample, begin.plus(Duration::from_secs(2) * round));
        }
        let points = samples.points(machine);
        let last = points.last().unwrap().at;
        assert!(points.len() == 301 && points[0].at >= last.minus(KEPT));
        assert_eq!((samples.last(machine).unwrap().at, samples.commands(machine)), (last, 1));
        for _ in 0..2000 {
            samples.add(machine, &Sample::default(), last);
        }
        assert_eq!(samples.points(machine).len(), MOST_POINTS, "a flood fills nothing");
        samples.forget_old(last.plus(KEPT * 2));
        assert!(samples.points(machine).is_empty() && samples.last(machine).is_none());
    }
}
