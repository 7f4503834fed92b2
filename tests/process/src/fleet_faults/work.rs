//! What the machine is asked to do in a run: commands that say a stream drawn by lot, leave a mark when they
//! begin and another when they are through, and wait at a gate in between.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{FileType, Gid, Mode, Uid, chown, mknodat};
use serde_json::{Value, json};

use super::dice::Dice;

/// `$1` is its number and `$2` the status that it ends with.
const SCRIPT: &str = r#"echo "$1" >> ran
cat "said-$1-1-a" & cat "said-$1-2-a" >&2
wait
read line < "gate-$1"
cat "said-$1-1-b" & cat "said-$1-2-b" >&2
wait
echo "$1" >> through
exit "$2"
"#;

/// Scripts of the root may be run by `sh`.
const POLICY: &str = r#"
version = 1
require_sandbox = false

[roots.work]
path = "ROOT"
writable = true

[programs.sh]
path = ["/usr/bin/sh", "/bin/sh"]

[profiles.scripts]
writable = true
limits = { wall_time_s = 600, output_mib = 64, processes = 64 }

[[rules]]
name = "scripts"
operations = ["exec"]
program = "sh"
positionals = [{ value = "path", at_most = 8 }]
class = "runs_repo_code"
profile = "scripts"
decision = "allow"
"#;

/// More is said by one in eight of them.
const USUAL: usize = 200_000;
const MUCH: usize = 3_000_000;

/// One command.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) number: usize,
    pub(super) status: i32,
    pub(super) is_retry_safe: bool,
    /// Whether it waits for a machine that is away.
    pub(super) is_patient: bool,
    /// Whether the policy lets it in.
    pub(super) is_allowed: bool,
    /// What it says on each channel.
    pub(super) says: [Vec<u8>; 2],
    gate: File,
    is_open: AtomicBool,
}

impl Job {
    /// Draws one and lays out what it needs in the machine's root.
    pub(super) fn draw(number: usize, dice: &mut Dice, root: &Path) -> Self {
        let says = [1, 2].map(|channel| {
            let most = if dice.is_one_in(8) { MUCH } else { USUAL };
            let length = dice.below(most);
            let said = dice.bytes(length);
            let (before, after) = said.split_at(dice.below(length + 1));
            for (part, bytes) in [("a", before), ("b", after)] {
                std::fs::write(root.join(format!("said-{number}-{channel}-{part}")), bytes).expect("room");
            }
            said
        });
        let path = root.join(format!("gate-{number}"));
        mknodat(rustix::fs::CWD, &path, FileType::Fifo, Mode::from_raw_mode(0o666), 0).expect("a gate");
        let gate = File::options().read(true).write(true).open(&path).expect("our own gate");
        give(&path);
        let job = Self {
            number,
            status: dice.below(256) as i32,
            is_retry_safe: dice.is_one_in(3),
            is_patient: !dice.is_one_in(4),
            is_allowed: !dice.is_one_in(8),
            says,
            gate,
            is_open: false.into(),
        };
        if dice.is_one_in(3) {
            job.open();
        }
        job
    }

    /// Lets it and its repetition through.
    pub(super) fn open(&self) {
        if !self.is_open.swap(true, Ordering::SeqCst) {
            (&self.gate).write_all(b"go\ngo\ngo\n").expect("room in the gate");
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.is_open.load(Ordering::SeqCst)
    }

    pub(super) fn wish(&self) -> Value {
        // A line for a shell is never let in.
        let (number, status) = (self.number.to_string(), self.status.to_string());
        let argv = match self.is_allowed {
            true => json!(["sh", "job.sh", number, status]),
            false => json!(["sh", "-c", "echo $0 >> ran", number]),
        };
        let mut wish = json!({
            "machine": super::NAME,
            "operation": {"kind": "exec", "argv": argv, "root": "work"},
            "retry_safe": self.is_retry_safe,
        });
        if self.is_patient {
            wish["wait_s"] = json!(600);
        }
        wish
    }
}

/// The number of the job that a command of the API is.
pub(super) fn number(command: &Value) -> usize {
    let argv = command["operation"]["argv"].as_array().expect("arguments");
    let at = if argv[1] == "-c" { 3 } else { 2 };
    argv[at].as_str().and_then(|number| number.parse().ok()).expect("a number")
}

/// What the machine's owner lets commands do there.
pub(super) fn policy(root: &Path) -> String {
    POLICY.replace("ROOT", &root.to_string_lossy())
}

/// The directory that commands work in.
pub(super) fn lay_out(root: &Path) {
    std::fs::create_dir(root).expect("a root");
    std::fs::write(root.join("job.sh"), SCRIPT).expect("room");
    give(root);
}

/// Which commands left this mark, and how often.
pub(super) fn marks(root: &Path, name: &str) -> BTreeMap<usize, usize> {
    let path: PathBuf = root.join(name);
    let mut marks = BTreeMap::new();
    for line in std::fs::read_to_string(path).unwrap_or_default().lines() {
        *marks.entry(line.parse().expect("a number")).or_insert(0) += 1;
    }
    marks
}

/// As root, commands run as whoever owns the root.
pub(crate) fn give(path: &Path) {
    if rustix::process::geteuid().is_root() {
        let nobody = (Uid::from_raw(65534), Gid::from_raw(65534));
        chown(path, Some(nobody.0), Some(nobody.1)).expect("it can be given away");
    }
}
