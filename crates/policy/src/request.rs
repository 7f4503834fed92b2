//! Asking for a rule: what the control plane may do instead of changing the policy.

use serde_json::Value;

use crate::fault::{Fault, Faults};
use crate::file::Decision;
use crate::policy::Policy;
use crate::rule::{Flag, Positional, Rule};
use crate::rule_file::{Form, LONGEST_SOURCE_KIB, RuleEntry, Scheme};
use crate::slot::Slot;
use crate::spots;
use crate::text::is_hidden;

/// Rules that somebody asks for, as text: nothing but `[[rules]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleRequest {
    /// The text.
    pub text: String,
}

/// A request that could be granted.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The names of the new rules.
    pub names: Vec<String>,
    /// What each of them would newly say, in words.
    pub in_words: Vec<String>,
    /// The whole policy as it would be, with everything that stood there before as it was.
    pub text: String,
    /// The same, read.
    pub policy: Policy,
    can_be_granted_from_afar: bool,
}

impl RuleRequest {
    /// What the request would make of a policy.
    ///
    /// # Errors
    /// What is wrong with the policy or the request. Lines count from the beginning of the request.
    pub fn judge(&self, policy: &str) -> Result<Wish, Faults> {
        self.check_text()?;
        let old = Policy::load(policy)?;
        let before = format!("{}\n\n", policy.trim_end());
        let text = format!("{before}{}\n", self.text.trim());
        let policy = Policy::load(&text).map_err(|faults| self.as_its_own(faults, &before, old.rules.len()))?;
        let new = policy.rules.get(old.rules.len()..).unwrap_or_default();
        let is_modest = new.iter().all(|rule| !reaches_out(rule));
        Ok(Wish {
            names: new.iter().map(|rule| rule.entry.name.clone()).collect(),
            in_words: new.iter().map(in_words).collect(),
            can_be_granted_from_afar: old.takes_remote_approvals() && is_modest,
            text,
            policy,
        })
    }

    /// Faults with the lines and the rules of the request, where they are told with those of the whole.
    fn as_its_own(&self, mut faults: Faults, before: &str, old_rules: usize) -> Faults {
        let cut = self.text.len() - self.text.trim_start().len();
        let skipped = self.text.get(..cut).unwrap_or_default().matches('\n').count();
        let lines = before.matches('\n').count();
        for fault in &mut faults.0 {
            fault.line = (fault.line.saturating_sub(lines) + skipped).max(1);
            if let Some((at, rest)) = fault.key.strip_prefix("rules[").and_then(|key| key.split_once(']'))
                && let Some(at) = at.parse::<usize>().ok().and_then(|at| at.checked_sub(old_rules))
            {
                fault.key = format!("rules[{at}]{rest}");
            }
        }
        faults
    }

    /// Whether a policy holds these very lines, one after the other and nothing more of the last rule, so that
    /// there is nothing to ask for.
    pub fn is_in(&self, policy: &str) -> bool {
        let wanted: Vec<&str> = self.text.trim().lines().collect();
        let lines: Vec<&str> = policy.lines().collect();
        let is_end = |line: Option<&&str>| line.is_none_or(|line| line.is_empty() || line.starts_with(['[', '#']));
        let is_here = |at: usize| lines[at..].starts_with(&wanted) && is_end(lines.get(at + wanted.len()));
        !wanted.is_empty() && (0..lines.len()).any(is_here)
    }

    /// Rules and nothing else, with nothing in them that hides.
    fn check_text(&self) -> Result<(), Faults> {
        let (value, spots, mut faults) = spots::read(&self.text);
        let keys: Vec<&String> = value.as_object().into_iter().flat_map(serde_json::Map::keys).collect();
        for key in keys.iter().filter(|key| **key != "rules") {
            faults.push(spots.fault(key, "only_rules", "a request holds [[rules]] and nothing else"));
        }
        if value.get("rules").and_then(Value::as_array).is_none_or(Vec::is_empty) {
            faults.push(spots.fault("rules", "missing", "a request holds at least one of [[rules]]"));
        }
        if self.text.chars().any(|c| is_hidden(c) && c != '\n') {
            let fault: Fault = spots.fault("", "unseen", "the request holds a character that cannot be seen");
            faults.push(fault);
        }
        if faults.is_empty() { Ok(()) } else { Err(Faults(faults)) }
    }
}

impl Wish {
    /// Whether a signed approval of the control plane is enough. Otherwise only somebody on the machine
    /// can grant it.
    pub fn can_be_granted_from_afar(&self) -> bool {
        self.can_be_granted_from_afar
    }
}

