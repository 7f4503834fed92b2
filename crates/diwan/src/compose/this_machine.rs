//! The machine that `diwan up` runs on is one of ours by itself: a bridge runs beside the control plane, as a
//! process of its own, and ends with it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use diwan_fleet::{Fleet, LocalInvitation};
use diwan_kernel::{Supervisor, TaskPolicy, World};
use rustix::fs::{Gid, Uid, chown};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

use super::server::Product;

/// How often it is tried again, and how soon a bridge that ended is started again.
const AGAIN: Duration = Duration::from_secs(5);
/// How long a bridge may take to stop.
const FAREWELL: Duration = Duration::from_secs(15);
/// Whom commands run as where everything else is root's: nobody.
const NOBODY: u32 = 65534;

/// What runs beside the control plane.
struct ThisMachine {
    program: PathBuf,
    dir: PathBuf,
    /// Where the control plane is reached from here.
    url: String,
    fleet: Fleet,
    world: World,
    supervisor: Supervisor,
}

/// Starts it, and keeps it running.
pub fn run(product: &Product) {
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => return tracing::warn!(%error, "this machine stays out: the program cannot find itself"),
    };
    let this = ThisMachine {
        program,
        dir: product.data_dir.join("bridge"),
        url: product.local_url.clone(),
        fleet: product.fleet.clone(),
        world: product.world.clone(),
        supervisor: product.supervisor.clone(),
    };
    product.supervisor.spawn("this machine", TaskPolicy::Once, async move { this.keep_running().await });
}

impl ThisMachine {
    async fn keep_running(&self) {
        loop {
            match self.has_joined().await {
                Ok(true) => self.run_once().await,
                Ok(false) => return tracing::info!("this machine was put out of the fleet, and stays out"),
                Err(why) => tracing::warn!("this machine is not one of the fleet yet: {why}"),
            }
            if !self.supervisor.pause(AGAIN).await {
                return;
            }
        }
    }

    /// Joins, unless it did before. Says no when somebody put it out.
    async fn has_joined(&self) -> Result<bool, String> {
        let before = diwan_bridge::State::describe(&self.world, &self.state()).map_err(|e| e.to_string())?;
        if before.is_some_and(|joined| joined.url == self.url) {
            return Ok(true);
        }
        let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let invitation = self.fleet.invite_this_machine(&name).await;
        let Some(invitation) = invitation.map_err(|problem| problem.detail().to_owned())? else { return Ok(false) };
        let work = self.work_dir().map_err(|e| format!("{}: {e}", self.dir.display()))?;
        self.join(&invitation, &work).await.map(|()| true)
    }

    async fn join(&self, invitation: &LocalInvitation, work: &Path) -> Result<(), String> {
        let mut join = self.bridge("join");
        join.arg(format!("{}#{}", self.url, invitation.fingerprint)).args(["--token-stdin", "--force"]);
        join.args(["--policy", "own-machine", "--work-dir"]).arg(work).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = join.spawn().map_err(|e| e.to_string())?;
        if let Some(mut input) = child.stdin.take() {
            // Whether it was read, the end of the process says.
            let _ = input.write_all(invitation.token.expose().as_bytes()).await;
        }
        let ended = child.wait_with_output().await.map_err(|e| e.to_string())?;
        if ended.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&ended.stderr).trim().to_owned()) }
    }

    /// Until it ends, by itself or because everything does.
    async fn run_once(&self) {
        let mut run = self.bridge("run");
        let mut child = match run.arg("--with-parent").spawn() {
            Ok(child) => child,
            Err(error) => return tracing::warn!(%error, "the bridge of this machine does not start"),
        };
        // It ends when this end is closed, however that comes about.
        let lifeline = child.stdin.take();
        tokio::select! {
            biased;
            ended = child.wait() => tracing::warn!(?ended, "the bridge of this machine ended; starting it again"),
            () = self.supervisor.stopping() => {
                drop(lifeline);
                wait_for(child).await;
            }
        }
    }

    fn bridge(&self, verb: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["bridge", verb, "--state-dir"]).arg(self.state());
        command.arg("--policy-file").arg(self.dir.join("policy.toml"));
        command.stdin(Stdio::piped()).kill_on_drop(true);
        command
    }

    fn state(&self) -> PathBuf {
        self.dir.join("state")
    }

    /// Where work is done. Nothing runs as root there, so that it belongs to somebody else where all is root's.
    fn work_dir(&self) -> std::io::Result<PathBuf> {
        let work = self.dir.join("projects");
        let is_new = !work.exists();
        std::fs::create_dir_all(&work)?;
        if is_new && rustix::process::geteuid().is_root() {
            let number = |name: &str| std::env::var(name).ok().and_then(|id| id.parse().ok()).filter(|id| *id != 0);
            let (user, group) = (number("SUDO_UID").unwrap_or(NOBODY), number("SUDO_GID").unwrap_or(NOBODY));
            chown(&work, Some(Uid::from_raw(user)), Some(Gid::from_raw(group)))?;
        }
        Ok(work)
    }
}

async fn wait_for(mut child: Child) {
    if tokio::time::timeout(FAREWELL, child.wait()).await.is_err() {
        tracing::warn!("the bridge of this machine does not stop by itself");
        // It is gone already when this fails.
        let _ = child.kill().await;
    }
}
