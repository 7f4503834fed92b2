//! A poisoned working copy, and canaries all around it.

use std::collections::BTreeSet;
use std::fs::{
    Permissions, create_dir_all, metadata, read, read_dir, read_link, read_to_string, set_permissions, write,
};
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::{SocketAddr, UnixListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use tempfile::TempDir;

use crate::support::bridge::Bridge;

const PAYLOAD: &str = include_str!("payload.sh");
/// Begins everything that must stay secret.
const SECRET: &str = "canary-of-the-corpus";
const HOOKS: [&str; 9] = [
    "post-checkout",
    "post-merge",
    "pre-push",
    "pre-commit",
    "reference-transaction",
    "post-index-change",
    "fsmonitor-watchman",
    "pre-auto-gc",
    "post-rewrite",
];

/// The ground that the corpus is tried on.
pub(crate) struct Ground {
    root: PathBuf,
    outside: TempDir,
    in_tmp: PathBuf,
    state: PathBuf,
    /// In the name of everything that may be left behind.
    mark: String,
    seconds: String,
    tcp: TcpListener,
    unix: [UnixListener; 2],
}

impl Ground {
    pub(crate) fn lay(bridge: &mut Bridge) -> Self {
        let outside = tempfile::tempdir().unwrap();
        static GROUNDS: AtomicU64 = AtomicU64::new(0);
        // The tests of a process have a ground each.
        let number = u64::from(std::process::id()) * 10 + GROUNDS.fetch_add(1, Ordering::Relaxed);
        let mark = format!("diwan-corpus-{number}");
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let hidden = SocketAddr::from_abstract_name(mark.as_bytes()).unwrap();
        let unix =
            [UnixListener::bind_addr(&hidden).unwrap(), UnixListener::bind(outside.path().join("socket")).unwrap()];
        tcp.set_nonblocking(true).unwrap();
        unix.iter().for_each(|socket| socket.set_nonblocking(true).unwrap());
        let seconds = format!("{}", 9_000_000_000 + number);
        let in_tmp = std::env::temp_dir().join(format!("{mark}-canary"));
        let ground = Self { root: bridge.root(), outside, in_tmp, state: bridge.state(), mark, seconds, tcp, unix };
        ground.put_canaries();
        ground.poison();
        bridge.set("HOME", &ground.home().to_string_lossy());
        bridge.set("DIWAN_CORPUS_SECRET", &format!("{SECRET}-in-the-environment"));
        // What fetches finds nobody there, at once.
        for name in ["HTTPS_PROXY", "https_proxy"] {
            bridge.set(name, "http://127.0.0.1:9");
        }
        ground
    }

    fn home(&self) -> PathBuf {
        self.outside.path().join("home")
    }

    fn canaries(&self) -> [PathBuf; 3] {
        [self.outside.path().join("canary"), self.home().join("canary"), self.in_tmp.clone()]
    }

    fn put_canaries(&self) {
        create_dir_all(self.home()).unwrap();
        // Whoever gets there may do as they like: nothing but the sandbox is in the way.
        for place in [self.outside.path(), &self.home()] {
            set_permissions(place, Permissions::from_mode(0o777)).unwrap();
        }
        for canary in self.canaries() {
            write(&canary, format!("{SECRET}-in-a-file\n")).unwrap();
            set_permissions(&canary, Permissions::from_mode(0o666)).unwrap();
        }
    }

    /// The policy, with the places of this machine's own Rust in it: the home of this bridge is another one.
    pub(crate) fn policy(&self, text: &str) -> String {
        let Some(home) = std::env::var_os("HOME") else { return text.to_owned() };
        let home = PathBuf::from(home);
        let there = |path: &str| home.join(path).canonicalize().map(|path| path.to_string_lossy().into_owned());
        let (Ok(rustup), Ok(cargo)) = (there(".rustup"), there(".cargo/bin")) else { return text.to_owned() };
        text.replace("~/.rustup", &rustup).replace("~/.cargo/bin", &cargo)
    }

    fn payload(&self) -> String {
        let places = [
            ("HOME_OF_BRIDGE", self.home()),
            ("OUTSIDE", self.outside.path().to_owned()),
            ("IN_TMP", self.in_tmp.clone()),
            ("ROOT", self.root.clone()),
            ("STATE", self.state.clone()),
        ];
        let mut text = PAYLOAD.replace("MARK_SECONDS", &self.seconds).replace("MARK", &self.mark);
        text = text.replace("TCP_PORT", &self.tcp.local_addr().unwrap().port().to_string());
        for (name, place) in places {
            text = text.replace(name, &place.to_string_lossy());
        }
        text
    }

    /// A working copy that runs foreign code wherever anything lets it.
    fn poison(&self) {
        let payload = self.root.join("payload.sh");
        let script = payload.to_string_lossy().into_owned();
        self.put("payload.sh", &self.payload());
        self.put("README.md", "A project\n");
        self.put("src/main.rs", "fn main() {}\n");
        self.put("src/[id]/a b.txt", "text\n");
        self.put(
            "build.rs",
            &format!("fn main() {{ let _ = std::process::Command::new(\"sh\").arg({script:?}).status(); }}\n"),
        );
        self.put("Cargo.toml", "[package]\nname = \"diwan-policy\"\nversion = \"0.1.0\"\nedition = \"2021\"\nbuild = \"build.rs\"\n[workspace]\n");
        let python = format!("import subprocess\nsubprocess.call(['sh', {script:?}])\n");
        for name in
            ["conftest.py", "pytest.py", "unittest.py", "sitecustomize.py", "test_a.py", "tests/test_a.py", "setup.py"]
        {
            self.put(name, &python);
        }
        let run = format!("sh {script}");
        let scripts = ["preinstall", "install", "postinstall", "prepare", "pretest", "test", "build", "lint"];
        let scripts: Vec<String> = scripts.iter().map(|name| format!("{name:?}: {run:?}")).collect();
        self.put(
            "package.json",
            &format!("{{\"name\": \"x\", \"version\": \"1.0.0\", \"scripts\": {{{}}}}}\n", scripts.join(", ")),
        );
        self.put(".npmrc", &format!("script-shell={script}\nignore-scripts=false\ngit={script}\n"));
        symlink(self.outside.path(), self.root.join("link-out")).unwrap();
        symlink("/etc", self.root.join("link-to-etc")).unwrap();
        self.poison_git(&script);
        give_all(&self.root);
    }

    fn poison_git(&self, script: &str) {
        if Command::new("git").arg("--version").output().is_err() {
            return;
        }
        let git = |words: &str| {
            let named = ["user.name=x", "user.email=x@example.org", "init.defaultBranch=main", "safe.directory=*"];
            let settings = named.iter().flat_map(|setting| ["-c", setting]);
            let done =
                Command::new("git").args(settings).args(words.split(' ')).current_dir(&self.root).output().unwrap();
            assert!(done.status.success(), "{words}: {}", String::from_utf8_lossy(&done.stderr));
        };
        ["init -q", "add README.md src tests", "commit -qm first", "tag v1.0.0"].into_iter().for_each(git);
        self.put(".gitattributes", "* filter=x diff=x merge=x text=auto\n");
        self.put("README.md", "A project that was changed\n");
        for hook in HOOKS {
            self.put(&format!(".git/hooks/{hook}"), &format!("#!/bin/sh\nexec sh {script}\n"));
        }
        let run = format!("sh {script}");
        let config = read_to_string(self.root.join(".git/config")).unwrap();
        let poison = format!(
            "[core]\nfsmonitor = {run:?}\nsshCommand = {run:?}\npager = {run:?}\neditor = {run:?}\naskPass = {run:?}\ngitProxy = {run:?}\n\
             alternateRefsCommand = {run:?}\n[alias]\nstatus = \"!{run}\"\nst = \"!{run}\"\n[diff]\nexternal = {run:?}\n\
             [diff \"x\"]\ntextconv = {run:?}\ncommand = {run:?}\n[filter \"x\"]\nclean = {run:?}\nsmudge = {run:?}\nrequired = true\n\
             [merge \"x\"]\ndriver = {run:?}\n[credential]\nhelper = \"!{run}\"\n[gpg]\nprogram = {run:?}\n[log]\nshowSignature = true\n\
             [remote \"origin\"]\nurl = https://github.com/a/b.git\nuploadpack = {run:?}\nreceivepack = {run:?}\nvcs = x\n\
             [remote \"upstream\"]\nurl = https://user:{SECRET}-in-a-remote@github.com/a/b.git\n\
             [branch \"main\"]\nremote = origin\nmerge = refs/heads/main\n[protocol \"ext\"]\nallow = always\n\
             [uploadpack]\npackObjectsHook = {run:?}\n[interactive]\ndiffFilter = {run:?}\n[pager]\nlog = {run:?}\nstatus = {run:?}\n"
        );
        self.put(".git/config", &format!("{config}{poison}"));
    }

    fn put(&self, name: &str, text: &str) {
        let path = self.root.join(name);
        create_dir_all(path.parent().unwrap()).unwrap();
        write(&path, text).unwrap();
        set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    }

    /// How often the poison got to run at all, in the sandbox.
    pub(crate) fn payloads_run(&self) -> usize {
        read_to_string(self.root.join("payload-ran")).unwrap_or_default().lines().count()
    }

    /// What lies outside of the root, where nothing may come to lie.
    pub(crate) fn outside(&self) -> BTreeSet<PathBuf> {
        let mut all = BTreeSet::new();
        list(self.outside.path(), &mut all);
        all.extend(read_dir(self.root.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path()));
        all
    }

    /// Whether a secret is told.
    pub(crate) fn is_told_in(&self, said: &[u8]) -> bool {
        let shadow = read_to_string("/etc/shadow").unwrap_or_default();
        let secrets = [SECRET, shadow.trim()];
        let said = String::from_utf8_lossy(said);
        secrets.iter().any(|secret| !secret.is_empty() && said.contains(secret))
    }

    #[track_caller]
    pub(crate) fn is_untouched(&self, before: &BTreeSet<PathBuf>) {
        assert!(!self.is_changed(), "a canary was changed");
        assert_eq!(&self.outside(), before, "something new lies outside");
        assert_eq!(self.things_left(), Vec::<PathBuf>::new(), "something was left");
        assert_eq!(self.calls(), [false; 3], "somebody called, by TCP, a hidden name or a socket");
        let rights = metadata(self.root.join("sh-with-rights"));
        assert!(rights.is_ok_and(|rights| is_harmless(&rights)), "a program with the rights of root");
    }

    /// Whether a canary is not what it was.
    pub(crate) fn is_changed(&self) -> bool {
        let secret = format!("{SECRET}-in-a-file\n");
        let is_as_it_was = |canary: &PathBuf| {
            let mode = metadata(canary).map(|seen| seen.permissions().mode() & 0o777);
            read(canary).is_ok_and(|text| text == secret.as_bytes()) && mode.is_ok_and(|mode| mode == 0o666)
        };
        !self.canaries().iter().all(is_as_it_was)
    }

    /// Whether somebody called: by TCP, by a hidden name, by a socket that lies in a directory.
    pub(crate) fn calls(&self) -> [bool; 3] {
        [self.tcp.accept().is_ok(), self.unix[0].accept().is_ok(), self.unix[1].accept().is_ok()]
    }

    /// What came to lie where everybody may write, or only root.
    pub(crate) fn things_left(&self) -> Vec<PathBuf> {
        let places = ["/tmp", "/var/tmp", "/dev/shm", "/etc", "/usr/local/bin"];
        let entries = places.iter().flat_map(|place| read_dir(place).into_iter().flatten().flatten());
        let is_ours = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            name == "diwan-corpus-marker" || (name.starts_with(&self.mark) && *path != self.in_tmp)
        };
        entries.map(|entry| entry.path()).filter(is_ours).collect()
    }

    /// Runs the poison without a sandbox, as the user that commands run as. Says what it said.
    pub(crate) fn let_loose(&self) -> Vec<u8> {
        let mut poison = Command::new("sh");
        poison.arg(self.root.join("payload.sh")).current_dir(&self.root);
        if rustix::process::geteuid().is_root() {
            poison.uid(65534).gid(65534);
        }
        poison.output().unwrap().stdout
    }

    /// Takes away what the poison has left without a sandbox.
    pub(crate) fn clear_away(&self) {
        for process in self.processes_left() {
            let pid = process.trim_start_matches("/proc/").parse().ok().and_then(rustix::process::Pid::from_raw);
            // It may be over by now.
            let _ = pid.map(|pid| rustix::process::kill_process(pid, rustix::process::Signal::KILL));
        }
        for path in self.things_left() {
            if path.is_dir() { std::fs::remove_dir(&path) } else { std::fs::remove_file(&path) }.unwrap();
        }
    }

    /// What the poison started and what works in the root.
    pub(crate) fn processes_left(&self) -> Vec<String> {
        let processes = read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
        let is_of_us = |process: &PathBuf| {
            let line = read(process.join("cmdline")).unwrap_or_default();
            let works_here = read_link(process.join("cwd")).is_ok_and(|cwd| cwd.starts_with(&self.root));
            works_here || String::from_utf8_lossy(&line).contains(&self.seconds)
        };
        processes.filter(is_of_us).map(|process| process.display().to_string()).collect()
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        // It lies where nobody else clears away.
        let _ = std::fs::remove_file(&self.in_tmp);
    }
}

fn is_harmless(seen: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    seen.mode() & 0o4000 == 0 || seen.uid() != 0
}

fn list(dir: &Path, all: &mut BTreeSet<PathBuf>) {
    for entry in read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            list(&entry.path(), all);
        }
        all.insert(entry.path());
    }
}

/// As root, commands run as whoever owns the root: all of it is theirs.
fn give_all(root: &Path) {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let nobody = (rustix::fs::Uid::from_raw(65534), rustix::fs::Gid::from_raw(65534));
    let mut all = BTreeSet::from([root.to_owned()]);
    list(root, &mut all);
    for path in all {
        rustix::fs::chownat(
            rustix::fs::CWD,
            &path,
            Some(nobody.0),
            Some(nobody.1),
            rustix::fs::AtFlags::SYMLINK_NOFOLLOW,
        )
        .unwrap();
    }
}
