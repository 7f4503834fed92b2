//! Who may do what with which secret. Pure: rules in, verdict out.
//!
//! Nobody may do anything unless a rule allows it, and a rule that denies wins over every rule that
//! allows. The rules are the same for people, agents, jobs and machines.

use std::collections::BTreeSet;

use diwan_kernel::id_kinds;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Actor, Id, Role};
use serde::{Deserialize, Serialize};

use crate::name::{NamePattern, SecretName};

id_kinds! {
    /// A rule about secrets.
    PolicyKind = "pol",
}

/// The id of a rule.
pub type PolicyId = Id<PolicyKind>;

/// What can be done with a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SecretAction)]
pub enum Action {
    /// Take its value out.
    Read,
    /// Give it a new value, describe it, remove it.
    Write,
    /// Have a new value made for it.
    Rotate,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Rotate];

    /// The name used in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Rotate => "rotate",
        }
    }
}

/// What kind of thing a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SecretSubjectKind)]
pub enum SubjectKind {
    /// Everybody with a role: what it is allowed, those above it may too; what it is denied, those
    /// below it may not either.
    Role,
    /// One person.
    User,
    /// An agent, by name.
    Agent,
    /// A job, by the name of its template.
    Job,
    /// A machine, by id.
    Machine,
}

impl SubjectKind {
    /// The name used in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::User => "user",
            Self::Agent => "agent",
            Self::Job => "job",
            Self::Machine => "machine",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Role, Self::User, Self::Agent, Self::Job, Self::Machine].into_iter().find(|k| k.as_str() == text)
    }
}

/// Whether a rule allows or denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SecretPolicyEffect)]
pub enum Effect {
    /// It allows.
    Allow,
    /// It denies, whatever others allow.
    Deny,
}

impl Effect {
    /// The name used in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Allow, Self::Deny].into_iter().find(|e| e.as_str() == text)
    }
}

/// One rule.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) id: PolicyId,
    pub(crate) name: String,
    pub(crate) effect: Effect,
    pub(crate) subject_kind: SubjectKind,
    /// A role, an id or a name; `*` is everyone of the kind.
    pub(crate) subject: String,
    pub(crate) secrets: NamePattern,
    pub(crate) actions: Vec<Action>,
    /// What it must be for; empty is any purpose.
    pub(crate) purposes: Vec<String>,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) created_by: Option<String>,
}

impl Rule {
    /// Whether it has not run out.
    pub(crate) fn holds_at(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|at| at > now)
    }

    fn purposes(&self) -> impl Iterator<Item = &str> {
        self.purposes.iter().map(String::as_str)
    }

    /// Whether it is as wide as the other one: for all of its secrets, for all of its purposes, as long.
    fn is_as_wide(&self, other: &Self) -> bool {
        let has = |purpose: &str| self.purposes().any(|own| own == purpose);
        self.secrets.covers(&other.secrets)
            && (self.purposes.is_empty() || !other.purposes.is_empty() && other.purposes().all(has))
            && self.expires_at.is_none_or(|end| other.expires_at.is_some_and(|at| at <= end))
    }

    /// Whether both may be about the same question.
    fn touches(&self, other: &Self) -> bool {
        let has = |purpose: &str| self.purposes().any(|own| own == purpose);
        self.secrets.meets(&other.secrets)
            && (self.purposes.is_empty() || other.purposes.is_empty() || other.purposes().any(has))
    }

    /// Whether it denies all that the other one denies.
    pub(crate) fn still_denies(&self, other: &Self) -> bool {
        self.effect == Effect::Deny
            && (self.subject_kind, &self.subject) == (other.subject_kind, &other.subject)
            && other.actions.iter().all(|action| self.actions.contains(action))
            && self.is_as_wide(other)
    }
}

/// Whether somebody holds all that a rule is about: each of its actions is allowed them as widely, and
/// nothing of it is denied them.
pub(crate) fn holds(rules: &[Rule], asker: &Asker, wanted: &Rule, now: Timestamp) -> bool {
    let own: Vec<&Rule> = rules.iter().filter(|rule| rule.holds_at(now) && asker.is_meant(rule)).collect();
    wanted.actions.iter().all(|action| {
        let says = |effect, how: fn(&Rule, &Rule) -> bool| {
            own.iter().any(|rule| rule.effect == effect && rule.actions.contains(action) && how(rule, wanted))
        };
        says(Effect::Allow, Rule::is_as_wide) && !says(Effect::Deny, Rule::touches)
    })
}

