//! What a command is given in its environment: whether it may be given that at all, and whether the secrets that came
//! are those that were promised. The control plane is not believed: the names are judged here once more.

use diwan_policy::Plan;
use diwan_protocol::command::Command;
use diwan_protocol::environment::{Brought, Environment, SecretText};
use diwan_protocol::run::Decision;
use diwan_protocol::variable;

use super::verdict::{Opinion, denied};
use crate::execute::Streams;

/// Variables that a process is given besides what the policy says. They are wiped when they are let go of.
#[derive(Debug, Default)]
pub struct Given {
    /// Names and values, plain ones and secrets.
    pub all: Vec<(String, SecretText)>,
    /// The secrets among them.
    pub secrets: Vec<SecretText>,
}

/// Whether values of secrets follow a command.
pub(super) fn needs_secrets(command: &Command) -> bool {
    command.environment.as_ref().is_some_and(|environment| environment.secret.is_some())
}

/// What the policy says of a command, and whether it may be given its variables: only programs that run in the
/// sandbox with nobody at a terminal are given any.
pub(super) fn judge(opinion: Opinion, command: &Command, streams: Streams) -> Opinion {
    let Some(environment) = command.environment.as_ref().filter(|_| opinion.told.decision != Decision::Deny) else {
        return opinion;
    };
    match objection(environment, opinion.plan.as_ref(), streams) {
        None => opinion,
        Some((code, words)) => Opinion { told: denied(code, &words), plan: None },
    }
}

fn objection(environment: &Environment, plan: Option<&Plan>, streams: Streams) -> Option<(&'static str, String)> {
    let is_confined = plan.is_some_and(|plan| plan.profile.confined);
    if !is_confined || !matches!(streams, Streams::Pipes { .. }) {
        let words = "only programs that run in the sandbox are given variables, and no terminals";
        return Some(("variables_not_here", words.to_owned()));
    }
    let denied = environment.names().find(|name| variable::is_denied(name))?;
    let words = format!("no command is given the variable {denied}: it would change what programs do here");
    Some(("variable_denied", words))
}

/// The variables of a command, with what was brought for it.
///
/// # Errors
/// Why it cannot begin. No value is ever part of that.
pub(super) fn of(command: &Command, brought: Option<Brought>) -> Result<Given, &'static str> {
    let Some(environment) = &command.environment else { return Ok(Given::default()) };
    let mut given = Given::default();
    for plain in &environment.plain {
        given.all.push((plain.name.clone(), SecretText::new(plain.value.clone())));
    }
    let Some(promised) = &environment.secret else { return Ok(given) };
    let brought = brought.ok_or("it was cancelled before its secrets came")?;
    if !promised.is_kept_by(&brought) {
        return Err("its secrets are not those that were promised when it was signed");
    }
    for (name, value) in promised.names.iter().zip(&brought.values) {
        given.all.push((name.clone(), value.clone()));
    }
    given.secrets = brought.values;
    Ok(given)
}
