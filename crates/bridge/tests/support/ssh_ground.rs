//! A machine with a user of its own and a real `sshd`, for the processes that are started in it: elsewhere there is
//! neither. As root.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use diwan_protocol::ssh_line::SshLine;
use tempfile::TempDir;

/// What the user is called: nobody is that here.
pub const USER: &str = "diwankeeper";
/// From where on nobody has a number.
const FIRST_UID: u32 = 1_000_000;

pub struct Ground {
    dir: TempDir,
    pub port: u16,
    server: Option<Child>,
}

impl Ground {
    /// `None` where nobody may make one.
    pub fn new() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            eprintln!("only root can make users: run it as root to have this tested");
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let ground = Self { dir, port: free, server: None };
        std::fs::create_dir(ground.home()).unwrap();
        ground.give(&ground.home());
        let uid = ground.uid();
        let users = std::fs::read_to_string("/etc/passwd").unwrap();
        let own = format!("{USER}:x:{uid}:{uid}::{}:/bin/sh\n", ground.home().display());
        std::fs::write(ground.at("passwd"), format!("{users}{own}")).unwrap();
        ground.make_key("host");
        Some(ground)
    }

    /// The number of the user: every ground has one of its own.
    pub fn uid(&self) -> u32 {
        FIRST_UID + u32::from(self.port)
    }

    /// Makes something the user's own.
    pub fn give(&self, path: &Path) {
        std::os::unix::fs::lchown(path, Some(self.uid()), Some(self.uid())).unwrap();
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn home(&self) -> PathBuf {
        self.at("home")
    }

    pub fn keys(&self) -> PathBuf {
        self.home().join(".ssh/authorized_keys")
    }

    /// What starts a program in it.
    pub fn starter(&self) -> Vec<String> {
        let script = format!("mount --bind {} /etc/passwd && exec \"$@\"", self.at("passwd").display());
        ["unshare", "--mount", "sh", "-c", &script, "sh"].map(str::to_owned).into()
    }

    /// A new pair of keys; gives the line of its public half.
    pub fn make_key(&self, name: &str) -> SshLine {
        let path = self.at(name);
        let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&path).status();
        assert!(made.unwrap().success());
        let public = std::fs::read_to_string(path.with_extension("pub")).unwrap();
        let words: Vec<&str> = public.split_whitespace().take(2).collect();
        SshLine { user: USER.to_owned(), secret: "sec_1".to_owned(), version: 1, key: words.join(" ") }
    }

    /// Starts the server, with these settings besides the usual ones, and waits until it listens.
    pub fn serve(&mut self, more: &str) {
        let settings = format!(
            "ListenAddress 127.0.0.1:{}\nHostKey {}\nPidFile none\nUsePAM no\nPasswordAuthentication no\n{more}\n",
            self.port,
            self.at("host").display()
        );
        std::fs::write(self.at("sshd.conf"), settings).unwrap();
        let _ = std::fs::create_dir("/run/sshd");
        let mut starter = self.starter().into_iter();
        let mut command = Command::new(starter.next().unwrap());
        command.args(starter).args(["/usr/sbin/sshd", "-D", "-e", "-f"]).arg(self.at("sshd.conf"));
        self.server = Some(command.stderr(Stdio::null()).spawn().unwrap());
        let listens = (0..200).any(|_| {
            std::thread::park_timeout(Duration::from_millis(50));
            TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok()
        });
        assert!(listens, "sshd does not listen");
    }

    pub fn stop_serving(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().unwrap();
            server.wait().unwrap();
        }
    }

    /// Logs in with the private half.
    pub fn log_in(&self, key: &str) -> Output {
        let mut command = Command::new("ssh");
        command.args(["-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no"]);
        command.args(["-o", "UserKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none"]);
        command.arg("-i").arg(self.at(key)).args(["-p", &self.port.to_string()]);
        command.args([&format!("{USER}@127.0.0.1"), "echo", "in"]).output().unwrap()
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        self.stop_serving();
    }
}
