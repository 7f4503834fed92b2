//! `diwan bridge policy requests`, `grant` and `refuse`: the owner of a machine decides on rules that the control
//! plane asks for. Whoever may write the policy file may do so.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use diwan_kernel::World;
use diwan_policy::{Policy, RuleRequest, Wish, is_hidden};
use diwan_protocol::RuleAsk;
use diwan_protocol::rules::RuleStand;

use super::Failure;
use super::place::Place;
use crate::rules::{Shelf, amend, refusals, signed_for};
use crate::state::State;

const HOUR_MS: i64 = 60 * 60 * 1000;

/// List the rules that the control plane asks for
#[derive(Debug, Args)]
pub struct Requests {
    #[command(flatten)]
    place: Place,
}

/// Add rules that were asked for to the policy
#[derive(Debug, Args)]
pub struct Grant {
    /// Which request (rrq_…)
    #[arg(value_name = "ID")]
    id: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    place: Place,
}

/// Say no to rules that were asked for
#[derive(Debug, Args)]
pub struct Refuse {
    /// Which request (rrq_…)
    #[arg(value_name = "ID")]
    id: String,
    /// Why: whoever asks is shown it
    #[arg(long, value_name = "WORDS", default_value = "")]
    why: String,
    #[command(flatten)]
    place: Place,
}

