//! Configuration: sections, each a type with defaults, documentation and a check of its own.
//!
//! Values come, weakest first, from the defaults, the YAML file, `DIWAN_*` variables and flags. They
//! are judged as a whole: one bad value refuses all, and says which one, where it came from and why.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_saphyr::Spanned;

/// One setting of a section, for the reference and the settings screen.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its name within the section.
    pub name: &'static str,
    /// What it is for, in one line.
    pub about: &'static str,
    /// Whether its value must never be shown.
    pub secret: bool,
}

/// A part of the configuration.
pub trait Section: DeserializeOwned + Serialize + Default + Clone + Send + Sync + 'static {
    /// Its name in the file: `server`, `mail`.
    const NAME: &'static str;
    /// Its settings.
    const KEYS: &'static [Key];

    /// What is wrong with it as a whole, if anything: the key and the reason.
    ///
    /// # Errors
    /// The first thing that is wrong.
    fn validate(&self) -> Result<(), (&'static str, String)> {
        Ok(())
    }
}

/// Where a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Nobody set it.
    Default,
    /// The configuration file.
    File,
    /// A `DIWAN_*` variable.
    Environment,
    /// The command line.
    Flag,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "the defaults",
            Self::File => "the configuration file",
            Self::Environment => "the environment",
            Self::Flag => "the command line",
        })
    }
}

/// Why the configuration was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration file {path}: {why}")]
    Unreadable {
        /// Which file.
        path: String,
        /// What the system said.
        why: String,
    },
    /// The file is not YAML, or not a map of sections.
    #[error("the configuration file {path} is not valid: {why}")]
    Malformed {
        /// Which file.
        path: String,
        /// Where and why.
        why: String,
    },
    /// A section or key that does not exist.
    #[error("{name}{place} is not a setting{}", nearest.as_ref().map(|n| format!("; did you mean {n}?")).unwrap_or_default())]
    Unknown {
        /// As written.
        name: String,
        /// Where it was written, like ` in line 3 of diwan.yaml`; empty when nobody wrote it.
        place: String,
        /// What was probably meant.
        nearest: Option<String>,
    },
    /// A value that is not acceptable.
    #[error("{name}{place} is not acceptable: {why}")]
    Invalid {
        /// Which setting.
        name: String,
        /// Where it was written, like ` in line 3 of diwan.yaml`; empty when nobody wrote it.
        place: String,
        /// Why.
        why: String,
    },
}

/// The configuration before it is given its types: every value with where it came from.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    values: BTreeMap<(String, String), (Value, Source)>,
    file: Option<String>,
    /// In which line of the file a value stands.
    lines: BTreeMap<(String, String), u64>,
}

