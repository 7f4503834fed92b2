//! Values on the command line: how they are read and how they are shown.

use serde_json::Value;

use super::super::screen::safe;

/// What a text means as the value of a setting with this schema: JSON of the right type, else the text
/// itself. A list of texts may be written with commas, as in variables.
pub(super) fn value_of(text: &str, schema: &Value) -> Value {
    match serde_json::from_str(text) {
        Ok(value) if is_of_type(schema, &value) => value,
        _ if is_list_of_texts(schema) => text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect(),
        _ => Value::String(text.to_owned()),
    }
}

/// Whether the value has one of the types that the schema allows.
fn is_of_type(schema: &Value, value: &Value) -> bool {
    let fits = |kind: &Value| match kind.as_str() {
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("string") => value.is_string(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        Some("null") => value.is_null(),
        _ => false,
    };
    match &schema["type"] {
        Value::Array(kinds) => kinds.iter().any(fits),
        kind => fits(kind),
    }
}

fn is_list_of_texts(schema: &Value) -> bool {
    schema["type"] == "array" && schema["items"]["type"] == "string"
}

/// A value as people read it.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) if text.is_empty() => "–".to_owned(),
        Value::Array(items) if items.is_empty() => "–".to_owned(),
        Value::String(text) => safe(text).into_owned(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_becomes_what_the_setting_holds() {
        let list = json!({"type": "array", "items": {"type": "string"}});
        let entries = json!({"type": "array", "items": {"type": "object"}});
        for (schema, text, value) in [
            (json!({"type": "integer"}), "25", json!(25)),
            (json!({"type": "integer"}), "25.5", json!("25.5")),
            (json!({"type": "integer"}), "many", json!("many")),
            (json!({"type": "string"}), "25", json!("25")),
            (json!({"type": "string"}), "true", json!("true")),
            (json!({"type": "string"}), "null", json!("null")),
            (json!({"type": "string"}), "\"a b\"", json!("a b")),
            (json!({"type": "string"}), "a=b", json!("a=b")),
            (json!({"type": ["string", "null"]}), "null", json!(null)),
            (json!({"type": "boolean"}), "true", json!(true)),
            (json!({"type": "boolean"}), "yes", json!("yes")),
            (list.clone(), "10.0.0.0/8, ::1", json!(["10.0.0.0/8", "::1"])),
            (list.clone(), "[\"a,b\"]", json!(["a,b"])),
            (list, "", json!([])),
            (entries.clone(), "[{\"id\":\"a\"}]", json!([{"id": "a"}])),
            (entries, "a,b", json!("a,b")),
            (json!({"type": ["object", "null"]}), "{\"a\":1}", json!({"a": 1})),
            // Nobody knows what it may hold: the server names it.
            (Value::Null, "1", json!("1")),
        ] {
            assert_eq!(value_of(text, &schema), value, "{schema} {text}");
        }
    }

    #[test]
    fn what_is_nothing_is_a_dash_and_the_rest_reads_as_it_is_written() {
        for (value, text) in [
            (json!(null), "–"),
            (json!(""), "–"),
            (json!([]), "–"),
            (json!(["a", 1]), "a, 1"),
            (json!("a\u{1b}[31mb"), "ab"),
            (json!(false), "false"),
        ] {
            assert_eq!(shown(&value), text);
        }
    }

    proptest! {
        #[test]
        fn every_value_of_the_right_type_is_read_as_it_was_written(
            number: i64, truth: bool, text: String, words in prop::collection::vec("[a-z0-9./:]{1,12}", 0..5),
        ) {
            let texts = json!({"type": "array", "items": {"type": "string"}});
            for (schema, value) in [
                (json!({"type": "integer"}), json!(number)),
                (json!({"type": ["integer", "null"]}), json!(number)),
                (json!({"type": "boolean"}), json!(truth)),
                (json!({"type": "string"}), json!(text)),
                (texts.clone(), json!(words)),
            ] {
                prop_assert_eq!(value_of(&value.to_string(), &schema), value);
            }
            prop_assert_eq!(value_of(&words.join(","), &texts), json!(words));
        }

        #[test]
        fn a_text_setting_takes_any_text_that_is_not_a_text_in_json(text: String) {
            prop_assume!(serde_json::from_str::<String>(&text).is_err());
            prop_assert_eq!(value_of(&text, &json!({"type": "string"})), json!(text));
        }

        #[test]
        fn nothing_is_lost_on_the_way_to_a_setting_of_another_type(text in "[^\\[]*") {
            let value = value_of(&text, &json!({"type": "integer"}));
            prop_assert!(value.is_i64() || value.is_u64() || value == json!(text));
        }
    }
}
