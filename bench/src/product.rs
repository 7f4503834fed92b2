//! The processes that are measured: the product as it is shipped, and the bare peer.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::load::{Connection, Request};

/// What is measured, unless `BENCH_BINARY` names another build.
const BINARY: &str = "target/release/diwan";
const EMAIL: &str = "owner@example.org";
const PASSWORD: &str = "a bench rides a quiet horse";

/// The product with an owner and a token.
pub(crate) struct Product {
    process: Child,
    _dir: tempfile::TempDir,
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
    pub(crate) cookie: String,
    pub(crate) first_start_ms: f64,
    pub(crate) second_start_ms: f64,
}

impl Product {
    pub(crate) async fn start() -> Result<Self> {
        Self::start_on(None).await
    }

    /// Keeps its data in the database with this address, or in a file of its own.
    pub(crate) async fn start_on(database: Option<&str>) -> Result<Self> {
        let dir = tempfile::tempdir_in("target")?;
        let address = free_address()?;
        let config = dir.path().join("diwan.yaml");
        // The limits are for strangers; here they would be what is measured.
        std::fs::write(
            &config,
            "server:\n  rate_limit_burst: 100000000\n  account_rate_limit_burst: 100000000\n  sign_in_rate_limit_burst: 100000000\n  account_rate_limit_per_s: 100000000\n",
        )?;
        let (mut process, first_start_ms, output) = launch(&dir, address, database).await?;
        let link = output.context("the first start prints a link")?;
        let (token, cookie) = first_owner(address, &link).await?;
        stop(&mut process)?;
        let (process, second_start_ms, _) = launch(&dir, address, database).await.context("second start")?;
        Ok(Self { process, _dir: dir, address, token, cookie, first_start_ms, second_start_ms })
    }

    pub(crate) fn sign_in_request(&self) -> Request {
        let body = format!(r#"{{"email":"{EMAIL}","password":"{PASSWORD}"}}"#);
        Request::json("POST", "/api/v1/auth/password", &body)
    }

    pub(crate) async fn resident_mib(&self) -> Result<f64> {
        let id = self.process.id();
        let status = tokio::fs::read_to_string(format!("/proc/{id}/status")).await?;
        let line = status.lines().find(|l| l.starts_with("VmRSS:")).context("VmRSS")?;
        let kib: f64 = line.split_whitespace().nth(1).context("a number")?.parse()?;
        Ok(kib / 1024.0)
    }

    /// Asks with the token; anything but success is a fault.
    pub(crate) async fn ask(&self, request: &Request) -> Result<Value> {
        let mut connection = Connection::open(self.address).await?;
        let (status, _, text) = connection.send(self.address, &request.clone().bearer(&self.token)).await?;
        ensure!((200..300).contains(&status), "{status}: {text}");
        Ok(serde_json::from_str(&text).unwrap_or_default())
    }

    pub(crate) fn binary(&self) -> String {
        binary()
    }

    pub(crate) fn stop(mut self) -> Result<()> {
        stop(&mut self.process)
    }
}

fn binary() -> String {
    std::env::var("BENCH_BINARY").unwrap_or_else(|_| BINARY.to_owned())
}

/// Starts the server; gives its process, the milliseconds until it was ready, and its first-run link.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
async fn launch(
    dir: &tempfile::TempDir,
    address: SocketAddr,
    database: Option<&str>,
) -> Result<(Child, f64, Option<String>)> {
    let begin = Instant::now();
    let binary = binary();
    let mut process = Command::new(&binary)
        .args(["server", "--listen", &address.to_string(), "--data-dir"])
        .arg(dir.path().join("data"))
        .arg("--config")
        .arg(dir.path().join("diwan.yaml"))
        .args(["--log-level", "warn"])
        .args(database.iter().flat_map(|url| ["--database-url", url]))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context(binary)?;
    let ready = loop {
        if let Ok(mut connection) = Connection::open(address).await
            && matches!(connection.send(address, &Request::get("/readyz")).await, Ok((200, ..)))
        {
            break begin.elapsed();
        }
        ensure!(process.try_wait()?.is_none(), "the server ended at once");
        ensure!(begin.elapsed() < Duration::from_secs(20), "the server is not ready after 20 s");
        tokio::time::sleep(Duration::from_millis(2)).await;
    };
    let stdout = process.stdout.take().context("its output")?;
    let link = first_link(stdout);
    Ok((process, ready.as_secs_f64() * 1e3, link))
}

/// The one-time link among the first lines, if the server prints one.
fn first_link(output: ChildStdout) -> Option<String> {
    let (sender, receiver) = mpsc::channel();
    // The thread reads on to the end, so that the server never waits for its reader.
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if let Some(token) = line.split("#token=").nth(1) {
                let _ = sender.send(token.trim().to_owned());
            }
        }
    });
    receiver.recv_timeout(Duration::from_secs(1)).ok()
}