impl Layers {
    /// Reads a YAML file into the weakest layer.
    ///
    /// # Errors
    /// When the file cannot be read or is not a map of sections.
    pub fn add_file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|e| ConfigError::Unreadable { path: shown.clone(), why: e.to_string() })?;
        let malformed = |why: String| ConfigError::Malformed { path: shown.clone(), why };
        // An empty file is an empty configuration.
        if text.lines().all(|l| l.trim().is_empty() || l.trim_start().starts_with('#')) {
            return Ok(());
        }
        let tree: Map<String, Value> = serde_saphyr::from_str(&text).map_err(|e| malformed(plain(&e)))?;
        for (section, keys) in tree {
            let keys = match keys {
                Value::Object(keys) => keys,
                // All of its keys are commented out.
                Value::Null => continue,
                _ => return Err(malformed(format!("`{section}` must be a section with keys below it"))),
            };
            for (key, value) in keys {
                self.values.insert((section.clone(), key), (value, Source::File));
            }
        }
        self.lines = lines_of(&text);
        self.file = Some(shown);
        Ok(())
    }

    /// Takes the `DIWAN_SECTION_KEY` variables that name settings of these sections, and the short
    /// names (`DIWAN_LISTEN`) that stand for `server` settings. An empty variable sets nothing: that
    /// is how compose files and unit files leave one out.
    pub fn add_environment<'a>(
        &mut self,
        variables: impl IntoIterator<Item = (String, String)>,
        sections: &[(&'a str, &'a [Key])],
    ) {
        let variables: BTreeMap<String, String> = variables.into_iter().filter(|(_, text)| !text.is_empty()).collect();
        for (section, keys) in sections {
            for key in *keys {
                let long = format!("DIWAN_{section}_{}", key.name).to_uppercase();
                let short = (*section == "server").then(|| format!("DIWAN_{}", key.name).to_uppercase());
                let found = variables.get(&long).or_else(|| short.and_then(|name| variables.get(&name)));
                if let Some(text) = found {
                    self.set(section, key.name, Value::String(text.clone()), Source::Environment);
                }
            }
        }
    }

    /// Sets one value.
    pub fn set(&mut self, section: &str, key: &str, value: Value, source: Source) {
        self.values.insert((section.to_owned(), key.to_owned()), (value, source));
    }

    /// Refuses what belongs to none of these sections.
    ///
    /// # Errors
    /// The first unknown name, with the nearest known one.
    pub fn refuse_unknown(&self, sections: &[(&str, &[Key])]) -> Result<(), ConfigError> {
        for ((section, key), (_, source)) in &self.values {
            let keys = sections.iter().find(|(name, _)| name == section).map(|(_, keys)| *keys);
            let known: Vec<String> = match keys {
                Some(keys) if keys.iter().any(|k| k.name == key) => continue,
                Some(keys) => keys.iter().map(|k| format!("{section}.{}", k.name)).collect(),
                None => {
                    sections.iter().flat_map(|(s, keys)| keys.iter().map(move |k| format!("{s}.{}", k.name))).collect()
                }
            };
            let name = format!("{section}.{key}");
            let nearest = nearest(&name, known);
            return Err(ConfigError::Unknown { name, place: self.place(*source, section, key), nearest });
        }
        Ok(())
    }

    /// One section, typed and checked.
    ///
    /// # Errors
    /// The first value that is not acceptable. What is said about it never repeats a secret.
    pub fn section<S: Section>(&self) -> Result<S, ConfigError> {
        let invalid = |key: &str, why: String| ConfigError::Invalid {
            name: format!("{}.{key}", S::NAME),
            place: self.place(self.source_of(S::NAME, key), S::NAME, key),
            why,
        };
        let mut section = S::default();
        let mut tree = serde_json::to_value(&section).unwrap_or_default();
        if let Some(map) = tree.as_object_mut() {
            // Secrets are serialised as dots, which must not become their values.
            S::KEYS.iter().filter(|key| key.secret).for_each(|key| drop(map.remove(key.name)));
        }
        for key in S::KEYS {
            let Some((value, source)) = self.values.get(&(S::NAME.to_owned(), key.name.to_owned())) else { continue };
            // Values are added one by one, so that the one that does not fit can be named.
            let mut why = None;
            let fits = forms(value, *source).into_iter().find_map(|form| {
                let mut tried = tree.clone();
                tried.as_object_mut()?.insert(key.name.to_owned(), form);
                match serde_json::from_value::<S>(tried.clone()) {
                    Ok(good) => Some((tried, good)),
                    Err(e) => {
                        // The first form is the one that was written.
                        why.get_or_insert(wanted(&e.to_string(), key.secret));
                        None
                    }
                }
            });
            let Some((tried, good)) = fits else { return Err(invalid(key.name, why.unwrap_or_default())) };
            (tree, section) = (tried, good);
        }
        section.validate().map_err(|(key, why)| invalid(key, why))?;
        Ok(section)
    }

    /// Where a setting came from.
    pub fn source_of(&self, section: &str, key: &str) -> Source {
        let at = (section.to_owned(), key.to_owned());
        self.values.get(&at).map_or(Source::Default, |(_, source)| *source)
    }

    /// Where a value was written, for a sentence about it.
    fn place(&self, source: Source, section: &str, key: &str) -> String {
        match (source, &self.file) {
            (Source::Default, _) => String::new(),
            (Source::File, Some(file)) => match self.lines.get(&(section.to_owned(), key.to_owned())) {
                Some(line) => format!(" in line {line} of {file}"),
                None => format!(" in {file}"),
            },
            _ => format!(" in {source}"),
        }
    }
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

