//! What a section is: one type, from which its keys, their reference and their JSON Schema are made.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa::openapi::RefOr;

use super::fields::fields_of;
use super::reason::{Phrase, Wrong};

/// The format of a text that is a secret, which is best kept in the vault.
pub const SECRET: &str = "secret";
/// The format of a text that holds a secret and is needed before the vault is open.
pub const EARLY_SECRET: &str = "password";

/// A part of the configuration. What its fields are for is said by their doc comments, which people
/// read in the reference and on the screen; what they may hold, by their types and `schema` attributes.
pub trait Section: DeserializeOwned + Serialize + ToSchema + Default + Clone + Send + Sync + 'static {
    /// Its name in the file: `server`, `mail`.
    const NAME: &'static str;
    /// The keys that are read when the server starts and never again.
    const NEEDS_RESTART: &'static [&'static str] = &[];

    /// The reasons that it can give for refusing something, beyond those of every section.
    const REASONS: &'static [Phrase] = &[];

    /// What is wrong with it as a whole, if anything. Each value by itself has been checked against the
    /// schema before.
    ///
    /// # Errors
    /// The first thing that is wrong.
    fn validate(&self) -> Result<(), Wrong> {
        Ok(())
    }
}

/// A section as people read of it.
#[derive(Debug, Clone)]
pub struct Definition {
    /// Its name in the file.
    pub name: &'static str,
    /// What it is about.
    pub about: String,
    /// Its settings, in the order of the type.
    pub keys: Vec<Key>,
    /// The reasons that it can give, beyond those of every section.
    pub reasons: &'static [Phrase],
}

/// One setting of a section.
#[derive(Debug, Clone)]
pub struct Key {
    /// Its name within the section.
    pub name: String,
    /// What it is for.
    pub about: String,
    /// What it may hold, as JSON Schema.
    pub schema: Value,
    /// What it is when nobody sets it.
    pub default: Value,
    /// Whether a change is taken up only by the next start.
    pub needs_restart: bool,
}

impl Key {
    /// Whether its value is a secret and nothing else.
    pub fn is_secret(&self) -> bool {
        is_secret(&self.schema)
    }
}

/// Whether what this schema describes is a secret.
pub(super) fn is_secret(schema: &Value) -> bool {
    schema.get("format").is_some_and(|format| format == SECRET || format == EARLY_SECRET)
}

/// Whether what this schema describes is a secret that the vault can keep.
pub(super) fn is_movable(schema: &Value) -> bool {
    schema.get("format").is_some_and(|format| format == SECRET)
}

impl Definition {
    /// What a type says about itself.
    pub fn of<S: Section>() -> Self {
        let mut named = vec![(S::name().into_owned(), S::schema())];
        S::schemas(&mut named);
        let parts: Map<String, Value> = named.iter().map(|(name, schema)| (name.clone(), as_json(schema))).collect();
        let whole = parts.get(S::name().as_ref()).cloned().unwrap_or_default();
        let defaults = serde_json::to_value(S::default()).unwrap_or_default();
        let properties = whole.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        let keys =
            fields_of::<S>().iter().filter_map(|&name| Some((name, properties.get(name)?))).map(|(name, schema)| {
                let mut schema = spelled_out(schema.clone(), &parts);
                let about = schema.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
                let default = defaults.get(name).cloned().unwrap_or_default();
                if let Some(schema) = schema.as_object_mut() {
                    schema.insert("default".into(), default.clone());
                }
                let needs_restart = S::NEEDS_RESTART.contains(&name);
                Key { name: name.to_owned(), about, schema, default, needs_restart }
            });
        let about = whole.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
        Self { name: S::NAME, about, keys: keys.collect(), reasons: S::REASONS }
    }

    /// The setting with this name.
    pub fn key(&self, name: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// What the section may hold, as JSON Schema.
    pub fn schema(&self) -> Value {
        let properties: Map<String, Value> =
            self.keys.iter().map(|key| (key.name.clone(), key.schema.clone())).collect();
        json!({
            "description": self.about,
            "type": ["object", "null"],
            "properties": properties,
            "additionalProperties": false,
        })
    }
}

/// What a configuration file may hold, as JSON Schema for editors.
pub fn schema_of(sections: &[Definition]) -> Value {
    let properties: Map<String, Value> =
        sections.iter().map(|section| (section.name.to_owned(), section.schema())).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Configuration of Diwan",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}

fn as_json(schema: &RefOr<utoipa::openapi::Schema>) -> Value {
    serde_json::to_value(schema).unwrap_or_default()
}

/// The schema with every named part written in its place.
fn spelled_out(schema: Value, parts: &Map<String, Value>) -> Value {
    match schema {
        Value::Object(mut map) => {
            let named = map.remove("$ref");
            let named = named.as_ref().and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
            let mut whole = match named.and_then(|name| parts.get(name)) {
                Some(part) => match spelled_out(part.clone(), parts) {
                    Value::Object(part) => part,
                    _ => Map::new(),
                },
                None => Map::new(),
            };
            // What is said in the place says more than what is said of the part in general.
            whole.extend(map.into_iter().map(|(name, value)| (name, spelled_out(value, parts))));
            without_null_choice(whole)
        }
        Value::Array(items) => items.into_iter().map(|item| spelled_out(item, parts)).collect(),
        other => other,
    }
}

/// `oneOf: [null, X]` is said as X whose type may be null.
fn without_null_choice(mut map: Map<String, Value>) -> Value {
    let Some(Value::Array(choices)) = map.get("oneOf") else { return Value::Object(map) };
    let (nulls, others): (Vec<_>, Vec<_>) =
        choices.iter().cloned().partition(|c| c.get("type") == Some(&json!("null")));
    if let ([_], [Value::Object(only)]) = (nulls.as_slice(), others.as_slice()) {
        let mut only = only.clone();
        map.remove("oneOf");
        if let Some(kind) = only.get("type").cloned().filter(Value::is_string) {
            only.insert("type".into(), json!([kind, "null"]));
        }
        only.extend(map);
        return Value::Object(only);
    }
    Value::Object(map)
}
