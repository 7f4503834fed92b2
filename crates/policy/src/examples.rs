//! The examples of a policy: they must behave, or the policy is refused.

use crate::fault::Fault;
use crate::file::Kind;
use crate::policy::Policy;
use crate::rule::Rule;
use crate::spots::Spots;
use crate::subject::{Subject, Who};
use crate::text::{Flaw, check_arguments};

/// Tries all examples of all rules, each by its own rule alone.
pub(crate) fn try_all(policy: &Policy, spots: &Spots) -> Vec<Fault> {
    let mut faults = vec![];
    for (at, rule) in policy.rules.iter().enumerate() {
        for (n, argv) in rule.entry.fits.iter().enumerate() {
            if let Err(flaw) = fits(policy, rule, argv) {
                let text = format!("the rule does not fit it: {}", flaw.text);
                faults.push(spots.fault(&format!("rules[{at}].match[{n}]"), "example_no_match", text));
            }
        }
        for (n, argv) in rule.entry.not_match.iter().enumerate() {
            if fits(policy, rule, argv).is_ok() {
                let key = format!("rules[{at}].not_match[{n}]");
                faults.push(spots.fault(&key, "example_matches", "the rule fits it"));
            }
        }
    }
    faults
}

fn fits(policy: &Policy, rule: &Rule, argv: &[String]) -> Result<(), Flaw> {
    check_arguments(argv)?;
    let (first, rest) = argv.split_first().ok_or_else(|| Flaw::new("no_program", "it is empty"))?;
    let program = policy.programs.iter().find(|program| program.is_called(first));
    if !rule.is_about(Kind::Exec, program) || program.is_none() {
        return Flaw::of("program_not_listed", "it is not about this program");
    }
    let mut subject = Subject::empty(Kind::Exec);
    subject.program = program;
    subject.arguments = rest.to_vec();
    let nobody = rule.entry.actors.first().map_or("", String::as_str);
    let roles = [nobody.strip_prefix("role:").unwrap_or_default()];
    rule.fit(&subject, &Who { id: nobody, roles: &roles }).map(|_| ())
}
