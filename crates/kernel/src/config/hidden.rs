//! Secrets inside values: finding them, hiding them, and putting them back.

use std::collections::BTreeMap;

use serde_json::Value;

use super::definition::{is_movable, is_secret};
use super::secret_value::VAULT;
use crate::redact::REDACTED;

/// A secret text somewhere inside a value.
struct Found<'a> {
    /// Where it is, by places in lists: `oidc.providers[0].client_secret`.
    path: &'a str,
    /// Where it is, by names where entries have some, so that it is found again after others moved.
    name: &'a str,
    /// Whether the vault can keep it.
    is_movable: bool,
    text: &'a mut String,
}

fn each(schema: &Value, value: &mut Value, path: &str, name: &str, visit: &mut dyn FnMut(Found<'_>)) {
    match value {
        Value::String(text) if is_secret(schema) => {
            visit(Found { path, name, is_movable: is_movable(schema), text });
        }
        Value::Array(items) => {
            let Some(schema) = schema.get("items") else { return };
            for (at, item) in items.iter_mut().enumerate() {
                let called = ["id", "name"].iter().find_map(|field| item.get(field)?.as_str().map(str::to_owned));
                let name = format!("{name}[{}]", called.unwrap_or_else(|| at.to_string()));
                each(schema, item, &format!("{path}[{at}]"), &name, visit);
            }
        }
        Value::Object(map) => {
            for (key, value) in map {
                let Some(schema) = schema.get("properties").and_then(|known| known.get(key)) else { continue };
                each(schema, value, &format!("{path}.{key}"), &format!("{name}.{key}"), visit);
            }
        }
        _ => {}
    }
}

/// A secret that stands in a value as it is, rather than in the vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainSecret {
    /// Where it is.
    pub path: String,
    /// Where it is, by names rather than by places in lists.
    pub name: String,
}

/// The value without its secrets; where they are kept remains.
pub fn masked(schema: &Value, value: &Value) -> Value {
    let mut value = value.clone();
    each(schema, &mut value, "", "", &mut |found| {
        if !found.text.is_empty() && !found.text.starts_with(VAULT) {
            REDACTED.clone_into(found.text);
        }
    });
    value
}

/// The secrets of a value that the vault could keep, and does not.
pub fn plain_secrets(schema: &Value, value: &Value, path: &str) -> Vec<PlainSecret> {
    let mut plain = vec![];
    each(schema, &mut value.clone(), path, path, &mut |found| {
        if found.is_movable && !found.text.is_empty() && !found.text.starts_with(VAULT) {
            plain.push(PlainSecret { path: found.path.to_owned(), name: found.name.to_owned() });
        }
    });
    plain
}

/// The names of the secrets of the vault that a value refers to.
pub fn references(schema: &Value, value: &Value) -> Vec<String> {
    let mut names = vec![];
    each(schema, &mut value.clone(), "", "", &mut |found| {
        names.extend(found.text.strip_prefix(VAULT).filter(|_| found.is_movable).map(str::to_owned));
    });
    names
}

/// Puts another text in the place of the secret at this path, and gives back what stood there.
pub fn replace_secret(schema: &Value, value: &mut Value, root: &str, path: &str, text: &str) -> Option<String> {
    let mut before = None;
    each(schema, value, root, root, &mut |found| {
        if found.path == path {
            before = Some(std::mem::replace(found.text, text.to_owned()));
        }
    });
    before
}

/// Wherever the value has the dots of a hidden secret, puts the secret that stood there before.
pub fn unmasked(schema: &Value, mut value: Value, before: &Value) -> Value {
    let mut known = BTreeMap::new();
    each(schema, &mut before.clone(), "", "", &mut |found| {
        known.insert(found.name.to_owned(), found.text.clone());
    });
    each(schema, &mut value, "", "", &mut |found| {
        if found.text == REDACTED
            && let Some(before) = known.get(found.name)
        {
            before.clone_into(found.text);
        }
    });
    value
}
