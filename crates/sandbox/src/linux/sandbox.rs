//! The sandbox of this system: tried once, then used for every command.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use nix::unistd::getuid;

use super::groups::{Group, Groups};
use super::plan::Plan;
use super::prepared::Prepared;
use super::{told, wire};
use crate::error::SandboxError;
use crate::layers::{Layer, Layers, Mode};
use crate::profile::{Profile, User};

/// Whom a probe becomes; it runs nothing.
const NOBODY: User = User { uid: 65534, gid: 65534 };

/// What this system offers, and the way to use it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    launcher: PathBuf,
    layers: Layers,
    groups: Groups,
}

impl Sandbox {
    /// Tries in a child of this program, whose `main` must begin with [`super::launch_if_asked`], which
    /// layers this system offers.
    ///
    /// # Errors
    /// With [`Mode::Required`], if a layer is missing; the message names each and why.
    pub fn new(mode: Mode) -> Result<Self, SandboxError> {
        Self::with_launcher(mode, "/proc/self/exe")
    }

    /// The same with another program as the launcher, whose `main` begins with [`super::launch_if_asked`].
    ///
    /// # Errors
    /// As [`Sandbox::new`].
    pub fn with_launcher(mode: Mode, launcher: impl Into<PathBuf>) -> Result<Self, SandboxError> {
        let launcher = launcher.into();
        let groups = Groups::find();
        let layers = probe(&launcher, &groups)?;
        match layers.missing() {
            Some(missing) if mode == Mode::Required => Err(SandboxError::Missing(missing)),
            _ => Ok(Self { inner: Arc::new(Inner { launcher, layers, groups }) }),
        }
    }

    /// Which layers commands get, and why not the others.
    #[must_use]
    pub fn layers(&self) -> &Layers {
        &self.inner.layers
    }

    /// Makes ready what the command needs outside: nothing is started yet.
    ///
    /// # Errors
    /// If the profile cannot be used, or the system refuses what it needs.
    pub fn prepare(&self, profile: &Profile) -> Result<Prepared, SandboxError> {
        profile.check()?;
        if getuid().is_root() && profile.user.is_none() {
            return Err(SandboxError::Profile(
                "the bridge is root, and the profile names no user to become".to_owned(),
            ));
        }
        if !profile.given.is_empty() && !self.inner.layers.has(Layer::MountNamespace) {
            return Err(no_private_place());
        }
        let mut profile = profile.clone();
        profile.user = profile.user.filter(|_| getuid().is_root());
        let layers = self.inner.layers.active().collect();
        let group = self.inner.groups.make(&profile.limits)?;
        let plan = plan(profile, layers, false, &group);
        Prepared::new(&self.inner.launcher, &plan, group)
    }
}

/// Makes ready a command that runs outside of any room, as this user or the one that the profile names. Nothing
/// is kept from it, but everything that it starts ends with it, and with this process.
///
/// # Errors
/// If the profile cannot be used, or the system refuses what it needs.
pub fn hold(profile: &Profile) -> Result<Prepared, SandboxError> {
    profile.check()?;
    if !profile.given.is_empty() {
        return Err(no_private_place());
    }
    let (mut profile, is_root) = (profile.clone(), getuid().is_root());
    profile.user = profile.user.filter(|_| is_root);
    if is_root && profile.user.is_none() {
        return Err(SandboxError::Profile("the bridge is root, and the profile names no user to become".to_owned()));
    }
    let (layers, group) = (if is_root { vec![Layer::User] } else { vec![] }, Group::none());
    Prepared::new(Path::new("/proc/self/exe"), &plan(profile, layers, false, &group), group)
}

/// Without a file tree of its own, what a command is given would lie where others find it.
fn no_private_place() -> SandboxError {
    SandboxError::Profile("there is no private place here for a file that only the command may read".to_owned())
}

/// Lets the launcher try each layer on its own.
fn probe(launcher: &Path, groups: &Groups) -> Result<Layers, SandboxError> {
    let mut profile = Profile::new("/", "/");
    profile.user = getuid().is_root().then_some(NOBODY);
    let group = groups.make(&profile.limits)?;
    let plan = plan(profile, Layer::ALL.to_vec(), true, &group);
    let prepared = Prepared::new(launcher, &plan, group)?;
    let mut command = prepared.command();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().map_err(SandboxError::system("starting the launcher"))?;
    let fields = prepared.told();
    if let Some(failure) = told::failure(&fields) {
        return Err(failure);
    }
    let mut layers = read(&fields);
    for (layer, place) in [(Layer::GroupMemory, &groups.memory), (Layer::GroupProcesses, &groups.processes)] {
        if let Err(why) = place {
            layers.set(layer, Err(why.clone()));
        }
    }
    Ok(layers)
}

fn plan(profile: Profile, layers: Vec<Layer>, probe: bool, group: &Group) -> Plan {
    Plan { profile, layers, probe, memory_door: group.memory_door(), processes_door: group.processes_door() }
}

fn read(fields: &[wire::Field]) -> Layers {
    let mut layers = Layers::none("the launcher did not get that far");
    let mut failed = vec![];
    for field in fields {
        let Some((verdict, name)) = field.name.split_at_checked(1) else { continue };
        let Some(layer) = Layer::named(name) else { continue };
        // A layer that is put on in several steps stands only if all of them do.
        if !failed.contains(&layer) {
            layers.set(layer, if verdict == "+" { Ok(field.text()) } else { Err(field.text()) });
        }
        failed.extend((verdict == "-").then_some(layer));
    }
    layers
}