/// Becomes the owner and makes an API token; gives it and the session.
async fn first_owner(address: SocketAddr, link_token: &str) -> Result<(String, String)> {
    let mut connection = Connection::open(address).await?;
    let body = serde_json::json!({"token": link_token, "email": EMAIL, "name": "Bench", "password": PASSWORD});
    let claim = Request::json("POST", "/api/v1/setup/owner", &body.to_string());
    let (status, head, text) = connection.send(address, &claim).await.context("claim")?;
    ensure!(status == 201, "setup: {status} {text}");
    let cookie = head.lines().find_map(|l| l.strip_prefix("set-cookie: diwan_session=")).context("a session cookie")?;
    let cookie = format!("diwan_session={}", cookie.split(';').next().unwrap_or_default());
    let body = r#"{"name":"bench","scopes":["profile.self","status.read","secrets.read","secrets.use","machines.read","machines.manage","commands.run","terminals.open","jobs.read","jobs.run","jobs.manage"]}"#;
    let create = Request::json("POST", "/api/v1/me/tokens", body).cookie(&cookie);
    let (status, _, text) = connection.send(address, &create).await.context("create")?;
    ensure!(status == 201, "token: {status} {text}");
    let answer: Value = serde_json::from_str(&text)?;
    Ok((answer["secret"].as_str().context("a secret")?.to_owned(), cookie))
}

fn stop(process: &mut Child) -> Result<()> {
    Command::new("kill").args(["-INT", &process.id().to_string()]).status()?;
    let status = process.wait()?;
    if !status.success() {
        bail!("the server did not stop cleanly: {status}");
    }
    Ok(())
}

/// The peer: one axum handler and nothing around it, in a process of its own.
pub(crate) struct Bare {
    process: Child,
    pub(crate) address: SocketAddr,
}

impl Bare {
    pub(crate) async fn start() -> Result<Self> {
        let address = free_address()?;
        let process = Command::new(std::env::current_exe()?).args(["bare-server", &address.to_string()]).spawn()?;
        for _ in 0..200 {
            if Connection::open(address).await.is_ok() {
                return Ok(Self { process, address });
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        bail!("the bare server does not answer")
    }

    pub(crate) fn stop(mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }
}

/// The bare peer's own process.
pub(crate) fn serve_bare() -> Result<()> {
    let address: SocketAddr = std::env::args().nth(2).context("an address")?.parse()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let router = axum::Router::new().route("/", axum::routing::get(|| async { "hello, world" }));
        let listener = tokio::net::TcpListener::bind(address).await?;
        Ok(axum::serve(listener, router).await?)
    })
}

pub(crate) fn free_address() -> Result<SocketAddr> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    Ok(listener.local_addr()?)
}

impl Drop for Product {
    fn drop(&mut self) {
        // A failed run leaves no server behind; one that has stopped already is fine.
        let _ = self.process.kill();
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.process.kill();
    }
}
