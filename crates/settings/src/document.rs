//! Changes one setting in the text of a configuration file and leaves the rest of it, comments
//! included, as somebody wrote it.
//!
//! The text is edited by lines and then read again: unless it says exactly what was meant, nothing
//! of it is used. So a way of writing that is not understood here is refused and never spoilt.

use serde_json::{Map, Value};

/// The file is written in a way that cannot be edited line by line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the file is written in a way that cannot be edited here")]
pub(crate) struct Unusual;

/// The text with this setting changed, or taken out.
pub(crate) fn edit(text: &str, section: &str, key: &str, value: Option<&Value>) -> Result<String, Unusual> {
    let before = read(text)?;
    let mut meant = before.clone();
    match value {
        Some(value) => {
            let keys = meant.entry(section).or_insert(Value::Null);
            if keys.is_null() {
                *keys = Value::Object(Map::new());
            }
            keys.as_object_mut().ok_or(Unusual)?.insert(key.to_owned(), value.clone());
        }
        None => {
            let Some(keys) = meant.get_mut(section).and_then(Value::as_object_mut) else { return Ok(text.to_owned()) };
            if keys.remove(key).is_none() {
                return Ok(text.to_owned());
            }
        }
    }
    let mut lines = Lines::new(text);
    lines.change(section, key, value);
    let edited = lines.into_text();
    let says = read(&edited)?;
    if bare(says) == bare(meant) { Ok(edited) } else { Err(Unusual) }
}

fn read(text: &str) -> Result<Map<String, Value>, Unusual> {
    if text.lines().all(|line| is_blank(line) || line.trim() == "---") {
        return Ok(Map::new());
    }
    serde_saphyr::from_str(text).map_err(|_| Unusual)
}

/// A section without keys says as much as none.
fn bare(tree: Map<String, Value>) -> Map<String, Value> {
    let is_empty = |keys: &Value| keys.is_null() || keys.as_object().is_some_and(Map::is_empty);
    tree.into_iter().filter(|(_, keys)| !is_empty(keys)).collect()
}

struct Lines {
    lines: Vec<String>,
    /// How lines end in this file.
    end: &'static str,
}

impl Lines {
    fn new(text: &str) -> Self {
        let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        Self { lines: text.lines().map(str::to_owned).collect(), end }
    }

    fn into_text(self) -> String {
        let mut text = self.lines.join(self.end);
        if !text.is_empty() {
            text.push_str(self.end);
        }
        text
    }

    fn change(&mut self, section: &str, key: &str, value: Option<&Value>) {
        let Some(head) = self.find(0, self.lines.len(), 0, section) else {
            if let Some(value) = value {
                if self.lines.last().is_some_and(|line| !line.trim().is_empty()) {
                    self.lines.push(String::new());
                }
                self.lines.push(format!("{section}:"));
                self.lines.extend(entry(key, value, 2));
            }
            return;
        };
        let end = self.end_of(head, 0);
        let first = (head + 1..end).find(|&at| !is_blank(&self.lines[at]));
        let indent = first.map_or(2, |at| indent_of(&self.lines[at]));
        match (self.find(head + 1, end, indent, key), value) {
            (Some(at), value) => {
                let after = self.end_of(at, indent);
                let mut new = value.map(|value| entry(key, value, indent)).unwrap_or_default();
                if let ([new], true) = (new.as_mut_slice(), after == at + 1) {
                    new.push_str(remark(&self.lines[at]));
                }
                self.lines.splice(at..after, new);
            }
            (None, Some(value)) => {
                self.lines.splice(end..end, entry(key, value, indent));
            }
            (None, None) => {}
        }
    }

    /// The line in this range that begins the key.
    fn find(&self, from: usize, to: usize, indent: usize, key: &str) -> Option<usize> {
        (from..to).find(|&at| {
            let line = &self.lines[at];
            let is_key = |rest: &str| rest.trim_start().starts_with(':');
            let names = [key.to_owned(), format!("\"{key}\""), format!("'{key}'")];
            indent_of(line) == indent
                && names.iter().any(|name| line[indent..].strip_prefix(name.as_str()).is_some_and(is_key))
        })
    }

