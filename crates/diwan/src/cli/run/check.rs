//! `diwan run --check`: what the policies say, and nothing is done.

use diwan_client::{Client, CommandVerdict};
use serde_json::{Value, json};

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::screen::{Tone, safe};
use super::ending::offline;
use super::target::Targets;

const NOT_ALLOWED: u8 = 126;

pub(super) async fn run(
    door: &Door<'_>,
    client: &Client,
    targets: &Targets,
    operation: &Value,
) -> Result<Done, Failure> {
    let mut done = Done::Well;
    for (id, name) in targets.resolve(client).await? {
        let reply = match client.check_command(&id, operation).await {
            Ok(reply) => reply,
            Err(error) if error.code() == Some("machine_offline") => return Err(offline(&name)),
            Err(error) => return Err(error.into()),
        };
        let verdict = reply.read()?;
        if verdict.decision != "allow" {
            done = Done::Status(NOT_ALLOWED);
        }
        if door.screen.is_json() {
            let mut report: Value = serde_json::from_str(reply.text()).unwrap_or_default();
            (report["machine_id"], report["machine_name"]) = (json!(id), json!(name));
            door.screen.json(&report.to_string())?;
        } else {
            tell(door, &name, &verdict)?;
        }
    }
    Ok(done)
}

fn tell(door: &Door<'_>, name: &str, verdict: &CommandVerdict) -> Result<(), Failure> {
    let (tone, words) = match verdict.decision.as_str() {
        "allow" => (Tone::Good, "allowed"),
        "ask" => (Tone::Doubtful, "somebody else must say yes"),
        _ => (Tone::Bad, "denied"),
    };
    let rule = verdict.rule.as_ref().map(|rule| format!(" by the rule “{rule}”")).unwrap_or_default();
    door.screen.line(&format!("{}: {}{}", safe(name), door.screen.toned(tone, words), safe(&rule)))?;
    for reason in &verdict.reasons {
        door.screen.line(&format!("  {} ({})", safe(&reason.words), safe(&reason.code)))?;
    }
    if !verdict.argv.is_empty() {
        door.screen.line(&format!("  runs: {}", safe(&verdict.argv.join(" "))))?;
    }
    Ok(())
}
