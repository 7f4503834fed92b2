//! Who can read this? The answer is what would be answered to each of them if they asked.

use diwan_kernel::world::Timestamp;
use diwan_kernel::{Ctx, Permission, Problem};
use serde::Serialize;

use crate::name::SecretName;
use crate::policy::{Action, Asker, Question, Reach, Rule, SubjectKind, reach};
use crate::vault::{Person, Vault};

/// Somebody who may do something with a secret, and why.
#[derive(Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = SecretReader)]
pub(crate) struct Reader {
    /// What kind of subject. A person's API tokens with the scope `secrets.use` may what the person may.
    pub(crate) kind: SubjectKind,
    /// Its id or name; `*` is everyone of the kind.
    pub(crate) subject: String,
    /// What it is called, where that is known.
    pub(crate) name: Option<String>,
    /// Which policy allows it; null when none does, and only the way past the policies is open.
    pub(crate) policy: Option<String>,
    /// What it must be for; empty is any purpose.
    pub(crate) purposes: Vec<String>,
    /// What it must not be for.
    pub(crate) not_for: Vec<String>,
    /// Of everyone of a kind: who may not.
    pub(crate) except: Vec<String>,
    /// Whether they may read past the policies in an emergency, which is told to everybody who manages secrets.
    pub(crate) past_policies: bool,
}

impl Vault {
    /// Who may do this with the secret.
    pub(crate) async fn who_can(&self, ctx: &Ctx, action: Action, secret: &SecretName) -> Result<Vec<Reader>, Problem> {
        let (rules, people) = (self.rules().await?, self.people().list().await?);
        Ok(readers(&rules, people, action, secret, ctx.now()))
    }
}

