//! What must hold within one rule.

use std::collections::BTreeSet;

use crate::environment::{PASSABLE, is_settable};
use crate::file::{Class, Decision, Kind, ProfileEntry};
use crate::load::Judge;
use crate::name::check_name;
use crate::rule_file::{FlagEntry, Form, RuleEntry, Scheme, ValueKind};
use crate::text::check_text;
use crate::url::is_nameable;

/// Says everything that is wrong with a rule.
pub(crate) fn check_rule(judge: &mut Judge<'_>, rule: &RuleEntry, key: &str) {
    check_names(judge, rule, key);
    check_needs(judge, rule, key);
    check_words(judge, rule, key);
    check_hosts(judge, &rule.hosts, &format!("{key}.hosts"));
    check_environment(judge, rule, key);
    check_profile(judge, rule, key);
    check_flags(judge, rule, key);
    for (at, positional) in rule.positionals.iter().enumerate() {
        let key = format!("{key}.positionals[{at}]");
        let bounds = (positional.min, positional.max);
        check_value(judge, &key, positional.value, bounds, &positional.words, (&positional.hosts, &positional.schemes));
        if positional.value == ValueKind::None {
            judge.say(&key, "value_bounds", "must have a value");
        }
        if positional.at_least > positional.at_most {
            judge.say(&key, "value_bounds", "at_least is more than at_most");
        }
    }
}

fn check_names(judge: &mut Judge<'_>, rule: &RuleEntry, key: &str) {
    let file = judge.file;
    if let Some(name) = rule.program.as_ref().filter(|name| !file.programs.contains_key(*name)) {
        judge.unknown(&format!("{key}.program"), "program", name, file.programs.keys().map(String::as_str));
    }
    if let Some(name) = rule.profile.as_ref().filter(|name| !file.profiles.contains_key(*name)) {
        judge.unknown(&format!("{key}.profile"), "profile", name, file.profiles.keys().map(String::as_str));
    }
    for (at, name) in rule.roots.iter().enumerate().filter(|(_, name)| !file.roots.contains_key(*name)) {
        judge.unknown(&format!("{key}.roots[{at}]"), "root", name, file.roots.keys().map(String::as_str));
    }
    for (at, actor) in rule.actors.iter().enumerate() {
        if check_name(actor.strip_prefix("role:").unwrap_or(actor)).is_err() {
            judge.say(&format!("{key}.actors[{at}]"), "bad_name", "must be role:NAME or the id of somebody");
        }
    }
}

fn check_needs(judge: &mut Judge<'_>, rule: &RuleEntry, key: &str) {
    if rule.decision == Decision::Deny {
        if rule.operations.is_empty()
            && rule.program.is_none()
            && rule.services.is_empty()
            && !rule.subcommand.is_empty()
        {
            judge.say(key, "needs_program", "words mean nothing without a program");
        }
        return;
    }
    let has = |kinds: &[Kind]| rule.operations.iter().any(|kind| kinds.contains(kind));
    let has_slots = !rule.flags.is_empty() || !rule.positionals.is_empty() || !rule.subcommand.is_empty();
    let has_examples = !rule.fits.is_empty() || !rule.not_match.is_empty();
    let services = [Kind::ServiceStatus, Kind::ServiceRestart];
    for (is_wrong, code, text) in [
        (rule.operations.is_empty(), "needs_operations", "must say what it is about, in operations"),
        (rule.class.is_none(), "needs_class", "must say its class: reads, writes or runs_repo_code"),
        (has(&[Kind::Exec, Kind::Terminal]) && rule.program.is_none(), "needs_program", "must name a program"),
        (has(&[Kind::GitClone]) && rule.hosts.is_empty(), "needs_hosts", "must name the hosts to clone from"),
        (has(&services) && rule.services.is_empty(), "needs_services", "must name the services"),
        (has(&Kind::SSH_KEYS) && rule.users.is_empty(), "needs_users", "must name the users whose keys they are"),
        (
            has(&Kind::SSH_KEYS) && rule.class != Some(Class::Writes),
            "class",
            "keys are put into files of users: its class is writes",
        ),
        (has(&[Kind::Script]) && rule.languages.is_empty(), "needs_languages", "must name the languages of scripts"),
        (
            !has(&[Kind::Script]) && (!rule.languages.is_empty() || rule.source_kib.is_some()),
            "only_for_script",
            "languages and source_kib are for script",
        ),
        (
            has(&[Kind::Script]) && rule.class != Some(Class::RunsRepoCode),
            "class",
            "a script is foreign code: its class is runs_repo_code",
        ),
        (
            has(&[Kind::Build, Kind::Test]) && rule.class != Some(Class::RunsRepoCode),
            "class",
            "building and testing runs code of the repository: its class is runs_repo_code",
        ),
        (
            !has(&[Kind::Exec]) && has_slots,
            "only_for_exec",
            "subcommand, flags and positionals are for exec; the arguments of other operations are fixed",
        ),
        (!has(&[Kind::Exec]) && has_examples, "only_for_exec", "match and not_match are for exec"),
    ] {
        if is_wrong {
            judge.say(key, code, text);
        }
    }
}

