//! One machine: what the command says is what we say, and its exit status is ours.

use bytes::Bytes;
use diwan_client::{Channel, Client, Command};
use serde_json::{Value, json};

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::ending::code::{STOPPED, UNHEARD};
use super::ending::{ending_of, offline};
use super::follow::{Followed, Follower, Hears};
use super::input::{self, Input, Wanted};
use super::interrupt::{Interrupts, STOPPING};
use super::note;
use super::report::Collected;
use super::target::Targets;
use super::writer::{Gone, Writer};

/// So long the first answer waits for the end: most commands need no second request then.
const AWAIT_END_MS: u32 = 80;

impl Hears for Writer {
    async fn hear(&mut self, channel: Channel, bytes: Bytes) -> Result<(), Gone> {
        self.write(channel, bytes).await
    }
}

/// How it went.
enum Went {
    Over(Box<Command>, Value),
    Unheard,
    Left(String),
}

pub(super) async fn run(
    door: &Door<'_>,
    client: &Client,
    machine: &str,
    mut body: Value,
    wanted: Wanted,
) -> Result<Done, Failure> {
    let mut interrupts = Interrupts::listen().map_err(|e| Failure::unwritable(&e))?;
    Targets::of(machine).put_into(&mut body);
    let gives_input = wanted.is_given();
    body["has_input"] = json!(gives_input);
    body["await_end_ms"] = json!(if gives_input { 0 } else { AWAIT_END_MS });
    let begun = tokio::select! {
        begun = begin(client, machine, &body) => begun?,
        () = interrupts.reach(2) => return Err(not_answered()),
    };
    if door.screen.is_json() {
        let mut collected = Collected::default();
        let went = attend(client, begun, &mut collected, gives_input, &mut interrupts).await?;
        return match went {
            Went::Over(command, raw) => {
                door.screen.json(&collected.report(raw).to_string())?;
                Ok(Done::Status(ending_of(&command).unwrap_or_else(|failure| failure.code())))
            }
            Went::Unheard => Ok(Done::Status(UNHEARD)),
            Went::Left(id) => Err(left(&id)),
        };
    }
    let mut writer = Writer::begin().map_err(|e| Failure::unwritable(&e))?;
    let went = attend(client, begun, &mut writer, gives_input, &mut interrupts).await?;
    if let Went::Left(id) = went {
        return Err(left(&id));
    }
    let written = tokio::select! {
        written = writer.finish() => written,
        () = interrupts.another() => return Ok(Done::Status(STOPPED)),
    };
    match (went, written) {
        (_, Err(error)) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::unwritable(&error)),
        (Went::Over(command, _), Ok(())) => {
            let taken_back = wanted == Wanted::IfPiped && is_about_input(&command) && input::is_empty();
            if taken_back {
                return Box::pin(run(door, client, machine, body, Wanted::No)).await;
            }
            ending(&command)
        }
        _ => Ok(Done::Status(UNHEARD)),
    }
}

fn ending(command: &Command) -> Result<Done, Failure> {
    let ended = ending_of(command).map(Done::Status);
    let hint = "Standard input is a pipe, which the policy does not let in here; -n passes none on.";
    if is_about_input(command) { ended.map_err(|failure| failure.with_next(hint)) } else { ended }
}

/// Whether the policy refused the command because it was to be given input.
fn is_about_input(command: &Command) -> bool {
    let verdict = command.verdict.as_ref().filter(|verdict| verdict.decision == "deny");
    verdict.is_some_and(|verdict| verdict.reasons.iter().any(|reason| reason.code == "input"))
}

async fn begin(client: &Client, machine: &str, body: &Value) -> Result<(Command, Value), Failure> {
    let reply = match client.run_command(body.clone()).await {
        Ok(reply) => reply,
        Err(error) if error.code() == Some("machine_offline") => return Err(offline(machine)),
        Err(error) => return Err(Targets::of(machine).explain(client, error).await),
    };
    let command = reply.read()?.commands.into_iter().next();
    let raw: Value = serde_json::from_str(reply.text()).unwrap_or_default();
    let raw = raw["commands"][0].clone();
    let command = command.ok_or_else(|| Failure::refused("the server began nothing", "Is it another version?"))?;
    Ok((command, raw))
}

/// Follows the command; Ctrl-C stops it, another Ctrl-C does not wait for that.
async fn attend(
    client: &Client,
    begun: (Command, Value),
    hears: &mut impl Hears,
    gives_input: bool,
    interrupts: &mut Interrupts,
) -> Result<Went, Failure> {
    let (id, name) = (begun.0.id.clone(), begun.0.machine_name.clone());
    let input = (gives_input && begun.0.is_open()).then(Input::of_process);
    let mut following = std::pin::pin!(Follower::new(client, begun, hears, input).run());
    let mut stopping = std::pin::pin!(async {
        interrupts.reach(1).await;
        note(&format!("stopping it on {name}: {STOPPING}"));
        // One that is over already needs no stopping.
        let _ = client.cancel_command(&id).await;
        interrupts.reach(2).await;
    });
    let followed = tokio::select! {
        followed = &mut following => followed?,
        () = &mut stopping => return Ok(Went::Left(id.clone())),
    };
    match followed {
        Followed::Over(command, raw) => Ok(Went::Over(command, raw)),
        Followed::Unheard => {
            let _ = client.cancel_command(&id).await;
            Ok(Went::Unheard)
        }
    }
}

/// Nobody waited for the first answer.
pub(super) fn not_answered() -> Failure {
    let next = "`diwan command list` shows whether it was begun.";
    Failure::of(STOPPED, "left", "the server had not answered yet", next)
}

fn left(id: &str) -> Failure {
    let next = format!("What it says is kept: diwan command output {id}");
    Failure::of(STOPPED, "left", "it is being stopped there, and nobody watches any more".to_owned(), &next)
}
