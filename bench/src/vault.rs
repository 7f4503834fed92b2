//! The vault: how fast values go in and come out through the API, how long a long list takes, and what a
//! reader notices of a rotation of the master key.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::load::{Connection, Load, Outcome, Request};
use crate::product::Product;
use crate::report::Report;

const SECRETS: usize = 100_000;
/// How many an import takes, and how many a page has at most.
const IMPORT: usize = 500;
const PAGE: usize = 200;
/// Readers beside a rotation, and how much they ask for: far below what one machine can answer, so
/// that what is measured is the disturbance.
const READERS: usize = 8;
const READS_PER_S: f64 = 200.0;
const WORD: &str = r#"{"reason":"a benchmark"}"#;

/// Somebody who speaks JSON with the product over one connection.
struct Caller<'a> {
    product: &'a Product,
    connection: Connection,
}

impl<'a> Caller<'a> {
    async fn new(product: &'a Product) -> Result<Self> {
        Ok(Self { product, connection: Connection::open(product.address).await? })
    }

    async fn send(&mut self, request: Request, status: u16) -> Result<Value> {
        let request = request.bearer(&self.product.token);
        self.answered(&request, status).await
    }

    /// As the person rather than with the token: some things are for people only.
    async fn send_in_person(&mut self, request: Request, status: u16) -> Result<Value> {
        let request = request.cookie(&self.product.cookie);
        self.answered(&request, status).await
    }