fn check_words(judge: &mut Judge<'_>, rule: &RuleEntry, key: &str) {
    for (name, words) in [("subcommand", &rule.subcommand), ("always", &rule.always)] {
        for (at, word) in words.iter().enumerate() {
            if let Err(flaw) = check_text(word) {
                judge.say(&format!("{key}.{name}[{at}]"), "bad_word", flaw.text);
            }
        }
    }
    if rule.always.iter().any(|word| word == "--") && !(rule.flags.is_empty() && rule.positionals.is_empty()) {
        judge.say(&format!("{key}.always"), "bad_word", "nothing can follow what is put after --");
    }
    for (at, word) in rule.subcommand.iter().enumerate().filter(|(_, word)| word.split('|').any(str::is_empty)) {
        judge.say(&format!("{key}.subcommand[{at}]"), "bad_word", format!("{word:?} names nothing beside a bar"));
    }
    for (at, user) in rule.users.iter().enumerate().filter(|(_, user)| check_name(user).is_err()) {
        judge.say(&format!("{key}.users[{at}]"), "bad_name", format!("{user:?} is no name of a user"));
    }
    for (at, service) in rule.services.iter().enumerate() {
        if check_name(service).is_err() {
            judge.say(&format!("{key}.services[{at}]"), "bad_name", "must be the whole name of a service");
        }
    }
}

fn check_hosts(judge: &mut Judge<'_>, hosts: &[String], key: &str) {
    for (at, host) in hosts.iter().enumerate().filter(|(_, host)| !is_nameable(host)) {
        let text = format!("{host} is no host: write github.com, *.example.org, git.example.org:8443 or *");
        judge.say(&format!("{key}[{at}]"), "bad_host", text);
    }
}

fn check_environment(judge: &mut Judge<'_>, rule: &RuleEntry, key: &str) {
    for name in rule.environment.set.keys().filter(|name| !is_settable(name)) {
        let text = "cannot be set: it is fixed, or it makes programs load code";
        judge.say(&format!("{key}.environment.set.{name}"), "bad_variable", text);
    }
    for (at, name) in rule.environment.pass.iter().enumerate().filter(|(_, name)| !PASSABLE.contains(&name.as_str())) {
        judge.unknown(
            &format!("{key}.environment.pass[{at}]"),
            "variable that may be taken over",
            name,
            PASSABLE.iter().copied(),
        );
    }
}

