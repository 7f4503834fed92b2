//! The dashboard says everything in English and in Arabic.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::repository::{expect_nothing, files_ending, read};

const PLURAL_FORMS: [&str; 6] = ["_zero", "_one", "_two", "_few", "_many", "_other"];

#[test]
fn english_and_arabic_have_the_same_texts_with_the_same_places() {
    let (english, arabic) = (texts("en"), texts("ar"));
    let keys: BTreeSet<&String> = english.keys().chain(arabic.keys()).collect();
    let mut wrong = vec![];
    for key in keys {
        match (english.get(key), arabic.get(key)) {
            (Some(one), Some(other)) if one.places != other.places => wrong.push(format!("{key}: the places differ")),
            (Some(_), Some(_)) => {}
            (Some(_), None) => wrong.push(format!("{key} is missing in Arabic")),
            (None, _) => wrong.push(format!("{key} is missing in English")),
        }
    }
    expect_nothing(&wrong, "Texts of the dashboard");
}

#[test]
fn no_text_is_empty() {
    let all = texts("en").into_iter().chain(texts("ar"));
    let wrong: Vec<_> = all.filter(|(_, text)| text.is_empty).map(|(key, _)| key).collect();
    expect_nothing(&wrong, "Empty texts");
}

#[test]
fn arabic_counts_have_all_their_six_forms() {
    let wrong: Vec<_> = texts("ar")
        .into_iter()
        .filter(|(_, text)| !text.forms.is_empty() && text.forms.len() < PLURAL_FORMS.len())
        .map(|(key, text)| format!("{key} has only {:?}", text.forms))
        .collect();
    expect_nothing(&wrong, "Arabic plural forms");
}

/// A text, with all its plural forms taken together.
#[derive(Default)]
struct Text {
    places: BTreeSet<String>,
    forms: BTreeSet<&'static str>,
    is_empty: bool,
}

fn texts(language: &str) -> BTreeMap<String, Text> {
    let mut found = BTreeMap::new();
    for path in files_ending(&format!("web/src/i18n/{language}"), &[".json"]) {
        let words: Value = serde_json::from_str(&read(&path)).unwrap_or_else(|e| panic!("{path}: {e}"));
        collect(&words, "", &mut found);
    }
    assert!(!found.is_empty(), "no texts in {language}");
    found
}

fn collect(value: &Value, key: &str, found: &mut BTreeMap<String, Text>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                let key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
                collect(inner, &key, found);
            }
        }
        Value::String(words) => {
            let form = PLURAL_FORMS.into_iter().find(|form| key.ends_with(form));
            let text = found.entry(form.map_or(key, |form| key.trim_end_matches(form)).to_owned()).or_default();
            text.forms.extend(form);
            text.is_empty |= words.trim().is_empty();
            text.places.extend(words.split("{{").skip(1).filter_map(|rest| rest.split("}}").next()).map(str::to_owned));
        }
        _ => panic!("{key} is not a text"),
    }
}