/// Who asks, in the terms that rules use: a person is their id and their role at once, a job is
/// itself, its agent and its machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Asker {
    claims: Vec<(SubjectKind, String)>,
    everything: bool,
}

impl Asker {
    /// Whoever acts in this call.
    pub fn from_actor(actor: &Actor) -> Self {
        let person = actor.user_id().zip(actor.role()).map(|(id, role)| Self::person(&id.to_string(), role));
        Self { everything: matches!(actor, Actor::System(_)), ..person.unwrap_or_default() }
    }

    /// A person.
    pub(crate) fn person(id: &str, role: Role) -> Self {
        Self::default().and(SubjectKind::User, id).and(SubjectKind::Role, role.as_str())
    }

    /// Also this.
    #[must_use]
    pub fn and(mut self, kind: SubjectKind, name: impl Into<String>) -> Self {
        self.claims.push((kind, name.into()));
        self
    }

    pub(crate) fn is_meant(&self, rule: &Rule) -> bool {
        let is = |name: &str| rule.subject == "*" || is_same(name, rule);
        self.claims.iter().any(|(kind, name)| *kind == rule.subject_kind && is(name))
    }
}

/// What a role is allowed, those above it may too; what it is denied, those below it may not either.
fn is_same(held: &str, rule: &Rule) -> bool {
    if rule.subject_kind != SubjectKind::Role {
        return held == rule.subject;
    }
    let (held, named) = (Role::parse(held), Role::parse(&rule.subject));
    held.zip(named).is_some_and(|(held, named)| match rule.effect {
        Effect::Allow => held >= named,
        Effect::Deny => held <= named,
    })
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) asker: &'a Asker,
    pub(crate) action: Action,
    pub(crate) secret: &'a SecretName,
    pub(crate) now: Timestamp,
}

impl Question<'_> {
    fn is_about(&self, rule: &Rule) -> bool {
        rule.actions.contains(&self.action)
            && rule.holds_at(self.now)
            && self.asker.is_meant(rule)
            && rule.secrets.matches(self.secret)
    }
}

/// How far somebody may go, and by which rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reach<'a> {
    pub(crate) rule: &'a str,
    /// Only for these purposes; empty is any.
    pub(crate) purposes: BTreeSet<&'a str>,
    /// Any but these.
    pub(crate) not_for: BTreeSet<&'a str>,
}

impl Reach<'_> {
    fn goes_to(&self, purpose: &str) -> bool {
        !self.not_for.contains(purpose) && (self.purposes.is_empty() || self.purposes.contains(purpose))
    }
}

/// How far the rules let somebody go: `None` is nowhere, whatever the purpose.
pub(crate) fn reach<'a>(rules: &'a [Rule], question: Question<'_>) -> Option<Reach<'a>> {
    let about = rules.iter().filter(|rule| question.is_about(rule));
    let (allow, deny): (Vec<&Rule>, Vec<&Rule>) = about.partition(|rule| rule.effect == Effect::Allow);
    if deny.iter().any(|rule| rule.purposes.is_empty()) {
        return None;
    }
    let denied: BTreeSet<&str> = deny.iter().flat_map(|rule| rule.purposes()).collect();
    // What is allowed for every purpose says more than what is allowed for one.
    if let Some(rule) = allow.iter().find(|rule| rule.purposes.is_empty()) {
        return Some(Reach { rule: &rule.name, purposes: BTreeSet::new(), not_for: denied });
    }
    let purposes: BTreeSet<&str> =
        allow.iter().flat_map(|rule| rule.purposes()).filter(|p| !denied.contains(p)).collect();
    let rule = allow.iter().find(|rule| rule.purposes().any(|p| purposes.contains(p)))?;
    Some(Reach { rule: &rule.name, purposes, not_for: BTreeSet::new() })
}

/// Whether the rules allow it: for this purpose, or, when none is named, for any.
pub(crate) fn judge(rules: &[Rule], question: Question<'_>, purpose: Option<&str>) -> bool {
    question.asker.everything
        || reach(rules, question).is_some_and(|reach| purpose.is_none_or(|purpose| reach.goes_to(purpose)))
}

#[cfg(test)]
mod tests;
