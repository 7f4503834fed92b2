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
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rule(id: u128, effect: Effect, subject: (SubjectKind, &str), secrets: &str, purposes: &[&str]) -> Option<Rule> {
        Some(Rule {
            id: PolicyId::from_bits(id),
            name: id.to_string(),
            effect,
            subject_kind: subject.0,
            subject: subject.1.to_owned(),
            secrets: NamePattern::parse(secrets)?,
            actions: vec![Action::Read],
            purposes: purposes.iter().map(|p| (*p).to_owned()).collect(),
            expires_at: None,
            created_at: Timestamp::from_millis(0),
            created_by: None,
        })
    }

    fn asks(asker: &Asker, secret: &str, purpose: Option<&str>, rules: &[Rule]) -> bool {
        let secret = SecretName::parse(secret).unwrap();
        let now = Timestamp::from_millis(1_000);
        judge(rules, Question { asker, action: Action::Read, secret: &secret, now }, purpose)
    }

    fn role(name: &str) -> Asker {
        Asker::default().and(SubjectKind::Role, name)
    }

    #[test]
    fn who_may_for_every_purpose_is_not_said_to_may_for_one() {
        let developer = role("developer");
        let narrow = rule(1, Effect::Allow, (SubjectKind::Role, "developer"), "git/**", &["git.clone"]);
        let wide = rule(2, Effect::Allow, (SubjectKind::Role, "developer"), "**", &[]);
        let secret = SecretName::parse("git/token").unwrap();
        let question =
            Question { asker: &developer, action: Action::Read, secret: &secret, now: Timestamp::from_millis(1_000) };
        for rules in [[narrow.clone(), wide.clone()], [wide, narrow]] {
            let rules: Vec<Rule> = rules.into_iter().flatten().collect();
            let reach = reach(&rules, question).unwrap();
            assert_eq!((reach.rule, reach.purposes.len()), ("2", 0));
        }
    }

    #[test]
    fn nothing_is_allowed_without_a_rule_and_a_denial_wins() {
        let rules: Vec<Rule> = [
            rule(1, Effect::Allow, (SubjectKind::Role, "developer"), "git/**", &[]),
            rule(2, Effect::Deny, (SubjectKind::User, "usr_x"), "git/prod", &[]),
        ]
        .into_iter()
        .flatten()
        .collect();
        let developer = role("developer").and(SubjectKind::User, "usr_x");
        let owner = role("owner").and(SubjectKind::User, "usr_o");
        for (asker, secret, allowed) in [
            (&developer, "git/dev", true),
            (&developer, "git/prod", false),
            (&owner, "git/prod", true),
            (&owner, "mail/password", false),
            (&role("viewer"), "git/dev", false),
            (&Asker::default(), "git/dev", false),
        ] {
            assert_eq!(asks(asker, secret, None, &rules), allowed, "{asker:?} {secret}");
        }
    }

    #[test]
    fn what_a_role_is_allowed_goes_upwards_and_what_it_is_denied_downwards() {
        for (denied, allowed) in [
            ("viewer", &["developer", "admin", "owner"][..]),
            ("developer", &["admin", "owner"]),
            ("admin", &["owner"]),
            ("owner", &[]),
            ("*", &[]),
        ] {
            let rules: Vec<Rule> = [
                rule(1, Effect::Allow, (SubjectKind::Role, "viewer"), "**", &[]),
                rule(2, Effect::Deny, (SubjectKind::Role, denied), "**", &[]),
            ]
            .into_iter()
            .flatten()
            .collect();
            let mut may = vec!["viewer", "developer", "admin", "owner"];
            may.retain(|name| asks(&role(name), "a", None, &rules));
            assert_eq!(may, allowed, "{denied}");
        }
    }

    #[test]
    fn a_purpose_narrows_a_rule() {
        let allow = rule(1, Effect::Allow, (SubjectKind::Machine, "*"), "git/**", &["git.clone"]);
        let deny = rule(2, Effect::Deny, (SubjectKind::Machine, "*"), "git/**", &["git.clone"]);
        let mut rules: Vec<Rule> = allow.into_iter().collect();
        let machine = Asker::default().and(SubjectKind::Machine, "mac_1");
        assert!(asks(&machine, "git/a", Some("git.clone"), &rules));
        assert!(!asks(&machine, "git/a", Some("git.push"), &rules));
        assert!(asks(&machine, "git/a", None, &rules));
        // Of one purpose, one denied purpose leaves nothing.
        rules.extend(deny);
        assert!(!asks(&machine, "git/a", None, &rules));
    }

    #[test]
    fn a_rule_that_ran_out_says_nothing() {
        let mut rules: Vec<Rule> =
            rule(1, Effect::Allow, (SubjectKind::Agent, "backup"), "**", &[]).into_iter().collect();
        rules[0].expires_at = Some(Timestamp::from_millis(1_000));
        let agent = Asker::default().and(SubjectKind::Agent, "backup");
        assert!(!asks(&agent, "a", None, &rules));
    }

    fn any_rule() -> impl Strategy<Value = Rule> {
        let kinds = prop_oneof![Just(SubjectKind::Role), Just(SubjectKind::User), Just(SubjectKind::Job)];
        let subjects = prop_oneof![Just("*"), Just("owner"), Just("developer"), Just("usr_1"), Just("nightly")];
        let patterns = prop_oneof![Just("**"), Just("git/*"), Just("git/a"), Just("**/a")];
        (any::<u128>(), any::<bool>(), kinds, subjects, patterns).prop_filter_map("a rule", |(id, deny, kind, s, p)| {
            rule(id, if deny { Effect::Deny } else { Effect::Allow }, (kind, s), p, &[])
        })
    }

    proptest! {
        #[test]
        fn the_order_of_the_rules_does_not_matter(rules in proptest::collection::vec(any_rule(), 0..8)) {
            let asker = Asker::default().and(SubjectKind::Role, "admin").and(SubjectKind::User, "usr_1");
            let mut turned = rules.clone();
            turned.reverse();
            let (one, other) = (asks(&asker, "git/a", None, &rules), asks(&asker, "git/a", None, &turned));
            prop_assert_eq!(one, other);
        }

        #[test]
        fn another_denial_never_allows_more(rules in proptest::collection::vec(any_rule(), 0..8), extra in any_rule()) {
            let asker = Asker::default().and(SubjectKind::Role, "admin").and(SubjectKind::Job, "nightly");
            let before = asks(&asker, "git/a", None, &rules);
            let more = rules.into_iter().chain([Rule { effect: Effect::Deny, ..extra }]).collect::<Vec<_>>();
            let after = asks(&asker, "git/a", None, &more);
            prop_assert!(before || !after);
        }
    }
}
