//! The configuration before it is given its types: every value of every layer.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::check::{Flaw, flaws};
use super::definition::{Definition, Key, Section};
use super::fault::{Fault, FaultKind, Refused, Source};
use super::nearest::{nearest, nearest_setting};
use super::places::{Place, places};
use super::reason::{
    DUPLICATE, LONG_FILE, NO_KEY, NO_SECTION, NO_SECTIONS, NOT_TEXT, Phrase, Reason, SOCKET, TAB, TOO_MUCH, UNFIT,
    UNKNOWN, UNKNOWN_SECTION, Wrong, YAML,
};

/// More than anybody writes.
const LONGEST_FILE: usize = 1024 * 1024;

/// Every value with where it came from. Values come, weakest first, from the defaults, the file,
/// `DIWAN_*` variables and flags.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    /// By section and key: what each layer says.
    values: BTreeMap<(String, String), BTreeMap<Source, Value>>,
    file: Option<String>,
    text: Option<String>,
    places: BTreeMap<String, Place>,
}

impl Layers {
    /// Takes the text of the file of this name, instead of what the file said before.
    ///
    /// # Errors
    /// When it is not a map of sections.
    pub fn add_text(&mut self, file: &str, text: &str) -> Result<(), Refused> {
        let malformed = |place, reason| malformed(file, place, reason);
        if text.len() > LONGEST_FILE {
            return Err(malformed(None, LONG_FILE.into()).into());
        }
        // An empty file is an empty configuration.
        let is_empty =
            text.lines().all(|l| l.trim().is_empty() || l.trim_start().starts_with('#') || l.trim() == "---");
        let tree: Map<String, Value> = match is_empty {
            true => Map::new(),
            false => serde_saphyr::from_str(text).map_err(|e| {
                let (place, why) = plain(&e);
                malformed(place, why)
            })?,
        };
        let places = places(text);
        let (mut read, mut wrong) = (vec![], vec![]);
        for (section, keys) in tree {
            match keys {
                Value::Object(keys) => {
                    read.extend(keys.into_iter().map(|(key, value)| ((section.clone(), key), value)))
                }
                // All of its keys are commented out.
                Value::Null => {}
                _ => {
                    let place = places.get(&section).copied();
                    wrong.push(malformed(place, NO_SECTION.with([("name", section)])));
                }
            }
        }
        if !wrong.is_empty() {
            return Err(Refused(wrong));
        }
        self.values.values_mut().for_each(|layers| drop(layers.remove(&Source::File)));
        self.values.retain(|_, layers| !layers.is_empty());
        for (at, value) in read {
            self.values.entry(at).or_default().insert(Source::File, value);
        }
        (self.places, self.file, self.text) = (places, Some(file.to_owned()), Some(text.to_owned()));
        Ok(())
    }

    /// Takes the `DIWAN_SECTION_KEY` variables that name settings of these sections, and the short
    /// names (`DIWAN_LISTEN`) that stand for `server` settings. An empty variable sets nothing: that
    /// is how compose files and unit files leave one out.
    pub fn add_environment(&mut self, variables: impl IntoIterator<Item = (String, String)>, sections: &[Definition]) {
        let variables: BTreeMap<String, String> = variables.into_iter().filter(|(_, text)| !text.is_empty()).collect();
        for section in sections {
            for key in &section.keys {
                let long = format!("DIWAN_{}_{}", section.name, key.name).to_uppercase();
                let short = (section.name == "server").then(|| format!("DIWAN_{}", key.name).to_uppercase());
                let found = variables.get(&long).or_else(|| short.and_then(|name| variables.get(&name)));
                if let Some(text) = found {
                    self.set(section.name, &key.name, Value::String(text.clone()), Source::Environment);
                }
            }
        }
    }

    /// Sets one value.
    pub fn set(&mut self, section: &str, key: &str, value: Value, source: Source) {
        let at = (section.to_owned(), key.to_owned());
        self.values.entry(at).or_default().insert(source, value);
    }

    /// What belongs to none of these sections, each with the nearest name that does.
    pub fn unknown(&self, sections: &[Definition]) -> Vec<Fault> {
        let mut faults = vec![];
        for ((section, key), layers) in &self.values {
            if sections.iter().any(|known| known.name == section && known.key(key).is_some()) {
                continue;
            }
            let source = layers.keys().next_back().copied().unwrap_or(Source::Default);
            let nearest = nearest_setting(section, key, sections);
            let flaw = Flaw { path: format!("{section}.{key}"), is_unknown: true, reason: UNKNOWN.into(), nearest };
            faults.push(self.fault(source, flaw));
        }
        // A section without keys says nothing, but whoever wrote it meant something.
        let is_bare =
            |name: &&String| !name.contains(['.', '[']) && !self.values.keys().any(|(section, _)| section == *name);
        for name in self.places.keys().filter(is_bare).filter(|name| sections.iter().all(|s| s.name != **name)) {
            let nearest = nearest(name, sections.iter().map(|known| known.name.to_owned()));
            let flaw = Flaw { path: name.clone(), is_unknown: true, reason: UNKNOWN_SECTION.into(), nearest };
            faults.push(self.fault(Source::File, flaw));
        }
        faults
    }

