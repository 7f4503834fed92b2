//! What strangers may write into the trail: nothing that hides, moves the cursor, fills the disk or
//! gives a secret away.

use diwan_kernel::redact::REDACTED;
use serde_json::{Map, Value};

const MAX_TEXT_CHARS: usize = 500;
const MAX_ITEMS: usize = 32;
const MAX_DEPTH: usize = 4;
const MAX_METADATA_BYTES: usize = 4096;

/// Names of values that must never be written down, should a caller ever pass one.
const SECRET_NAMES: [&str; 9] =
    ["password", "secret", "token", "cookie", "authorization", "seed", "recovery_code", "private_key", "api_key"];
/// How our own secrets begin: API tokens and signed tokens.
const SECRET_BEGINNINGS: [&str; 2] = ["dwn_", "eyJ"];

/// A text of at most `max_chars` in which control characters, and those that hide or turn text
/// around, are spelt out.
pub(crate) fn text(given: &str, max_chars: usize) -> String {
    let mut clean = String::with_capacity(given.len().min(max_chars * 4));
    for (place, c) in given.chars().enumerate() {
        if place == max_chars {
            clean.push('…');
            break;
        }
        if is_unsafe(c) { clean.extend(c.escape_unicode()) } else { clean.push(c) }
    }
    clean
}

fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Particulars without secrets, of bounded size.
pub(crate) fn metadata(given: Map<String, Value>) -> String {
    let clean = object(given, 0).to_string();
    if clean.len() <= MAX_METADATA_BYTES { clean } else { r#"{"left_out":"too large"}"#.to_owned() }
}

fn object(given: Map<String, Value>, depth: usize) -> Value {
    let items = given.into_iter().take(MAX_ITEMS);
    Value::Object(items.map(|(name, v)| (text(&name, MAX_TEXT_CHARS), named(&name, v, depth))).collect())
}

fn named(name: &str, given: Value, depth: usize) -> Value {
    let name = name.to_lowercase();
    if SECRET_NAMES.iter().any(|secret| name.ends_with(secret)) && !given.is_null() && !given.is_boolean() {
        return REDACTED.into();
    }
    value(given, depth + 1)
}

fn value(given: Value, depth: usize) -> Value {
    match given {
        Value::Object(_) | Value::Array(_) if depth >= MAX_DEPTH => Value::String("…".into()),
        Value::Object(map) => object(map, depth),
        Value::Array(items) => items.into_iter().take(MAX_ITEMS).map(|item| value(item, depth + 1)).collect(),
        Value::String(text) if SECRET_BEGINNINGS.iter().any(|b| text.starts_with(b)) => REDACTED.into(),
        Value::String(given) => Value::String(text(&given, MAX_TEXT_CHARS)),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn cleaned(given: Value) -> String {
        metadata(given.as_object().cloned().unwrap_or_default())
    }

    #[test]
    fn secrets_are_not_written_down() {
        let given = json!({
            "new_password": "hunter2", "refresh_token": "r", "note": "dwn_abc", "list": ["eyJhbGciOi"],
            "deep": {"Client_Secret": ["hunter2"]}, "has_password": true, "role": "admin"
        });
        let text = cleaned(given);
        for secret in ["hunter2", "dwn_", "eyJ", "\"r\""] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        assert!(text.contains("\"role\":\"admin\"") && text.contains("\"has_password\":true"), "{text}");
    }

    #[test]
    fn the_cursor_is_not_moved_and_text_is_not_turned_around() {
        assert_eq!(text("a\u{1b}[2J\r\nb\u{202e}", 20), "a\\u{1b}[2J\\u{d}\\u{a}b\\u{202e}");
        assert_eq!(text("أمينة", 20), "أمينة");
        assert_eq!(text("abcdef", 3), "abc…");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn whatever_comes_the_size_is_bounded(text in "\\PC{0,40}", repeat in 1..200usize, items in 0..60usize) {
            let given = (0..items).map(|n| (n.to_string(), text.repeat(repeat).into())).collect();
            prop_assert!(metadata(given).len() <= MAX_METADATA_BYTES);
        }
    }
}
