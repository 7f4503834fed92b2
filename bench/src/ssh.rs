//! The peer of machines: `sshd` on the loopback for this run only, and a connection to it that is kept open.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::fleet::timed;
use crate::product::free_address;

/// A server of its own and a client with a master connection.
pub(crate) struct Ssh {
    server: Child,
    dir: tempfile::TempDir,
}

impl Ssh {
    pub(crate) fn start() -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let at = |name: &str| dir.path().join(name).display().to_string();
        for key in ["host", "client"] {
            let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f", &at(key)]).status();
            ensure!(made.context("ssh-keygen is needed")?.success(), "no key could be made");
        }
        fs::copy(at("client.pub"), at("authorized"))?;
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700))?;
        let address = free_address()?;
        let server = format!(
            "ListenAddress {address}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\nUsePAM no\nPermitRootLogin yes\nSubsystem sftp internal-sftp\n",
            at("host"),
            at("authorized")
        );
        fs::write(at("server.conf"), server)?;
        let client = format!(
            "Host peer\n  HostName 127.0.0.1\n  Port {}\n  IdentityFile {}\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  LogLevel ERROR\n  ControlMaster auto\n  ControlPath {}\n  ControlPersist 600\n",
            address.port(),
            at("client"),
            at("master")
        );
        fs::write(at("client.conf"), client)?;
        // Debian's needs its room for unprivileged parts, also when it is not started by the system.
        if !fs::exists("/run/sshd")? {
            let _ = fs::create_dir("/run/sshd");
        }
        let mut sshd = Command::new("/usr/sbin/sshd");
        sshd.args(["-D", "-f", &at("server.conf")]).stderr(Stdio::null());
        let server = sshd.spawn().context("sshd is needed (openssh-server)")?;
        let ssh = Self { server, dir };
        ssh.settle()?;
        Ok(ssh)
    }

    /// Opens the master connection, once the server listens.
    fn settle(&self) -> Result<()> {
        let mut last = None;
        for _ in 0..100 {
            match self.round_trip(&["true"]) {
                Ok(_) => return Ok(()),
                Err(error) => last = Some(error),
            }
            std::thread::park_timeout(Duration::from_millis(50));
        }
        Err(last.context("no attempt")?)
    }

    /// How long a command takes.
    pub(crate) fn round_trip(&self, command: &[&str]) -> Result<Duration> {
        timed(self.client("ssh").arg("peer").args(command))
    }

    /// Copies a file to a place of the machine.
    pub(crate) fn copy(&self, from: &str, to: &str) -> Result<Duration> {
        timed(self.client("scp").args(["-q", from, &format!("peer:{to}")]))
    }

    fn client(&self, program: &str) -> Command {
        let mut client = Command::new(program);
        client.arg("-F").arg(self.dir.path().join("client.conf"));
        client
    }
}

impl Drop for Ssh {
    fn drop(&mut self) {
        // The master goes with the server; one that is gone already is fine.
        let _ = self.client("ssh").args(["-O", "exit", "peer"]).stderr(Stdio::null()).status();
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
