//! Several machines at once: their lines with their names before them, then a table of results.

use std::rc::Rc;

use diwan_client::{Client, Command};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::screen::{Row, exact_moment};
use super::ending::code::STOPPED;
use super::ending::{detail_of, result_of};
use super::follow::{Followed, Follower};
use super::interrupt::{Interrupts, STOPPING};
use super::note;
use super::one::not_answered;
use super::prefixed::{Prefix, Prefixed};
use super::report::Collected;
use super::target::Targets;
use super::writer::Writer;

/// The server lets one person look at 64 commands at once, and they may look at others too.
const AT_ONCE: usize = 32;
const AWAIT_END_MS: u32 = 80;
/// Colours that can be told apart, and are neither of those that mean good and bad.
const COLOURS: [u8; 6] = [36, 35, 34, 33, 96, 95];

/// A command and the same as the server said it.
type Begun = (Command, Value);

/// Begins, and says which commands those are.
pub(super) async fn detach(door: &Door<'_>, client: &Client, targets: &Targets, body: Value) -> Result<Done, Failure> {
    for (command, raw) in begin(client, targets, body, 0).await? {
        if door.screen.is_json() {
            door.screen.json(&raw.to_string())?;
        } else {
            door.screen.line(&format!("{}  {}", command.id, command.machine_name))?;
        }
    }
    Ok(Done::Well)
}

pub(super) async fn run(door: &Door<'_>, client: &Client, targets: &Targets, body: Value) -> Result<Done, Failure> {
    let mut interrupts = Interrupts::listen().map_err(|e| Failure::unwritable(&e))?;
    let begun = tokio::select! {
        begun = begin(client, targets, body, AWAIT_END_MS) => begun?,
        () = interrupts.reach(2) => return Err(not_answered()),
    };
    let ids: Vec<String> = begun.iter().map(|(command, _)| command.id.clone()).collect();
    let mut following = std::pin::pin!(follow_all(door, client, begun));
    let mut stopping = std::pin::pin!(async {
        interrupts.reach(1).await;
        note(&format!("stopping it everywhere: {STOPPING}"));
        let all: FuturesUnordered<_> = ids.iter().map(|id| client.cancel_command(id)).collect();
        // Those that are over already need no stopping.
        let _: Vec<_> = all.collect().await;
        interrupts.reach(2).await;
    });
    let ended = tokio::select! {
        ended = &mut following => ended?,
        () = &mut stopping => {
            let next = "`diwan command list` shows how they fare.";
            return Err(Failure::of(STOPPED, "left", "they are being stopped, and nobody watches any more", next));
        }
    };
    if !door.screen.is_json() {
        show(door, &ended);
    }
    let all_well = ended.iter().all(|command| command.state == "ended" && command.exit_code == Some(0));
    Ok(if all_well { Done::Well } else { Done::Found })
}

async fn begin(client: &Client, targets: &Targets, mut body: Value, await_ms: u32) -> Result<Vec<Begun>, Failure> {
    targets.put_into(&mut body);
    body["await_end_ms"] = json!(await_ms);
    let reply = match client.run_command(body).await {
        Ok(reply) => reply,
        Err(error) => return Err(targets.explain(client, error).await),
    };
    let mut raw: Value = serde_json::from_str(reply.text()).unwrap_or_default();
    let commands = reply.read()?.commands;
    let raw = raw["commands"].as_array_mut().map(std::mem::take).unwrap_or_default();
    let mut begun: Vec<Begun> = commands.into_iter().zip(raw).collect();
    begun.sort_by(|(a, _), (b, _)| a.machine_name.cmp(&b.machine_name));
    Ok(begun)
}

async fn follow_all(door: &Door<'_>, client: &Client, begun: Vec<Begun>) -> Result<Vec<Command>, Failure> {
    let places = Rc::new(Semaphore::new(AT_ONCE));
    let width = begun.iter().map(|(command, _)| command.machine_name.len()).max().unwrap_or_default();
    let writer = Writer::begin().map_err(|e| Failure::unwritable(&e))?;
    let mut all = FuturesUnordered::new();
    for (at, begun) in begun.into_iter().enumerate() {
        let (places, writer) = (Rc::clone(&places), &writer);
        all.push(async move {
            let _place = places.acquire().await;
            let known = begun.0.clone();
            let [colour, error_colour] = door.screen.colours().map(|has| has.then(|| COLOURS[at % COLOURS.len()]));
            let prefix = Prefix::new(&known.machine_name, width, colour, error_colour);
            let followed = match door.screen.is_json() {
                true => follow_quietly(door, client, begun).await,
                false => follow_aloud(client, begun, Prefixed::new(writer, prefix)).await,
            };
            followed.unwrap_or_else(|failure| {
                // It does not hold the others up.
                note(&format!("{}: {}", known.machine_name, failure.detail()));
                known
            })
        });
    }
    let mut ended: Vec<Command> = all.by_ref().collect().await;
    drop(all);
    match writer.finish().await {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => return Err(Failure::unwritable(&error)),
        _ => {}
    }
    ended.sort_by(|a, b| a.machine_name.cmp(&b.machine_name));
    Ok(ended)
}

async fn follow_aloud(client: &Client, begun: Begun, mut prefixed: Prefixed<'_>) -> Result<Command, Failure> {
    let known = begun.0.clone();
    let followed = Follower::new(client, begun, &mut prefixed, None).run().await?;
    // Whoever does not read any more misses the last line too.
    let _ = prefixed.finish().await;
    match followed {
        Followed::Over(command, _) => Ok(*command),
        Followed::Unheard => {
            // Nobody reads what it says: it need not go on.
            let _ = client.cancel_command(&known.id).await;
            Ok(known)
        }
    }
}

async fn follow_quietly(door: &Door<'_>, client: &Client, begun: Begun) -> Result<Command, Failure> {
    let known = begun.0.clone();
    let mut collected = Collected::default();
    match Follower::new(client, begun, &mut collected, None).run().await? {
        Followed::Over(command, raw) => {
            door.screen.json(&collected.report(raw).to_string())?;
            Ok(*command)
        }
        Followed::Unheard => Ok(known),
    }
}

fn show(door: &Door<'_>, ended: &[Command]) {
    let rows: Vec<Row> = ended.iter().map(row).collect();
    let well = ended.iter().filter(|command| command.exit_code == Some(0)).count();
    eprintln!();
    door.screen.rows_aside(&["MACHINE", "RESULT", "TOOK", "ENDED (UTC)", "COMMAND", "WHY"], &rows);
    eprintln!("{well} of {} ended well.", ended.len());
}

fn row(command: &Command) -> Row {
    let (result, mark) = result_of(command);
    let took = command.usage.map_or_else(|| "–".to_owned(), |usage| format!("{:.2} s", usage.wall_us as f64 / 1e6));
    let ended = command.ended_at.as_deref().map_or_else(|| "–".to_owned(), exact_moment);
    let cells = vec![command.machine_name.clone(), result, took, ended, command.id.clone(), detail_of(command)];
    Row { cells, mark: Some(mark) }
}