/// In which line each value stands; nothing for what cannot be told.
fn lines_of(text: &str) -> BTreeMap<(String, String), u64> {
    type Keys = BTreeMap<String, Spanned<Value>>;
    let tree: BTreeMap<String, Option<Keys>> = serde_saphyr::from_str(text).unwrap_or_default();
    let keys = tree.into_iter().flat_map(|(section, keys)| {
        keys.unwrap_or_default().into_iter().map(move |(key, at)| ((section.clone(), key), at.defined.line()))
    });
    keys.filter(|(_, line)| *line > 0).collect()
}

/// What the parser says, without its picture of the place and its advice for programmers.
fn plain(error: &serde_saphyr::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or(&text);
    let line = line.strip_prefix("error: ").unwrap_or(line);
    let line = line.split(", set DuplicateKeyPolicy").next().unwrap_or(line);
    line.split("; use from_str_multiple").next().unwrap_or(line).to_owned()
}

/// What a type wants, said for whoever writes the value. The value itself is left out: it may be a
/// secret, and whoever wrote it sees it in its place.
fn wanted(error: &str, is_secret: bool) -> String {
    let expected = error.split_once(", expected ").filter(|_| error.starts_with("invalid ")).map(|(_, what)| what);
    match expected {
        Some("usize" | "u64" | "u32" | "i64") => "it must be a whole number, 0 or more".to_owned(),
        Some("u16") => "it must be a whole number from 0 to 65535".to_owned(),
        Some("a string") => "it must be a text; put it in quotes".to_owned(),
        Some("a sequence") => "it must be a list".to_owned(),
        Some("a boolean") => "it must be true or false".to_owned(),
        Some("socket address") => AN_ADDRESS.to_owned(),
        Some(what) => format!("it must be {what}"),
        None if error.contains("socket address") => AN_ADDRESS.to_owned(),
        None => match error.split_once(", expected ").filter(|_| error.starts_with("unknown variant")) {
            Some((_, choices)) => format!("it must be {}", choices.replace('`', "")),
            None if is_secret && !error.starts_with("missing field") && !error.starts_with("unknown field") => {
                "its value does not fit".to_owned()
            }
            None => error.to_owned(),
        },
    }
}

const AN_ADDRESS: &str = "it must be an address and a port, like 127.0.0.1:7400";

/// The known name that was probably meant.
pub fn nearest(name: &str, known: impl IntoIterator<Item = String>) -> Option<String> {
    known.into_iter().map(|k| (distance(&k, name), k)).min().filter(|(d, _)| *d <= 4).map(|(_, k)| k)
}

