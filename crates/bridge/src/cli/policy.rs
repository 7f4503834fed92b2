//! `diwan bridge policy`: what may be done on this machine, and why not; what the owner is asked for.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use diwan_policy::{Decision, Policy, Preset, Who, explain};
use diwan_protocol::Operation;
use diwan_protocol::command::{Exec, Place as WorkPlace};

use super::Failure;
use super::place::Place;
use super::rules::{Grant, Refuse, Requests};
use crate::policy_file::here;

/// The exit code of what is not simply allowed.
const NOT_ALLOWED: u8 = 1;

/// Look at what may be done on this machine, and decide on what is asked for
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Say what the policy thinks of a command, and why, without running it
    Check(Check),
    /// Print a policy to begin with
    Print(Print),
    /// List the rules that the control plane asks for
    Requests(Requests),
    /// Add rules that were asked for to the policy
    Grant(Grant),
    /// Say no to rules that were asked for
    Refuse(Refuse),
}

/// Say what the policy thinks of a command, and why, without running it
#[derive(Debug, Args)]
pub struct Check {
    /// The root that it would run in [default: the first of the policy]
    #[arg(long, value_name = "NAME")]
    root: Option<String>,
    /// The directory below the root
    #[arg(long, value_name = "PATH", default_value = "")]
    dir: String,
    #[command(flatten)]
    place: Place,
    /// The command and its arguments; without one, only the file is looked at
    #[arg(last = true, value_name = "COMMAND")]
    argv: Vec<String>,
}

/// Print a policy to begin with
#[derive(Debug, Args)]
pub struct Print {
    /// Which one
    #[arg(value_parser = PossibleValuesParser::new(Preset::names()))]
    name: String,
    /// The directory that work is done in
    #[arg(long, value_name = "DIR", default_value = "/srv/projects")]
    work_dir: PathBuf,
}

impl PolicyCommand {
    pub(super) fn carry_out(&self) -> Result<ExitCode, Failure> {
        match self {
            Self::Check(check) => check.carry_out(),
            Self::Requests(requests) => requests.carry_out(),
            Self::Grant(grant) => grant.carry_out(),
            Self::Refuse(refuse) => refuse.carry_out(),
            Self::Print(print) => {
                print!("{}", Preset::named(&print.name).map(|preset| preset.text(&print.work_dir)).unwrap_or_default());
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

impl Check {
    fn carry_out(&self) -> Result<ExitCode, Failure> {
        let params = self.place.params();
        let path = params.policy;
        let shown = path.display();
        let text = std::fs::read_to_string(&path)
            .map_err(|e| Failure::usage(format!("{shown}: {e}"), "Name the file with --policy-file."))?;
        let policy = Policy::load(&text).map_err(|faults| {
            Failure::usage(format!("{shown} is faulty: {faults}"), "The bridge goes on with the file as it was before.")
        })?;
        let here = here();
        for guarded in [&path, &params.state_dir] {
            if let Some(root) = policy.exposes(guarded, &here) {
                let what = format!("{} lies in the root {root}, where commands may write", guarded.display());
                return Err(Failure::usage(
                    what,
                    "Keep it outside of every root; until then this policy is not obeyed.",
                ));
            }
        }
        if self.argv.is_empty() {
            println!("{shown} is sound, and its examples hold");
            return Ok(ExitCode::SUCCESS);
        }
        let first = || policy.roots(&here).into_iter().next().map(|root| root.name);
        let root = self.root.clone().or_else(first).unwrap_or_default();
        let place = WorkPlace { root, path: self.dir.clone() };
        let exec = Exec { argv: self.argv.clone(), place, has_input: false, timeout_ms: None };
        let verdict = policy.judge(&Operation::Exec(exec), Who { id: "owner", roles: &[] }, &here);
        print!("{}", explain(&verdict));
        Ok(if verdict.decision == Decision::Allow { ExitCode::SUCCESS } else { ExitCode::from(NOT_ALLOWED) })
    }
}
