//! Jobs: how fast they are taken, carried to machines and over, beside job queues of others in the same run.

mod bridges;
mod latency;
mod million;
mod ours;
mod peers;
mod postgres;
mod side_by_side;

use anyhow::Result;

use crate::report::Report;

/// Of jobs on one machine: as many as can be decided.
const MOST_AT_ONCE: u32 = 64;

/// Measures everything about jobs, or only the parts that are named.
pub(crate) async fn measure(report: &mut Report, parts: &[String]) -> Result<()> {
    let is_wanted = |part: &str| parts.is_empty() || parts.iter().any(|named| named == part);
    if is_wanted("peers") {
        side_by_side::measure(report).await?;
    }
    if is_wanted("latency") {
        latency::measure(report).await?;
    }
    if is_wanted("bridges") {
        bridges::measure(report).await?;
    }
    if is_wanted("postgres") {
        postgres::measure(report).await?;
    }
    if is_wanted("million") {
        million::measure(report).await?;
    }
    Ok(())
}
