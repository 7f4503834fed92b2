//! A text in TOML as plain values, with the place of each key.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::fault::Fault;

/// Where the keys of a text stand.
#[derive(Debug, Default)]
pub(crate) struct Spots {
    at: BTreeMap<String, (usize, usize)>,
}

impl Spots {
    /// A fault at this key, or at the nearest one above it that stands in the text.
    pub(crate) fn fault(&self, key: &str, code: &'static str, text: impl Into<String>) -> Fault {
        let (line, column) = self.find(key);
        Fault { line, column, key: key.to_owned(), code, text: text.into(), nearest: None }
    }

    fn find(&self, key: &str) -> (usize, usize) {
        let mut key = key;
        loop {
            if let Some(spot) = self.at.get(key) {
                return *spot;
            }
            match key.rfind(['.', '[']) {
                Some(end) => key = &key[..end],
                None => return (1, 1),
            }
        }
    }
}

/// What the text says, where, and what of it is no TOML.
pub(crate) fn read(text: &str) -> (Value, Spots, Vec<Fault>) {
    let (table, errors) = DeTable::parse_recoverable(text);
    let lines = Lines::of(text);
    let fault = |error: toml::de::Error| {
        let (line, column) = lines.spot(error.span().map_or(0, |span| span.start));
        let text = error.message().to_owned();
        Fault { line, column, key: String::new(), code: "syntax", text, nearest: None }
    };
    let faults = errors.into_iter().map(fault).collect();
    let mut spots = Spots::default();
    let value = table_of(table.get_ref(), "", &lines, &mut spots);
    (value, spots, faults)
}

fn table_of(table: &DeTable<'_>, path: &str, lines: &Lines<'_>, spots: &mut Spots) -> Value {
    let mut map = Map::new();
    for (name, value) in table.iter() {
        let key = if path.is_empty() { name.get_ref().to_string() } else { format!("{path}.{}", name.get_ref()) };
        spots.at.insert(key.clone(), lines.spot(start(&name.span(), &value.span())));
        map.insert(name.get_ref().to_string(), value_of(value, &key, lines, spots));
    }
    Value::Object(map)
}

/// Where a key stands; a table that is only named by what is in it begins with its value.
fn start(name: &Range<usize>, value: &Range<usize>) -> usize {
    if name.is_empty() { value.start } else { name.start }
}

fn value_of(value: &Spanned<DeValue<'_>>, key: &str, lines: &Lines<'_>, spots: &mut Spots) -> Value {
    match value.get_ref() {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or(Value::Null, Value::from)
        }
        DeValue::Float(number) => number.as_str().parse::<f64>().map_or(Value::Null, Value::from),
        DeValue::Boolean(is) => Value::Bool(*is),
        DeValue::Datetime(_) => Value::Null,
        DeValue::Table(table) => table_of(table, key, lines, spots),
        DeValue::Array(items) => {
            let each = items.iter().enumerate().map(|(at, item)| {
                let key = format!("{key}[{at}]");
                spots.at.insert(key.clone(), lines.spot(item.span().start));
                value_of(item, &key, lines, spots)
            });
            Value::Array(each.collect())
        }
    }
}

/// Where lines begin.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    fn spot(&self, offset: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        let before = self.text.get(start..offset).unwrap_or_default();
        (line, before.chars().count() + 1)
    }
}