    /// The line behind what belongs to the key in this line. Remarks and empty lines before the next
    /// key belong to that one.
    fn end_of(&self, head: usize, indent: usize) -> usize {
        let belongs = |line: &String| {
            let own = indent_of(line);
            own > indent
                || own == indent
                    && line[own..].starts_with('-')
                    && (line[own..].len() == 1 || line[own + 1..].starts_with(' '))
        };
        let next = (head + 1..self.lines.len()).find(|&at| !is_blank(&self.lines[at]) && !belongs(&self.lines[at]));
        let mut end = next.unwrap_or(self.lines.len());
        while end > head + 1 && is_blank(&self.lines[end - 1]) {
            end -= 1;
        }
        end
    }
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Whether the line says nothing to a parser.
fn is_blank(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with('#')
}

/// The remark at the end of a line, with the space before it.
fn remark(line: &str) -> &str {
    let (mut quote, mut before) = (None, ' ');
    for (at, letter) in line.char_indices() {
        match (quote, letter) {
            (None, '#') if before == ' ' => return &line[line[..at].trim_end().len()..],
            (None, '"' | '\'') if matches!(before, ' ' | '[' | ',' | '{') => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            _ => {}
        }
        before = letter;
    }
    ""
}

/// The lines of a key and its value.
fn entry(key: &str, value: &Value, indent: usize) -> Vec<String> {
    let pad = " ".repeat(indent);
    match value {
        Value::Array(items) if !items.is_empty() => {
            let mut lines = vec![format!("{pad}{key}:")];
            lines.extend(items.iter().flat_map(|item| list_item(item, indent + 2)));
            lines
        }
        Value::Object(map) if !map.is_empty() => {
            let mut lines = vec![format!("{pad}{key}:")];
            lines.extend(map.iter().flat_map(|(key, value)| entry(key, value, indent + 2)));
            lines
        }
        plain => vec![format!("{pad}{key}: {}", scalar(plain))],
    }
}

fn list_item(item: &Value, indent: usize) -> Vec<String> {
    let pad = " ".repeat(indent);
    let Value::Object(map) = item else { return vec![format!("{pad}- {}", scalar(item))] };
    let mut lines: Vec<String> = map.iter().flat_map(|(key, value)| entry(key, value, indent + 2)).collect();
    match lines.first_mut() {
        Some(first) => first.replace_range(indent..indent + 1, "-"),
        None => lines.push(format!("{pad}- {{}}")),
    }
    lines
}

/// A value in one line. Whatever could be taken for something else stands in quotes; JSON is YAML.
fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) if is_plain(text) => text.clone(),
        other => other.to_string().chars().map(printable).collect(),
    }
}

/// JSON lets some letters stand as they are that YAML wants to be named.
fn printable(letter: char) -> String {
    let is_printable =
        !letter.is_control() && !matches!(letter, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}');
    if is_printable { letter.to_string() } else { format!("\\u{:04x}", u32::from(letter)) }
}

