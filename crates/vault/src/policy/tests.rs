//! What rules say to whom.

use super::*;
use proptest::prelude::*;

const KINDS: [SubjectKind; 5] =
    [SubjectKind::Role, SubjectKind::User, SubjectKind::Agent, SubjectKind::Job, SubjectKind::Machine];

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
fn names_are_what_the_api_says_and_read_back() {
    for action in Action::ALL {
        assert_eq!(serde_json::json!(action), action.as_str());
    }
    for effect in [Effect::Allow, Effect::Deny] {
        assert_eq!((serde_json::json!(effect), Effect::parse(effect.as_str())), (effect.as_str().into(), Some(effect)));
    }
    for kind in KINDS {
        assert_eq!((serde_json::json!(kind), SubjectKind::parse(kind.as_str())), (kind.as_str().into(), Some(kind)));
    }
    assert_eq!((Effect::parse("Allow"), SubjectKind::parse("")), (None, None));
}

#[test]
fn a_name_counts_for_its_own_kind_and_as_a_whole() {
    for (held, wanted) in KINDS.into_iter().flat_map(|held| KINDS.map(|wanted| (held, wanted))) {
        let asker = Asker::default().and(held, "owner");
        for subject in ["owner", "*"] {
            let rules: Vec<Rule> = rule(1, Effect::Allow, (wanted, subject), "**", &[]).into_iter().collect();
            let may = asks(&asker, "a", None, &rules);
            assert_eq!(may, held == wanted, "{held:?} {wanted:?} {subject}");
        }
    }
    for (kind, held, wanted) in [
        (SubjectKind::Agent, "backup", "back"),
        (SubjectKind::Agent, "back", "backup"),
        (SubjectKind::Agent, "Backup", "backup"),
        (SubjectKind::Agent, "*", "backup"),
        (SubjectKind::Role, "owner", "nobody"),
        (SubjectKind::Role, "nobody", "viewer"),
        (SubjectKind::Role, "nobody", "nobody"),
    ] {
        let rules: Vec<Rule> = rule(1, Effect::Allow, (kind, wanted), "**", &[]).into_iter().collect();
        assert!(!asks(&Asker::default().and(kind, held), "a", None, &rules), "{held} {wanted}");
    }
}

#[test]
fn only_diwan_itself_needs_no_rule() {
    let world = diwan_kernel::World::real();
    let itself = Asker::from_actor(&diwan_kernel::Ctx::system(&world, "vault").actor);
    assert!(asks(&itself, "a", None, &[]));
    assert!(!asks(&Asker::default(), "a", None, &[]));
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
    // Of those that say the same the first is named.
    for purposes in [&[][..], &["git.clone"]] {
        let same = |id| rule(id, Effect::Allow, (SubjectKind::Role, "developer"), "**", purposes);
        let rules: Vec<Rule> = [same(1), same(2)].into_iter().flatten().collect();
        assert_eq!(reach(&rules, question).unwrap().rule, "1");
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
    assert!(!asks(&machine, "git/a", Some("git.clone.deep"), &rules));
    assert!(asks(&machine, "git/a", None, &rules));
    // Of one purpose, one denied purpose leaves nothing.
    rules.extend(deny);
    assert!(!asks(&machine, "git/a", None, &rules));
}

#[test]
fn a_rule_may_name_several_purposes_and_denies_no_others() {
    let purposes = ["git.clone", "git.push"];
    let rules: Vec<Rule> = [
        rule(1, Effect::Allow, (SubjectKind::Machine, "*"), "**", &[]),
        rule(2, Effect::Deny, (SubjectKind::Machine, "*"), "git/**", &purposes),
    ]
    .into_iter()
    .flatten()
    .collect();
    let machine = Asker::default().and(SubjectKind::Machine, "mac_1");
    for (purpose, may) in
        [(Some(purposes[0]), false), (Some(purposes[1]), false), (Some("git.fetch"), true), (None, true)]
    {
        assert_eq!(asks(&machine, "git/a", purpose, &rules), may, "{purpose:?}");
    }
}

#[test]
fn a_rule_that_ran_out_says_nothing() {
    let mut rules: Vec<Rule> = rule(1, Effect::Allow, (SubjectKind::Agent, "backup"), "**", &[]).into_iter().collect();
    rules[0].expires_at = Some(Timestamp::from_millis(1_000));
    let agent = Asker::default().and(SubjectKind::Agent, "backup");
    assert!(!asks(&agent, "a", None, &rules));
    rules[0].expires_at = Some(Timestamp::from_millis(1_001));
    assert!(asks(&agent, "a", None, &rules));
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
