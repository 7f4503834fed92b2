//! The command line of the bridge: the same as `diwan bridge …` and as the slim program `diwan-bridge …`.

mod join;
mod place;
mod policy;
mod rules;
mod run;
mod show;

use std::process::ExitCode;

use clap::Subcommand;

const AFTER_HELP: &str = "\
Examples:
  diwan bridge join https://diwan.example#3f9a… --token djt_…
  diwan bridge run
  diwan bridge show
  diwan bridge policy check -- git push
  diwan bridge policy requests
  diwan bridge policy grant rrq_01k9…
  diwan bridge policy print strict > policy.toml

The dashboard shows the line that joins a machine under Machines → Add machine,
`diwan machine add` prints it. What may be done on this machine stands in the
policy, which only its owner changes.";

/// What a bridge can be told.
#[derive(Debug, Subcommand)]
#[command(after_help = AFTER_HELP)]
pub enum Bridge {
    /// Make this machine one of a control plane's
    Join(join::Join),
    /// Run the bridge in the foreground until it is stopped
    Run(run::Run),
    /// Look at what may be done on this machine, and decide on rules that are asked for
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Show whose machine this is
    Show(show::Show),
}

/// Why it was not done.
#[derive(Debug)]
struct Failure {
    what: String,
    next: &'static str,
    code: u8,
}

impl Failure {
    /// Something was refused or failed.
    fn new(what: impl ToString, next: &'static str) -> Self {
        Self { what: what.to_string(), next, code: 1 }
    }

    /// The command line cannot be carried out as it stands.
    fn usage(what: impl ToString, next: &'static str) -> Self {
        Self { code: 2, ..Self::new(what, next) }
    }
}

impl Bridge {
    /// Carries it out.
    pub fn carry_out(&self) -> ExitCode {
        let done = match self {
            Self::Join(join) => join.carry_out(),
            Self::Run(run) => run.carry_out(),
            Self::Policy(policy) => policy.carry_out(),
            Self::Show(show) => show.carry_out(),
        };
        match done {
            Ok(code) => code,
            Err(failure) => {
                eprintln!("error: {}", failure.what);
                if !failure.next.is_empty() {
                    eprintln!("next: {}", failure.next);
                }
                ExitCode::from(failure.code)
            }
        }
    }
}
