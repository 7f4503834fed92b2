//! `diwan machine add`.

use std::time::Duration;

use clap::{Args, ValueEnum};
use diwan_client::{Client, JoinToken, NewJoinToken};
use serde_json::json;

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::screen::{exact_moment, safe};
use super::id_of;

/// How often it is asked whether the machine is there.
const BEAT: Duration = Duration::from_secs(1);

/// Which policy a machine begins with. It is written on the machine; afterwards only its owner changes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Policy {
    /// Well-known tools, in their sandbox
    Standard,
    /// Looking is allowed, hardly anything else
    Strict,
    /// For your own machine: terminals too
    OwnMachine,
}

impl Policy {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Strict => "strict",
            Self::OwnMachine => "own_machine",
        }
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Add {
    /// What it will be called
    name: String,
    /// A label, like env=prod or gpu; repeat it for several
    #[arg(long = "label", value_name = "LABEL", conflicts_with = "rejoin")]
    labels: Vec<String>,
    /// The policy that it begins with
    #[arg(long, value_enum, default_value_t = Policy::Standard)]
    policy: Policy,
    /// It is there already and joins anew with another key: its state was lost, or it is locked
    #[arg(long)]
    rejoin: bool,
    /// Wait until it is connected
    #[arg(long)]
    wait: bool,
}

impl Add {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let mut body = json!({"policy": self.policy.as_str()});
        if self.rejoin {
            body["rejoins"] = json!(id_of(&client, &self.name).await?);
        } else {
            (body["name"], body["labels"]) = (json!(self.name), json!(self.labels));
        }
        let reply = client.create_join_token(body).await?;
        let token = reply.read()?;
        match (door.screen.is_json(), self.wait) {
            (true, false) => {
                door.screen.json(reply.text())?;
                return Ok(Done::Well);
            }
            // What is printed in the end is the machine.
            (true, true) => tell(&token, |line| {
                eprintln!("{line}");
                Ok(())
            })?,
            (false, _) => tell(&token, |line| door.screen.line(line))?,
        }
        if self.wait { self.wait_for(door, &client, &token).await } else { Ok(Done::Well) }
    }

    async fn wait_for(&self, door: &Door<'_>, client: &Client, token: &NewJoinToken) -> Result<Done, Failure> {
        eprintln!("\nWaiting for {} …", safe(&self.name));
        let mut shown = "waiting".to_owned();
        loop {
            let seen: JoinToken = client.get_join_token(&token.id).await?.read()?;
            if seen.state != shown {
                match (seen.state.as_str(), &seen.machine) {
                    ("joined", _) => eprintln!("It has joined; it connects now."),
                    ("connected", Some(machine)) => return self.came(door, client, machine).await,
                    ("expired", _) => return Err(failed("nobody used the line in time", "Make another one.")),
                    ("withdrawn", _) => return Err(failed("somebody withdrew the line", "Make another one.")),
                    _ => {}
                }
                shown = seen.state;
            }
            tokio::time::sleep(BEAT).await;
        }
    }

    async fn came(&self, door: &Door<'_>, client: &Client, machine: &str) -> Result<Done, Failure> {
        let reply = client.get_machine(machine).await?;
        if door.screen.is_json() {
            door.screen.json(reply.text())?;
        } else {
            let name = reply.read()?.machine.name;
            door.screen.line(&safe(&format!("{name} is connected. Try: diwan run --machine {name} -- uname -a")))?;
        }
        Ok(Done::Well)
    }
}

fn failed(detail: &str, next: &str) -> Failure {
    Failure::refused(detail, next)
}

/// Whether the address in a line is one that every machine has for itself.
fn leads_here(line: &str) -> bool {
    ["://localhost", "://127.", "://[::1]"].iter().any(|own| line.contains(own))
}

fn tell(token: &NewJoinToken, say: impl Fn(&str) -> Result<(), Failure>) -> Result<(), Failure> {
    let until = exact_moment(&token.expires_at);
    say(&format!("Paste one of these on the machine, until {until} UTC. Each works once.\n"))?;
    for (about, line) in [
        ("Install the bridge and join:", &token.lines.script),
        ("Or in a container:", &token.lines.docker),
        ("Or where diwan is installed already, with `diwan bridge run` after it:", &token.lines.command),
    ] {
        say(&format!("{about}\n  {}\n", safe(line)))?;
    }
    if leads_here(&token.lines.command) {
        say("They lead to this machine alone: for others, set server.public_url to an address that they reach.\n")?;
    }
    say(&format!(
        "Whoever has such a line can join a machine. To take it back: diwan machine tokens --withdraw {}",
        token.id
    ))
}
