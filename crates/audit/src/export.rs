//! The trail as a file: JSON Lines or CSV, made in chunks while it is sent.

use bytes::Bytes;
use diwan_kernel::db::{Db, DbError};
use futures::Stream;
use serde::{Deserialize, Serialize};

use crate::canonical::{Hash, hex};
use crate::entry::AuditEntry;
use crate::filter::Filter;
use crate::table::audit_entry;

const CHUNK: i64 = 500;

/// The form of an exported file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ExportFormat {
    /// One JSON object a line.
    #[default]
    Jsonl,
    /// Comma-separated values with a heading.
    Csv,
}

impl ExportFormat {
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Jsonl => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }

    pub(crate) const fn extension(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        }
    }

    fn heading(self) -> String {
        match self {
            Self::Jsonl => String::new(),
            Self::Csv => format!("{}\r\n", CSV_COLUMNS.join(",")),
        }
    }

    fn write(self, entry: &AuditEntry, hash: Option<&Hash>, out: &mut String) {
        match self {
            Self::Jsonl => jsonl(entry, hash, out),
            Self::Csv => csv(entry, hash, out),
        }
    }
}

const CSV_COLUMNS: [&str; 19] = [
    "seq",
    "at",
    "id",
    "actor_kind",
    "actor_id",
    "actor_name",
    "action",
    "resource_kind",
    "resource_id",
    "outcome",
    "error",
    "command",
    "machine",
    "address",
    "user_agent",
    "request_id",
    "duration_ms",
    "metadata",
    "hash",
];

/// The entries that fit the filter, up to `last`, oldest first, as the bytes of a file.
pub(crate) fn stream(
    db: Db,
    filter: Filter,
    format: ExportFormat,
    last: i64,
) -> impl Stream<Item = Result<Bytes, DbError>> + Send + 'static {
    let begin = Some((0i64, format.heading()));
    futures::stream::try_unfold(begin, move |state| {
        let (db, filter) = (db.clone(), filter.clone());
        async move {
            let Some((after, mut text)) = state else { return Ok(None) };
            let page = audit_entry::list_for_export(&db, &filter, after, last, CHUNK).await?;
            for (entry, hash) in &page {
                format.write(entry, hash.as_ref(), &mut text);
            }
            let more = (page.len() as i64) == CHUNK;
            let next = page.last().filter(|_| more).map(|(entry, _)| (entry.seq, String::new()));
            Ok(Some((Bytes::from(text), next)))
        }
    })
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    entry: &'a AuditEntry,
    hash: Option<String>,
}

fn jsonl(entry: &AuditEntry, hash: Option<&Hash>, out: &mut String) {
    let line = Line { entry, hash: hash.map(|h| hex(h)) };
    out.push_str(&serde_json::to_string(&line).unwrap_or_default());
    out.push('\n');
}

fn csv(entry: &AuditEntry, hash: Option<&Hash>, out: &mut String) {
    let resource = entry.resource.as_ref();
    let cells = [
        &*entry.seq.to_string(),
        &entry.at.to_string(),
        &entry.id,
        entry.actor.kind.as_str(),
        entry.actor.id.as_deref().unwrap_or_default(),
        &entry.actor.name,
        &entry.action,
        resource.map_or("", |r| &r.kind),
        resource.map_or("", |r| &r.id),
        entry.outcome.as_str(),
        entry.error.as_deref().unwrap_or_default(),
        entry.command.as_deref().unwrap_or_default(),
        entry.machine.as_deref().unwrap_or_default(),
        entry.address.as_deref().unwrap_or_default(),
        entry.user_agent.as_deref().unwrap_or_default(),
        entry.request_id.as_deref().unwrap_or_default(),
        &entry.duration_ms.map(|ms| ms.to_string()).unwrap_or_default(),
        &serde_json::Value::Object(entry.metadata.clone()).to_string(),
        &hash.map(|h| hex(h)).unwrap_or_default(),
    ];
    for (place, cell) in cells.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        csv_cell(cell, out);
    }
    out.push_str("\r\n");
}

/// A cell that no spreadsheet takes for a formula.
fn csv_cell(text: &str, out: &mut String) {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
    let needs_quotes = is_formula || text.contains([',', '"', '\n', '\r', ';', '\t']);
    if !needs_quotes {
        return out.push_str(text);
    }
    out.push('"');
    if is_formula {
        out.push('\'');
    }
    out.push_str(&text.replace('"', "\"\""));
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cell(text: &str) -> String {
        let mut out = String::new();
        csv_cell(text, &mut out);
        out
    }

    #[test]
    fn a_cell_is_never_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"] {
            assert!(cell(text).starts_with("\"'"), "{text:?} became {:?}", cell(text));
        }
        assert_eq!(cell("amina"), "amina");
        assert_eq!(cell("a \"b\", c"), "\"a \"\"b\"\", c\"");
    }

    proptest! {
        #[test]
        fn a_cell_reads_back(text in "\\PC{0,20}|[=+@\"',;\r\n\t-]{0,6}") {
            let written = cell(&text);
            let inner = match written.strip_prefix('"') {
                Some(quoted) => quoted.strip_suffix('"').unwrap_or_default().replace("\"\"", "\""),
                None => written,
            };
            let is_guarded = inner.strip_prefix('\'').is_some_and(|rest| rest == text);
            prop_assert!(inner == text || is_guarded);
        }
    }
}