/// How many letters must change to make one word the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let change = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::Secret;
    use serde::Deserialize;
    use std::io::Write;

    #[derive(Debug, Clone, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Lamp {
        watts: u32,
        rooms: Vec<String>,
        #[serde(default)]
        key: Secret<String>,
    }
    impl Default for Lamp {
        fn default() -> Self {
            Self { watts: 40, rooms: vec![], key: Secret::default() }
        }
    }
    impl Section for Lamp {
        const NAME: &'static str = "lamp";
        const KEYS: &'static [Key] = &[
            Key { name: "watts", about: "How bright.", secret: false },
            Key { name: "rooms", about: "Where.", secret: false },
            Key { name: "key", about: "The key.", secret: true },
        ];
        fn validate(&self) -> Result<(), (&'static str, String)> {
            if self.watts > 100 { Err(("watts", "more than the fuse holds".into())) } else { Ok(()) }
        }
    }
    const SECTIONS: &[(&str, &[Key])] = &[(Lamp::NAME, Lamp::KEYS)];

    fn file(text: &str) -> Result<Layers, ConfigError> {
        let mut file = tempfile::NamedTempFile::new()
            .map_err(|e| ConfigError::Unreadable { path: String::new(), why: e.to_string() })?;
        let _ = file.write_all(text.as_bytes());
        let mut layers = Layers::default();
        layers.add_file(file.path())?;
        layers.refuse_unknown(SECTIONS)?;
        Ok(layers)
    }

    #[test]
    fn stronger_layers_win_and_text_finds_its_type() -> Result<(), ConfigError> {
        let mut layers = file("lamp:\n  watts: 60\n  key: s3cret\n")?;
        layers.add_environment(
            [("DIWAN_LAMP_WATTS".into(), "75".into()), ("DIWAN_LAMP_ROOMS".into(), "hall, attic".into())],
            SECTIONS,
        );
        let lamp: Lamp = layers.section()?;
        assert_eq!((lamp.watts, lamp.rooms.len(), lamp.key.expose().as_str()), (75, 2, "s3cret"));
        assert_eq!(layers.source_of("lamp", "watts"), Source::Environment);
        Ok(())
    }

    #[test]
    fn bad_values_name_their_key_and_their_source() {
        for (text, part) in [
            ("lamp:\n  wats: 60\n", "did you mean lamp.watts?"),
            ("lamp:\n  rooms: []\n\n  wats: 60\n", "lamp.wats in line 4 of"),
            ("{lamp: {rooms: [],\n wats: 60}}", "lamp.wats in line 2 of"),
            ("lamp:\n  watts: bright\n", "lamp.watts in line 2 of"),
            ("lamp:\n  watts: bright\n", "it must be a whole number"),
            ("lamp:\n  watts: 1\n  watts: 2\n", "line 3 column 3: duplicate mapping key: watts"),
            ("lamp:\n  watts: 500\n", "more than the fuse holds"),
            ("lamp: 7\n", "must be a section"),
            ("lamp:\n watts: [\n", "not valid"),
            ("- 1\n", "not valid"),
        ] {
            let error =
                file(text).and_then(|l| l.section::<Lamp>()).map(|_| String::new()).unwrap_or_else(|e| e.to_string());
            assert!(error.contains(part), "{text:?}: {error}");
            assert!(!error.contains("error:") && !error.contains("DuplicateKeyPolicy"), "{error}");
        }
    }

    #[test]
    fn a_section_without_keys_and_an_empty_variable_set_nothing() -> Result<(), ConfigError> {
        let mut layers = file("lamp:\n#  watts: 60\n")?;
        layers.add_environment([("DIWAN_LAMP_WATTS".into(), String::new())], SECTIONS);
        assert_eq!(layers.section::<Lamp>()?.watts, 40);
        assert_eq!(layers.source_of("lamp", "watts"), Source::Default);
        Ok(())
    }

    #[test]
    fn a_secret_that_does_not_fit_is_named_and_not_repeated() {
        for text in ["lamp:\n  watts: 60\n  key: 123456\n", "lamp:\n  key: [123456]\n"] {
            let error = file(text).and_then(|l| l.section::<Lamp>()).map_or_else(|e| e.to_string(), |_| String::new());
            assert!(error.contains("lamp.key in line"), "{error}");
            assert!(!error.contains("123456"), "{error}");
        }
    }

    #[test]
    fn a_list_with_secrets_comes_from_a_variable_too() -> Result<(), ConfigError> {
        #[derive(Debug, Clone, Default, Serialize, Deserialize)]
        struct Rack {
            #[serde(default, skip_serializing)]
            keys: Vec<BTreeMap<String, Secret<String>>>,
        }
        impl Section for Rack {
            const NAME: &'static str = "rack";
            const KEYS: &'static [Key] = &[Key { name: "keys", about: "Which.", secret: true }];
        }
        let sections: &[(&str, &[Key])] = &[(Rack::NAME, Rack::KEYS)];
        let mut layers = Layers::default();
        layers.add_environment([("DIWAN_RACK_KEYS".into(), r#"[{"door": "s3cret"}]"#.into())], sections);
        assert_eq!(layers.section::<Rack>()?.keys[0]["door"].expose(), "s3cret");
        layers.add_environment([("DIWAN_RACK_KEYS".into(), r#"[{"door": 7654321}]"#.into())], sections);
        let error = layers.section::<Rack>().map_or_else(|e| e.to_string(), |_| String::new());
        assert!(error.starts_with("rack.keys in the environment") && !error.contains("7654321"), "{error}");
        Ok(())
    }
}
