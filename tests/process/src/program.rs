//! The program as a process: started on a port and a directory of its own, heard, stopped or killed.

use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::memory::Memory;

pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// What it says last when it is ready and has no mail server.
const END_OF_GREETING: &str = "Set mail.host to send them.";

/// A running `diwan server`. It is killed when it is dropped.
pub(crate) struct Program {
    pub(crate) address: SocketAddr,
    /// The link of the first run, while nobody owns the installation.
    pub(crate) setup_link: Option<String>,
    /// Not there when the program forbade it first, to a parent without privileges.
    pub(crate) memory: std::io::Result<Memory>,
    output: Output,
    child: Child,
}

/// How a program that ended by itself ended, and what it said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) said: String,
}

/// What a program has printed so far, on both of its streams.
#[derive(Clone)]
struct Output {
    text: Arc<Mutex<String>>,
    lines: watch::Receiver<usize>,
}

impl Program {
    /// Starts it on a data directory and waits until it says that it is ready.
    pub(crate) async fn start(data_dir: &Path) -> Self {
        Self::start_with(data_dir, &[] as &[&str]).await
    }

    pub(crate) async fn start_with(data_dir: &Path, args: &[impl AsRef<OsStr>]) -> Self {
        Self::begin("server", data_dir, args).await
    }

    /// Starts it as people do on a machine of their own.
    pub(crate) async fn up(data_dir: &Path) -> Self {
        Self::begin("up", data_dir, &[] as &[&str]).await
    }

    async fn begin(verb: &str, data_dir: &Path, args: &[impl AsRef<OsStr>]) -> Self {
        let address = free_address();
        let mut command = command();
        command.args([verb, "--listen", &address.to_string(), "--data-dir"]).arg(data_dir).args(args);
        let mut child = command.spawn().expect("the program can be started");
        let memory = Memory::of(child.id().expect("it runs"));
        let mut output = Output::of(&mut child);
        let text = output.wait_for(END_OF_GREETING, 1, &mut child).await;
        let setup_link = text.split_whitespace().find(|word| word.contains("/welcome#token=")).map(str::to_owned);
        Self { address, setup_link, memory, output, child }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn pid(&self) -> Pid {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        id.expect("the program is running")
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("the program can be signalled");
    }

    /// Kills it without a warning.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.expect("the program can be killed");
    }

    /// Waits until it ends by itself.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        timeout(PATIENCE, self.child.wait()).await.expect("the program ends").expect("its end is heard")
    }

    pub(crate) fn said(&self) -> String {
        self.output.text()
    }

    /// Waits until it has said something so many times.
    pub(crate) async fn says(&mut self, what: &str, times: usize) {
        self.output.wait_for(what, times, &mut self.child).await;
    }
}

impl Output {
    fn of(child: &mut Child) -> Self {
        let (count, lines) = watch::channel(0);
        let (text, count) = (Arc::new(Mutex::new(String::new())), Arc::new(count));
        let this = Self { text: text.clone(), lines };
        this.follow(child.stdout.take(), &count);
        this.follow(child.stderr.take(), &count);
        this
    }

    #[expect(clippy::disallowed_methods, reason = "a test has no supervisor")]
    fn follow(&self, stream: Option<impl AsyncRead + Unpin + Send + 'static>, count: &Arc<watch::Sender<usize>>) {
        let Some(stream) = stream else { return };
        let (text, count) = (self.text.clone(), count.clone());
        tokio::spawn(async move {
            let mut lines = BufReader::new(stream).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                if let Ok(mut text) = text.lock() {
                    text.push_str(&line);
                    text.push('\n');
                }
                count.send_modify(|count| *count += 1);
            }
        });
    }

    fn text(&self) -> String {
        self.text.lock().map(|text| text.clone()).unwrap_or_default()
    }

    /// Waits until it was said so many times.
    async fn wait_for(&mut self, what: &str, times: usize, child: &mut Child) -> String {
        let heard = async {
            loop {
                let text = self.text();
                if text.matches(what).count() >= times {
                    return text;
                }
                tokio::select! {
                    changed = self.lines.changed() => changed.unwrap_or_else(|_| panic!("it never said {what:?}:\n{text}")),
                    status = child.wait() => panic!("the program ended with {status:?}:\n{}", self.text()),
                }
            }
        };
        timeout(PATIENCE, heard).await.unwrap_or_else(|_| panic!("it did not say {what:?} in time:\n{}", self.text()))
    }
}

/// Runs the program to its end and says how it ended.
pub(crate) async fn run(args: &[impl AsRef<OsStr>]) -> Ended {
    ended(command().args(args)).await
}

/// Runs it as somebody with this token.
pub(crate) async fn run_as(token: &str, args: &[impl AsRef<OsStr>]) -> Ended {
    ended(command().args(args).env("DIWAN_TOKEN", token)).await
}

async fn ended(command: &mut Command) -> Ended {
    let output = timeout(PATIENCE, command.output()).await.expect("it ends").expect("it can be started");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    Ended { code: output.status.code(), said }
}

/// The program, heard and without the settings of whoever runs the tests.
fn command() -> Command {
    let mut command = Command::new(binary());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("DIWAN_")) {
        command.env_remove(name);
    }
    // Limits are far away: what is tested here is something else.
    for name in ["DIWAN_RATE_LIMIT_BURST", "DIWAN_ACCOUNT_RATE_LIMIT_BURST", "DIWAN_SIGN_IN_RATE_LIMIT_BURST"] {
        command.env(name, "1000000");
    }
    // So long that a program which ends within our patience did not wait for anybody.
    command.env("DIWAN_SHUTDOWN_GRACE_S", "600");
    command.env("DIWAN_LOG_LEVEL", "warn");
    // The port changes from start to start, but tokens and links belong to one address.
    command.env("DIWAN_PUBLIC_URL", "http://localhost:7400");
    command
}

/// `diwan` beside the folder that this test lies in: `target/debug/deps/x` → `target/debug/diwan`.
pub(crate) fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    let binary = test.parent().and_then(Path::parent).expect("two folders up").join("diwan");
    assert!(binary.is_file(), "{} is not built: run the tests with `make test`", binary.display());
    binary
}

/// An address that nobody listens at, and that nobody else takes: one of the many that lead back to this
/// machine belongs to each test process. A free port of 127.0.0.1 may be gone before the program has it, as the
/// near end of a connection that somebody else opens.
pub(crate) fn free_address() -> SocketAddr {
    static PORT: AtomicU16 = AtomicU16::new(7400);
    // Processes have numbers below 2²².
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    SocketAddr::from(([127, 64 | high, middle, low], PORT.fetch_add(1, Ordering::Relaxed)))
}

/// A directory in memory, where flushing costs nothing.
pub(crate) fn memory_dir() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.expect("a directory can be made")
}
