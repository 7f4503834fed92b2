//! `diwan ssh`: a terminal on a machine.
//!
//! Start at `session.rs` for what happens while it is open; `keys.rs` has the way out, `tty.rs` this terminal.

mod keys;
mod list;
mod session;
mod tty;

use clap::Args;
use diwan_client::{Client, Command};
use serde_json::json;

use super::door::Door;
use super::failure::{Done, Failure};
use super::machine;
use super::run::with_own_code;
use session::{Begins, Session};
use tty::Tty;

const AFTER_HELP: &str = "\
Examples:
  diwan ssh web-1
  diwan ssh web-1 --path shop --record
  diwan ssh web-1 --list
  diwan ssh web-1 --join cmd_…
  diwan ssh web-1 --join cmd_… --read-only

Which program runs there the machine's policy says. A terminal goes on while
nobody looks, when the connection breaks and while the server is being started
again; it ends when its shell does, when somebody ends it (diwan command cancel)
or when its rule says so. At the beginning of a line
  ~.  leaves it running and comes back here
  ~~  types one ~
Whoever may open terminals may look at every one; only whoever opened one types.

Exit codes: that of the shell; otherwise those of `diwan run`.";

/// Open a terminal on a machine
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Ssh {
    /// Which machine, by its name or id
    #[arg(value_name = "MACHINE")]
    machine: String,
    /// The root, by its name in the machine's policy
    #[arg(long, value_name = "ROOT", default_value = "projects")]
    root: String,
    /// The directory below the root
    #[arg(long, value_name = "PATH", default_value = "")]
    path: String,
    /// Go on with a terminal that is open (cmd_…)
    #[arg(long, value_name = "ID")]
    join: Option<String>,
    /// Only look on
    #[arg(long, requires = "join")]
    read_only: bool,
    /// Record what it shows, to be played again later; what is typed is not recorded
    #[arg(long, conflicts_with = "join")]
    record: bool,
    /// Show the terminals that are open there
    #[arg(long, conflicts_with_all = ["join", "record"])]
    list: bool,
}

impl Ssh {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        match self.try_run(door).await {
            Err(failure) => Err(with_own_code(door, failure).await),
            done => done,
        }
    }

    async fn try_run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        if self.list {
            return list::run(door, &client, &self.machine).await;
        }
        let tty = Tty::of_process().ok_or_else(|| {
            let next = "Run it in a terminal. What needs none is run with `diwan run`.";
            Failure::usage("a terminal needs one here too: standard input or output is none", next)
        })?;
        let (command, begins) = match &self.join {
            Some(id) => (self.find(&client, id).await?, Begins::Joined),
            None => (self.open(&client, &tty).await?, Begins::Opened),
        };
        Session::new(&client, &self.machine, command, self.read_only).run(tty, begins).await
    }

    async fn open(&self, client: &Client, tty: &Tty) -> Result<Command, Failure> {
        let (columns, rows) = tty.size();
        let mut operation = json!({"kind": "terminal", "root": self.root, "path": self.path});
        (operation["columns"], operation["rows"]) = (json!(columns), json!(rows));
        if self.record {
            operation["record"] = json!(true);
        }
        let body = json!({"machine": self.machine, "operation": operation});
        match client.run_command(body).await {
            Ok(reply) => {
                let batch = reply.read()?;
                let first = batch.commands.into_iter().next();
                first.ok_or_else(|| Failure::refused("the server opened no terminal", "Try again."))
            }
            Err(error) => {
                let failure = Failure::from(error);
                if failure.is_called("machine_unknown") {
                    return Err(machine::unknown(client, &self.machine).await);
                }
                Err(failure)
            }
        }
    }

    async fn find(&self, client: &Client, id: &str) -> Result<Command, Failure> {
        let machine = machine::id_of(client, &self.machine).await?;
        let next = format!("`diwan ssh {} --list` shows those that are open there.", self.machine);
        let found = client.get_command(id).await.and_then(|reply| reply.read()).map_err(Failure::from);
        let command = found.map_err(|failure| match failure.is_called("not_found") {
            true => failure.with_next(&next),
            false => failure,
        })?;
        if command.operation["kind"] == "terminal" && command.machine_id == machine {
            return Ok(command);
        }
        Err(Failure::refused(format!("{id} is no terminal on {}", self.machine), &next))
    }
}
