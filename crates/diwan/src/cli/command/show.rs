//! `diwan command show`.

use diwan_client::Command;

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::run::result_of;
use super::super::screen::{exact_moment, size};
use super::{in_words, script_of, unknown};

pub(super) async fn run(door: &Door<'_>, id: &str) -> Result<Done, Failure> {
    let client = door.client()?;
    let reply = client.get_command(id).await.map_err(unknown)?;
    if door.screen.is_json() {
        door.screen.json(reply.text())?;
        return Ok(Done::Well);
    }
    let command = reply.read()?;
    let mut facts = of_command(&command);
    if let Some(verdict) = &command.verdict {
        let rule = verdict.rule.as_ref().map(|rule| format!(" by the rule “{rule}”")).unwrap_or_default();
        facts.push(("policy", format!("{}{rule}", verdict.decision)));
        facts.extend(verdict.reasons.iter().map(|reason| ("", format!("{} ({})", reason.words, reason.code))));
    }
    facts.extend(command.problem.iter().map(|problem| ("problem", format!("{} ({})", problem.detail, problem.code))));
    facts.extend(command.detail.iter().map(|detail| ("detail", detail.clone())));
    facts.extend(command.approved_as.iter().map(|id| ("approved as", id.clone())));
    door.screen.facts(&facts)?;
    script_of(&command.operation).iter().try_for_each(|line| door.screen.line(line))?;
    Ok(Done::Well)
}

fn of_command(command: &Command) -> Vec<(&'static str, String)> {
    let moment = |at: &Option<String>| at.as_deref().map_or_else(|| "–".to_owned(), exact_moment);
    let kept = match &command.output_deleted_at {
        Some(at) => format!("not kept since {}", exact_moment(at)),
        None => format!("{} output, {} errors", size(command.output_bytes), size(command.error_bytes)),
    };
    let mut facts = vec![
        ("id", command.id.clone()),
        ("what", in_words(&command.operation)),
        ("machine", format!("{} ({})", command.machine_name, command.machine_id)),
        ("who", format!("{} ({})", command.actor.name, command.actor.id)),
        ("result", result_of(command).0),
        ("wanted", exact_moment(&command.issued_at)),
        ("began", moment(&command.started_at)),
        ("ended", moment(&command.ended_at)),
        ("said", kept),
        ("batch", command.batch_id.clone()),
    ];
    facts.extend(command.env.iter().map(|(name, value)| ("variable", format!("{name}={value}"))));
    facts.extend(command.secrets.iter().map(|one| ("secret", format!("{} from {}", one.env, one.secret))));
    // One that waits for a yes has not even begun.
    facts.retain(|(name, _)| *name != "ended" || command.state != "needs_approval");
    if let Some(usage) = &command.usage {
        let seconds = |us: u64| us as f64 / 1e6;
        let took = format!(
            "{:.3} s, processor {:.3} s in the program and {:.3} s in the system, at most {}",
            seconds(usage.wall_us),
            seconds(usage.user_us),
            seconds(usage.system_us),
            size(usage.memory_bytes)
        );
        facts.push(("took", took));
    }
    facts
}