    /// One section, typed and checked.
    ///
    /// # Errors
    /// Everything about it that is not acceptable.
    pub fn section<S: Section>(&self, definition: &Definition) -> Result<S, Vec<Fault>> {
        let mut faults = vec![];
        let mut section = S::default();
        let mut tree = serde_json::to_value(&section).unwrap_or_default();
        if let Some(map) = tree.as_object_mut() {
            // Secrets are serialised as dots, which must not become their values.
            definition.keys.iter().filter(|key| key.is_secret()).for_each(|key| drop(map.remove(&key.name)));
        }
        for key in &definition.keys {
            let Some((value, source)) = self.in_force(S::NAME, &key.name) else { continue };
            let path = format!("{}.{}", S::NAME, key.name);
            let is_secret = key.is_secret();
            let mut wrong = None;
            let fits = forms(value, source).into_iter().find_map(|form| {
                let flaws = flaws(&key.schema, &form, &path);
                if !flaws.is_empty() {
                    wrong.get_or_insert(flaws);
                    return None;
                }
                // Values are added one by one, so that the one that does not fit can be named.
                let mut tried = tree.clone();
                tried.as_object_mut()?.insert(key.name.clone(), form);
                match serde_path_to_error::deserialize::<_, S>(tried.clone()) {
                    Ok(good) => Some((tried, good)),
                    Err(e) => {
                        let path = format!("{}.{}", S::NAME, e.path());
                        let reason = wanted(&e.inner().to_string(), S::REASONS, is_secret);
                        wrong = Some(vec![Flaw { path, is_unknown: false, reason, nearest: None }]);
                        None
                    }
                }
            });
            match fits {
                Some(fitting) => (tree, section) = fitting,
                None => faults.extend(wrong.into_iter().flatten().map(|flaw| self.fault(source, flaw))),
            }
        }
        if faults.is_empty()
            && let Err(Wrong { path, reason }) = section.validate()
        {
            // What nobody set is missing in the section, if the file has it.
            let key = path.split(['.', '[']).next().unwrap_or(&path);
            let source = match self.source_of(S::NAME, key) {
                Source::Default if self.place_of(S::NAME).is_some() => Source::File,
                source => source,
            };
            let flaw = Flaw { path: format!("{}.{path}", S::NAME), is_unknown: false, reason, nearest: None };
            faults.push(self.fault(source, flaw));
        }
        if faults.is_empty() { Ok(section) } else { Err(faults) }
    }

    /// The value in force and where it came from; nothing when nobody set it.
    pub fn in_force(&self, section: &str, key: &str) -> Option<(&Value, Source)> {
        let layers = self.values.get(&(section.to_owned(), key.to_owned()))?;
        layers.iter().next_back().map(|(source, value)| (value, *source))
    }

    /// The value in force in the form that its type wants, secrets included; the default when nobody set it.
    pub fn value(&self, section: &str, key: &Key) -> Value {
        let Some((value, source)) = self.in_force(section, &key.name) else { return key.default.clone() };
        let fits = |form: &Value| flaws(&key.schema, form, "").is_empty();
        forms(value, source).into_iter().find(fits).unwrap_or_else(|| value.clone())
    }

    /// Lets a setting be as it is there, whatever was said here.
    pub fn pin(&mut self, section: &str, key: &str, there: &Self) {
        let at = (section.to_owned(), key.to_owned());
        match there.values.get(&at) {
            Some(layers) => drop(self.values.insert(at, layers.clone())),
            None => drop(self.values.remove(&at)),
        }
    }

    /// What one layer says.
    pub fn said_by(&self, source: Source, section: &str, key: &str) -> Option<&Value> {
        self.values.get(&(section.to_owned(), key.to_owned()))?.get(&source)
    }

    /// Where a setting came from.
    pub fn source_of(&self, section: &str, key: &str) -> Source {
        self.in_force(section, key).map_or(Source::Default, |(_, source)| source)
    }

    /// Whether this source sets anything at all.
    pub fn says_anything(&self, source: Source) -> bool {
        self.values.values().any(|layers| layers.contains_key(&source))
    }

    /// The text of the file, if one was read.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// Who set a value and where, for whoever has to change it; nothing for a default.
    pub fn whence(&self, section: &str, key: &str) -> Option<String> {
        let name = format!("{section}.{key}");
        let source = self.source_of(section, key);
        match (source, self.place_of(&name), &self.file) {
            (Source::Default, ..) => None,
            (Source::File, Some((line, _)), Some(file)) => Some(format!("{name} in line {line} of {file}")),
            (Source::Environment, ..) => Some(format!("the variable {}", variable(section, key))),
            _ => Some(format!("{name} in {source}")),
        }
    }

