//! A policy, and how it judges.

use std::collections::BTreeMap;
use std::path::Path;

use diwan_protocol::Operation;
use ring::digest::{SHA256, digest};

use crate::argv::Fitted;
use crate::file::{Kind, RootEntry};
use crate::machine::{Machine, What};
use crate::plan::RootRef;
use crate::program::Program;
use crate::rule::Rule;
use crate::subject::{Subject, Who, kind_of, place_of};
use crate::text::{Flaw, shown};
use crate::verdict::{Reason, Verdict};
use crate::walk::{at_home, resolve};

/// The policy of a machine.
#[derive(Debug, Clone)]
pub struct Policy {
    pub(crate) hash: [u8; 32],
    pub(crate) require_sandbox: bool,
    pub(crate) run_as: Option<String>,
    pub(crate) remote_approvals: bool,
    pub(crate) roots: BTreeMap<String, RootEntry>,
    pub(crate) programs: Vec<Program>,
    pub(crate) rules: Vec<Rule>,
}

/// SHA-256 of the bytes of a policy: what a command names as the policy that it was judged by.
pub fn hash_of(text: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.iter_mut().zip(digest(&SHA256, text.as_bytes()).as_ref()).for_each(|(to, from)| *to = *from);
    hash
}

impl Policy {
    /// SHA-256 of the exact bytes that it was read from.
    pub fn hash(&self) -> [u8; 32] {
        self.hash
    }

    /// Whether a command is refused when the kernel cannot give the whole sandbox.
    pub fn requires_sandbox(&self) -> bool {
        self.require_sandbox
    }

    /// Whether a rule may be accepted by a signed approval from the control plane.
    pub fn takes_remote_approvals(&self) -> bool {
        self.remote_approvals
    }

    /// The roots that are there, by name.
    pub fn roots(&self, machine: &dyn Machine) -> Vec<RootRef> {
        self.roots.keys().filter_map(|name| self.root(name, machine).ok()).collect()
    }

    /// The writable root that a file lies in, if any: a policy, a key or a journal must lie in none.
    pub fn exposes(&self, file: &Path, machine: &dyn Machine) -> Option<String> {
        let real = resolve(machine, file).map_or_else(|_| file.to_owned(), |(path, _)| path);
        let roots = self.roots(machine).into_iter().filter(|root| root.writable);
        roots.filter(|root| real.starts_with(&root.path)).map(|root| root.name).next()
    }

    /// What the policy says to an operation. It never says yes to what it did not understand.
    pub fn judge(&self, operation: &Operation, who: Who<'_>, machine: &dyn Machine) -> Verdict {
        let Some(kind) = kind_of(operation) else { return Verdict::of_nothing() };
        let root = place_of(operation).map(|place| self.root(&place.root, machine));
        let root = match root.transpose() {
            Ok(root) => root,
            Err(flaw) => return Verdict::denied(None, vec![Reason::of(flaw, None)]),
        };
        let path = root.as_ref().map(|root| root.path.as_path());
        let subject = match Subject::of(kind, operation, &self.programs, machine, path) {
            Ok(subject) => subject,
            Err(flaw) => return Verdict::denied(None, vec![Reason::of(flaw, None)]),
        };
        match self.strictest(subject, &who) {
            Ok((rule, subject, fitted)) => self.settle(rule, operation, &subject, fitted, root, machine),
            Err(reasons) => Verdict::denied(None, reasons),
        }
    }

    /// The strictest rule that fits, the first of those that are equally strict.
    fn strictest<'a>(
        &'a self,
        subject: Subject<'a>,
        who: &Who<'_>,
    ) -> Result<(&'a Rule, Subject<'a>, Fitted), Vec<Reason>> {
        let mut best: Option<(&Rule, Subject<'a>, Fitted)> = None;
        let mut against = vec![];
        for rule in &self.rules {
            let subject = self.with_program(rule, &subject);
            if !rule.is_about(subject.kind, subject.program) {
                continue;
            }
            match rule.fit(&subject, who) {
                Ok(fitted) => {
                    let is_stricter =
                        best.as_ref().is_none_or(|(first, ..)| rule.entry.decision > first.entry.decision);
                    if is_stricter {
                        best = Some((rule, subject, fitted));
                    }
                }
                Err(flaw) => against.push(Reason::of(flaw, Some(&rule.entry.name))),
            }
        }
        best.ok_or_else(|| closest(against))
    }

    /// A terminal runs the program that the rule names.
    fn with_program<'a>(&'a self, rule: &Rule, subject: &Subject<'a>) -> Subject<'a> {
        let mut subject = subject.clone();
        if subject.kind == Kind::Terminal {
            let named = rule.entry.program.as_deref();
            subject.program = self.programs.iter().find(|program| Some(program.name.as_str()) == named);
        }
        subject
    }

    fn root(&self, name: &str, machine: &dyn Machine) -> Result<RootRef, Flaw> {
        let unknown = || Flaw::new("root_unknown", format!("the policy names no root {}", shown(name)));
        let entry = self.roots.get(name).ok_or_else(unknown)?;
        let path = at_home(machine, &entry.path).ok_or_else(unknown)?;
        let (path, seen) = resolve(machine, &path)?;
        if seen.what != What::Directory {
            return Flaw::of("absent", format!("the root {} is no directory", shown(name)));
        }
        Ok(RootRef { name: name.to_owned(), path, writable: entry.writable })
    }
}

/// What speaks against it from the rules that came closest.
fn closest(against: Vec<Reason>) -> Vec<Reason> {
    let came_close = |reason: &&Reason| reason.code != "subcommand" && reason.code != "flag_absent";
    let close: Vec<Reason> = against.iter().filter(came_close).cloned().collect();
    match (close.is_empty(), against.is_empty()) {
        (false, _) => close,
        (true, false) => against,
        (true, true) => vec![Reason::of(Flaw::new("no_rule", "no rule is about this"), None)],
    }
}