    async fn answered(&mut self, request: &Request, status: u16) -> Result<Value> {
        let (found, _, text) = self.connection.send(self.product.address, request).await?;
        ensure!(found == status, "{found} rather than {status}: {text}");
        Ok(serde_json::from_str(&text).unwrap_or_default())
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
pub(crate) async fn measure(report: &mut Report, clients: usize, span: Duration) -> Result<()> {
    let product = Product::start().await.context("the product starts (build it with `make build`)")?;
    let mut caller = Caller::new(&product).await?;
    let made = json!({"name": "bench/one", "kind": "password", "value": "the value of one"}).to_string();
    let made = caller.send(Request::json("POST", "/api/v1/secrets", &made), 201).await?;
    let id = made["id"].as_str().context("an id")?.to_owned();
    values(report, &product, &id, clients, span).await?;

    let begin = Instant::now();
    let part = |part| plant(&product, part);
    tokio::try_join!(part(0), part(1), part(2), part(3), part(4), part(5), part(6), part(7))?;
    let planted = SECRETS as f64 / begin.elapsed().as_secs_f64();
    report.figure("secrets created, 500 in each import, 8 imports at once", planted, "/s", None);
    // The one from before was idle for so long that the server has closed it.
    let mut caller = Caller::new(&product).await?;
    lists(report, &mut caller).await?;
    verification(report, &mut caller).await?;
    rotation(report, &product, &mut caller, &id).await?;
    report.figure("resident memory, with 100,000 secrets after all this", product.resident_mib().await?, "MiB", None);
    product.stop()
}

/// One at a time and from many clients at once. Each read is written down before it is answered, each
/// write is durable.
async fn values(report: &mut Report, product: &Product, id: &str, clients: usize, span: Duration) -> Result<()> {
    let reveal = Request::json("POST", &format!("/api/v1/secrets/{id}/reveal"), WORD).bearer(&product.token);
    let put = Request::json("POST", &format!("/api/v1/secrets/{id}/versions"), r#"{"value":"another value"}"#);
    let put = put.bearer(&product.token);
    let one = Load::new(product.address, reveal.clone()).run(1, span).await?;
    report.load("open: reveal a secret, 1 client (written down each time)", &one);
    let many = Load::new(product.address, reveal.clone()).run(clients, span).await?;
    report.load("open: reveal a secret, 64 clients", &many);
    let half = Load::new(product.address, reveal).paced(many.per_second / 2.0).run(clients, span).await?;
    report.load("open: reveal a secret at half load, 64 clients (p99 goal ≤ 5 ms)", &half);
    // Of two at once one is refused, by intent: so what is sealed at once are new secrets.
    let put = Load::new(product.address, put).run(1, span).await?;
    report.load("seal: a new version of one secret, 1 client", &put);
    let create = Load::new(product.address, Request::json("POST", "/api/v1/secrets", "").bearer(&product.token));
    let create = create.numbered(r#"{"name":"sealed/#","kind":"password","value":"the value of one of many"}"#);
    let made = create.run(clients, span).await?;
    report.load("seal: create a secret, 64 clients", &made);
    Ok(())
}

/// Every eighth import.
async fn plant(product: &Product, part: usize) -> Result<()> {
    let mut caller = Caller::new(product).await?;
    for from in (part * IMPORT..SECRETS).step_by(IMPORT * 8) {
        let some: Vec<Value> = (from..from + IMPORT)
            .map(|n| json!({"name": format!("many/{n:06}"), "kind": "password", "value": format!("value number {n}")}))
            .collect();
        let body = json!({"secrets": some}).to_string();
        let answer = caller.send(Request::json("POST", "/api/v1/secrets/import", &body), 200).await?;
        ensure!(answer["refused"] == json!([]), "{}", answer["refused"]);
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
async fn lists(report: &mut Report, caller: &mut Caller<'_>) -> Result<()> {
    let begin = Instant::now();
    let (mut cursor, mut seen) = (String::new(), 0);
    loop {
        let page = Instant::now();
        let path = format!("/api/v1/secrets?limit={PAGE}{cursor}");
        let answer = caller.send(Request::get(&path), 200).await?;
        if seen == 0 {
            report.figure("list of 100,000 secrets, first page", page.elapsed().as_secs_f64() * 1e3, "ms", None);
        }
        seen += answer["items"].as_array().map_or(0, Vec::len);
        match answer["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    ensure!(seen >= SECRETS, "only {seen} were listed");
    report.figure("list of 100,000 secrets, all pages", begin.elapsed().as_secs_f64(), "s", None);
    let begin = Instant::now();
    caller.send(Request::get("/api/v1/secrets?limit=50&search=99999"), 200).await?;
    report.figure(
        "list of 100,000 secrets, search by a part of a name",
        begin.elapsed().as_secs_f64() * 1e3,
        "ms",
        None,
    );
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
async fn verification(report: &mut Report, caller: &mut Caller<'_>) -> Result<()> {
    let begin = Instant::now();
    let found = caller.send_in_person(Request::json("POST", "/api/v1/vault/verify", "{}"), 200).await?;
    ensure!(found["ok"] == true, "{found}");
    report.figure("verifying all of them", begin.elapsed().as_secs_f64(), "s", None);
    Ok(())
}

/// What readers notice while every data key is wrapped anew.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
async fn rotation(report: &mut Report, product: &Product, caller: &mut Caller<'_>, id: &str) -> Result<()> {
    let reveal = Request::json("POST", &format!("/api/v1/secrets/{id}/reveal"), WORD).bearer(&product.token);
    let reads = Load::new(product.address, reveal).paced(READS_PER_S);
    let calm = reads.run(READERS, Duration::from_secs(3)).await?;
    report.load("reveal, 200 a second, nothing else going on", &calm);
    let rotate = Request::json("POST", "/api/v1/vault/rotate-master-key", r#"{"guard":"key_file"}"#);
    let begun = caller.send_in_person(rotate, 202).await?;
    let (begin, total) = (Instant::now(), begun["total"].as_f64().context("a number")?);
    // Read until it has ended, in spans short enough to belong to it as a whole.
    let mut spans = vec![];
    loop {
        let outcome = reads.run(READERS, Duration::from_secs(1)).await?;
        let status = caller.send(Request::get("/api/v1/vault"), 200).await?;
        let is_over = status["rotation"].is_null();
        // The last span ends in calm: it counts only when there is no other.
        if !is_over || spans.is_empty() {
            spans.push(outcome);
        }
        if is_over {
            break;
        }
    }
    let seconds = begin.elapsed().as_secs_f64();
    let worst = spans.iter().map(|span| span.p99_ms).fold(0.0, f64::max);
    let many = spans.len();
    report.load("reveal, 200 a second, while the master key is rotated (p99 goal ≤ 5 ms)", &Outcome::together(spans)?);
    report.figure(&format!("p99 of the worst second of these {many}"), worst, "ms", None);
    report.figure("data keys wrapped anew meanwhile, at least", total / seconds, "/s", None);
    Ok(())
}
