//! What we measure and against whom. Run by `make bench`; prints absolute figures and ratios.
//!
//! Everything is measured in the same run on the same machine: the peer of the HTTP figures is a bare
//! axum handler in a process of its own, the peer of the write figures is one commit per write, that of
//! machines is `ssh` with a connection that is kept open, those of jobs are queues in a PostgreSQL beside us.
#![forbid(unsafe_code)]

mod fleet;
mod jobs;
mod load;
mod machine;
mod product;
mod report;
mod ssh;
mod terminal;
mod trail;
mod vault;
mod vault_peer;
mod writes;

use std::time::Duration;

use anyhow::{Context, Result};

use crate::load::{Load, Request};
use crate::product::{Bare, Product};
use crate::report::Report;

const CONNECTIONS: usize = 64;
const SPAN: Duration = Duration::from_secs(5);
const CHANGE: &str = r#"{"time_zone":"Asia/Riyadh"}"#;
const WRITES_BESIDE_PER_S: f64 = 50.0;

fn main() -> Result<()> {
    if std::env::args().nth(1).as_deref() == Some("bare-server") {
        return product::serve_bare();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut report = Report::default();
    let measured = match std::env::args().nth(1).as_deref() {
        Some("writes") => runtime.block_on(writes::measure(&mut report, CONNECTIONS, SPAN)),
        Some("fleet") => {
            let parts: Vec<String> = std::env::args().skip(2).collect();
            runtime.block_on(fleet::measure(&mut report, &parts))
        }
        Some("jobs") => {
            let parts: Vec<String> = std::env::args().skip(2).collect();
            runtime.block_on(jobs::measure(&mut report, &parts))
        }
        Some("vault") => runtime.block_on(async {
            vault_peer::measure(&mut report, CONNECTIONS, SPAN).await?;
            vault::measure(&mut report, CONNECTIONS, SPAN).await
        }),
        _ => runtime.block_on(measure(&mut report)),
    };
    report.print();
    measured
}

async fn measure(report: &mut Report) -> Result<()> {
    let product = Product::start().await.context("the product starts (build it with `make build`)")?;
    report.figure("start-up to ready, first start", product.first_start_ms, "ms", None);
    report.figure("start-up to ready, second start", product.second_start_ms, "ms", Some("goal ≤ 300"));
    report.figure("resident memory, idle", product.resident_mib().await?, "MiB", Some("goal ≤ 40"));
    http(report, &product).await?;
    sign_in(report, &product).await?;
    api_writes(report, &product).await?;
    report.figure("resident memory, after the load", product.resident_mib().await?, "MiB", None);
    product.stop()?;
    writes::measure(report, CONNECTIONS, SPAN).await?;
    trail::measure(report).await?;
    vault_peer::measure(report, CONNECTIONS, SPAN).await?;
    vault::measure(report, CONNECTIONS, SPAN).await?;
    fleet::measure(report, &[]).await?;
    jobs::measure(report, &[]).await?;
    report::dashboard_payload(report)
}

/// Reads through the whole middleware, against a bare handler.
async fn http(report: &mut Report, product: &Product) -> Result<()> {
    let bare = Bare::start().await?;
    let hello = Load::new(bare.address, Request::get("/")).run(CONNECTIONS, SPAN).await?;
    bare.stop()?;
    report.load("bare axum handler", &hello);
    let health = Load::new(product.address, Request::get("/healthz")).run(CONNECTIONS, SPAN).await?;
    report.load("/healthz", &health);
    report.ratio("  /healthz : bare", health.per_second, hello.per_second, "");
    let plans = Request::get("/api/v1/plans").bearer(&product.token);
    let read = Load::new(product.address, plans).run(CONNECTIONS, SPAN).await?;
    report.load("authenticated read without the database (/api/v1/plans, API token)", &read);
    report.ratio("  authenticated read : bare", read.per_second, hello.per_second, "goal ≥ 0.5");
    let request = Request::get("/api/v1/me").bearer(&product.token);
    let read = Load::new(product.address, request.clone()).run(CONNECTIONS, SPAN).await?;
    report.load("authenticated read of stored data (/api/v1/me, API token)", &read);
    report.ratio("  authenticated read : bare", read.per_second, hello.per_second, "goal ≥ 0.5");
    let half = Load::new(product.address, request.clone()).paced(read.per_second / 2.0).run(CONNECTIONS, SPAN).await?;
    report.load("authenticated read at half load (p99 goal ≤ 5 ms)", &half);
    // Whoever writes makes the readers ask the database again.
    let change = Request::json("PATCH", "/api/v1/me", CHANGE).bearer(&product.token);
    let writes = Load::new(product.address, change).paced(WRITES_BESIDE_PER_S);
    let reads = Load::new(product.address, request);
    let (read, written) = tokio::join!(reads.run(CONNECTIONS, SPAN), writes.run(1, SPAN));
    let (read, _) = (read?, written?);
    report.load("the same while 50 changes a second are written", &read);
    report.ratio("  authenticated read : bare", read.per_second, hello.per_second, "");
    let list = Request::get("/api/v1/me/tokens").bearer(&product.token);
    let read = Load::new(product.address, list).run(CONNECTIONS, SPAN).await?;
    report.load("a list from the database (/api/v1/me/tokens)", &read);
    report.ratio("  list : bare", read.per_second, hello.per_second, "");
    Ok(())
}

/// What one sign-in by password costs.
async fn sign_in(report: &mut Report, product: &Product) -> Result<()> {
    let load = Load::new(product.address, product.sign_in_request());
    let signed_in = load.run(1, Duration::from_secs(3)).await?;
    report.load("sign-in by password, one at a time", &signed_in);
    Ok(())
}

/// Changes through the API: each is durable with its audit entry before it is answered.
async fn api_writes(report: &mut Report, product: &Product) -> Result<()> {
    let request = Request::json("PATCH", "/api/v1/me", CHANGE).bearer(&product.token);
    let written = Load::new(product.address, request).run(CONNECTIONS, SPAN).await?;
    report.load("durable changes through the API, 64 clients (goal ≥ 5,000/s, p99 ≤ 40 ms)", &written);
    Ok(())
}
