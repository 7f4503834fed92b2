//! The command line of the bridge: the same as `diwan bridge …` and as the slim program `diwan-bridge …`.

mod join;
mod place;
mod policy;
mod run;
mod show;

use std::process::ExitCode;

use clap::Subcommand;

/// What a bridge can be told.
#[derive(Debug, Subcommand)]
pub enum Bridge {
    /// Make this machine one of a control plane's
    Join(join::Join),
    /// Run the bridge in the foreground until it is stopped
    Run(run::Run),
    /// Look at what may be done on this machine
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
