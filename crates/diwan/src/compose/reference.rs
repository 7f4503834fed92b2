//! The documents about settings, made from what the sections say about themselves.

use std::collections::BTreeMap;

use diwan_kernel::config::{Definition, EARLY_SECRET, Key, Phrase, SECRET, schema_of, variable};
use serde_json::{Value, json};

/// What is said about settings in general. The list of sections takes the place of the last line.
const GUIDE: &str = include_str!("reference/guide.md");
/// Where the list of sections stands.
const SECTIONS_HERE: &str = "{sections}\n";

const MADE: &str = "<!-- Made from the sections of the configuration, and compared with them by crates/diwan/tests/settings_documents.rs. -->\n";

/// The documents of these sections, and of the reasons for refusing something: the name of each file
/// and what it says.
pub fn documents(sections: &[Definition], reasons: &[Phrase]) -> Vec<(String, String)> {
    let by_code: BTreeMap<_, _> = reasons.iter().map(|phrase| (phrase.code, phrase.text)).collect();
    let readme = GUIDE.replace(SECTIONS_HERE, &table_of(sections));
    let mut documents = vec![
        ("README.md".to_owned(), format!("{MADE}{readme}")),
        ("schema.json".to_owned(), format!("{:#}\n", schema_of(sections))),
        ("reasons.json".to_owned(), format!("{:#}\n", json!(by_code))),
    ];
    documents.extend(sections.iter().map(|section| (format!("{}.md", section.name), page(section))));
    documents
}

fn table_of(sections: &[Definition]) -> String {
    let row = |section: &Definition| {
        let (name, about) = (section.name, cell(&section.about));
        format!("| [{name}]({name}.md) | {about} | {} |\n", section.keys.len())
    };
    let rows: String = sections.iter().map(row).collect();
    format!("| Section | What it is about | Settings |\n| --- | --- | --- |\n{rows}")
}

fn page(section: &Definition) -> String {
    let name = section.name;
    let row = |key: &Key| {
        let cells = [
            format!("`{}`", key.name),
            cell(&key.about),
            kind_of(&key.schema),
            default(&key.default),
            format!("`{}`", variable(name, &key.name)),
            if key.needs_restart { "with the next start" } else { "at once" }.to_owned(),
        ];
        format!("| {} |\n", cells.join(" | "))
    };
    let rows: String = section.keys.iter().map(row).collect();
    let entries: String = section.keys.iter().map(|key| entry(name, key)).collect();
    format!(
        "{MADE}# Settings: {name}\n\n{}\n\n\
        | Setting | What it is for | What it may be | Default | Variable | A change is taken up |\n\
        | --- | --- | --- | --- | --- | --- |\n{rows}{entries}\n\
        ## In the file\n\nAs it is when nobody sets anything:\n\n```yaml\n{}```\n\n\
        [All settings](README.md)\n",
        section.about,
        example(section)
    )
}

/// The table of what an entry of a list, or a map, may hold; nothing for plain values.
fn entry(section: &str, key: &Key) -> String {
    let (schema, what) = match key.schema.get("items") {
        Some(items) => (items, "An entry"),
        None => (&key.schema, "The map"),
    };
    let Some(fields) = schema.get("properties").and_then(Value::as_object) else { return String::new() };
    let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let row = |(field, schema): (&String, &Value)| {
        let about = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        let must = if required.iter().any(|name| name == field) { "yes" } else { "no" };
        format!("| `{field}` | {} | {} | {must} |\n", cell(about), kind_of(schema))
    };
    let rows: String = fields.iter().map(row).collect();
    format!(
        "\n## {what} of `{section}.{}`\n\n\
        | Key | What it is for | What it may be | Must be there |\n| --- | --- | --- | --- |\n{rows}",
        key.name
    )
}

/// What a value may be, in words.
pub fn kind_of(schema: &Value) -> String {
    let number = |name: &str| schema.get(name).and_then(Value::as_i64);
    let is = |kind: &str| match &schema["type"] {
        Value::Array(kinds) => kinds.iter().any(|k| k == kind),
        only => only == kind,
    };
    let format = schema.get("format").and_then(Value::as_str);
    if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
        let words: Vec<String> = choices.iter().filter_map(Value::as_str).map(|word| format!("`{word}`")).collect();
        return match words.split_last() {
            Some((last, before)) if !before.is_empty() => format!("{} or {last}", before.join(", ")),
            _ => words.join(""),
        };
    }
    match format {
        Some(SECRET) => return "a secret; best a reference into the vault: `vault:NAME`".to_owned(),
        Some(EARLY_SECRET) => return "a text that holds a secret; not from the vault".to_owned(),
        _ => {}
    }
    if is("integer") {
        return match (number("minimum"), number("maximum")) {
            (Some(least), Some(most)) => format!("a whole number from {least} to {most}"),
            (Some(least), None) => format!("a whole number, {least} or more"),
            (None, _) => "a whole number".to_owned(),
        };
    }
    if is("boolean") {
        return "`true` or `false`".to_owned();
    }
    if is("array") {
        let items = match &schema["items"] {
            items if items.get("properties").is_some() => "entries",
            _ => "texts",
        };
        let most = number("maxItems").map(|most| format!(", at most {most}")).unwrap_or_default();
        return format!("a list of {items}{most}");
    }
    if is("object") {
        return "a map of keys".to_owned();
    }
    match (number("minLength"), number("maxLength")) {
        (Some(1..), Some(most)) => format!("a text of 1 to {most} characters"),
        (_, Some(most)) => format!("a text of at most {most} characters"),
        (Some(1..), None) => "a text, not empty".to_owned(),
        _ => "a text".to_owned(),
    }
}

fn default(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) if text.is_empty() => "empty".to_owned(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    }
}

/// The section with its defaults, as it would stand in the file. JSON is YAML.
fn example(section: &Definition) -> String {
    let set = section.keys.iter().filter(|key| !key.default.is_null());
    let lines = set.map(|key| format!("  {}: {}\n", key.name, key.default));
    std::iter::once(format!("{}:\n", section.name)).chain(lines).collect()
}

/// A text that stays in its cell and is no markup.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "\\<").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_value_may_be_is_said_in_words() {
        for (schema, words) in [
            (json!({"enum": ["en", "ar"], "type": "string"}), "`en` or `ar`"),
            (json!({"type": "integer", "minimum": 1, "maximum": 600}), "a whole number from 1 to 600"),
            (json!({"type": "integer", "minimum": 1}), "a whole number, 1 or more"),
            (json!({"type": ["boolean", "null"]}), "`true` or `false`"),
            (json!({"type": "string", "minLength": 1, "maxLength": 60}), "a text of 1 to 60 characters"),
            (json!({"type": ["string", "null"]}), "a text"),
            (json!({"type": "array", "items": {"type": "string"}, "maxItems": 9}), "a list of texts, at most 9"),
            (json!({"type": "array", "items": {"properties": {}}}), "a list of entries"),
            (json!({"type": ["object", "null"], "properties": {}}), "a map of keys"),
            (json!({"type": "string", "format": "secret"}), "a secret; best a reference into the vault: `vault:NAME`"),
        ] {
            assert_eq!(kind_of(&schema), words);
        }
    }

    #[test]
    fn a_cell_holds_no_markup() {
        assert_eq!(cell("a | b <c@d>\ne"), "a \\| b \\<c@d> e");
    }
}