/// Everything that a rule would newly say: what is left out here could be slipped in.
fn in_words(rule: &Rule) -> String {
    let entry = &rule.entry;
    let what = match entry.decision {
        Decision::Allow => "allows",
        Decision::Ask => "allows, once somebody else has said yes,",
        Decision::Deny => "denies",
    };
    let kinds: Vec<String> = entry.operations.iter().map(ToString::to_string).collect();
    let kinds = if kinds.is_empty() { "everything".to_owned() } else { kinds.join(", ") };
    let mut parts = vec![format!("“{}” {what} {kinds}", entry.name)];
    parts.extend(command_in_words(rule));
    parts.extend(surroundings_in_words(entry));
    parts.push(among("in every root", "in", &entry.roots));
    parts.push(among("for everybody", "for", &entry.actors));
    format!("{}; {}", parts.join(" "), where_in_words(rule))
}

fn command_in_words(rule: &Rule) -> Vec<String> {
    let entry = &rule.entry;
    let command: Vec<&str> = entry.program.iter().chain(&entry.subcommand).map(String::as_str).collect();
    let flags = rule.flags.iter().map(flag_in_words);
    let slots: Vec<String> = flags.chain(rule.positionals.iter().map(positional_in_words)).collect();
    let parts = [
        (!command.is_empty()).then(|| format!("of `{}`", command.join(" "))),
        (!entry.always.is_empty()).then(|| format!("always with {:?}", entry.always)),
        (!slots.is_empty()).then(|| format!("with {}", slots.join(", "))),
    ];
    parts.into_iter().flatten().collect()
}

fn surroundings_in_words(entry: &RuleEntry) -> Vec<String> {
    let environment = &entry.environment;
    let has_variables = !environment.set.is_empty() || !environment.pass.is_empty();
    let parts = [
        (!entry.hosts.is_empty()).then(|| format!("at the hosts {}", entry.hosts.join(", "))),
        (!entry.services.is_empty()).then(|| format!("of the services {}", entry.services.join(", "))),
        (!entry.languages.is_empty()).then(|| scripts_in_words(entry)),
        (!entry.users.is_empty()).then(|| format!("for the users {}", entry.users.join(", "))),
        has_variables.then(|| format!("with the variables {:?} {:?}", environment.set, environment.pass)),
        entry.schemes.contains(&Scheme::File).then(|| "with repositories of this machine".to_owned()),
        entry.input.then(|| "with input".to_owned()),
    ];
    parts.into_iter().flatten().collect()
}

fn scripts_in_words(entry: &RuleEntry) -> String {
    let languages: Vec<String> = entry.languages.iter().map(ToString::to_string).collect();
    let most = entry.source_kib.unwrap_or(LONGEST_SOURCE_KIB);
    format!("in {} of up to {most} KiB", languages.join(", "))
}

fn among(all: &str, some: &str, names: &[String]) -> String {
    if names.is_empty() { all.to_owned() } else { format!("{some} {}", names.join(", ")) }
}

/// Whether something of it runs outside of the sandbox: keys are put into homes, whatever the profile says.
fn reaches_out(rule: &Rule) -> bool {
    !rule.profile.confined || rule.entry.operations.iter().any(|kind| kind.is_of_keys())
}

fn where_in_words(rule: &Rule) -> &'static str {
    if rule.entry.operations.iter().any(|kind| kind.is_of_keys()) {
        return "OUTSIDE the sandbox, where a key of users opens their logins";
    }
    profile_in_words(rule)
}

fn profile_in_words(rule: &Rule) -> &'static str {
    use crate::file::Network::{Host, None};
    match (rule.profile.confined, rule.profile.network, rule.profile.writable) {
        (false, ..) => "OUTSIDE the sandbox",
        (true, Host, true) => "in the sandbox, with network, writing below its root",
        (true, Host, false) => "in the sandbox, with network, only reading",
        (true, None, true) => "in the sandbox, without network, writing below its root",
        (true, None, false) => "in the sandbox, without network, only reading",
    }
}

fn flag_in_words(flag: &Flag) -> String {
    match (&flag.slot, flag.form) {
        (Slot::None, _) => flag.name.clone(),
        (slot, Form::Equals) => format!("{}={}", flag.name, slot_in_words(slot)),
        (slot, _) => format!("{} {}", flag.name, slot_in_words(slot)),
    }
}

fn positional_in_words(positional: &Positional) -> String {
    let Positional { slot, at_least, at_most } = positional;
    if (*at_least, *at_most) == (1, 1) {
        return slot_in_words(slot);
    }
    format!("{at_least} to {at_most} of {}", slot_in_words(slot))
}

fn slot_in_words(slot: &Slot) -> String {
    match slot {
        Slot::None => "nothing".to_owned(),
        Slot::Int(least, most) => format!("a number from {least} to {most}"),
        Slot::Ref => "a branch, tag or commit".to_owned(),
        Slot::Revision => "commits".to_owned(),
        Slot::Path => "a path below the directory".to_owned(),
        Slot::Choice(words) => words.join(" or "),
        Slot::Url(hosts) => format!("an address at {}", hosts.names.join(", ")),
        Slot::Name => "a name".to_owned(),
        Slot::Text => "plain words".to_owned(),
    }
}