/// Whether a text is a text without quotes too: words, names, addresses.
fn is_plain(text: &str) -> bool {
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '@' | ':');
    let reserved = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    starts_well
        && text.chars().all(letters)
        && !text.ends_with(':')
        && !reserved.iter().any(|word| text.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const FILE: &str = "\
# Our installation
server:
  # behind the proxy
  listen: 127.0.0.1:7400
  trusted_proxies:
  - 10.0.0.1   # the one in the cellar
  - 10.0.0.2

  instance_name: \"Ours # not a remark\"  # a remark

# Mails
mail:
    host: mail.example.org
    port: 587 # as usual

audit:
";

    fn edited(section: &str, key: &str, value: Value) -> String {
        edit(FILE, section, key, Some(&value)).unwrap()
    }

    #[test]
    fn one_line_is_changed_and_its_remark_stays() {
        assert_eq!(edited("mail", "port", json!(25)), FILE.replace("port: 587 #", "port: 25 #"));
        let named = edited("server", "instance_name", json!("Yours"));
        assert_eq!(named, FILE.replace("\"Ours # not a remark\"  #", "Yours  #"));
    }

    #[test]
    fn a_list_is_replaced_whole() {
        let listed = edited("server", "trusted_proxies", json!(["10.0.0.3"]));
        let before = "  trusted_proxies:\n  - 10.0.0.1   # the one in the cellar\n  - 10.0.0.2\n";
        assert_eq!(listed, FILE.replace(before, "  trusted_proxies:\n    - \"10.0.0.3\"\n"));
        let none = edited("server", "trusted_proxies", json!([]));
        assert_eq!(none, FILE.replace(before, "  trusted_proxies: []\n"));
    }

    #[test]
    fn a_new_key_and_a_new_section_find_their_place() {
        let keyed = edited("mail", "from", json!("diwan@example.org"));
        assert_eq!(keyed, FILE.replace("# as usual\n", "# as usual\n    from: diwan@example.org\n"));
        assert_eq!(edited("audit", "retention_days", json!(30)), format!("{FILE}  retention_days: 30\n"));
        assert_eq!(edited("vault", "warn_days", json!(7)), format!("{FILE}\nvault:\n  warn_days: 7\n"));
        assert_eq!(edit("", "vault", "warn_days", Some(&json!(7))).unwrap(), "vault:\n  warn_days: 7\n");
    }

    #[test]
    fn a_key_that_is_taken_out_takes_what_is_below_it_along() {
        let out = edit(FILE, "server", "trusted_proxies", None).unwrap();
        assert!(!out.contains("cellar") && out.contains("behind the proxy") && out.contains("a remark"));
        assert_eq!(edit(FILE, "server", "nothing", None).unwrap(), FILE);
        assert_eq!(edit("mail:\n  port: 1\n", "mail", "port", None).unwrap(), "mail:\n");
    }

    #[test]
    fn lists_of_maps_are_written_as_people_write_them() {
        let providers = json!([{"client_id": "diwan", "id": "acme", "scopes": ["openid", "email"]}, {"id": "other"}]);
        let text = edit("", "oidc", "providers", Some(&providers)).unwrap();
        let meant = "oidc:\n  providers:\n    - client_id: diwan\n      id: acme\n      scopes:\n        - openid\n        - email\n    - id: other\n";
        assert_eq!(text, meant);
    }

    #[test]
    fn what_is_written_in_another_way_is_refused_rather_than_spoilt() {
        assert_eq!(edit("{mail: {port: 25}}\n", "mail", "port", Some(&json!(26))), Err(Unusual));
        assert_eq!(edit("mail: {port: 25}\n", "mail", "port", Some(&json!(26))), Err(Unusual));
        assert_eq!(edit("a: &x 1\nmail:\n  port: 25\n  <<: *x\n", "mail", "port", Some(&json!(26))), Err(Unusual));
    }

    #[test]
    fn line_ends_stay_as_they_are() {
        let text = edit("mail:\r\n  port: 25\r\n", "mail", "host", Some(&json!("localhost"))).unwrap();
        assert_eq!(text, "mail:\r\n  port: 25\r\n  host: localhost\r\n");
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
            "[a-z:#'\" -]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map("[a-z]{1,4}", inner, 0..3)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// Whatever is set is what is then read, and nothing else changes: or it is refused.
        #[test]
        fn an_edit_says_what_was_meant(first in values(), second in values(), third in values()) {
            let text = edit(FILE, "mail", "from", Some(&first)).unwrap();
            let text = edit(&text, "oidc", "providers", Some(&second)).unwrap();
            let text = edit(&text, "mail", "from", Some(&third)).unwrap();
            let tree = read(&text).unwrap();
            prop_assert_eq!(&tree["mail"]["from"], &third);
            prop_assert_eq!(&tree["oidc"]["providers"], &second);
            prop_assert_eq!(&tree["mail"]["port"], &json!(587));
            prop_assert!(text.contains("# behind the proxy") && text.contains("# a remark"));
            let out = edit(&edit(&text, "mail", "from", None).unwrap(), "oidc", "providers", None).unwrap();
            prop_assert_eq!(bare(read(&out).unwrap()), bare(read(FILE).unwrap()));
        }

        /// No text makes it panic.
        #[test]
        fn any_text_is_edited_or_refused(text in "[a-z:#' \n-]{0,60}", value in values()) {
            let _ = edit(&text, "mail", "from", Some(&value));
        }
    }
}
