//! A value against its schema: everything that does not fit, said for whoever wrote it.
//!
//! Reasons never repeat a value: it may be a secret, and whoever wrote it sees it in its place.

use serde_json::{Map, Value};

use super::definition::{is_movable, is_secret};
use super::nearest::nearest;
use super::reason::{
    AT_LEAST, BOOLEAN, DOTS, EMPTY, LACKS, LIST, LONG, MANY, MAP, ONE_OF, Phrase, QUOTES, RANGE, REFERENCE, Reason,
    TEXT, TOO_EARLY, UNKNOWN, UNSEEN, WHOLE_NUMBER,
};
use super::secret_value::{SecretValue, VAULT};
use crate::redact::REDACTED;

/// Something that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flaw {
    /// Where, like `providers[0].issuer`.
    pub(super) path: String,
    /// Whether there is no such setting at all.
    pub(super) is_unknown: bool,
    /// Why.
    pub(super) reason: Reason,
    /// What was probably meant.
    pub(super) nearest: Option<String>,
}

impl Flaw {
    fn new(path: &str, reason: impl Into<Reason>) -> Self {
        Self { path: path.to_owned(), is_unknown: false, reason: reason.into(), nearest: None }
    }
}

/// Everything about the value that its schema does not allow.
pub(super) fn flaws(schema: &Value, value: &Value, path: &str) -> Vec<Flaw> {
    let mut found = vec![];
    look(schema, value, path, &mut found);
    found
}

fn look(schema: &Value, value: &Value, path: &str, found: &mut Vec<Flaw>) {
    if value.is_null() && allows(schema, "null") {
        return;
    }
    if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
        if !choices.contains(value) {
            found.push(not_a_choice(choices, value, path));
        }
    } else if allows(schema, "integer") {
        found.extend(number_flaw(schema, value).map(|why| Flaw::new(path, why)));
    } else if allows(schema, "boolean") {
        if !value.is_boolean() {
            found.push(Flaw::new(path, BOOLEAN));
        }
    } else if allows(schema, "string") {
        found.extend(text_flaw(schema, value).map(|why| Flaw::new(path, why)));
    } else if allows(schema, "array") {
        look_into_list(schema, value, path, found);
    } else if allows(schema, "object") {
        look_into_map(schema, value, path, found);
    }
}

fn allows(schema: &Value, kind: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(only)) => only == kind,
        Some(Value::Array(kinds)) => kinds.iter().any(|k| k == kind),
        _ => false,
    }
}

fn not_a_choice(choices: &[Value], value: &Value, path: &str) -> Flaw {
    let words: Vec<&str> = choices.iter().filter_map(Value::as_str).collect();
    let reason = match words.split_last() {
        Some((last, before)) if !before.is_empty() => {
            let text = format!("it must be {} or {last}", before.join(", "));
            ONE_OF.with([("choices", words.join(", "))]).said(text)
        }
        _ => ONE_OF.with([("choices", words.join(""))]),
    };
    let meant = value.as_str().and_then(|text| nearest(text, words.iter().map(|&word| word.to_owned())));
    Flaw { nearest: meant, ..Flaw::new(path, reason) }
}

fn number_flaw(schema: &Value, value: &Value) -> Option<Reason> {
    let bound = |name: &str| schema.get(name).and_then(Value::as_i64);
    let (least, most) = (bound("minimum"), bound("maximum"));
    let is_within = |number: i128| {
        least.is_none_or(|least| i128::from(least) <= number) && most.is_none_or(|most| number <= i128::from(most))
    };
    let number = value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from));
    if number.is_some_and(is_within) {
        return None;
    }
    Some(match (least, most) {
        (Some(least), Some(most)) => RANGE.with([("least", least.to_string()), ("most", most.to_string())]),
        (Some(least), None) => AT_LEAST.with([("least", least.to_string())]),
        (None, _) => WHOLE_NUMBER.into(),
    })
}

fn text_flaw(schema: &Value, value: &Value) -> Option<Reason> {
    let Some(text) = value.as_str() else {
        let can_be_quoted = value.is_number() || value.is_boolean();
        return Some(if can_be_quoted { QUOTES } else { TEXT }.into());
    };
    if is_secret(schema) {
        return secret_flaw(text, is_movable(schema)).map(Reason::from);
    }
    if text.chars().any(char::is_control) {
        return Some(UNSEEN.into());
    }
    let bound = |name: &str| schema.get(name).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
    let length = text.chars().count();
    if bound("minLength").is_some_and(|least| length < least) {
        return Some(EMPTY.into());
    }
    let most = bound("maxLength").filter(|most| length > *most)?;
    Some(LONG.with([("most", most.to_string())]))
}

fn secret_flaw(text: &str, is_movable: bool) -> Option<Phrase> {
    if text == REDACTED {
        return Some(DOTS);
    }
    let is_reference = text.starts_with(VAULT);
    if is_reference && !is_movable {
        return Some(TOO_EARLY);
    }
    (is_reference && SecretValue::reference(text).is_none()).then_some(REFERENCE)
}

fn look_into_list(schema: &Value, value: &Value, path: &str, found: &mut Vec<Flaw>) {
    let Some(items) = value.as_array() else {
        found.push(Flaw::new(path, LIST));
        return;
    };
    if let Some(most) = schema.get("maxItems").and_then(Value::as_u64).filter(|most| items.len() as u64 > *most) {
        found.push(Flaw::new(path, MANY.with([("most", most.to_string())])));
    }
    let Some(each) = schema.get("items") else { return };
    for (at, item) in items.iter().enumerate() {
        look(each, item, &format!("{path}[{at}]"), found);
    }
}

fn look_into_map(schema: &Value, value: &Value, path: &str, found: &mut Vec<Flaw>) {
    let Some(map) = value.as_object() else {
        found.push(Flaw::new(path, MAP));
        return;
    };
    let nothing = Map::new();
    let known = schema.get("properties").and_then(Value::as_object).unwrap_or(&nothing);
    for (name, value) in map {
        let at = format!("{path}.{name}");
        match known.get(name) {
            Some(schema) => look(schema, value, &at, found),
            None => {
                let nearest = nearest(name, known.keys().cloned()).map(|name| format!("{path}.{name}"));
                found.push(Flaw { is_unknown: true, nearest, ..Flaw::new(&at, UNKNOWN) });
            }
        }
    }
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    for name in required.filter(|name| !map.contains_key(*name)) {
        found.push(Flaw::new(path, LACKS.with([("name", name.to_owned())])));
    }
}
