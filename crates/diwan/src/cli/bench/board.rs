//! What is measured while simulated machines are connected: how many are there, how fast they came back, how
//! long a report takes to whoever watches.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use diwan_bridge::Happened;
use serde_json::{Value, json};

/// A report that nobody has heard of after so many others is not going to be.
const MOST_AWAITED: usize = 100_000;
/// That many back is what one second looks like from a whole fleet.
const FIRST: usize = 1000;

/// Everything that is measured.
#[derive(Debug, Default)]
pub(super) struct Board {
    wanted: usize,
    connected: usize,
    reports: u64,
    /// Machines that somebody watches.
    watched: HashSet<String>,
    /// Reports of theirs that nobody has heard of yet.
    awaited: HashMap<(String, u64), Duration>,
    /// How long reports took to whoever watches.
    latencies: Vec<Duration>,
    breaks: Vec<Break>,
}

/// The machines were cut off, and came back.
#[derive(Debug)]
struct Break {
    began: Duration,
    left: usize,
    first: Option<Duration>,
    nearly_all: Option<Duration>,
}

impl Board {
    pub(super) fn new(wanted: usize) -> Self {
        Self { wanted, ..Self::default() }
    }

    /// Somebody watches these.
    pub(super) fn watches(&mut self, machines: impl IntoIterator<Item = String>) {
        self.watched.extend(machines);
    }

    /// Something happened to a machine.
    pub(super) fn happened(&mut self, machine: &str, happened: Happened, now: Duration) {
        match happened {
            Happened::Connected => {
                self.connected += 1;
                self.came_back(now);
            }
            Happened::Lost => {
                self.connected = self.connected.saturating_sub(1);
                self.went(now);
            }
            Happened::Reports(number) => {
                self.reports += 1;
                if self.watched.contains(machine) && self.awaited.len() < MOST_AWAITED {
                    self.awaited.insert((machine.to_owned(), number), now);
                }
            }
        }
    }

    /// Whoever watches has heard of a report.
    pub(super) fn heard(&mut self, machine: &str, number: u64, now: Duration) {
        if let Some(sent) = self.awaited.remove(&(machine.to_owned(), number)) {
            self.latencies.push(now.saturating_sub(sent));
        }
    }

    /// A tenth is gone: that is not one machine that lost its network.
    fn went(&mut self, now: Duration) {
        let is_over = self.breaks.last().is_none_or(|last| last.nearly_all.is_some());
        if is_over && self.connected < self.wanted - self.wanted / 10 {
            self.breaks.push(Break { began: now, left: self.connected, first: None, nearly_all: None });
        }
        if let Some(last) = self.breaks.last_mut().filter(|last| last.nearly_all.is_none()) {
            last.left = last.left.min(self.connected);
        }
    }

    fn came_back(&mut self, now: Duration) {
        let (connected, wanted) = (self.connected, self.wanted);
        let Some(last) = self.breaks.last_mut().filter(|last| last.nearly_all.is_none()) else { return };
        let took = now.saturating_sub(last.began);
        if connected - last.left >= FIRST.min(wanted - last.left) {
            last.first.get_or_insert(took);
        }
        if connected * 100 >= wanted * 99 {
            last.nearly_all = Some(took);
        }
    }

    /// What is forgotten when everything has settled: from here on it is measured.
    pub(super) fn begin(&mut self) {
        self.reports = 0;
        self.latencies.clear();
        self.awaited.clear();
        self.breaks.clear();
    }

    /// Whether all are connected.
    pub(super) const fn is_complete(&self) -> bool {
        self.connected >= self.wanted
    }

    /// In one line, how it is now.
    pub(super) fn line(&self) -> String {
        format!("{} of {} connected, {} reports", self.connected, self.wanted, self.reports)
    }

    /// Everything, for programs.
    pub(super) fn result(&self, over: Duration) -> Value {
        let ms = |time: Duration| (time.as_secs_f64() * 1_000_000.0).round() / 1000.0;
        let breaks = self.breaks.iter().map(|b| {
            json!({"connected_at_worst": b.left, "first_1000_back_ms": b.first.map(ms), "back_99_percent_ms": b.nearly_all.map(ms)})
        });
        json!({
            "machines": self.wanted,
            "connected": self.connected,
            "seconds": over.as_secs(),
            "reports_per_second": self.reports as f64 / over.as_secs_f64().max(0.001),
            "live": {
                "heard": self.latencies.len(),
                "not_heard": self.awaited.len(),
                "p50_ms": ms(self.percentile(50)),
                "p99_ms": ms(self.percentile(99)),
            },
            "breaks": breaks.collect::<Vec<_>>(),
        })
    }

    fn percentile(&self, part: usize) -> Duration {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        sorted.get((sorted.len() * part / 100).min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_break_is_measured_from_its_beginning_until_nearly_all_are_back() {
        let (mut board, start) = (Board::new(2000), Duration::ZERO);
        let at = |ms| start + Duration::from_millis(ms);
        (0..2000).for_each(|_| board.happened("m", Happened::Connected, at(0)));
        (0..2000).for_each(|_| board.happened("m", Happened::Lost, at(100)));
        (0..1000).for_each(|_| board.happened("m", Happened::Connected, at(1100)));
        (0..1000).for_each(|_| board.happened("m", Happened::Connected, at(5100)));
        let breaks = &board.result(Duration::from_secs(1))["breaks"];
        assert_eq!(breaks.as_array().unwrap().len(), 1);
        assert_eq!(breaks[0]["connected_at_worst"], 0);
        assert_eq!(
            (&breaks[0]["first_1000_back_ms"], &breaks[0]["back_99_percent_ms"]),
            (&json!(1000.0), &json!(5000.0))
        );
    }

    #[test]
    fn a_report_takes_as_long_as_until_somebody_heard_of_it() {
        let (mut board, start) = (Board::new(1), Duration::ZERO);
        board.watches(["a".to_owned()]);
        board.happened("a", Happened::Reports(1), start);
        board.happened("b", Happened::Reports(1), start);
        board.heard("a", 1, start + Duration::from_millis(7));
        board.heard("a", 1, start + Duration::from_millis(9));
        let live = &board.result(Duration::from_secs(1))["live"];
        assert_eq!((&live["heard"], &live["not_heard"], &live["p99_ms"]), (&json!(1), &json!(0), &json!(7.0)));
    }
}
