//! How jobs fared: counts, waits and runs over a window of time.

use std::ops::ControlFlow;
use std::time::Duration;

use diwan_kernel::db::{Cell, RowRef};
use diwan_kernel::{DbError, Timestamp, params};
use serde::Serialize;

use crate::jobs::Jobs;

/// More jobs are not looked at for one answer: the newest count.
const MOST: i64 = 500_000;

/// How jobs fared.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct JobStatistics {
    /// From when on.
    pub(crate) from: Timestamp,
    /// How long each bucket is.
    pub(crate) bucket_s: u64,
    /// The buckets, the oldest first.
    pub(crate) buckets: Vec<JobStatisticsBucket>,
    /// All of them together.
    pub(crate) totals: JobStatisticsBucket,
    /// Whether all jobs of the window were looked at, or only the newest of them.
    pub(crate) is_complete: bool,
}

/// How the jobs that ended within some time fared.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct JobStatisticsBucket {
    /// When it begins.
    at: Timestamp,
    /// How many ended.
    ended: u64,
    /// How many of them succeeded.
    succeeded: u64,
    /// How many failed, timed out or expired.
    failed: u64,
    /// How many were cancelled.
    cancelled: u64,
    /// Failed out of failed and succeeded, from 0 to 1; null when there are none.
    failure_rate: Option<f64>,
    /// How long half of them waited at the most, from being ready to the beginning of the last try.
    wait_p50_ms: Option<u64>,
    /// How long 95 of 100 waited at the most.
    wait_p95_ms: Option<u64>,
    /// How long half of them ran at the most, in the last try.
    run_p50_ms: Option<u64>,
    /// How long 95 of 100 ran at the most.
    run_p95_ms: Option<u64>,
}

/// Durations by size: each step is an eighth of its power of two, so that what is read from it is at most that wrong.
#[derive(Debug, Clone, Default)]
struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Histogram {
    fn add(&mut self, ms: u64) {
        let at = Self::step_of(ms);
        if self.counts.len() <= at {
            self.counts.resize(at + 1, 0);
        }
        self.counts[at] += 1;
        self.total += 1;
    }

    fn step_of(ms: u64) -> usize {
        if ms < 8 {
            return usize::try_from(ms).unwrap_or(0);
        }
        let power = 63 - ms.leading_zeros();
        let eighth = (ms >> (power - 3)) & 7;
        usize::try_from(u64::from(power - 2) * 8 + eighth).unwrap_or(usize::MAX)
    }

    /// The largest that belongs to a step.
    fn end_of(step: usize) -> u64 {
        let step = u64::try_from(step).unwrap_or(u64::MAX);
        if step < 8 {
            return step;
        }
        let (power, eighth) = (step / 8 + 2, step % 8);
        ((8 + eighth + 1) << (power - 3)) - 1
    }

    /// So much of 100 is at most as long.
    fn percentile(&self, share: u64) -> Option<u64> {
        let wanted = (self.total * share).div_ceil(100).max(1);
        let mut seen = 0;
        let found = self.counts.iter().position(|count| {
            seen += count;
            seen >= wanted
        });
        found.filter(|_| self.total > 0).map(Self::end_of)
    }
}

#[derive(Debug, Clone, Default)]
struct Bucket {
    succeeded: u64,
    failed: u64,
    cancelled: u64,
    waits: Histogram,
    runs: Histogram,
}

impl Bucket {
    fn add(&mut self, row: &Ended) {
        match row.state.as_str() {
            "succeeded" => self.succeeded += 1,
            "cancelled" => self.cancelled += 1,
            _ => self.failed += 1,
        }
        if let Some(started) = row.started_at {
            self.waits.add(between(row.ready_at, started));
            self.runs.add(between(started, row.ended_at));
        }
    }

