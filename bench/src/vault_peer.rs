//! The vault beside another one: a secret read through our API, and through that of RustyVault, which
//! keeps it encrypted in a file and does not write down that it was read.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::load::{Connection, Load, Request};
use crate::product::{Product, free_address};
use crate::report::Report;

const BINARY: &str = "target/tools/release/bin/rvault";
const VALUE: &str = "the value of one";
/// Turns of each, one after the other, so that a busy moment of the machine is nobody's advantage.
const TURNS: usize = 3;

/// RustyVault with one secret, and a token that may read it.
struct Peer {
    process: Child,
    _dir: tempfile::TempDir,
    address: SocketAddr,
    token: String,
}

impl Peer {
    async fn start() -> Result<Self> {
        ensure!(Path::new(BINARY).is_file(), "{BINARY} is missing: scripts/rusty-vault builds it");
        let dir = tempfile::tempdir_in("target")?;
        let address = free_address()?;
        let config = dir.path().join("rusty-vault.json");
        let settings = json!({
            "storage": {"file": {"path": dir.path().join("data")}},
            "listener": {"tcp": {"address": address.to_string(), "tls_disable": true}},
            "work_dir": dir.path().join("work"),
            "log_level": "off",
        });
        std::fs::write(&config, settings.to_string())?;
        let mut command = Command::new(BINARY);
        command.args(["server", "--config"]).arg(&config).stdout(Stdio::null()).stderr(Stdio::null());
        let mut this = Self { process: command.spawn()?, _dir: dir, address, token: String::new() };
        let made = this.ask("PUT", "sys/init", r#"{"secret_shares":1,"secret_threshold":1}"#).await?;
        made["root_token"].as_str().context("a token")?.clone_into(&mut this.token);
        let key = json!({"key": made["keys"][0]}).to_string();
        this.ask("PUT", "sys/unseal", &key).await?;
        this.ask("POST", "secret/bench", &json!({"value": VALUE}).to_string()).await?;
        Ok(this)
    }

    async fn ask(&self, method: &'static str, path: &str, body: &str) -> Result<Value> {
        let mut connection = self.connection().await?;
        let request = Request::json(method, &format!("/v1/{path}"), body).bearer(&self.token);
        let (status, _, text) = connection.send(self.address, &request).await?;
        ensure!((200..300).contains(&status), "{path}: {status} {text}");
        Ok(serde_json::from_str(&text).unwrap_or_default())
    }

    async fn connection(&self) -> Result<Connection> {
        for _ in 0..200 {
            if let Ok(connection) = Connection::open(self.address).await {
                return Ok(connection);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        bail!("RustyVault does not answer")
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // One that has ended already is fine.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) async fn measure(report: &mut Report, clients: usize, span: Duration) -> Result<()> {
    let (product, peer) = (Product::start().await?, Peer::start().await?);
    let mut connection = Connection::open(product.address).await?;
    let body = json!({"name": "bench/one", "kind": "password", "value": VALUE}).to_string();
    let create = Request::json("POST", "/api/v1/secrets", &body).bearer(&product.token);
    let (status, _, text) = connection.send(product.address, &create).await?;
    ensure!(status == 201, "{status} {text}");
    let made: Value = serde_json::from_str(&text)?;
    let path = format!("/api/v1/secrets/{}/reveal", made["id"].as_str().context("an id")?);
    let ours = Request::json("POST", &path, r#"{"reason":"a benchmark"}"#).bearer(&product.token);
    let ours = Load::new(product.address, ours);
    let theirs = Load::new(peer.address, Request::get("/v1/secret/bench").bearer(&peer.token));
    for clients in [1, clients] {
        let (mut best, mut best_of_peer) = (None, None);
        for _ in 0..TURNS {
            best = Some(better(best, ours.run(clients, span / 2).await?));
            best_of_peer = Some(better(best_of_peer, theirs.run(clients, span / 2).await?));
        }
        let (ours, theirs) = (best.context("a turn")?, best_of_peer.context("a turn")?);
        report.load(&format!("read a secret, {clients} at once, best of {TURNS} (written down each time)"), &ours);
        report.load(&format!("  RustyVault 0.2.1, {clients} at once, best of {TURNS} (not written down)"), &theirs);
        report.ratio("  rate, ours : RustyVault", ours.per_second, theirs.per_second, "goal ≥ 3");
        report.ratio("  p99, RustyVault : ours", theirs.p99_ms, ours.p99_ms, "goal ≥ 3");
    }
    product.stop()
}

fn better(so_far: Option<crate::load::Outcome>, next: crate::load::Outcome) -> crate::load::Outcome {
    so_far.filter(|best| best.per_second > next.per_second).unwrap_or(next)
}
