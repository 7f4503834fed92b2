//! What no argument may hold, whatever it is for.

use diwan_protocol::command::{LONGEST_ARGUMENTS, MOST_ARGUMENTS};

/// Why a text is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flaw {
    /// Stable for programs.
    pub(crate) code: &'static str,
    /// For people.
    pub(crate) text: String,
}

impl Flaw {
    pub(crate) fn new(code: &'static str, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }

    pub(crate) fn of<T>(code: &'static str, text: impl Into<String>) -> Result<T, Self> {
        Err(Self::new(code, text))
    }
}

/// What a shell would take for its own. No shell runs here, but programs further on may use one.
const OF_SHELLS: &[char] =
    &['$', '`', ';', '&', '|', '<', '>', '(', ')', '{', '}', '[', ']', '*', '?', '!', '~', '#', '\'', '"', '\\', '^'];

/// Checks all arguments together and each by itself.
pub(crate) fn check_arguments(argv: &[String]) -> Result<(), Flaw> {
    let length: usize = argv.iter().map(|argument| argument.len().saturating_add(1)).sum();
    if argv.is_empty() {
        return Flaw::of("no_program", "no program is named");
    }
    if argv.len() > MOST_ARGUMENTS {
        return Flaw::of("too_many_arguments", format!("there are more than {MOST_ARGUMENTS} arguments"));
    }
    if length > LONGEST_ARGUMENTS {
        return Flaw::of("too_long", format!("the arguments are longer than {LONGEST_ARGUMENTS} bytes"));
    }
    argv.iter().try_for_each(|argument| check_text(argument))
}

/// Checks that a text is not empty and that everything in it can be seen.
pub(crate) fn check_text(text: &str) -> Result<(), Flaw> {
    if text.is_empty() {
        return Flaw::of("empty", "an argument is empty");
    }
    match text.chars().find(|c| is_hidden(*c)) {
        Some(hidden) => {
            Flaw::of("hidden_character", format!("an argument holds a character that hides: U+{:04X}", hidden as u32))
        }
        None => Ok(()),
    }
}

/// Whether a text holds something that a shell would take for its own.
pub(crate) fn is_for_shells(text: &str) -> bool {
    text.contains(OF_SHELLS)
}

/// Control characters, odd spaces, marks that turn or join text or cannot be seen, what stands for lost bytes,
/// and the fullwidth twins of ASCII.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || (c.is_whitespace() && c != ' ')
        || matches!(c,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FF00}'..='\u{FFA0}' | '\u{FFE0}'..='\u{FFFF}'
            | '\u{E0000}'..='\u{E0FFF}' | '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}')
}

/// Whether a text begins with a dash, or with something that looks like one.
pub(crate) fn is_like_flag(text: &str) -> bool {
    text.starts_with(|c| {
        matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' | '\u{30FC}')
    })
}

/// A text for messages: short, and with nothing hidden left as it is.
pub(crate) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(80).flat_map(escaped).collect();
    if text.chars().nth(80).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

fn escaped(c: char) -> Vec<char> {
    if is_hidden(c) { c.escape_unicode().collect() } else { vec![c] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_is_refused() {
        for text in
            ["", "a\0b", "a\nb", "a\rb", "\u{1b}[2J", "a\u{202e}b", "a\u{200b}b", "\u{a0}", "a\u{fffd}", "；", "－x"]
        {
            assert!(check_text(text).is_err(), "{text:?}");
        }
        for text in ["a", "a b", "ü", "مرحبا", "a;b", "-", "\u{4e2d}"] {
            assert_eq!(check_text(text), Ok(()), "{text:?}");
        }
    }

    #[test]
    fn f81_there_is_an_end_to_arguments() {
        let many = |count: usize, length: usize| vec!["a".repeat(length); count];
        assert_eq!(check_arguments(&many(64, 1)), Ok(()));
        assert_eq!(check_arguments(&many(65, 1)).unwrap_err().code, "too_many_arguments");
        assert_eq!(check_arguments(&many(1, 32 * 1024)).unwrap_err().code, "too_long");
        assert_eq!(check_arguments(&[]).unwrap_err().code, "no_program");
    }

    #[test]
    fn messages_show_what_hides() {
        assert_eq!(shown("a\n\u{202e}"), "`a\\u{a}\\u{202e}`");
        assert_eq!(shown(&"x".repeat(100)).chars().count(), 83);
    }
}