fn readers(rules: &[Rule], people: Vec<Person>, action: Action, secret: &SecretName, now: Timestamp) -> Vec<Reader> {
    let reach = |asker: &Asker| reach(rules, Question { asker, action, secret, now });
    let mut readers = vec![];
    // Whoever reads, writes or rotates needs the permission besides.
    for person in people.into_iter().filter(|person| person.role.permissions().has(Permission::SecretsUse)) {
        let id = person.id.to_string();
        let past_policies = action == Action::Read && person.role.permissions().has(Permission::VaultManage);
        let reach = reach(&Asker::person(&id, person.role));
        if reach.is_some() || past_policies {
            readers.push(Reader { name: Some(person.name), past_policies, ..reader(SubjectKind::User, id, reach) });
        }
    }
    // By the policies first; past them is another matter.
    readers.sort_by_key(|reader| reader.policy.is_none());
    // Agents, jobs and machines are known here only as far as rules speak of them.
    for kind in [SubjectKind::Agent, SubjectKind::Job, SubjectKind::Machine] {
        let mut names: Vec<&str> =
            rules.iter().filter(|r| r.subject_kind == kind).map(|r| r.subject.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let (may, may_not): (Vec<_>, Vec<_>) = names
            .into_iter()
            .map(|name| (name, reach(&Asker::default().and(kind, name))))
            .partition(|(_, reach)| reach.is_some());
        for (name, reach) in may {
            let except =
                if name == "*" { may_not.iter().map(|(name, _)| (*name).to_owned()).collect() } else { vec![] };
            readers.push(Reader { except, ..reader(kind, name.to_owned(), reach) });
        }
    }
    readers
}

fn reader(kind: SubjectKind, subject: String, reach: Option<Reach<'_>>) -> Reader {
    let owned = |words: &std::collections::BTreeSet<&str>| words.iter().map(|word| (*word).to_owned()).collect();
    Reader {
        kind,
        subject,
        name: None,
        policy: reach.as_ref().map(|reach| reach.rule.to_owned()),
        purposes: reach.as_ref().map(|reach| owned(&reach.purposes)).unwrap_or_default(),
        not_for: reach.as_ref().map(|reach| owned(&reach.not_for)).unwrap_or_default(),
        except: vec![],
        past_policies: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::NamePattern;
    use crate::policy::{Effect, PolicyId};
    use diwan_kernel::{Id, Role};
    use proptest::prelude::*;
    use proptest::sample::{select, subsequence};

    const NOW: Timestamp = Timestamp::from_millis(1_000);
    const PURPOSES: [&str; 2] = ["git.clone", "git.push"];
    const ROLES: [Role; 4] = [Role::Viewer, Role::Developer, Role::Admin, Role::Owner];

    fn person(n: u128, role: Role) -> Person {
        Person { id: Id::from_bits(n), name: format!("p{n}"), role }
    }

    fn any_rule() -> impl Strategy<Value = Rule> {
        let ids = [1, 2].map(|n| person(n, Role::Owner).id.to_string());
        let subjects = prop_oneof![
            (
                Just(SubjectKind::Role),
                select(vec!["*", "viewer", "developer", "admin", "owner"]).prop_map(str::to_owned)
            ),
            (Just(SubjectKind::User), select([vec!["*".to_owned()], ids.to_vec()].concat())),
            (Just(SubjectKind::Machine), select(vec!["*", "mac_1", "mac_2"]).prop_map(str::to_owned)),
            (Just(SubjectKind::Job), select(vec!["*", "nightly"]).prop_map(str::to_owned)),
        ];
        let patterns = select(vec!["**", "git/*", "git/a", "mail/*"]);
        let times = select(vec![None, None, Some(500), Some(2_000)]);
        let actions = subsequence(Action::ALL.to_vec(), 1..=3);
        (any::<bool>(), subjects, patterns, subsequence(PURPOSES.to_vec(), 0..=2), actions, times).prop_map(
            |(deny, (subject_kind, subject), secrets, purposes, actions, until)| Rule {
                id: PolicyId::from_bits(7),
                name: "a rule".to_owned(),
                effect: if deny { Effect::Deny } else { Effect::Allow },
                subject_kind,
                subject,
                secrets: NamePattern::parse(secrets).unwrap(),
                actions,
                purposes: purposes.into_iter().map(str::to_owned).collect(),
                expires_at: until.map(Timestamp::from_millis),
                created_at: NOW,
                created_by: None,
            },
        )
    }

    /// What the documentation says, in the plainest words.
    fn allowed(rules: &[Rule], asker: &Asker, action: Action, secret: &SecretName, purpose: &str) -> bool {
        let says = |effect| {
            rules.iter().any(|rule| {
                rule.effect == effect
                    && rule.expires_at.is_none_or(|at| at > NOW)
                    && rule.actions.contains(&action)
                    && rule.secrets.matches(secret)
                    && (rule.purposes.is_empty() || rule.purposes.iter().any(|p| p == purpose))
                    && asker.is_meant(rule)
            })
        };
        says(Effect::Allow) && !says(Effect::Deny)
    }

    proptest! {
        #[test]
        fn who_can_is_what_each_would_be_answered(
            rules in proptest::collection::vec(any_rule(), 0..7),
            roles in [select(ROLES.to_vec()), select(ROLES.to_vec())],
            action in select(Action::ALL.to_vec()),
        ) {
            let secret = SecretName::parse("git/a").unwrap();
            let people = vec![person(1, roles[0]), person(2, roles[1])];
            let told = readers(&rules, people.clone(), action, &secret, NOW);
            let found = |kind, subject: &str| told.iter().find(|r| r.kind == kind && r.subject == subject);
            let said = |reader: Option<&Reader>, purpose: &str| reader.is_some_and(|r| {
                let named = |list: &[String]| list.iter().any(|word| word == purpose);
                r.policy.is_some() && (r.purposes.is_empty() || named(&r.purposes)) && !named(&r.not_for)
            });
            for purpose in ["", "git.clone", "git.push", "backup"] {
                for person in &people {
                    let id = person.id.to_string();
                    let may = person.role >= Role::Developer
                        && allowed(&rules, &Asker::person(&id, person.role), action, &secret, purpose);
                    let reader = found(SubjectKind::User, &id);
                    prop_assert_eq!(said(reader, purpose), may, "{:?} for {:?}: {:?}", person, purpose, told);
                    let past = person.role == Role::Owner && action == Action::Read;
                    prop_assert_eq!(reader.is_some_and(|r| r.past_policies), past);
                }
                for (kind, name) in [
                    (SubjectKind::Machine, "mac_1"), (SubjectKind::Machine, "mac_2"), (SubjectKind::Machine, "mac_3"),
                    (SubjectKind::Job, "nightly"), (SubjectKind::Job, "weekly"),
                ] {
                    let may = allowed(&rules, &Asker::default().and(kind, name), action, &secret, purpose);
                    // Who is named stands for themself, everyone else is everyone.
                    let everyone = || found(kind, "*").filter(|r| !r.except.iter().any(|one| one == name));
                    prop_assert_eq!(said(found(kind, name).or_else(everyone), purpose), may, "{} for {:?}: {:?}", name, purpose, told);
                }
            }
        }
    }
}
