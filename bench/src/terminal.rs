//! How quickly a terminal answers a keystroke, alone and while another stream moves much.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use diwan_client::{Attachment, Client, FromCommand, Options, Place};
use serde_json::json;

use crate::load::Outcome;
use crate::product::Product;
use crate::report::Report;

const KEYS: usize = 500;
/// So many gibibytes take longer than that many keys.
const GIBIBYTES: usize = 6;
/// A person types no faster than this.
const BETWEEN: Duration = Duration::from_millis(5);

/// A terminal in which every key is only shown.
pub(crate) struct Terminal(Attachment);

impl Terminal {
    pub(crate) async fn open(product: &Product) -> Result<Self> {
        let options = Options {
            server: format!("http://{}", product.address).parse()?,
            trust: None,
            token: Some(product.token.clone()),
            credentials: None,
            user_agent: "diwan-bench".to_owned(),
        };
        let client = Client::new(options)?;
        let operation = json!({"kind": "terminal", "root": "projects", "columns": 80, "rows": 24});
        let made = client.run_command(json!({"machine": "bench", "operation": operation})).await?.read()?;
        let id = &made.commands.first().context("a command")?.id;
        let mut terminal = Self(client.attach_terminal(id, Place::From(0), false).await?);
        terminal.0.type_in(b"PS1=; echo re''ady; cat >/dev/null\r").await.map_err(|e| anyhow!("{e:?}"))?;
        terminal.until("ready\r\n").await?;
        Ok(terminal)
    }

    /// How long keys take until they are shown.
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    pub(crate) async fn echoes(&mut self) -> Result<Outcome> {
        let mut times = vec![];
        for _ in 0..KEYS {
            tokio::time::sleep(BETWEEN).await;
            let pressed = Instant::now();
            self.0.type_in(b"x").await.map_err(|e| anyhow!("{e:?}"))?;
            self.until("x").await?;
            times.push(pressed.elapsed());
        }
        Outcome::of(times)
    }

    async fn until(&mut self, wanted: &str) -> Result<()> {
        let mut shown = String::new();
        while !shown.contains(wanted) {
            match self.0.next().await.map_err(|e| anyhow!("the terminal is over: {e:?}"))? {
                FromCommand::Piece(_, _, bytes) => shown.push_str(&String::from_utf8_lossy(&bytes)),
                FromCommand::State(command, _) => ensure!(command.is_open(), "the terminal has ended: {command:?}"),
                FromCommand::Refused(problem) => anyhow::bail!("{problem:?}"),
            }
        }
        Ok(())
    }

    pub(crate) async fn close(mut self) -> Result<()> {
        self.0.cancel().await.map_err(|e| anyhow!("{e:?}"))
    }
}

/// Alone, and beside a command whose output fills the connection.
pub(crate) async fn measure(
    report: &mut Report,
    product: &Product,
    (idle, rss): (f64, impl Fn() -> Result<f64>),
) -> Result<()> {
    let mut terminal = Terminal::open(product).await?;
    report.load("terminal: a key until it is shown", &terminal.echoes().await?);
    let bulk = Bulk::start(product)?;
    let beside = terminal.echoes().await?;
    let now = rss()?;
    let speed = bulk.stop()?;
    report.load("terminal: the same beside the output of a command (p99 goal ≤ 10 ms)", &beside);
    report.figure("  which moved", speed, "MB/s", Some("≥ 100"));
    report.figure("  memory of the bridge above idle", now - idle, "MiB", Some("goal ≤ 8"));
    terminal.close().await
}

/// A command whose output is fetched as fast as it comes.
struct Bulk {
    process: Child,
    moved: Arc<AtomicU64>,
    began: Instant,
}

impl Bulk {
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time with a thread of its own")]
    fn start(product: &Product) -> Result<Self> {
        let mut command = Command::new(product.binary());
        command.args(["run", "--machine", "bench", "--root", "projects", "--", "cat"]);
        command.args(std::iter::repeat_n("gibibyte", GIBIBYTES));
        command.env("DIWAN_SERVER", format!("http://{}", product.address)).env("DIWAN_TOKEN", &product.token);
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut output = process.stdout.take().context("its output")?;
        let moved = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&moved);
        std::thread::spawn(move || {
            let mut piece = vec![0; 256 * 1024];
            while let Ok(length @ 1..) = output.read(&mut piece) {
                counted.fetch_add(length as u64, Ordering::Relaxed);
            }
        });
        Ok(Self { process, moved, began: Instant::now() })
    }

    fn stop(mut self) -> Result<f64> {
        let (took, bytes) = (self.began.elapsed(), self.moved.load(Ordering::Relaxed));
        ensure!(self.process.try_wait()?.is_none(), "it was over before the last key");
        // As by Ctrl-C: the command ends too.
        Command::new("kill").args(["-INT", &self.process.id().to_string()]).status()?;
        self.process.wait()?;
        Ok(bytes as f64 / took.as_secs_f64() / 1e6)
    }
}
