//! Jobs and power cuts: a real control plane and a real bridge are watched while jobs are wanted, carried out and
//! told of. Then, for moments drawn by lot, what a power cut would have left on their disks is laid out and looked at:
//! everything that was synced, and of the rest nothing, any beginning or any part. On a few of them the programs are
//! started again, and come to the end of every job; on one of them what ended while the control plane was away.
//!
//! `POWER_CUT_IMAGES=20000` asks for more than the few of the suite, `POWER_CUT_STARTS` on how many of them the
//! programs are started, and `POWER_CUT_SEED` by which lot they are drawn. Start at [`cut_the_power`].

mod away;
mod calls;
mod disk;
mod journal;
mod look;
mod record;
mod start;
mod watch;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;

use futures::FutureExt;

use self::disk::{Cut, Image, Loss};
use self::look::Left;
use self::record::Record;
use super::{Stage, Story};
use crate::fleet_faults::dice::Dice;
use crate::fleet_faults::setting;
use crate::program::memory_dir;

const USUAL_IMAGES: u64 = 200;
const USUAL_STARTS: u64 = 1;
const USUAL_SEED: u64 = 1;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_power_cut_loses_no_acknowledged_job_and_doubles_no_effect() {
    cut_the_power(Story::TakesTheKey).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_power_cut_no_step_is_called_again_that_may_not_be() {
    cut_the_power(Story::AtMostOnce).await;
}

async fn cut_the_power(story: Story) {
    let (images, starts) = (setting("POWER_CUT_IMAGES", USUAL_IMAGES), setting("POWER_CUT_STARTS", USUAL_STARTS));
    let seed = setting("POWER_CUT_SEED", USUAL_SEED);
    let mut stage = Stage::set(story, &["watched"], Dice::new(seed)).await;
    let watched = watch::watch(&mut stage).await;
    let mut lot = Dice::new(seed);
    let mut counts = BTreeMap::<&str, usize>::new();
    let dir = memory_dir();
    for number in 0..images {
        let outage = Outage::draw(&watched.record, &mut lot);
        let looked = AssertUnwindSafe(|| look::look(&outage.left(), &watched, dir.path()));
        if std::panic::catch_unwind(looked).is_err() {
            panic!("{story:?}: POWER_CUT_SEED={seed}, image {number}, {}", outage.keep());
        }
        *counts.entry(outage.who).or_default() += 1;
        *counts.entry("writes not synced").or_default() += outage.unsynced;
    }
    for number in 0..starts {
        let outage = Outage::draw(&watched.record, &mut lot);
        let started = AssertUnwindSafe(async {
            start::start_again(&mut stage, &watched, &outage).await;
            start::look_and_stop(&mut stage, &watched, &outage).await;
        });
        if started.catch_unwind().await.is_err() {
            panic!("{story:?}: POWER_CUT_SEED={seed}, start {number}, {}", outage.keep());
        }
    }
    away::what_ended_alone_is_told(&mut stage, &watched).await;
    println!("{story:?}: {images} images with the seed {seed}: {counts:?}");
    println!("{story:?}: programs were started on {starts} of them: {:?}", stage.counts);
}

/// A power cut and what it left: of the control plane, of its bridge, and of what the steps wrote.
struct Outage {
    line: usize,
    who: &'static str,
    how: String,
    /// How many writes it could lose.
    unsynced: usize,
    images: Vec<Image>,
}

impl Outage {
    fn draw(record: &Record, lot: &mut Dice) -> Self {
        // Right after something began.
        let line = record.lines[lot.below(record.lines.len())] + 1;
        let losses = [Loss::All, Loss::Tail, Loss::Tail, Loss::Scattered, Loss::Scattered];
        let loss = losses[lot.below(losses.len())];
        let (who, losses) = match lot.below(4) {
            0 => ("server has no power", [loss, Loss::None]),
            1 => ("bridge has no power", [Loss::None, loss]),
            _ => ("nobody has power", [loss; 2]),
        };
        Self::of(record, line, (who, losses), lot)
    }

    /// One that takes all that it may take from everybody.
    fn total(record: &Record, line: usize) -> Self {
        Self::of(record, line, ("nobody has power", [Loss::All; 2]), &mut Dice::new(0))
    }

    fn of(record: &Record, line: usize, (who, losses): (&'static str, [Loss; 2]), lot: &mut Dice) -> Self {
        let [server, bridge] = losses;
        let unsynced = record.disk.unsynced(line);
        let edge = if unsynced.is_empty() { line } else { unsynced[lot.below(unsynced.len())] };
        let cut = |loss: Loss| Cut { line, loss, edge, dice: Dice::new(lot.next()) };
        let mut cuts = [server, bridge, bridge].map(cut);
        let images = record.roots.iter().zip(&mut cuts).map(|((_, root), cut)| record.disk.image(*root, cut)).collect();
        Self { line, who, how: format!("{losses:?} at {line}"), unsynced: unsynced.len(), images }
    }

    fn left(&self) -> Left<'_> {
        Left { line: self.line, server: &self.images[0], bridge: &self.images[1] }
    }

    /// Keeps it for whoever looks into it; says what it is and where.
    fn keep(&self) -> String {
        let dir = tempfile::tempdir().expect("a directory").keep();
        for (image, name) in self.images.iter().zip(["server", "bridge", "steps"]) {
            let path: PathBuf = dir.join(name);
            std::fs::create_dir(&path).expect("a directory");
            start::lay_out(image, &path);
        }
        format!("{} ({}): kept in {}", self.who, self.how, dir.display())
    }
}