    fn told(&self, at: Timestamp) -> JobStatisticsBucket {
        let judged = self.succeeded + self.failed;
        JobStatisticsBucket {
            at,
            ended: judged + self.cancelled,
            succeeded: self.succeeded,
            failed: self.failed,
            cancelled: self.cancelled,
            failure_rate: (judged > 0).then(|| self.failed as f64 / judged as f64),
            wait_p50_ms: self.waits.percentile(50),
            wait_p95_ms: self.waits.percentile(95),
            run_p50_ms: self.runs.percentile(50),
            run_p95_ms: self.runs.percentile(95),
        }
    }
}

fn between(from: i64, to: i64) -> u64 {
    u64::try_from(to.saturating_sub(from)).unwrap_or(0)
}

struct Ended {
    state: String,
    ready_at: i64,
    started_at: Option<i64>,
    ended_at: i64,
}

impl Ended {
    fn read(row: &RowRef<'_>) -> Option<Self> {
        let number = |at| match row.cell(at) {
            Cell::Int(number) => Some(number),
            _ => None,
        };
        let Cell::Text(state) = row.cell(0) else { return None };
        Some(Self { state: state.to_string(), ready_at: number(1)?, started_at: number(2), ended_at: number(3)? })
    }
}

impl Jobs {
    /// How the jobs fared that ended within this time until now.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn statistics(
        &self,
        window: Duration,
        count: u32,
        queue: Option<String>,
    ) -> Result<JobStatistics, DbError> {
        let bucket_ms = i64::try_from(window.as_millis()).unwrap_or(i64::MAX) / i64::from(count.max(1));
        let bucket_ms = bucket_ms.max(1000);
        let now = self.world().now().as_millis();
        let end = (now / bucket_ms + 1) * bucket_ms;
        let from = end - bucket_ms * i64::from(count);
        let sql = "SELECT state, ready_at, started_at, ended_at FROM job
             WHERE ended_at IS NOT NULL AND ended_at >= $1 AND ($2 = '' OR queue = $2) ORDER BY ended_at DESC LIMIT $3";
        let buckets = vec![Bucket::default(); usize::try_from(count).unwrap_or(1)];
        let state = (buckets, Bucket::default(), 0i64);
        let look = move |(buckets, totals, seen): &mut (Vec<Bucket>, Bucket, i64), row: &RowRef<'_>| {
            *seen += 1;
            if let Some(ended) = Ended::read(row) {
                let at = usize::try_from((ended.ended_at - from) / bucket_ms).ok();
                at.and_then(|at| buckets.get_mut(at)).into_iter().for_each(|bucket| bucket.add(&ended));
                totals.add(&ended);
            }
            ControlFlow::Continue(())
        };
        let values = params![from, queue.unwrap_or_default(), MOST];
        let (buckets, totals, seen) = self.db().scan(sql, values, state, look).await?;
        let at = |number: usize| Timestamp::from_millis(from + bucket_ms * i64::try_from(number).unwrap_or(0));
        Ok(JobStatistics {
            from: at(0),
            bucket_s: u64::try_from(bucket_ms / 1000).unwrap_or(1),
            buckets: buckets.iter().enumerate().map(|(number, bucket)| bucket.told(at(number))).collect(),
            totals: totals.told(at(0)),
            is_complete: seen < MOST,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Histogram;

    proptest! {
        /// What is read is the exact percentile, or at most an eighth more.
        #[test]
        fn percentiles_are_near_the_truth(mut all in prop::collection::vec(0u64..100_000_000, 1..300), share in 1u64..=100) {
            let mut histogram = Histogram::default();
            all.iter().for_each(|ms| histogram.add(*ms));
            all.sort_unstable();
            let exact = all[usize::try_from((all.len() as u64 * share).div_ceil(100).max(1) - 1).expect("small")];
            let read = histogram.percentile(share).expect("there are some");
            prop_assert!(read >= exact && read <= exact + exact / 8 + 1, "{read} for {exact}");
        }
    }

    #[test]
    fn of_nothing_there_is_no_percentile() {
        assert_eq!(Histogram::default().percentile(50), None);
    }
}
