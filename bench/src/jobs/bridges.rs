//! One bridge, and several: jobs that do nothing until the processors are full, and jobs that wait for something,
//! which leave them free.

use anyhow::Result;
use serde_json::json;

use super::MOST_AT_ONCE;
use super::ours::{Ours, nothing};
use crate::machine::Machine;
use crate::product::Product;
use crate::report::{Goal, Report};

const BRIDGES: [usize; 4] = [1, 2, 4, 8];
const JOBS: usize = 100_000;
/// A job that waits takes so long (the usual policy has whole seconds only), a bridge has so many at once, and so many
/// for each bridge are worked off.
const WAITS: &str = "1";
const WAITING_AT_ONCE: u32 = 4;
const WAITING_JOBS: usize = 20;
/// Of all processors: fuller than this they are full.
const FULL: f64 = 0.9;

pub(super) async fn measure(report: &mut Report) -> Result<()> {
    let product = Product::start().await?;
    let (ours, mut machines) = (Ours(&product), vec![]);
    let waiting = json!({"operation": {"kind": "exec", "argv": ["sleep", WAITS], "root": "projects"}});
    let (mut first_nothing, mut first_waiting) = (None, None);
    for many in BRIDGES {
        while machines.len() < many {
            machines.push(Machine::join(&product, &format!("bench-{}", machines.len())).await?);
        }
        let bridges = if many == 1 { "1 bridge".to_owned() } else { format!("{many} bridges") };
        limit(ours, &machines, MOST_AT_ONCE).await?;
        let busy = Busy::begin()?;
        let ended = ours.work_off(&nothing(), JOBS).await?;
        scaled(report, &format!("waiting no-op jobs, {bridges}"), (ended, many), &mut first_nothing, busy.share()?);
        limit(ours, &machines, WAITING_AT_ONCE).await?;
        let busy = Busy::begin()?;
        let ended = ours.work_off(&waiting, WAITING_JOBS * many).await?;
        let name = format!("waiting jobs that sleep for {WAITS} s, {WAITING_AT_ONCE} at once, {bridges}");
        scaled(report, &name, (ended, many), &mut first_waiting, busy.share()?);
    }
    machines.into_iter().try_for_each(Machine::leave)?;
    product.stop()
}

async fn limit(ours: Ours<'_>, machines: &[Machine], at_once: u32) -> Result<()> {
    for machine in machines {
        ours.limit(machine, at_once).await?;
    }
    Ok(())
}

/// How many jobs a second, how full the processors were, and which part that is of what so many times one would be.
fn scaled(report: &mut Report, name: &str, (ended, many): (f64, usize), first: &mut Option<f64>, busy: f64) {
    report.note(name, &format!("{ended:.0}/s, processors {:.0} % busy", busy * 100.0));
    let one = *first.get_or_insert(ended);
    if many > 1 {
        let linear = ended / (one * many as f64);
        if busy < FULL {
            report.goal("  of linear", linear, "×", Goal::AtLeast(0.8));
        } else {
            report.note("  of linear", &format!("{linear:.2} ×, but the processors are full"));
        }
    }
}

/// How much of all processors is in use from a moment on, by whomever.
struct Busy {
    used: f64,
    all: f64,
}

impl Busy {
    fn begin() -> Result<Self> {
        let stat = std::fs::read_to_string("/proc/stat")?;
        let line = stat.lines().next().unwrap_or_default();
        let times: Vec<f64> = line.split_whitespace().skip(1).filter_map(|time| time.parse().ok()).collect();
        let idle: f64 = times.iter().skip(3).take(2).sum();
        // The last two are told as part of others.
        let all: f64 = times.iter().take(8).sum();
        Ok(Self { used: all - idle, all })
    }

    fn share(&self) -> Result<f64> {
        let now = Self::begin()?;
        Ok((now.used - self.used) / (now.all - self.all).max(1.0))
    }
}