    /// In which line and column of the file a path stands.
    pub fn place_of(&self, path: &str) -> Option<Place> {
        self.places.get(path).copied()
    }

    /// What is said about a value, with its place.
    fn fault(&self, source: Source, flaw: Flaw) -> Fault {
        let is_in_file = source == Source::File;
        // What is missing stands where the thing stands that lacks it.
        let mut path = flaw.path.as_str();
        let mut place = self.place_of(path);
        while let (None, Some(end)) = (place, path.rfind(['.', '['])) {
            path = &path[..end];
            place = self.place_of(path);
        }
        let place = place.filter(|_| is_in_file);
        Fault {
            kind: if flaw.is_unknown { FaultKind::Unknown } else { FaultKind::Invalid },
            nearest: flaw.nearest,
            source,
            file: self.file.clone().filter(|_| is_in_file),
            line: place.map(|(line, _)| line),
            column: place.map(|(_, column)| column),
            ..Fault::invalid(&flaw.path, flaw.reason)
        }
    }
}

/// The variable that sets this; settings of the server have a short one.
pub fn variable(section: &str, key: &str) -> String {
    let name = if section == "server" { key.to_owned() } else { format!("{section}_{key}") };
    format!("DIWAN_{}", name.to_uppercase())
}

/// What the file of this name says.
///
/// # Errors
/// When it is not text.
pub fn text_of(file: &str, bytes: Vec<u8>) -> Result<String, Refused> {
    String::from_utf8(bytes).map_err(|error| {
        let good = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]).into_owned();
        let (line, column) = (good.matches('\n').count(), good.chars().rev().take_while(|c| *c != '\n').count());
        malformed(file, Some((line as u64 + 1, column as u64 + 1)), NOT_TEXT.into()).into()
    })
}

fn malformed(file: &str, place: Option<Place>, reason: Reason) -> Fault {
    let (line, column) = place.unzip();
    let file = Some(file.to_owned());
    Fault { kind: FaultKind::Malformed, file, line, column, ..Fault::invalid("", reason) }
}

/// A file that cannot be read.
pub fn unreadable(file: &str, why: impl Into<Reason>) -> Refused {
    let fault = Fault::invalid("", why);
    Refused::from(Fault { kind: FaultKind::Unreadable, file: Some(file.to_owned()), ..fault })
}

/// Variables and flags are text: they may mean a number, a truth or a list.
fn forms(value: &Value, source: Source) -> Vec<Value> {
    let mut forms = vec![value.clone()];
    if let (Value::String(text), Source::Environment | Source::Flag) = (value, source) {
        forms.extend(serde_json::from_str(text).ok());
        forms.push(text.split(',').map(str::trim).filter(|t| !t.is_empty()).collect());
    }
    forms
}

/// What the parser says and where, without its picture of the place and its advice for programmers.
fn plain(error: &serde_saphyr::Error) -> (Option<Place>, Reason) {
    let place = error.location().map(|at| (at.line(), at.column())).filter(|(line, _)| *line > 0);
    let text = error.to_string();
    let line = text.lines().next().unwrap_or(&text);
    let line = line.strip_prefix("error: ").unwrap_or(line);
    let line = line.split(", set DuplicateKeyPolicy").next().unwrap_or(line);
    let line = line.split("; use from_str_multiple").next().unwrap_or(line);
    // The place is said apart.
    let line = match place {
        Some((at, column)) => line.strip_prefix(&format!("line {at} column {column}: ")).unwrap_or(line),
        None => line,
    };
    let reason = match line {
        line if line.starts_with("budget breached") || line.contains("limit exceeded") => TOO_MUCH.into(),
        // Values may be anything; only keys have to be text.
        line if line.contains("into string") || line.starts_with("expected string") => NO_KEY.into(),
        "expected mapping start" => NO_SECTIONS.into(),
        line if line.starts_with("tabs disallowed") => TAB.into(),
        line => match line.strip_prefix("duplicate mapping key: ") {
            Some(key) => DUPLICATE.with([("name", key.to_owned())]),
            None => YAML.with([("said", line.to_owned())]),
        },
    };
    (place, reason)
}

/// What a type wants beyond its schema, said for whoever writes the value. The value itself is left
/// out: it may be a secret, and whoever wrote it sees it in its place.
fn wanted(error: &str, known: &[Phrase], is_secret: bool) -> Reason {
    if error.contains("socket address") {
        return SOCKET.into();
    }
    // What a library says is for programmers.
    let said = known.iter().find(|phrase| phrase.text == error).filter(|_| !is_secret);
    said.copied().unwrap_or(UNFIT).into()
}
