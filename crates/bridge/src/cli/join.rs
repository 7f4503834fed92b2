//! `diwan bridge join`: makes this machine one of a control plane's.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use clap::builder::PossibleValuesParser;
use diwan_kernel::World;
use diwan_policy::Preset;

use super::Failure;
use super::place::{Place, home};
use crate::join::JoinParams;
use crate::process::join_from_outside;

/// No token is longer.
const LONGEST_TOKEN: u64 = 4096;
/// Where root's machines do their work, unless somebody says otherwise.
const WORK_OF_ROOT: &str = "/srv/projects";
/// Where anybody else's do, below their home.
const WORK_OF_A_PERSON: &str = "projects";
/// Whose the work is where everything is root's.
const NOBODY: u32 = 65534;

/// Make this machine one of a control plane's
#[derive(Debug, Args)]
pub struct Join {
    /// The control plane and the fingerprint of its authority, as the dashboard shows them
    #[arg(value_name = "URL#FINGERPRINT")]
    target: String,
    /// The token that the dashboard shows; it is good once
    #[arg(long, value_name = "TOKEN", required_unless_present = "token_stdin", conflicts_with = "token_stdin")]
    token: Option<String>,
    /// Read the token from standard input: arguments can be seen by others on this machine
    #[arg(long)]
    token_stdin: bool,
    /// Give up the control plane that this machine has joined before
    #[arg(long)]
    force: bool,
    /// The policy to begin with, where there is none yet
    #[arg(long, value_name = "NAME", default_value = "standard", value_parser = PossibleValuesParser::new(Preset::names()))]
    policy: String,
    /// The directory that work is done in, for the policy to begin with [default: /srv/projects as root, else ~/projects]
    #[arg(long, value_name = "DIR")]
    work_dir: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

impl Join {
    pub(super) fn carry_out(&self) -> Result<ExitCode, Failure> {
        let (params, token) = (self.place.params(), self.token()?);
        self.begin_policy(&params.policy)?;
        let joining =
            JoinParams { target: &self.target, token: &token, state_dir: &params.state_dir, force: self.force };
        let joined = join_from_outside(&World::real(), joining).map_err(|e| Failure::new(e, ""))?;
        println!("joined {} as {}", joined.url, joined.name);
        Ok(ExitCode::SUCCESS)
    }

    fn token(&self) -> Result<String, Failure> {
        if let Some(token) = &self.token {
            return Ok(token.clone());
        }
        let mut token = String::new();
        let read = std::io::stdin().take(LONGEST_TOKEN).read_to_string(&mut token);
        read.map_err(|e| Failure::usage(format!("the token cannot be read: {e}"), "Give it with --token."))?;
        Ok(token.trim().to_owned())
    }

    /// A machine without a policy does nothing at all, so it gets one to begin with. One that is there stays.
    fn begin_policy(&self, path: &Path) -> Result<(), Failure> {
        if path.exists() {
            return Ok(());
        }
        let Some(preset) = Preset::named(&self.policy) else { return Ok(()) };
        let unusable = |what: &Path, e: &std::io::Error| {
            Failure::new(format!("{}: {e}", what.display()), "Name other places with --policy-file and --work-dir.")
        };
        let work = self.work_dir.clone().unwrap_or_else(usual_work_dir);
        make_work_dir(&work).map_err(|e| unusable(&work, &e))?;
        let work = work.canonicalize().map_err(|e| unusable(&work, &e))?;
        if let Some(dir) = path.parent() {
            std::fs::create_dir_all(dir).map_err(|e| unusable(dir, &e))?;
        }
        let is_root = rustix::process::geteuid().is_root();
        let text = if is_root { preset.text_for_root(&work) } else { preset.text(&work) };
        std::fs::write(path, text).map_err(|e| unusable(path, &e))?;
        println!("what may be done here stands in {}; work is done in {}", path.display(), work.display());
        Ok(())
    }
}

/// Nothing runs as root: a directory that root makes belongs to nobody, who may work there.
fn make_work_dir(work: &Path) -> std::io::Result<()> {
    let is_new = !work.exists();
    std::fs::create_dir_all(work)?;
    if is_new && rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(work, Some(NOBODY), Some(NOBODY))?;
    }
    Ok(())
}

fn usual_work_dir() -> PathBuf {
    match home() {
        Some(home) if !rustix::process::geteuid().is_root() => home.join(WORK_OF_A_PERSON),
        _ => WORK_OF_ROOT.into(),
    }
}
