//! Whether values are what the type of the file says: unknown keys, missing ones, wrong types, bounds.

use serde_json::{Map, Value};

use crate::fault::Fault;
use crate::nearest::nearest;
use crate::spots::Spots;
use crate::text::is_hidden;

/// Everything in which the value differs from the schema.
pub(crate) fn check(schema: &Value, value: &Value, spots: &Spots) -> Vec<Fault> {
    let mut check = Check { whole: schema, spots, found: vec![] };
    check.look(schema, value, "");
    check.found
}

struct Check<'a> {
    whole: &'a Value,
    spots: &'a Spots,
    found: Vec<Fault>,
}

impl<'a> Check<'a> {
    fn say(&mut self, key: &str, code: &'static str, text: impl Into<String>) {
        self.found.push(self.spots.fault(key, code, text));
    }

    fn look(&mut self, schema: &'a Value, value: &Value, key: &str) {
        let schema = self.meant(schema);
        if let Some(words) = choices(schema) {
            return self.look_at_choice(&words, value, key);
        }
        match kind_of(schema) {
            "object" => self.look_into_map(schema, value, key),
            "array" => self.look_into_list(schema, value, key),
            "integer" => self.look_at_number(schema, value, key),
            "boolean" if !value.is_boolean() => self.say(key, "wrong_type", "must be true or false"),
            "string" => self.look_at_text(schema, value, key),
            _ => {}
        }
    }

    /// The schema itself, behind a reference or a choice between nothing and it.
    fn meant(&self, schema: &'a Value) -> &'a Value {
        if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
            let some = choices.iter().find(|one| one.get("type") != Some(&Value::from("null")));
            return some.map_or(schema, |one| self.meant(one));
        }
        match schema.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix('#')) {
            Some(path) => self.whole.pointer(path).unwrap_or(schema),
            None => schema,
        }
    }

    fn look_at_choice(&mut self, words: &[&str], value: &Value, key: &str) {
        let Some(text) = value.as_str() else { return self.say(key, "wrong_type", "must be a text in quotes") };
        if !words.contains(&text) {
            self.say(key, "not_a_choice", format!("must be one of {}", words.join(", ")));
            self.mean(nearest(text, words.iter().copied()));
        }
    }

    fn mean(&mut self, name: Option<String>) {
        if let Some(last) = self.found.last_mut() {
            last.nearest = name;
        }
    }

    fn look_at_number(&mut self, schema: &Value, value: &Value, key: &str) {
        let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
        let Some(number) = value.as_i64() else { return self.say(key, "wrong_type", "must be a whole number") };
        #[expect(clippy::cast_precision_loss, reason = "bounds are small")]
        let number = number as f64;
        let (least, most) = (bound("minimum"), bound("maximum"));
        if least.is_some_and(|least| number < least) || most.is_some_and(|most| number > most) {
            let text = match (least, most) {
                (Some(least), Some(most)) => format!("must be from {least} to {most}"),
                (Some(least), None) => format!("must be {least} or more"),
                (None, most) => format!("must be at most {}", most.unwrap_or_default()),
            };
            self.say(key, "out_of_range", text);
        }
    }

    fn look_at_text(&mut self, schema: &Value, value: &Value, key: &str) {
        let Some(text) = value.as_str() else { return self.say(key, "wrong_type", "must be a text in quotes") };
        if text.chars().any(is_hidden) {
            self.say(key, "unseen", "holds a character that cannot be seen");
        }
        self.look_at_length(schema, ("minLength", "maxLength"), text.chars().count(), key);
    }

    fn look_at_length(&mut self, schema: &Value, (least, most): (&str, &str), length: usize, key: &str) {
        let bound = |name: &str| schema.get(name).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        if bound(least).is_some_and(|least| length < least) {
            self.say(key, "too_short", "must not be empty");
        }
        if let Some(most) = bound(most).filter(|most| length > *most) {
            self.say(key, "too_long", format!("is too long: at most {most}"));
        }
    }

    fn look_into_list(&mut self, schema: &'a Value, value: &Value, key: &str) {
        let Some(items) = value.as_array() else { return self.say(key, "wrong_type", "must be a list in brackets") };
        self.look_at_length(schema, ("minItems", "maxItems"), items.len(), key);
        let Some(each) = schema.get("items") else { return };
        for (at, item) in items.iter().enumerate() {
            self.look(each, item, &format!("{key}[{at}]"));
        }
    }

    fn look_into_map(&mut self, schema: &'a Value, value: &Value, key: &str) {
        let Some(map) = value.as_object() else { return self.say(key, "wrong_type", "must be a table") };
        let known = schema.get("properties").and_then(Value::as_object);
        let any = schema.get("additionalProperties").filter(|any| any.is_object());
        for (name, value) in map {
            let at = join(key, name);
            match known.and_then(|known| known.get(name)).or(any) {
                Some(schema) => self.look(schema, value, &at),
                None => self.unknown(&at, name, known),
            }
        }
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        for name in required.filter(|name| !map.contains_key(*name)) {
            self.say(key, "missing", format!("lacks {name}"));
        }
    }

    fn unknown(&mut self, at: &str, name: &str, known: Option<&Map<String, Value>>) {
        self.say(at, "unknown_key", "there is no such key");
        let names = known.into_iter().flat_map(Map::keys).map(String::as_str);
        self.mean(nearest(name, names));
    }
}

fn join(key: &str, name: &str) -> String {
    if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") }
}

/// The type, leaving aside that there may be nothing.
fn kind_of(schema: &Value) -> &str {
    match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or_default(),
        kind => kind.as_str().unwrap_or_default(),
    }
}

/// The words of a choice.
pub(crate) fn choices(schema: &Value) -> Option<Vec<&str>> {
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        return Some(words.iter().filter_map(Value::as_str).collect());
    }
    let each = schema.get("oneOf").and_then(Value::as_array)?;
    Some(each.iter().filter_map(|one| one.get("const")?.as_str()).collect())
}
