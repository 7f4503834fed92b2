//! Who may do what with which secret. Pure: rules in, verdict out.
//!
//! Nobody may do anything unless a rule allows it, and a rule that denies wins over every rule that
//! allows. The rules are the same for people, agents, jobs and machines.

use diwan_kernel::id_kinds;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Actor, Id};
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
    /// Everybody with a role, and with those above it.
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
        let person = actor.user_id().zip(actor.role());
        let asker = Self { claims: vec![], everything: matches!(actor, Actor::System(_)) };
        person.into_iter().fold(asker, |asker, (id, role)| {
            asker.and(SubjectKind::User, id.to_string()).and(SubjectKind::Role, role.as_str())
        })
    }

    /// Also this.
    #[must_use]
    pub fn and(mut self, kind: SubjectKind, name: impl Into<String>) -> Self {
        self.claims.push((kind, name.into()));
        self
    }

    fn is(&self, kind: SubjectKind, subject: &str) -> bool {
        self.claims.iter().any(|(k, name)| *k == kind && (subject == "*" || is_same(kind, name, subject)))
    }
}

/// A rule for a role holds for the roles above it too.
fn is_same(kind: SubjectKind, held: &str, wanted: &str) -> bool {
    if kind != SubjectKind::Role {
        return held == wanted;
    }
    let (held, wanted) = (diwan_kernel::Role::parse(held), diwan_kernel::Role::parse(wanted));
    held.zip(wanted).is_some_and(|(held, wanted)| held >= wanted)
}

/// What is decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It may be done, because of this rule.
    Allowed(PolicyId),
    /// Diwan itself asks.
    OwnUse,
    /// This rule denies it.
    Denied(PolicyId),
    /// No rule allows it.
    NotAllowed,
}

impl Verdict {
    pub(crate) const fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed(_) | Self::OwnUse)
    }
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) asker: &'a Asker,
    pub(crate) action: Action,
    pub(crate) secret: &'a SecretName,
    /// What it is for; `None` asks whether any purpose would do.
    pub(crate) purpose: Option<&'a str>,
    pub(crate) now: Timestamp,
}

impl Question<'_> {
    fn is_about(&self, rule: &Rule) -> bool {
        rule.actions.contains(&self.action)
            && rule.expires_at.is_none_or(|at| at > self.now)
            && self.asker.is(rule.subject_kind, &rule.subject)
            && rule.secrets.matches(self.secret)
            && self.is_for(rule)
    }

    /// Without a purpose, what some purpose would be allowed counts as allowed, and only what every
    /// purpose is denied counts as denied.
    fn is_for(&self, rule: &Rule) -> bool {
        rule.purposes.is_empty()
            || match self.purpose {
                Some(purpose) => rule.purposes.iter().any(|p| p == purpose),
                None => rule.effect == Effect::Allow,
            }
    }
}

/// Judges a question by the rules.
pub(crate) fn judge(rules: &[Rule], question: Question<'_>) -> Verdict {
    if question.asker.everything {
        return Verdict::OwnUse;
    }
    let mut allowed: Option<&Rule> = None;
    for rule in rules.iter().filter(|rule| question.is_about(rule)) {
        // What is allowed for every purpose says more than what is allowed for one.
        let says_more = allowed.is_none_or(|known| !known.purposes.is_empty() && rule.purposes.is_empty());
        match rule.effect {
            Effect::Deny => return Verdict::Denied(rule.id),
            Effect::Allow if says_more => allowed = Some(rule),
            Effect::Allow => {}
        }
    }
    allowed.map_or(Verdict::NotAllowed, |rule| Verdict::Allowed(rule.id))
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

    fn asks(asker: &Asker, secret: &str, purpose: Option<&str>, rules: &[Rule]) -> Option<Verdict> {
        let secret = SecretName::parse(secret)?;
        let now = Timestamp::from_millis(1_000);
        Some(judge(rules, Question { asker, action: Action::Read, secret: &secret, purpose, now }))
    }

    #[test]
    fn who_may_for_every_purpose_is_not_said_to_may_for_one() {
        let developer = Asker::default().and(SubjectKind::Role, "developer");
        let narrow = rule(1, Effect::Allow, (SubjectKind::Role, "developer"), "git/**", &["git.clone"]);
        let wide = rule(2, Effect::Allow, (SubjectKind::Role, "developer"), "**", &[]);
        for rules in [[narrow.clone(), wide.clone()], [wide, narrow]] {
            let rules: Vec<Rule> = rules.into_iter().flatten().collect();
            assert_eq!(asks(&developer, "git/token", None, &rules), Some(Verdict::Allowed(PolicyId::from_bits(2))));
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
        let developer = Asker::default().and(SubjectKind::Role, "developer").and(SubjectKind::User, "usr_x");
        let owner = Asker::default().and(SubjectKind::Role, "owner").and(SubjectKind::User, "usr_o");
        let viewer = Asker::default().and(SubjectKind::Role, "viewer");
        let (first, second) = (PolicyId::from_bits(1), PolicyId::from_bits(2));
        assert_eq!(asks(&developer, "git/dev", None, &rules), Some(Verdict::Allowed(first)));
        assert_eq!(asks(&developer, "git/prod", None, &rules), Some(Verdict::Denied(second)));
        assert_eq!(asks(&owner, "git/prod", None, &rules), Some(Verdict::Allowed(first)));
        assert_eq!(asks(&viewer, "git/dev", None, &rules), Some(Verdict::NotAllowed));
        assert_eq!(asks(&owner, "mail/password", None, &rules), Some(Verdict::NotAllowed));
        assert_eq!(asks(&Asker::default(), "git/dev", None, &rules), Some(Verdict::NotAllowed));
    }

    #[test]
    fn a_purpose_narrows_a_rule() {
        let rules: Vec<Rule> =
            rule(1, Effect::Allow, (SubjectKind::Machine, "*"), "git/**", &["git.clone"]).into_iter().collect();
        let machine = Asker::default().and(SubjectKind::Machine, "mac_1");
        assert!(asks(&machine, "git/a", Some("git.clone"), &rules).is_some_and(|v| v.is_allowed()));
        assert!(asks(&machine, "git/a", Some("git.push"), &rules).is_some_and(|v| !v.is_allowed()));
        assert!(asks(&machine, "git/a", None, &rules).is_some_and(|v| v.is_allowed()));
    }

    #[test]
    fn a_rule_that_ran_out_says_nothing() {
        let mut rules: Vec<Rule> =
            rule(1, Effect::Allow, (SubjectKind::Agent, "backup"), "**", &[]).into_iter().collect();
        rules[0].expires_at = Some(Timestamp::from_millis(1_000));
        let agent = Asker::default().and(SubjectKind::Agent, "backup");
        assert_eq!(asks(&agent, "a", None, &rules), Some(Verdict::NotAllowed));
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
            prop_assert_eq!(one.map(|v| v.is_allowed()), other.map(|v| v.is_allowed()));
        }

        #[test]
        fn another_denial_never_allows_more(rules in proptest::collection::vec(any_rule(), 0..8), extra in any_rule()) {
            let asker = Asker::default().and(SubjectKind::Role, "admin").and(SubjectKind::Job, "nightly");
            let before = asks(&asker, "git/a", None, &rules).is_some_and(|v| v.is_allowed());
            let more = rules.into_iter().chain([Rule { effect: Effect::Deny, ..extra }]).collect::<Vec<_>>();
            let after = asks(&asker, "git/a", None, &more).is_some_and(|v| v.is_allowed());
            prop_assert!(before || !after);
        }
    }
}
