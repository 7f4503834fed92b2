//! The owner's policy file: read, watched, and in force until a sound newer one takes its place.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use diwan_kernel::World;
use diwan_policy::{Here, LONGEST_POLICY, Policy, User, Who, hash_of};
use diwan_protocol::Operation;
use diwan_protocol::facts::PolicyInForce;
use tokio::sync::watch;

use crate::rules::refusals;

/// Where root keeps the policy of a machine.
const OF_ROOT: &str = "/etc/diwan-bridge/policy.toml";
/// Where anybody else does, below their home.
const OF_A_PERSON: &str = ".config/diwan-bridge/policy.toml";
/// How often the file is looked at.
const EVERY: Duration = Duration::from_secs(2);

/// A policy as it stood at one moment.
#[derive(Debug)]
pub(crate) struct InForce {
    /// None means that everything is denied.
    policy: Option<Policy>,
    /// SHA-256 of the text.
    pub(crate) hash: [u8; 32],
    text: String,
    /// What is wrong with a newer file.
    fault: Option<String>,
}

/// What a file looked like from outside: when that is the same, so is the file.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
struct Look {
    modified: Option<SystemTime>,
    length: u64,
    inode: u64,
}

/// The policy of this machine. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct PolicyFile {
    world: World,
    path: PathBuf,
    here: Here,
    /// What must lie in no writable root, besides the policy itself.
    guarded: Vec<PathBuf>,
    current: watch::Sender<Arc<InForce>>,
}

impl InForce {
    /// As the control plane is told.
    pub(crate) fn told(&self) -> PolicyInForce {
        PolicyInForce { hash: self.hash.into(), text: self.text.clone(), fault: self.fault.clone() }
    }

    /// The text of the file that is in force; `None` where there is none.
    pub(crate) fn text(&self) -> Option<&str> {
        self.policy.as_ref().map(|_| self.text.as_str())
    }

    /// What it says to an operation; `None` where there is no policy and one is needed.
    pub(crate) fn judge(&self, operation: &Operation, actor: &str, here: &Here) -> Option<diwan_policy::Verdict> {
        let who = Who { id: actor, roles: &[] };
        match &self.policy {
            Some(policy) => Some(policy.judge(operation, who, here)),
            None => (*operation == Operation::Noop).then(diwan_policy::Verdict::of_nothing),
        }
    }

    fn nothing(fault: String) -> Self {
        Self { policy: None, hash: hash_of(""), text: String::new(), fault: Some(fault) }
    }
}

/// The machine, as the user that the bridge runs as sees it.
pub(crate) fn here() -> Here {
    let user = User { id: rustix::process::geteuid().as_raw(), group: rustix::process::getegid().as_raw() };
    Here::new(Some(user), std::env::var_os("HOME").map(PathBuf::from))
}

impl PolicyFile {
    /// Where it is unless somebody says otherwise.
    pub(crate) fn usual_place(home: Option<&Path>) -> PathBuf {
        match home {
            Some(home) if !rustix::process::geteuid().is_root() => home.join(OF_A_PERSON),
            _ => OF_ROOT.into(),
        }
    }

    /// Reads the policy. A file that is faulty or missing is told, and denies everything until it is sound.
    pub(crate) fn open(world: &World, path: &Path, guarded: Vec<PathBuf>) -> Self {
        let file = Self {
            world: world.clone(),
            path: path.to_owned(),
            here: here(),
            guarded,
            current: watch::Sender::new(Arc::new(InForce::nothing(String::new()))),
        };
        file.read_again();
        file
    }

    /// What is in force now.
    pub(crate) fn now(&self) -> Arc<InForce> {
        Arc::clone(&self.current.borrow())
    }

    /// Where it lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Tells of every change, also of what its owner refused.
    pub(crate) fn changes(&self) -> watch::Receiver<Arc<InForce>> {
        self.current.subscribe()
    }

    /// The machine that it holds on.
    pub(crate) fn here(&self) -> &Here {
        &self.here
    }

    /// Looks at the file for as long as anybody lets it.
    pub(crate) async fn watch(self) {
        let refused = refusals::place(&self.world.disk().follow(&self.path));
        let looks = || (look(&self.path), look(&refused));
        let mut seen = looks();
        loop {
            tokio::time::sleep(EVERY).await;
            let now = looks();
            if now != seen {
                seen = now;
                let file = self.clone();
                // A change that could not be read is seen again with the next one.
                let _ = self.world.heavy(move || file.read_again()).await;
            }
        }
    }

    /// Reads it now, rather than when the change is seen.
    pub(crate) fn read_again(&self) {
        let before = self.now();
        let next = match self.load() {
            Ok(sound) => sound,
            Err(fault) => {
                tracing::warn!("{fault}");
                let text = before.text.clone();
                InForce { policy: before.policy.clone(), hash: before.hash, text, fault: Some(fault) }
            }
        };
        if before.hash != next.hash {
            tracing::info!(policy = %self.path.display(), "the policy is in force");
        }
        self.current.send_replace(Arc::new(next));
    }

    fn load(&self) -> Result<InForce, String> {
        let path = self.path.display();
        let bytes = match self.world.disk().read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.is_missing() => {
                return Err(format!(
                    "there is no policy at {path}: whatever was in force stays, and without any, everything is denied"
                ));
            }
            Err(error) => return Err(error.to_string()),
        };
        if bytes.len() > LONGEST_POLICY {
            return Err(format!("the policy at {path} is too long"));
        }
        let text = String::from_utf8(bytes).map_err(|_| format!("the policy at {path} is no text"))?;
        check_owner(&self.path)?;
        let policy = Policy::load(&text).map_err(|faults| format!("the policy at {path} is faulty: {faults}"))?;
        for guarded in self.guarded.iter().chain([&self.path]) {
            if let Some(root) = policy.exposes(guarded, &self.here) {
                let what = guarded.display();
                return Err(format!(
                    "the policy at {path} is faulty: {what} lies in its root {root}, which is writable"
                ));
            }
        }
        Ok(InForce { hash: policy.hash(), policy: Some(policy), text, fault: None })
    }
}

/// A policy that others may write is not its owner's.
#[cfg(unix)]
fn check_owner(path: &Path) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt;
    let seen = std::fs::metadata(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let is_ours = seen.uid() == 0 || seen.uid() == rustix::process::geteuid().as_raw();
    if !is_ours || seen.mode() & 0o022 != 0 {
        return Err(format!(
            "the policy at {} can be changed by others than its owner: chown it to the user of the bridge and chmod go-w",
            path.display()
        ));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_owner(_path: &Path) -> Result<(), String> {
    Ok(())
}

#[cfg(unix)]
fn look(path: &Path) -> Option<Look> {
    use std::os::unix::fs::MetadataExt;
    let seen = std::fs::metadata(path).ok()?;
    Some(Look { modified: seen.modified().ok(), length: seen.len(), inode: seen.ino() })
}

#[cfg(not(unix))]
fn look(path: &Path) -> Option<Look> {
    let seen = std::fs::metadata(path).ok()?;
    Some(Look { modified: seen.modified().ok(), length: seen.len(), inode: 0 })
}
