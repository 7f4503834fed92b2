//! A disk that is full, read-only, or fails to flush.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use crate::api::{Api, claim};
use crate::program::{PATIENCE, Program, memory_dir, run};

/// The system calls that make sure of what was written.
pub(crate) const FLUSHING: &str = "fsync,fdatasync";

/// What it says when it has found room again.
pub(crate) const WRITES_GO_ON: &str = "there is room on the disk again";

/// A file system of its own, in memory, of a fixed size. Only root can mount one.
pub(crate) struct SmallDisk {
    dir: tempfile::TempDir,
}

impl SmallDisk {
    pub(crate) async fn mount(options: &str) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            println!("NOT TESTED: a file system of its own can be mounted by root only");
            return None;
        }
        let this = Self { dir: tempfile::tempdir().expect("a directory can be made") };
        this.mount_with(&["-t", "tmpfs", "-o", options, "tmpfs"]).await;
        Some(this)
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    async fn mount_with(&self, args: &[&str]) {
        let status = Command::new("mount").args(args).arg(self.path()).status().await.expect("mount can be run");
        assert!(status.success(), "mount {args:?} failed");
    }

    /// Takes all the room there is.
    pub(crate) fn fill(&self) {
        let mut file = fs::File::create(self.path().join("filler")).expect("a file can be made");
        for size in [1 << 20, 1 << 12, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }

    pub(crate) fn free(&self) {
        fs::remove_file(self.path().join("filler")).expect("the filler can be removed");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily, because the killed program may still hold files for a moment.
        let _ = std::process::Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

async fn invite(owner: &Api, name: &str) -> Option<u16> {
    let body = json!({"email": format!("{name}@example.org"), "role": "viewer"});
    owner.send(Method::POST, "/invitations", Some(body), None).await.map(|answer| answer.status)
}

#[tokio::test]
async fn a_full_disk_refuses_writes_keeps_reading_and_recovers_without_a_restart() {
    let Some(disk) = SmallDisk::mount("size=40m").await else { return };
    let heard = ["--log-level", "warn,diwan_kernel::db=info"];
    let mut program = Program::start_with(disk.path(), &heard).await;
    let owner = claim(&program).await;
    let mut acknowledged = vec![];
    for round in 0..3 {
        disk.fill();
        let refused = write_until_refused(&owner, round, &mut acknowledged).await;
        assert_eq!(refused, 507, "a full disk is said to be one");
        owner.get("/me").await.expect(200);
        owner.get("/invitations").await.expect(200);
        disk.free();
        program.says(WRITES_GO_ON, round + 1).await;
        let name = format!("again{round}");
        assert_eq!(invite(&owner, &name).await, Some(201));
        acknowledged.push(name);
    }
    assert_all_there(&owner, &acknowledged).await;
    program.kill().await;
    let program = Program::start(disk.path()).await;
    assert_all_there(&owner.at(&program), &acknowledged).await;
}

async fn write_until_refused(owner: &Api, round: usize, acknowledged: &mut Vec<String>) -> u16 {
    for at in 0..20_000 {
        let name = format!("guest{round}.{at}");
        match invite(owner, &name).await.expect("an answer") {
            201 => acknowledged.push(name),
            status => return status,
        }
    }
    panic!("the disk never became full");
}

async fn assert_all_there(owner: &Api, names: &[String]) {
    let there: Vec<String> = owner
        .list("/invitations")
        .await
        .iter()
        .filter_map(|item| item["email"].as_str()?.strip_suffix("@example.org").map(str::to_owned))
        .collect();
    let lost: Vec<_> = names.iter().filter(|name| !there.contains(name)).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    let verdict = owner.verify().await;
    assert_eq!(verdict["ok"], true, "{verdict}");
}

#[tokio::test]
async fn a_read_only_data_directory_is_refused_at_the_start() {
    let Some(disk) = SmallDisk::mount("size=40m").await else { return };
    Program::start(disk.path()).await.kill().await;
    disk.mount_with(&["-o", "remount,ro"]).await;
    let dir = disk.path().display().to_string();
    let ended = run(&["server", "--listen", "127.0.0.1:0", "--data-dir", &dir]).await;
    assert_eq!(ended.code, Some(2), "{}", ended.said);
    assert!(ended.said.contains("error: ") && ended.said.contains("next: "), "{}", ended.said);
}

#[tokio::test]
async fn a_disk_that_becomes_read_only_refuses_writes_keeps_reading_and_recovers() {
    let dir = memory_dir();
    let program = Program::start(dir.path()).await;
    let owner = claim(&program).await;
    assert_eq!(invite(&owner, "before").await, Some(201));
    // What is open already cannot be written either: that is what happens after the first error of a disk.
    let mut strace = spoil(&program, "pwrite64,ftruncate", "error=EROFS").await;
    let body = json!({"email": "during@example.org", "role": "viewer"});
    let refused = owner.post("/invitations", body).await.expect(503);
    assert_eq!(refused["code"], "storage_read_only", "{refused}");
    owner.get("/me").await.expect(200);
    owner.get("/invitations").await.expect(200);
    strace.kill().await.expect("strace lets go");
    assert_eq!(invite(&owner, "after").await, Some(201));
    assert_all_there(&owner, &["before".to_owned(), "after".to_owned()]).await;
}

/// Spoils these system calls in the running program; strace does it from outside.
pub(crate) async fn spoil(program: &Program, calls: &str, how: &str) -> tokio::process::Child {
    let mut strace = Command::new("strace")
        .args(["-f", "-e", &format!("trace={calls}"), "-e", &format!("inject={calls}:{how}"), "-p"])
        .arg(program.pid().as_raw_nonzero().to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("strace is installed: make test does it");
    let mut lines = BufReader::new(strace.stderr.take().expect("its words")).lines();
    let attached = async {
        while let Some(line) = lines.next_line().await.expect("a line") {
            assert!(!line.contains("not permitted"), "strace may not look at other processes here: {line}");
            if line.contains("attached") {
                return;
            }
        }
    };
    timeout(PATIENCE, attached).await.expect("strace attaches");
    #[expect(clippy::disallowed_methods, reason = "a test has no supervisor; somebody must read what strace says")]
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    strace
}

#[tokio::test]
async fn after_a_failed_flush_nothing_is_acknowledged_and_the_program_ends() {
    // On the real disk: file systems in memory have nothing to flush.
    let dir = tempfile::tempdir().expect("a directory can be made");
    let mut program = Program::start(dir.path()).await;
    let owner = claim(&program).await;
    assert_eq!(invite(&owner, "before").await, Some(201));
    let strace = spoil(&program, FLUSHING, "error=EIO").await;
    assert_eq!(invite(&owner, "during").await, None, "nothing is acknowledged");
    let status = program.ended().await;
    assert!(!status.success(), "{status}");
    drop(strace);

    let program = Program::start(dir.path()).await;
    let owner = owner.at(&program);
    assert_all_there(&owner, &["before".to_owned()]).await;
    assert_eq!(invite(&owner, "after").await, Some(201));
}

#[tokio::test]
async fn a_slow_disk_delays_writes_and_nothing_else() {
    let dir = tempfile::tempdir().expect("a directory can be made");
    let program = Program::start(dir.path()).await;
    let owner = claim(&program).await;
    let strace = spoil(&program, FLUSHING, "delay_exit=1000000").await;
    let names: Vec<_> = (0..20).map(|at| format!("guest{at}")).collect();
    let mut writes = Box::pin(futures::future::join_all(names.iter().map(|name| invite(&owner, name))));
    // Reading and the health check are answered while every write still waits for the disk.
    tokio::select! {
        biased;
        _ = &mut writes => panic!("the disk is not slow"),
        answer = owner.get("/me") => drop(answer.expect(200)),
    }
    let acknowledged: Vec<_> = writes
        .await
        .into_iter()
        .zip(names)
        .filter_map(|(status, name)| match status {
            Some(201) => Some(name),
            Some(503) => None,
            other => panic!("a slow disk answers {other:?}"),
        })
        .collect();
    assert!(!acknowledged.is_empty(), "slow is not broken");
    drop(strace);
    program.kill().await;
    let program = Program::start(dir.path()).await;
    assert_all_there(&owner.at(&program), &acknowledged).await;
}

#[tokio::test]
async fn a_disk_that_takes_no_more_files_is_refused_at_the_start() {
    let Some(disk) = SmallDisk::mount("size=40m,nr_inodes=4").await else { return };
    let dir = disk.path().display().to_string();
    let ended = run(&["server", "--listen", "127.0.0.1:0", "--data-dir", &dir]).await;
    assert_eq!(ended.code, Some(2), "{}", ended.said);
    assert!(ended.said.contains("error: ") && ended.said.contains("next: "), "{}", ended.said);
}

const DATABASE: [&str; 2] = ["diwan.db", "diwan.db-wal"];

/// Copies the database as it lies there, with what is not yet in its main file.
fn copy(from: &Path, to: &Path) {
    for name in DATABASE {
        let (source, target) = (from.join(name), to.join(name));
        let _ = fs::remove_file(&target);
        if source.exists() {
            fs::copy(source, target).expect("a copy");
        }
    }
    let _ = fs::remove_file(to.join("diwan.db-shm"));
}

#[tokio::test]
async fn a_database_put_back_from_an_older_copy_is_noticed() {
    let (dir, older) = (memory_dir(), memory_dir());
    let program = Program::start(dir.path()).await;
    let owner = claim(&program).await;
    program.kill().await;
    copy(dir.path(), older.path());

    let mut program = Program::start(dir.path()).await;
    let later = owner.at(&program);
    for at in 0..20 {
        assert_eq!(invite(&later, &format!("guest{at}")).await, Some(201));
    }
    program.signal(rustix::process::Signal::TERM);
    program.ended().await;
    copy(older.path(), dir.path());

    let program = Program::start(dir.path()).await;
    let verdict = owner.at(&program).verify().await;
    assert_eq!(verdict["ok"], false, "{verdict}");
    assert_eq!(verdict["anchor"], "rolled_back", "{verdict}");
}
