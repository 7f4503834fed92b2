//! A rule, and whether a command fits it.

use crate::argv::{self, Fitted};
use crate::file::{Decision, Kind, ProfileEntry};
use crate::program::Program;
use crate::rule_file::{Form, LONGEST_SOURCE_KIB, RuleEntry};
use crate::slot::Slot;
use crate::subject::{Subject, Who};
use crate::text::{Flaw, shown};
use crate::url::Hosts;

/// A rule that is free of faults.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    /// As it stands in the file.
    pub(crate) entry: RuleEntry,
    /// Its flags.
    pub(crate) flags: Vec<Flag>,
    /// Its positionals.
    pub(crate) positionals: Vec<Positional>,
    /// Where repositories may come from.
    pub(crate) hosts: Hosts,
    /// What the sandbox lets it do.
    pub(crate) profile: ProfileEntry,
}

/// A flag of a rule.
#[derive(Debug, Clone)]
pub(crate) struct Flag {
    /// As it is written.
    pub(crate) name: String,
    /// The same in one letter.
    pub(crate) short: Option<String>,
    /// Its value.
    pub(crate) slot: Slot,
    /// How that is given.
    pub(crate) form: Form,
    /// Whether it may be given more than once.
    pub(crate) repeat: bool,
    /// Whether digits alone mean it.
    pub(crate) digits: bool,
}

/// A positional of a rule.
#[derive(Debug, Clone)]
pub(crate) struct Positional {
    /// What it is.
    pub(crate) slot: Slot,
    /// How many there must be.
    pub(crate) at_least: usize,
    /// How many there may be.
    pub(crate) at_most: usize,
}

impl Rule {
    /// The rule that this entry means, with its profile.
    pub(crate) fn new(entry: RuleEntry, profile: ProfileEntry) -> Self {
        let flags = entry.flags.iter().map(|flag| Flag {
            name: flag.name.clone(),
            short: flag.short.clone(),
            slot: Slot::from(flag),
            form: flag.form,
            repeat: flag.repeat,
            digits: flag.digits,
        });
        let positionals = entry.positionals.iter().map(|positional| Positional {
            slot: Slot::from(positional),
            at_least: positional.at_least,
            at_most: positional.at_most,
        });
        let (flags, positionals) = (flags.collect(), positionals.collect());
        let hosts = Hosts { names: entry.hosts.clone(), schemes: entry.schemes.clone() };
        Self { entry, flags, positionals, hosts, profile }
    }

    /// Whether it denies.
    pub(crate) fn denies(&self) -> bool {
        self.entry.decision == Decision::Deny
    }

    /// Whether it is about such operations of such a program at all; if not, it says nothing about them.
    pub(crate) fn is_about(&self, kind: Kind, program: Option<&Program>) -> bool {
        let kind_is_named =
            self.entry.operations.contains(&kind) || (self.denies() && self.entry.operations.is_empty());
        let named = self.entry.program.as_deref();
        kind_is_named && named.is_none_or(|named| program.is_some_and(|program| program.name == named))
    }

    /// What is to be run when the subject fits; otherwise what speaks against it.
    pub(crate) fn fit(&self, subject: &Subject<'_>, who: &Who<'_>) -> Result<Fitted, Flaw> {
        self.check_who(who)?;
        self.check_where(subject)?;
        if self.denies() {
            return self.fit_broadly(subject);
        }
        if subject.has_input && !self.entry.input {
            return Flaw::of("input", "the rule takes no input");
        }
        self.check_service(subject)?;
        self.check_user(subject)?;
        self.check_script(subject)?;
        if let Some(url) = subject.url {
            self.hosts.check(url)?;
        }
        if subject.kind != Kind::Exec {
            return Ok(Fitted { arguments: subject.arguments.clone(), paths: vec![] });
        }
        argv::fit(self, &subject.arguments, subject.program.is_some_and(|program| program.double_dash))
    }

    fn check_who(&self, who: &Who<'_>) -> Result<(), Flaw> {
        let is_meant = |actor: &String| match actor.strip_prefix("role:") {
            Some(role) => who.roles.contains(&role),
            None => actor == who.id,
        };
        if self.entry.actors.is_empty() || self.entry.actors.iter().any(is_meant) {
            return Ok(());
        }
        Flaw::of("actor", "the rule is for others")
    }

    fn check_where(&self, subject: &Subject<'_>) -> Result<(), Flaw> {
        let Some(place) = subject.place else { return Ok(()) };
        if self.entry.roots.is_empty() || self.entry.roots.contains(&place.root) {
            return Ok(());
        }
        Flaw::of("root", format!("the rule does not hold in the root {}", shown(&place.root)))
    }

    fn check_service(&self, subject: &Subject<'_>) -> Result<(), Flaw> {
        let Some(service) = subject.service else { return Ok(()) };
        if self.entry.services.iter().any(|named| named == service) {
            return Ok(());
        }
        Flaw::of("service", format!("the rule does not name the service {}", shown(service)))
    }

    fn check_user(&self, subject: &Subject<'_>) -> Result<(), Flaw> {
        let Some(key) = subject.key else { return Ok(()) };
        let user = &key.line().user;
        if self.entry.users.contains(user) {
            return Ok(());
        }
        Flaw::of("user", format!("the rule does not name the user {}", shown(user)))
    }

    fn check_script(&self, subject: &Subject<'_>) -> Result<(), Flaw> {
        let Some((language, source)) = subject.script else { return Ok(()) };
        if !self.entry.languages.contains(&language) {
            return Flaw::of("language", format!("the rule does not name the language {language}"));
        }
        let most = self.entry.source_kib.unwrap_or(LONGEST_SOURCE_KIB);
        if source.len() as u64 > u64::from(most) * 1024 {
            return Flaw::of(
                "script_source",
                format!("the script is longer than {most} KiB, which is the most of the rule"),
            );
        }
        Ok(())
    }

    /// A rule that denies fits by its words: no value can get round it.
    fn fit_broadly(&self, subject: &Subject<'_>) -> Result<Fitted, Flaw> {
        let services = &self.entry.services;
        if !services.is_empty() {
            self.check_service(subject)?;
        }
        if !self.entry.users.is_empty() {
            self.check_user(subject)?;
        }
        if let Some((language, _)) = subject.script
            && !self.entry.languages.is_empty()
            && !self.entry.languages.contains(&language)
        {
            return Flaw::of("language", format!("the rule does not name the language {language}"));
        }
        let mut words = subject.arguments.iter();
        if !self.entry.subcommand.iter().all(|word| words.any(|given| argv::is_word((word, given)))) {
            return Flaw::of("subcommand", "its words do not occur");
        }
        let names_one = self.flags.iter().any(|flag| subject.arguments.iter().any(|given| argv::may_mean(flag, given)));
        if !self.flags.is_empty() && !names_one {
            return Flaw::of("flag_absent", "none of its flags occurs");
        }
        Ok(Fitted { arguments: vec![], paths: vec![] })
    }
}
