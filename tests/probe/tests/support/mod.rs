//! What the tests plant on the machine: things to steal and doors to go through, all of them open to the
//! user as whom the probe runs, so that nothing but the sandbox denies them.
#![allow(dead_code)]

use std::fs::{File, Permissions, copy, create_dir, read_to_string, set_permissions, write};
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::{SocketAddr, UnixListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

/// Whom commands run as; the tests become it too where they stand for a bridge without privileges.
pub(crate) const NOBODY: u32 = 65534;

/// What the bridge may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bridge {
    /// It is root, and commands become somebody else.
    Root,
    /// It has no privileges.
    User,
}

/// A machine with something to steal.
pub(crate) struct Machine {
    pub(crate) bridge: Bridge,
    pub(crate) probe: PathBuf,
    pub(crate) root: PathBuf,
    directory: TempDir,
    victim: Child,
    leaked: File,
    doors: (TcpListener, UnixListener, UnixListener),
    environment: Vec<(String, String)>,
}

/// The kinds of bridge that these tests can be. Those that show the layers insist on both.
pub(crate) fn bridges() -> &'static [Bridge] {
    if is_root() { &[Bridge::Root, Bridge::User] } else { &[Bridge::User] }
}

pub(crate) fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

impl Machine {
    pub(crate) fn new(bridge: Bridge) -> Self {
        if bridge == Bridge::Root {
            assert!(is_root(), "this machine cannot show what a bridge that is root does: run the tests as root");
        }
        let directory = tempfile::tempdir().unwrap();
        set_permissions(&directory, Permissions::from_mode(0o755)).unwrap();
        let path = directory.path().canonicalize().unwrap();
        let of = |name: &str| path.join(name);
        for name in ["bin", "root", "outside", "home"] {
            create_dir(of(name)).unwrap();
        }
        let probe = of("bin/diwan-probe");
        copy(env!("CARGO_BIN_EXE_diwan-probe"), &probe).unwrap();
        set_permissions(&probe, Permissions::from_mode(0o755)).unwrap();
        copy(&probe, of("bin/as-root")).unwrap();
        if is_root() {
            set_permissions(of("bin/as-root"), Permissions::from_mode(0o4755)).unwrap();
        }
        write(of("home/ssh_key"), "a key").unwrap();
        write(of("home/bridge_key"), "a key").unwrap();
        make_repository(&of("root"));
        let socket = UnixListener::bind(of("outside/socket")).unwrap();
        set_permissions(of("outside/socket"), Permissions::from_mode(0o777)).unwrap();
        let name = format!("diwan-probe-{}", path.display());
        let hidden = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        let loopback = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = loopback.local_addr().unwrap().to_string();
        give_to_nobody(&path);
        // The victim stands for the bridge: a process of the same user as the command.
        let mark = format!("victim-of-{}", path.display());
        let mut victim = Command::new(&probe);
        victim.args(["wait", &mark]).env("BRIDGE_SECRET", "x").stdin(Stdio::piped()).stdout(Stdio::null());
        let victim = as_nobody(&mut victim).spawn().unwrap();
        let leaked = File::open(of("home/ssh_key")).unwrap();
        rustix::io::fcntl_setfd(&leaked, rustix::io::FdFlags::empty()).unwrap();
        let text = |name: &str| of(name).display().to_string();
        let environment = [
            ("SSH_KEY", text("home/ssh_key")),
            ("BRIDGE_KEY", text("home/bridge_key")),
            ("SETUID", text("bin/as-root")),
            ("ROOT", text("root")),
            ("OUTSIDE", text("outside")),
            ("SOCKET", text("outside/socket")),
            ("ABSTRACT", name),
            ("LOOPBACK", address),
            ("BRIDGE", victim.id().to_string()),
            ("BRIDGE_MARK", mark),
            ("PROCESSES", "200".to_owned()),
            ("MEMORY", (512 << 20).to_string()),
            ("FILE", (32 << 20).to_string()),
            ("SCRATCH", (64 << 20).to_string()),
        ];
        let environment = environment.map(|(name, value)| (format!("PROBE_{name}"), value)).into();
        let root = of("root");
        Self { bridge, probe, root, directory, victim, leaked, doors: (loopback, socket, hidden), environment }
    }

    /// A command of the probe as the bridge's own user.
    pub(crate) fn as_bridge(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.probe);
        command.args(arguments).envs(self.environment.clone()).stdin(Stdio::null());
        if self.bridge == Bridge::User && is_root() {
            as_nobody(&mut command);
        }
        command
    }

    /// The probe without any sandbox, as the user as whom commands run.
    pub(crate) fn outside(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.probe);
        command.args(arguments).envs(self.environment.clone()).stdin(Stdio::null()).current_dir("/");
        as_nobody(&mut command);
        command
    }

    /// A program in a sandbox in which the probe and one writable root are shown.
    pub(crate) fn inside(&self, options: &[&str], program: &[&str]) -> Command {
        let mut command = self.as_bridge(&["run"]);
        let (bin, root) = (self.probe.parent().unwrap(), &self.root);
        command.arg("--readable").arg(bin).arg("--writable").arg(root).arg("--directory").arg(root);
        command.arg("--outcome").arg(self.outcome_path()).arg("--layers").arg(self.layers_path());
        if self.bridge == Bridge::Root {
            command.args(["--user", &NOBODY.to_string(), &NOBODY.to_string()]);
        }
        for (name, value) in &self.environment {
            command.arg("--env").arg(format!("{name}={value}"));
        }
        command.args(options).arg("--").args(program);
        command
    }

    fn outcome_path(&self) -> PathBuf {
        self.root.parent().unwrap().join("outside/outcome")
    }

    fn layers_path(&self) -> PathBuf {
        self.root.parent().unwrap().join("outside/layers")
    }

    /// What became of the last command, in words.
    pub(crate) fn outcome(&self) -> String {
        read_to_string(self.outcome_path()).unwrap_or_else(|_| "nothing was written down".to_owned())
    }

    pub(crate) fn layers(&self) -> String {
        read_to_string(self.layers_path()).unwrap_or_else(|_| "no layers were written down".to_owned())
    }

    /// Runs a shell script inside.
    pub(crate) fn shell(&self, options: &[&str], script: &str) -> Output {
        self.inside(options, &["/bin/sh", "-c", script]).output().unwrap()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.victim.kill();
        let _ = self.victim.wait();
    }
}

/// A repository as git makes it, without needing git.
fn make_repository(root: &Path) {
    for name in [".git", ".git/hooks", ".git/objects", ".git/refs", ".git/refs/heads", ".vscode"] {
        create_dir(root.join(name)).unwrap();
    }
    write(root.join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
    write(root.join(".git/config"), "[core]\n\trepositoryformatversion = 0\n\tbare = false\n").unwrap();
    write(root.join("file"), "text\n").unwrap();
}

/// Everything but the programs.
fn give_to_nobody(path: &Path) {
    if !is_root() {
        return;
    }
    for entry in std::fs::read_dir(path).unwrap().flatten().filter(|entry| entry.file_name() != "bin") {
        chown(entry.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        if entry.file_type().unwrap().is_dir() {
            give_to_nobody(&entry.path());
        }
    }
}

pub(crate) fn as_nobody(command: &mut Command) -> &mut Command {
    if is_root() { command.uid(NOBODY).gid(NOBODY) } else { command }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
