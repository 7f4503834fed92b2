//! Whether arguments fit the flags and positionals of a rule, one by one; never by a pattern.

use std::collections::VecDeque;

use crate::rule::{Flag, Rule};
use crate::rule_file::Form;
use crate::slot::Slot;
use crate::text::{Flaw, shown};

/// Arguments as they are handed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fitted {
    /// All of them after the program: subcommand, what is always put there, flags, positionals.
    pub(crate) arguments: Vec<String>,
    /// Those among them that are paths below the directory.
    pub(crate) paths: Vec<String>,
}

/// The arguments in their plain form: clusters of flags taken apart, flags before positionals, and `--`
/// between them for a program that knows it.
pub(crate) fn fit(rule: &Rule, given: &[String], double_dash: bool) -> Result<Fitted, Flaw> {
    let (words, rest) = given.split_at_checked(rule.entry.subcommand.len()).unwrap_or_default();
    if words.len() < rule.entry.subcommand.len() || !rule.entry.subcommand.iter().zip(words).all(is_word) {
        let words = rule.entry.subcommand.join(" ");
        return Flaw::of("subcommand", format!("the program must be followed by exactly {}", shown(&words)));
    }
    let mut reading = Reading {
        rule,
        double_dash,
        rest: rest.iter().collect(),
        used: vec![],
        flags: vec![],
        words: VecDeque::new(),
        dashed: vec![],
        refs: vec![],
        others: vec![],
        paths: vec![],
    };
    reading.read()?;
    reading.place_words()?;
    let mut arguments = [words, rule.entry.always.as_slice(), &reading.flags, &reading.refs].concat();
    if double_dash && !reading.others.is_empty() {
        arguments.push("--".to_owned());
    }
    arguments.extend(reading.others);
    Ok(Fitted { arguments, paths: reading.paths })
}

/// Whether a word is the one of the rule, or one of those between its bars.
pub(crate) fn is_word((named, given): (&String, &String)) -> bool {
    named.split('|').any(|word| word == given)
}

/// Whether an argument could mean a flag, by any way of writing it: for rules that deny.
pub(crate) fn may_mean(flag: &Flag, given: &str) -> bool {
    let name = given.split('=').next().unwrap_or(given);
    let letter = |short: &str| {
        let letter = short.strip_prefix('-').filter(|letter| letter.chars().count() == 1);
        letter.is_some_and(|letter| given.starts_with('-') && !given.starts_with("--") && given.contains(letter))
    };
    let is_abbreviation = name.len() > 2 && name.starts_with("--") && flag.name.starts_with(name);
    name == flag.name || is_abbreviation || letter(&flag.name) || flag.short.as_deref().is_some_and(letter)
}

struct Reading<'a> {
    rule: &'a Rule,
    double_dash: bool,
    rest: VecDeque<&'a String>,
    used: Vec<&'a str>,
    flags: Vec<String>,
    /// Words before `--`.
    words: VecDeque<&'a str>,
    /// Words behind it.
    dashed: Vec<&'a str>,
    /// Names of git's, which stand before `--`.
    refs: Vec<String>,
    /// Everything else, which stands behind it.
    others: Vec<String>,
    paths: Vec<String>,
}

impl<'a> Reading<'a> {
    fn read(&mut self) -> Result<(), Flaw> {
        while let Some(given) = self.rest.pop_front() {
            match given.as_str() {
                "--" if self.double_dash => {
                    self.dashed = std::mem::take(&mut self.rest).into_iter().map(String::as_str).collect();
                }
                "-" | "--" => return Flaw::of("dash", format!("{} is not taken", shown(given))),
                flag if flag.starts_with('-') => self.read_flag(flag)?,
                word => self.words.push_back(word),
            }
        }
        Ok(())
    }

    fn read_flag(&mut self, given: &'a str) -> Result<(), Flaw> {
        if let Some(flag) = self.find(given) {
            self.note(flag)?;
            self.flags.push(given.to_owned());
            return if flag.slot.is_none() { Ok(()) } else { self.take_value(flag) };
        }
        match given.split_once('=') {
            Some((name, value)) if given.starts_with("--") => match self.find(name) {
                Some(flag) => self.read_joined(flag, given, value),
                None => not_listed(given),
            },
            _ if given.starts_with("--") => not_listed(given),
            _ => match self.meant_by_digits(given) {
                Some((flag, number)) => {
                    self.note(flag)?;
                    self.flags.push(flag.short.clone().unwrap_or_else(|| flag.name.clone()));
                    self.push_value(flag, number)
                }
                None => self.read_cluster(given),
            },
        }
    }

