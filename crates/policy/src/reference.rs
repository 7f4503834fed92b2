//! The reference of the policy, made from the type of the file.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::check::choices;
use crate::load::schema;
use crate::preset::Preset;
use crate::verdict::CODES;

/// What is said in general; the tables take the place of the last line.
const GUIDE: &str = include_str!("reference/guide.md");
const TABLES_HERE: &str = "{tables}\n";
const MADE: &str =
    "<!-- Made from the type of the file, and compared with it by crates/policy/tests/policy_documents.rs. -->\n";

/// The tables in the order in which one reads: the heading, and the name of the type; none: the file itself.
const TABLES: &[(&str, Option<&str>)] = &[
    ("The file", None),
    ("`[approvals]`", Some("ApprovalsEntry")),
    ("`[roots.NAME]`", Some("RootEntry")),
    ("`[programs.NAME]`", Some("ProgramEntry")),
    ("`[profiles.NAME]`", Some("ProfileEntry")),
    ("`limits` of a profile", Some("LimitsEntry")),
    ("`[[rules]]`", Some("RuleEntry")),
    ("An entry of `flags`", Some("FlagEntry")),
    ("An entry of `positionals`", Some("PositionalEntry")),
    ("`environment` of a rule", Some("EnvironmentEntry")),
];

/// Choices that are explained word by word.
const CHOICES: &[(&str, &str)] = &[
    ("What `operations` may name", "Kind"),
    ("What `languages` may name", "Language"),
    ("What `value` may be", "ValueKind"),
    ("What `form` may be", "Form"),
    ("What `class` may be", "Class"),
    ("What `decision` may be", "Decision"),
    ("What `network` may be", "Network"),
    ("What `schemes` may name", "Scheme"),
];

/// The documents: the name of each file and what it says.
pub fn documents() -> Vec<(String, String)> {
    let schema = in_order(&schema());
    let part = |name: &str| &schema["$defs"][name];
    let table = |(heading, name): &(&str, Option<&str>)| table(heading, name.map_or(&schema, part));
    let tables: String = TABLES.iter().map(table).collect();
    let lists: String = CHOICES.iter().map(|(heading, name)| list(heading, part(name))).collect();
    let codes: String = CODES.iter().map(|(code, text)| format!("| `{code}` | {} |\n", cell(text))).collect();
    let codes = format!("## Why something is denied\n\n| Code | What it means |\n| --- | --- |\n{codes}");
    let readme = GUIDE.replace(TABLES_HERE, &format!("{tables}{lists}{codes}"));
    let reasons: Map<String, Value> = CODES.iter().map(|(code, text)| ((*code).to_owned(), json!(text))).collect();
    vec![
        ("README.md".to_owned(), format!("{MADE}{readme}")),
        ("schema.json".to_owned(), format!("{schema:#}\n")),
        ("reasons.json".to_owned(), format!("{:#}\n", in_order(&Value::Object(reasons)))),
        ("standard.toml".to_owned(), Preset::Standard.text(Path::new("/srv/projects"))),
    ]
}

fn table(heading: &str, schema: &Value) -> String {
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let row = |(name, schema): (&String, &Value)| {
        let default = match &schema["default"] {
            _ if required.contains(&name.as_str()) => "must be there".to_owned(),
            Value::Null => "none".to_owned(),
            Value::Object(_) => "see there".to_owned(),
            value => format!("`{value}`"),
        };
        format!("| `{name}` | {} | {} | {default} |\n", cell(&about(schema)), kind_of(schema))
    };
    let rows: String = schema["properties"].as_object().into_iter().flatten().map(row).collect();
    let about = about(schema);
    format!(
        "## {heading}\n\n{about}\n\n| Key | What it is for | What it may be | Default |\n| --- | --- | --- | --- |\n{rows}\n"
    )
}

fn list(heading: &str, schema: &Value) -> String {
    let row = |one: &Value| format!("| `{}` | {} |\n", one["const"].as_str().unwrap_or_default(), cell(&about(one)));
    let rows: String = schema["oneOf"].as_array().into_iter().flatten().map(row).collect();
    format!("## {heading}\n\n| Word | What it means |\n| --- | --- |\n{rows}\n")
}

fn about(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().to_owned()
}

fn kind_of(schema: &Value) -> String {
    if choices(schema).is_some() || schema.get("$ref").is_some() || schema.get("anyOf").is_some() {
        return "see below".to_owned();
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").collect(),
        kind => kind.as_str().into_iter().collect(),
    };
    let bound = |name: &str| schema[name].as_f64();
    match (kinds.first().copied(), bound("minimum"), bound("maximum")) {
        (Some("integer"), Some(least), Some(most)) => format!("a whole number from {least} to {most}"),
        (Some("integer"), ..) => "a whole number".to_owned(),
        (Some("boolean"), ..) => "`true` or `false`".to_owned(),
        (Some("array"), ..) => list_kind(&schema["items"]),
        (Some("object"), ..) => "tables or values by name".to_owned(),
        _ => "a text".to_owned(),
    }
}

fn list_kind(items: &Value) -> String {
    match items["type"].as_str() {
        Some("string") => "a list of texts".to_owned(),
        Some("array") => "a list of lists of texts".to_owned(),
        _ => "a list of what is described below".to_owned(),
    }
}

/// The same with its keys in alphabetical order, however the library keeps them.
fn in_order(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(name, _)| name.as_str());
            Value::Object(entries.into_iter().map(|(name, value)| (name.clone(), in_order(value))).collect())
        }
        Value::Array(items) => items.iter().map(in_order).collect(),
        other => other.clone(),
    }
}

/// A text that stays in its cell and is no markup.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "\\<").replace('\n', " ")
}