impl Requests {
    pub(super) fn carry_out(&self) -> Result<ExitCode, Failure> {
        let (asks, policy) = (asked(&self.place)?, policy(&self.place)?);
        let refused = refusals::read(&World::real(), &self.place.params().policy);
        let open: Vec<&RuleAsk> = asks.iter().filter(|ask| !refused.contains_key(&ask.id)).collect();
        let open: Vec<&RuleAsk> = open.into_iter().filter(|ask| !request(ask).is_in(&policy)).collect();
        if open.is_empty() {
            println!("no rules are asked for");
        }
        for ask in open {
            print!("{}", shown(ask, &policy));
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Grant {
    pub(super) fn carry_out(&self) -> Result<ExitCode, Failure> {
        let (ask, before, path) = (find(&self.place, &self.id)?, policy(&self.place)?, self.place.params().policy);
        if request(&ask).is_in(&before) {
            println!("the policy holds these rules already");
            return Ok(ExitCode::SUCCESS);
        }
        judge(&ask, &before)?;
        print!("{}", shown(&ask, &before));
        if !self.yes && !confirmed()? {
            return Err(Failure::new("nothing was changed", ""));
        }
        let amended = amend(&World::real(), &path, |text| match text == before {
            true => judge(&ask, text).map(|wish| wish.text).map_err(|failure| failure.what),
            false => Err("the policy was changed meanwhile: look at the request again".to_owned()),
        });
        let next = "Whoever may write the policy file and its directory may grant rules.";
        let aside = amended.map_err(|e| Failure::new(e, next))?;
        println!("granted; the policy as it was is kept as {}", aside.display());
        Ok(ExitCode::SUCCESS)
    }
}

impl Refuse {
    pub(super) fn carry_out(&self) -> Result<ExitCode, Failure> {
        let ask = find(&self.place, &self.id)?;
        refusals::add(&World::real(), &self.place.params().policy, &ask.id, &self.why)
            .map_err(|e| Failure::new(e, "Whoever may write the directory of the policy may refuse rules."))?;
        println!("refused");
        Ok(ExitCode::SUCCESS)
    }
}

fn request(ask: &RuleAsk) -> RuleRequest {
    RuleRequest { text: ask.text.clone() }
}

fn judge(ask: &RuleAsk, policy: &str) -> Result<Wish, Failure> {
    signed_for(&ask.id, &ask.text).judge(policy).map_err(|faults| {
        Failure::new(format!("these rules do not go with the policy: {faults}"), "Ask for them to be asked for anew.")
    })
}

fn policy(place: &Place) -> Result<String, Failure> {
    let path = place.params().policy;
    let unread = |e: &dyn std::fmt::Display| Failure::usage(e, "Name the file with --policy-file.");
    let bytes = World::real().disk().read(&path).map_err(|e| unread(&e))?;
    let text = String::from_utf8(bytes).map_err(|e| unread(&e))?;
    Policy::load(&text).map_err(|faults| {
        Failure::usage(format!("{} is faulty: {faults}", path.display()), "Put the policy right first.")
    })?;
    Ok(text)
}

/// What is asked for, as far as the control plane that this machine joined has signed it.
fn asked(place: &Place) -> Result<Vec<RuleAsk>, Failure> {
    let (world, dir) = (World::real(), place.params().state_dir);
    let next = "Do it as the user of the bridge or as root, and name its state with --state-dir.";
    let membership = State::describe(&world, &dir).map_err(|e| Failure::new(e, next))?;
    let membership = membership.ok_or_else(|| Failure::new("this machine has not joined a control plane", next))?;
    let kept = Shelf::new(&world, &dir).list().map_err(|e| Failure::new(e, next))?;
    let now_ms = world.now().as_millis();
    let stand = RuleStand { machine: &membership.machine, boot: [0; 16], policy: [0; 32], now_ms };
    let asks = kept.iter().filter_map(|(id, signed)| Some((id, signed.open(&membership.keys, stand).ok()?)));
    Ok(asks.filter(|(id, ask)| ask.grant.is_none() && **id == ask.id).map(|(_, ask)| ask).collect())
}

fn find(place: &Place, id: &str) -> Result<RuleAsk, Failure> {
    let found = asked(place)?.into_iter().find(|ask| ask.id == id);
    found.ok_or_else(|| {
        Failure::new("there is no such request", "`diwan bridge policy requests` lists what is asked for.")
    })
}

/// A request with everything that it says; nothing in it acts on a terminal.
fn shown(ask: &RuleAsk, policy: &str) -> String {
    let RuleAsk { id, actor, reason, text, .. } = ask;
    let hours = |ms: i64| ms.max(0) / HOUR_MS;
    let now_ms = World::real().now().as_millis();
    let (since, left) = (hours(now_ms - ask.issued_ms), hours(ask.expires_ms - now_ms));
    let mut lines = vec![
        format!("{id}  asked for by {} ({}) {since} h ago; ends in {left} h", plain(&actor.name), plain(&actor.id)),
        format!("  why: {}", plain(reason)),
    ];
    match request(ask).judge(policy) {
        Ok(wish) => lines.extend(wish.in_words.iter().map(|words| format!("  newly: {}", plain(words)))),
        Err(faults) => lines.extend(faults.0.iter().map(|fault| format!("  faulty: {}", plain(&fault.to_string())))),
    }
    lines.push("  the text:".to_owned());
    lines.extend(text.trim().split('\n').map(|line| format!("  | {}", plain(line))));
    lines.join("\n") + "\n"
}

/// With what hides made visible.
fn plain(text: &str) -> String {
    text.chars().flat_map(|c| if is_hidden(c) { c.escape_unicode().collect() } else { vec![c] }).collect()
}

fn confirmed() -> Result<bool, Failure> {
    print!("Add these rules to the policy? [y/N] ");
    let unasked = |e: std::io::Error| Failure::usage(e, "Answer with --yes where there is nobody to ask.");
    std::io::stdout().flush().map_err(unasked)?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(unasked)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

#[cfg(test)]
mod tests {
    use diwan_protocol::command::Actor;

    use super::*;

    #[test]
    fn f90_what_hides_in_a_request_is_seen() {
        let ask = RuleAsk {
            version: 1,
            id: "rrq_1".into(),
            machine: "mch_1".into(),
            issued_ms: 0,
            expires_ms: 0,
            actor: Actor { id: "usr_1".into(), name: "Ami\u{1b}[2Jna".into() },
            reason: "for\u{202e}Fridays\nrrq_2".into(),
            text: "[[rules]]\u{200b}\r\nname = \"a\"\n".into(),
            grant: None,
        };
        let text = shown(&ask, "version = 1\n");
        assert!(text.contains("Ami\\u{1b}[2Jna") && text.contains("for\\u{202e}Fridays\\u{a}rrq_2"), "{text}");
        assert!(text.contains("  | [[rules]]\\u{200b}\\u{d}\n  | name = \"a\"\n"), "{text}");
        assert!(text.contains("  faulty: ") && !text.contains("newly"), "{text}");
    }
}
