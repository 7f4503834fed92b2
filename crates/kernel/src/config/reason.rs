//! Why something is not acceptable: a sentence for whoever reads English, and a code with what belongs
//! in the sentence for whoever words it in another language.

use std::collections::BTreeMap;

use crate::text;

/// A reason that can be given. What stands in braces is filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phrase {
    /// What it is called, stable for programs.
    pub code: &'static str,
    /// The sentence, which begins with "it" where it can.
    pub text: &'static str,
}

/// A reason that is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// What it is called, stable for programs.
    pub code: &'static str,
    /// What was filled in. Never a value: it may be a secret.
    pub params: BTreeMap<&'static str, String>,
    /// The sentence.
    pub text: String,
}

/// Something about a section that is not acceptable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Where, within the section: `backends[1].address`.
    pub path: String,
    /// Why.
    pub reason: Reason,
}

impl Phrase {
    /// The reason with this filled in.
    pub fn with<const N: usize>(self, params: [(&'static str, String); N]) -> Reason {
        let fill = |text: String, (name, value): &(&str, String)| text.replace(&format!("{{{name}}}"), value);
        let text = params.iter().fold(self.text.to_owned(), fill);
        Reason { code: self.code, params: params.into(), text }
    }

    /// The reason, of something at this path of the section.
    pub fn at(self, path: impl Into<String>) -> Wrong {
        Reason::from(self).at(path)
    }
}

impl From<Phrase> for Reason {
    fn from(phrase: Phrase) -> Self {
        phrase.with([])
    }
}

impl Reason {
    /// This, of something at this path of the section.
    pub fn at(self, path: impl Into<String>) -> Wrong {
        Wrong { path: path.into(), reason: self }
    }

    /// What the system says about a file.
    pub fn of_system(why: impl ToString) -> Self {
        UNREADABLE.with([("why", why.to_string())])
    }

    /// The same, said in other words.
    #[must_use]
    pub fn said(self, text: String) -> Self {
        Self { text, ..self }
    }
}

/// Names the reasons that a part of the product can give, and lists them all.
#[macro_export]
macro_rules! phrases {
    ($(#[$about:meta])* $vis:vis $list:ident: $($name:ident = $code:literal, $text:literal;)+) => {
        $(#[$about])*
        $vis const $list: &[$crate::config::Phrase] = &[$($name,)+];
        $(pub(crate) const $name: $crate::config::Phrase = $crate::config::Phrase { code: $code, text: $text };)+
    };
}

phrases! {
    /// What can be wrong whatever the section.
    pub REASONS:
    UNKNOWN = "unknown", "it is not a setting";
    UNKNOWN_SECTION = "unknown_section", "it is not a section";
    ONE_OF = "one_of", "it must be {choices}";
    RANGE = "range", "it must be a whole number from {least} to {most}";
    AT_LEAST = "at_least", "it must be a whole number, {least} or more";
    WHOLE_NUMBER = "whole_number", "it must be a whole number";
    BOOLEAN = "boolean", "it must be true or false";
    TEXT = "text", "it must be a text";
    QUOTES = "quotes", "it must be a text; put it in quotes";
    LIST = "list", "it must be a list";
    MAP = "map", "it must have keys below it";
    EMPTY = "required", "it must not be empty";
    LACKS = "lacks", "it lacks `{name}`";
    LONG = "too_long", "it must not be longer than {most} characters";
    MANY = "too_many", "it must not have more than {most} entries";
    UNSEEN = "unsafe_character", "it holds characters that cannot be seen, change direction, or pile up";
    SAME = "twice", "another entry has the same";
    DOTS = "dots", "these dots only stand for a secret; write the secret itself, or where it is kept, like vault:mail/password";
    TOO_EARLY = "early", "it is needed before the vault is open, so it cannot be kept there";
    REFERENCE = "reference", "after `vault:` stands the name of a secret, like vault:mail/password";
    SOCKET = "socket_address", "it must be an address and a port, like 127.0.0.1:7400";
    HOST = "host_name", "it is not a host name (no scheme, no port)";
    ADDRESS = "https_address", "it must be an https:// address, or http:// on this machine";
    ADDRESS_BARE = "address_bare", "it must end before a query and name no user: whoever may look at settings sees it";
    FILE_PATH = "file_path", "it must be the whole path of a file, like /etc/diwan/token";
    UNFIT = "unfit", "its value does not fit";
    UNREADABLE = "unreadable", "{why}";
    LONG_FILE = "file_too_long", "it is longer than 1 MiB";
    NO_SECTION = "not_a_section", "`{name}` must be a section with keys below it";
    NO_SECTIONS = "not_sections", "it must be sections with their settings below them";
    TAB = "tab", "a tab stands where spaces must be";
    DUPLICATE = "duplicate", "duplicate mapping key: {name}";
    NOT_TEXT = "file_not_text", "it is not text (UTF-8)";
    NO_KEY = "no_key", "a key must be a name";
    TOO_MUCH = "too_much", "it holds more than any configuration needs";
    YAML = "yaml", "{said}";
}

/// There is no such setting.
pub const NOT_A_SETTING: Phrase = UNKNOWN;
/// It names no host.
pub const NOT_A_HOST: Phrase = HOST;
/// Something is missing.
pub const REQUIRED: Phrase = EMPTY;
/// Something is there twice where it may be there once.
pub const TWICE: Phrase = SAME;

/// A line that people will read: a name, a label.
///
/// # Errors
/// When it is empty, too long, or plays tricks.
pub fn check_line(line: &str, most: usize) -> Result<(), Reason> {
    text::line("", line, most).map(drop).map_err(|error| match error.code {
        "empty" => EMPTY.into(),
        "too_long" => LONG.with([("most", most.to_string())]),
        _ => UNSEEN.into(),
    })
}