    /// `-20`, where a flag may be meant so.
    fn meant_by_digits(&self, given: &'a str) -> Option<(&'a Flag, &'a str)> {
        let number = given.strip_prefix('-').filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()))?;
        self.rule.flags.iter().find(|flag| flag.digits).map(|flag| (flag, number))
    }

    fn read_joined(&mut self, flag: &'a Flag, given: &str, value: &str) -> Result<(), Flaw> {
        self.note(flag)?;
        if flag.form == Form::Separate {
            return Flaw::of("value_form", format!("the value of {} must be an argument of its own", flag.name));
        }
        flag.slot.check(value)?;
        self.flags.push(given.to_owned());
        self.note_path(flag, value);
        Ok(())
    }

    /// `-abn5` is `-a -b -n 5`, when each of them is listed.
    fn read_cluster(&mut self, given: &'a str) -> Result<(), Flaw> {
        let letters = given.strip_prefix('-').unwrap_or(given).char_indices();
        for (at, letter) in letters {
            let name = format!("-{letter}");
            let Some(flag) = self.find(&name) else { return not_listed(given) };
            self.note(flag)?;
            self.flags.push(name);
            if flag.slot.is_none() {
                continue;
            }
            let value = given.get(1 + at + letter.len_utf8()..).unwrap_or_default();
            return if value.is_empty() { self.take_value(flag) } else { self.push_value(flag, value) };
        }
        Ok(())
    }

    /// The flag that is written exactly so.
    fn find(&self, name: &str) -> Option<&'a Flag> {
        self.rule.flags.iter().find(|flag| flag.name == name || flag.short.as_deref() == Some(name))
    }

    fn note(&mut self, flag: &'a Flag) -> Result<(), Flaw> {
        if !flag.repeat && self.used.contains(&flag.name.as_str()) {
            return Flaw::of("flag_twice", format!("{} is given twice", flag.name));
        }
        self.used.push(&flag.name);
        Ok(())
    }

    fn take_value(&mut self, flag: &'a Flag) -> Result<(), Flaw> {
        match self.rest.pop_front() {
            Some(value) => self.push_value(flag, value),
            None => Flaw::of("value_missing", format!("{} lacks its value", flag.name)),
        }
    }

    fn push_value(&mut self, flag: &Flag, value: &str) -> Result<(), Flaw> {
        if flag.form == Form::Equals {
            return Flaw::of("value_form", format!("the value of {0} must be given as {0}=…", flag.name));
        }
        if value.starts_with('-') {
            return Flaw::of("value_like_flag", format!("the value {} begins with a dash", shown(value)));
        }
        flag.slot.check(value)?;
        self.flags.push(value.to_owned());
        self.note_path(flag, value);
        Ok(())
    }

    fn note_path(&mut self, flag: &Flag, value: &str) {
        if flag.slot.is_path() {
            self.paths.push(value.to_owned());
        }
    }

    /// Gives each word to the first positional that still takes one, leaving enough for those behind it.
    fn place_words(&mut self) -> Result<(), Flaw> {
        let mut dashed = VecDeque::from(std::mem::take(&mut self.dashed));
        let mut needed: usize = self.rule.positionals.iter().map(|positional| positional.at_least).sum();
        let there = self.words.len() + dashed.len();
        if there < needed {
            let text = format!("at least {needed} words must follow, but there are {there}");
            return Flaw::of("positional_missing", text);
        }
        for positional in &self.rule.positionals {
            needed -= positional.at_least;
            let left = self.words.len() + dashed.len();
            // What stands behind `--` is no name of git's.
            let open = if positional.slot.is_of_git() { self.words.len() } else { left };
            let count = left.saturating_sub(needed).min(positional.at_most).min(open);
            if count < positional.at_least {
                return Flaw::of("positional_missing", "a word is missing before --");
            }
            for _ in 0..count {
                if let Some(word) = self.words.pop_front().or_else(|| dashed.pop_front()) {
                    self.place(&positional.slot, word)?;
                }
            }
        }
        match self.words.pop_front().or_else(|| dashed.pop_front()) {
            Some(word) => Flaw::of("positional_not_listed", format!("{} is one word too many", shown(word))),
            None => Ok(()),
        }
    }

    fn place(&mut self, slot: &Slot, word: &str) -> Result<(), Flaw> {
        if word.starts_with('-') {
            return Flaw::of("value_like_flag", format!("{} begins with a dash", shown(word)));
        }
        slot.check(word)?;
        if slot.is_path() {
            self.paths.push(word.to_owned());
        }
        let place = if slot.is_of_git() { &mut self.refs } else { &mut self.others };
        place.push(word.to_owned());
        Ok(())
    }
}

fn not_listed<T>(given: &str) -> Result<T, Flaw> {
    Flaw::of("flag_not_listed", format!("the flag {} is not among those of the rule", shown(given)))
}