fn check_profile(judge: &mut Judge<'_>, rule: &RuleEntry, key: &str) {
    let usual = ProfileEntry::default();
    let named = rule.profile.as_ref().and_then(|name| judge.file.profiles.get(name));
    let profile = named.unwrap_or(&usual);
    let outside = [Kind::Terminal, Kind::ServiceStatus, Kind::ServiceRestart];
    let writes_files = rule.operations.iter().any(|kind| kind.writes_files());
    for (is_wrong, code, text) in [
        (
            rule.class == Some(Class::Reads) && profile.writable,
            "class",
            "its class is reads, but its profile is writable",
        ),
        (
            !profile.confined && !rule.operations.iter().all(|kind| outside.contains(kind)),
            "confined",
            "only terminals and services may run outside the sandbox",
        ),
        (
            !profile.confined && rule.class == Some(Class::RunsRepoCode),
            "confined",
            "code of the repository only ever runs in the sandbox",
        ),
        (
            writes_files && rule.decision != Decision::Deny && !profile.writable,
            "class",
            "it writes files, but its profile is not writable",
        ),
    ] {
        if is_wrong {
            judge.say(&format!("{key}.profile"), code, text);
        }
    }
}

fn check_flags(judge: &mut Judge<'_>, rule: &RuleEntry, key: &str) {
    let mut names = BTreeSet::new();
    for (at, flag) in rule.flags.iter().enumerate() {
        let key = format!("{key}.flags[{at}]");
        if !is_flag(&flag.name) {
            judge.say(&format!("{key}.name"), "flag_form", "must be written as -x or --word");
        }
        if flag.short.as_ref().is_some_and(|short| !is_flag(short) || short.len() != 2) {
            judge.say(&format!("{key}.short"), "flag_form", "must be a dash and one letter");
        }
        for name in std::iter::once(&flag.name).chain(&flag.short) {
            if !names.insert(name) {
                judge.say(&key, "duplicate_name", format!("{name} is listed twice"));
            }
        }
        check_flag_value(judge, flag, &key);
    }
}

fn check_flag_value(judge: &mut Judge<'_>, flag: &FlagEntry, key: &str) {
    let bounds = (flag.min, flag.max);
    check_value(judge, key, flag.value, bounds, &flag.words, (&flag.hosts, &flag.schemes));
    let only_joined = flag.form == Form::Equals && (!flag.name.starts_with("--") || flag.short.is_some());
    if flag.value != ValueKind::None && only_joined {
        judge.say(&format!("{key}.form"), "flag_form", "only a flag like --word can be joined with its value");
    }
    if flag.digits && (flag.value != ValueKind::Int || flag.form == Form::Equals) {
        judge.say(
            &format!("{key}.digits"),
            "flag_form",
            "only a flag whose next argument is a number can be meant by digits",
        );
    }
}

fn is_flag(name: &str) -> bool {
    let word = name.strip_prefix("--").filter(|word| word.len() > 1).or_else(|| name.strip_prefix('-'));
    let is_word = |word: &str| {
        word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !word.is_empty()
            && !word.starts_with('-')
    };
    word.is_some_and(is_word)
}

/// What a value says about itself belongs to its kind, and says enough.
fn check_value(
    judge: &mut Judge<'_>,
    key: &str,
    kind: ValueKind,
    bounds: (Option<i64>, Option<i64>),
    words: &[String],
    (hosts, schemes): (&[String], &[Scheme]),
) {
    let is_kind = |wanted| kind == wanted;
    let bounded = bounds.0.is_some() && bounds.1.is_some();
    let disordered = matches!(bounds, (Some(least), Some(most)) if least > most);
    for (is_wrong, text) in [
        (is_kind(ValueKind::Int) && (!bounded || disordered), "a number needs its min and its max"),
        (!is_kind(ValueKind::Int) && bounds != (None, None), "min and max are for numbers"),
        (is_kind(ValueKind::Choice) == words.is_empty(), "words belong to a choice, and a choice needs words"),
        (is_kind(ValueKind::Url) == hosts.is_empty(), "hosts belong to an address, and an address needs hosts"),
        (is_kind(ValueKind::Url) && schemes.contains(&Scheme::File), "an address is never a file"),
    ] {
        if is_wrong {
            judge.say(key, "value_bounds", text);
        }
    }
    for word in words.iter().filter(|word| check_text(word).is_err() || word.starts_with('-')) {
        judge.say(&format!("{key}.words"), "bad_word", format!("{word:?} cannot be a word of a choice"));
    }
    check_hosts(judge, hosts, &format!("{key}.hosts"));
}
