//! Text that people write: names, in any script, without the tricks that text can play.

use unicode_normalization::UnicodeNormalization;

use crate::problem::FieldError;

/// Cleans a single line that people will read (a name, a label): composed form, no surrounding or
/// doubled blanks, no control characters, no invisible characters that change direction or hide.
///
/// # Errors
/// When it is empty, too long or holds such characters.
pub fn line(field: &str, text: &str, max_chars: usize) -> Result<String, FieldError> {
    let wrong = |code, message: String| FieldError { field: field.to_owned(), code, message };
    let composed: String = text.nfc().collect();
    let line = composed.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() {
        return Err(wrong("empty", "It must not be empty.".into()));
    }
    if line.chars().count() > max_chars {
        return Err(wrong("too_long", format!("It must not be longer than {max_chars} characters.")));
    }
    if let Some(bad) = line.chars().find(|c| is_trick(*c)) {
        let message = format!("It holds the character U+{:04X}, which is invisible or changes direction.", bad as u32);
        return Err(wrong("unsafe_character", message));
    }
    Ok(line)
}

/// Control characters, direction overrides and isolates, zero-width characters other than the
/// joiners that Arabic and Persian need, tags and unassigned look-alikes of nothing.
fn is_trick(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{061c}'
                | '\u{2028}'
                | '\u{2029}'
                | '\u{feff}'
                | '\u{00ad}'
                | '\u{180e}'
        )
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_of_all_scripts_pass_and_are_composed() {
        assert_eq!(line("name", "  Amina\u{a0} Haddad ", 40), Ok("Amina Haddad".into()));
        assert_eq!(line("name", "أمينة حدّاد", 40), Ok("أمينة حدّاد".into()));
        assert_eq!(line("name", "e\u{301}", 40), Ok("é".into()));
    }

    #[test]
    fn tricks_are_refused() {
        for text in ["", " \t ", "a\u{202e}b", "a\u{200b}b", "a\u{0}b", "a\u{1b}[31m", "\u{e0041}"] {
            assert!(line("name", text, 40).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing_more(text in "\\PC{0,60}") {
            if let Ok(once) = line("name", &text, 60) {
                prop_assert_eq!(line("name", &once, 60), Ok(once));
            }
        }
    }
}
