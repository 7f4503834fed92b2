//! The same with our data in PostgreSQL: the server that the peers use, with the same durability.

use std::time::Duration;

use anyhow::{Context, Result};

use super::MOST_AT_ONCE;
use super::ours::{CLIENTS, Ours, nothing};
use super::peers::{durable_server, empty_database};
use crate::machine::Machine;
use crate::product::Product;
use crate::report::{Goal, Report};

const SPAN: Duration = Duration::from_secs(5);
const JOBS: usize = 5_000;

pub(super) async fn measure(report: &mut Report) -> Result<()> {
    let server = durable_server()?;
    let url = empty_database("jobs_of_ours")?;
    let product = Product::start_on(Some(&url)).await.context("the product starts on PostgreSQL")?;
    let ours = Ours(&product);
    report
        .load(&format!("jobs sent one by one over HTTP, 64 clients, PostgreSQL {server}"), &ours.enqueue(SPAN).await?);
    let sent = ours.enqueue_batches(SPAN).await?;
    report.figure("jobs sent in batches of 1,000 over HTTP, PostgreSQL", sent, "/s", None);
    product.stop()?;

    let url = empty_database("jobs_of_ours")?;
    let product = Product::start_on(Some(&url)).await?;
    let (ours, machine) = (Ours(&product), Machine::join(&product, "bench").await?);
    ours.limit(&machine, MOST_AT_ONCE).await?;
    let ended = ours.work_off(&nothing(), JOBS).await?;
    report.figure("waiting no-op jobs worked off by one bridge, PostgreSQL", ended, "/s", None);
    let ended = ours.end_to_end(SPAN).await?;
    let name = format!("no-op jobs from {CLIENTS} clients to their end, one bridge, PostgreSQL");
    report.goal(&name, ended, "/s", Goal::AtLeast(2_000.0));
    machine.leave()?;
    product.stop()
}
