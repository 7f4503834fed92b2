//! From a text to a policy: as a whole, or not at all and with every reason.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::check::check;
use crate::examples;
use crate::fault::{Fault, Faults};
use crate::file::{PolicyFile, ProgramEntry};
use crate::judge_rule::check_rule;
use crate::name::check_name;
use crate::nearest::nearest;
use crate::policy::{Policy, hash_of};
use crate::program::Program;
use crate::rule::Rule;
use crate::spots::{self, Spots};

/// A policy is no longer than this.
pub const LONGEST_POLICY: usize = 1024 * 1024;

/// What the file may hold, as JSON Schema.
pub(crate) fn schema() -> Value {
    schemars::schema_for!(PolicyFile).to_value()
}

/// Finds faults and says where they are.
pub(crate) struct Judge<'a> {
    pub(crate) file: &'a PolicyFile,
    spots: &'a Spots,
    found: Vec<Fault>,
}

impl Policy {
    /// The policy that a text says.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(text: &str) -> Result<Self, Faults> {
        if text.len() > LONGEST_POLICY {
            let text = format!("the policy is longer than {LONGEST_POLICY} bytes");
            return Err(Faults(vec![Spots::default().fault("", "too_long", text)]));
        }
        let (value, spots, faults) = spots::read(text);
        refuse(faults)?;
        refuse(check(&schema(), &value, &spots))?;
        let file: PolicyFile =
            serde_json::from_value(value).map_err(|error| Faults(vec![spots.fault("", "form", error.to_string())]))?;
        refuse(Judge { file: &file, spots: &spots, found: vec![] }.all())?;
        let policy = Self::made(file, hash_of(text));
        refuse(examples::try_all(&policy, &spots))?;
        Ok(policy)
    }

    fn made(file: PolicyFile, hash: [u8; 32]) -> Self {
        let profile =
            |name: Option<&String>| name.and_then(|name| file.profiles.get(name)).cloned().unwrap_or_default();
        let rules = file.rules.iter().map(|rule| Rule::new(rule.clone(), profile(rule.profile.as_ref())));
        Self {
            hash,
            require_sandbox: file.require_sandbox,
            remote_approvals: file.approvals.remote,
            programs: file.programs.iter().map(|(name, entry)| program(name, entry)).collect(),
            rules: rules.collect(),
            run_as: file.run_as,
            roots: file.roots,
        }
    }
}

fn refuse(mut faults: Vec<Fault>) -> Result<(), Faults> {
    faults.sort_by_key(|fault| (fault.line, fault.column));
    if faults.is_empty() { Ok(()) } else { Err(Faults(faults)) }
}

fn program(name: &str, entry: &ProgramEntry) -> Program {
    Program {
        name: name.to_owned(),
        also: entry.also.clone(),
        paths: entry.path.clone(),
        digests: entry.sha256.iter().filter_map(|digest| digest_of(digest)).collect(),
        double_dash: entry.double_dash,
    }
}

/// The bytes of a digest in hexadecimal.
fn digest_of(text: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    for (at, byte) in digest.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    Some(digest)
}

impl Judge<'_> {
    pub(crate) fn say(&mut self, key: &str, code: &'static str, text: impl Into<String>) {
        self.found.push(self.spots.fault(key, code, text));
    }

    /// Says that a name is not known, and which was probably meant.
    pub(crate) fn unknown<'a>(&mut self, key: &str, what: &str, name: &str, known: impl IntoIterator<Item = &'a str>) {
        let mut fault = self.spots.fault(key, "unknown_name", format!("there is no {what} of this name"));
        fault.nearest = nearest(name, known);
        self.found.push(fault);
    }

    fn all(mut self) -> Vec<Fault> {
        self.check_roots();
        self.check_programs();
        self.check_profiles();
        if let Some(user) = &self.file.run_as {
            self.check_name("run_as", user);
        }
        let mut names = BTreeMap::new();
        for (at, rule) in self.file.rules.iter().enumerate() {
            let key = format!("rules[{at}]");
            if names.insert(rule.name.as_str(), at).is_some() {
                self.say(&format!("{key}.name"), "duplicate_name", "another rule has this name");
            }
            check_rule(&mut self, rule, &key);
        }
        self.found
    }

    fn check_name(&mut self, key: &str, name: &str) {
        if check_name(name).is_err() || name.contains('.') {
            self.say(key, "bad_name", "must be letters, digits, _ and -");
        }
    }

    fn check_roots(&mut self) {
        for (name, root) in &self.file.roots {
            let key = format!("roots.{name}");
            self.check_name(&key, name);
            self.check_place(&format!("{key}.path"), &root.path);
            if root.path.trim_matches('/').is_empty() {
                self.say(&format!("{key}.path"), "whole_machine", "must not be the whole machine");
            }
        }
    }

    fn check_programs(&mut self) {
        let mut called = BTreeMap::new();
        for (name, program) in &self.file.programs {
            let key = format!("programs.{name}");
            self.check_name(&key, name);
            for (at, path) in program.path.iter().enumerate() {
                self.check_place(&format!("{key}.path[{at}]"), path);
            }
            for word in program.also.iter().chain([name]) {
                self.check_name(&key, word);
                if called.insert(word.as_str(), name).is_some() {
                    self.say(&key, "duplicate_name", format!("two programs are called {word}"));
                }
            }
            for (at, digest) in program.sha256.iter().enumerate() {
                if digest_of(digest).is_none() {
                    self.say(&format!("{key}.sha256[{at}]"), "bad_digest", "must be 64 digits in hexadecimal");
                }
            }
        }
    }

    fn check_profiles(&mut self) {
        for (name, profile) in &self.file.profiles {
            let key = format!("profiles.{name}");
            self.check_name(&key, name);
            for (at, path) in profile.readable.iter().enumerate() {
                self.check_place(&format!("{key}.readable[{at}]"), path);
            }
        }
    }

    /// A place on the machine: absolute or below the home, and written plainly.
    fn check_place(&mut self, key: &str, path: &str) {
        let rest = path.strip_prefix("~/").or_else(|| path.strip_prefix('/'));
        let is_plain = |part: &str| !part.is_empty() && part != "." && part != "..";
        match rest {
            None => self.say(key, "not_absolute", "must be absolute, or begin with ~/"),
            Some(rest) if !rest.is_empty() && !rest.split('/').all(is_plain) => {
                self.say(key, "not_plain", "must be written plainly: no .., no //, no / at the end");
            }
            Some(_) => {}
        }
    }
}
