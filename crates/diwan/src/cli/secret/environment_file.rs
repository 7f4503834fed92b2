//! Environment files: lines like `GITHUB_TOKEN=…`, as docs/vault.md says what they mean.
//!
//! The dashboard reads them too (`web/src/features/vault/import/read.ts`), since they may not leave the
//! browser before somebody saw what would become of them. Both are tried on `environment_file.json`.

/// Why a file cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Slip {
    /// It is not of the form NAME=value.
    #[error("it is not of the form NAME=value")]
    NoAssignment,
    /// The name is not one that a secret can have.
    #[error(
        "the name may have only letters, digits, underscores, dots and dashes, and begins with a letter or a digit"
    )]
    NoName,
    /// Quotes open and are never closed.
    #[error("the quotes that open here are never closed")]
    OpenQuotes,
}

/// The secrets of a file: the names as the vault writes them, and the values.
///
/// # Errors
/// The line that cannot be read, and why.
pub(super) fn read(text: &str) -> Result<Vec<(String, String)>, (usize, Slip)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    let mut secrets = vec![];
    let mut rest = text.as_str();
    while !rest.is_empty() {
        if let Some(after) = end_of_line(rest) {
            rest = after;
            continue;
        }
        let line = 1 + text[..text.len() - rest.len()].matches('\n').count();
        let (name, behind) = name_of(rest).ok_or((line, Slip::NoAssignment))?;
        if !is_name(name) {
            return Err((line, Slip::NoName));
        }
        let (value, after) = value_of(behind).ok_or((line, Slip::OpenQuotes))?;
        secrets.push((name.to_ascii_lowercase().replace('_', "-"), value));
        rest = after;
    }
    Ok(secrets)
}

fn without_blanks(text: &str) -> &str {
    text.trim_start_matches([' ', '\t'])
}

/// What follows the line, when there is nothing more in it than a comment.
fn end_of_line(text: &str) -> Option<&str> {
    let text = without_blanks(text);
    let (line, after) = text.split_once('\n').unwrap_or((text, ""));
    (line.is_empty() || line.starts_with('#')).then_some(after)
}

/// What stands before the `=`, and what stands behind it.
fn name_of(text: &str) -> Option<(&str, &str)> {
    let text = without_blanks(text);
    let exported = text.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t'])).map(without_blanks);
    exported.and_then(before_equals).or_else(|| before_equals(text))
}

fn before_equals(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| c == '=' || c.is_whitespace())?;
    let behind = without_blanks(&text[end..]).strip_prefix('=')?;
    Some((&text[..end], behind))
}

fn is_name(name: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    !name.starts_with('_') && name.split(['.', '-']).all(is_word)
}

/// The value and what follows its line; nothing when its quotes do not end.
fn value_of(text: &str) -> Option<(String, &str)> {
    let begun = without_blanks(text);
    let mark = begun.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'));
    let Some(mark) = mark else { return Some(plain(text)) };
    let inner = &begun[1..];
    let mut escaped = false;
    let end = inner.find(|c| {
        let is_end = c == mark && !escaped;
        escaped = mark == '"' && c == '\\' && !escaped;
        is_end
    })?;
    match end_of_line(&inner[end + 1..]) {
        Some(after) if mark == '"' => Some((unescaped(&inner[..end]), after)),
        Some(after) => Some((inner[..end].to_owned(), after)),
        // Quotes inside a word belong to the value.
        None => Some(plain(text)),
    }
}

fn plain(text: &str) -> (String, &str) {
    let (line, after) = text.split_once('\n').unwrap_or((text, ""));
    let comment = line.match_indices('#').find(|(at, _)| line[..*at].ends_with([' ', '\t']));
    let value = comment.map_or(line, |(at, _)| &line[..at]);
    (value.trim_matches([' ', '\t']).to_owned(), after)
}

/// What stands between double quotes, with its signs for lines and tabs read.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (letter, letters.clone().next()) {
            ('\\', Some(sign @ ('n' | 'r' | 't' | '"' | '\\' | '$' | '`'))) => {
                letters.next();
                plain.push(match sign {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    other => other,
                });
            }
            _ => plain.push(letter),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn it_is_read_as_the_dashboard_reads_it() {
        let cases: Vec<Value> = serde_json::from_str(include_str!("environment_file.json")).unwrap();
        assert!(cases.len() > 30);
        for case in cases {
            let what = |slip| match slip {
                Slip::NoAssignment => "no_assignment",
                Slip::NoName => "no_name",
                Slip::OpenQuotes => "no_end",
            };
            let (wanted, said) = match read(case["text"].as_str().unwrap()) {
                Ok(secrets) => (&case["secrets"], json!(secrets)),
                Err((line, slip)) => (&case["fault"], json!({"what": what(slip), "line": line})),
            };
            assert_eq!(said, *wanted, "{case}");
        }
    }
}
