//! `diwan job stats`.

use clap::{Args, ValueEnum};
use diwan_client::{JobFigures, Query};

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::screen::moment;
use super::words::length;

/// Which time is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Window {
    /// The last hour
    #[value(name = "1h")]
    Hour,
    /// The last day
    #[value(name = "24h")]
    Day,
    /// The last week
    #[value(name = "7d")]
    Week,
    /// The last thirty days
    #[value(name = "30d")]
    Month,
}

impl Window {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "1h",
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
        }
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Stats {
    /// The last hour, day, week or month
    #[arg(long, value_enum, default_value_t = Window::Day)]
    window: Window,
    /// Only the jobs of this queue
    #[arg(short = 'Q', long, value_name = "QUEUE")]
    queue: Option<String>,
}

impl Stats {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let query = Query::new().with("window", Some(self.window.as_str())).with("queue", self.queue.as_ref());
        let reply = door.client()?.get_job_statistics(query).await?;
        if door.screen.is_json() {
            door.screen.json(reply.text())?;
            return Ok(Done::Well);
        }
        let statistics = reply.read()?;
        door.screen.facts(&totals(&statistics.totals))?;
        if !statistics.is_complete {
            eprintln!("There are more: only the newest jobs were counted.");
        }
        let busy: Vec<_> = statistics.buckets.iter().filter(|bucket| bucket.ended > 0).map(row).collect();
        if !busy.is_empty() {
            let headings = [
                "FROM (UTC)",
                "ENDED",
                "SUCCEEDED",
                "FAILED",
                "CANCELLED",
                "WAIT P50",
                "WAIT P95",
                "RUN P50",
                "RUN P95",
            ];
            door.screen.line("")?;
            door.screen.table(&headings, busy)?;
        }
        Ok(Done::Well)
    }
}

fn length_or_dash(ms: Option<u64>) -> String {
    ms.map_or_else(|| "–".to_owned(), length)
}

fn totals(all: &JobFigures) -> Vec<(&'static str, String)> {
    let share = all.failure_rate.map(|rate| format!(", {:.1} % of those that were not cancelled", rate * 100.0));
    let lengths = |p50, p95| format!("{} for half of them, {} for 95 %", length_or_dash(p50), length_or_dash(p95));
    vec![
        ("ended", all.ended.to_string()),
        ("succeeded", all.succeeded.to_string()),
        ("failed", format!("{}{}", all.failed, share.unwrap_or_default())),
        ("cancelled", all.cancelled.to_string()),
        ("waited at most", lengths(all.wait_p50_ms, all.wait_p95_ms)),
        ("ran at most", lengths(all.run_p50_ms, all.run_p95_ms)),
    ]
}

fn row(figures: &JobFigures) -> Vec<String> {
    vec![
        moment(&figures.at),
        figures.ended.to_string(),
        figures.succeeded.to_string(),
        figures.failed.to_string(),
        figures.cancelled.to_string(),
        length_or_dash(figures.wait_p50_ms),
        length_or_dash(figures.wait_p95_ms),
        length_or_dash(figures.run_p50_ms),
        length_or_dash(figures.run_p95_ms),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_told_where_there_is_one() {
        let none = totals(&JobFigures::default());
        assert_eq!(none[2], ("failed", "0".to_owned()));
        let some = JobFigures { succeeded: 3, failed: 1, failure_rate: Some(0.25), ..JobFigures::default() };
        assert_eq!(totals(&some)[2].1, "1, 25.0 % of those that were not cancelled");
    }
}
