//! Text that people write: names, in any script, without the tricks that text can play.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::problem::FieldError;

/// More marks upon one letter than any script needs.
const MOST_MARKS: usize = 8;

/// Cleans a single line that people will read (a name, a label): composed form, no surrounding or
/// doubled blanks, no control characters, no invisible characters that change direction or hide, and
/// something to be seen. What only chooses between two drawings of the same sign is left out.
///
/// # Errors
/// When it is empty, too long or holds such characters.
pub fn line(field: &str, text: &str, max_chars: usize) -> Result<String, FieldError> {
    let wrong = |code, message: String| FieldError { field: field.to_owned(), code, message };
    let composed: String = text.chars().filter(|c| !is_variation(*c)).nfc().collect();
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
    if !line.chars().any(is_base) {
        return Err(wrong("unsafe_character", "It holds nothing that can be seen.".into()));
    }
    if has_loose_joiner(&line) {
        let message = "It holds an invisible joiner where there is nothing to join.";
        return Err(wrong("unsafe_character", message.into()));
    }
    let letters: Vec<char> = line.chars().collect();
    if letters.windows(MOST_MARKS + 1).any(|run| run.iter().all(|c| is_combining_mark(*c))) {
        return Err(wrong("unsafe_character", format!("It piles more than {MOST_MARKS} marks upon one letter.")));
    }
    Ok(line)
}

/// Something that is seen by itself.
fn is_base(c: char) -> bool {
    !c.is_whitespace() && !is_combining_mark(c) && !is_joiner(c)
}

/// The two joiners that Arabic, the scripts of India and signs made of several signs need.
const fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// Whether a joiner stands where it changes nothing, so that two names look the same.
fn has_loose_joiner(line: &str) -> bool {
    let letters: Vec<char> = line.chars().collect();
    let joins = |at: Option<&char>| at.is_some_and(|c| is_joined(*c));
    let is_loose = |at: usize| !(at > 0 && joins(letters.get(at - 1)) && joins(letters.get(at + 1)));
    (0..letters.len()).any(|at| is_joiner(letters[at]) && is_loose(at))
}

/// Letters and signs whose drawing a joiner changes: Arabic and its relatives, the scripts of South and
/// South-East Asia, Mongolian, pictures.
const fn is_joined(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{10ff}' | '\u{1780}'..='\u{18af}' | '\u{1b00}'..='\u{1bff}' | '\u{2600}'..='\u{27bf}'
        | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}' | '\u{11000}'..='\u{11fff}' | '\u{1f000}'..='\u{1faff}')
}

/// Chooses between drawings of the sign before it and is nothing by itself.
const fn is_variation(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{180b}'..='\u{180d}' | '\u{180f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Control characters, direction overrides and isolates, zero-width characters other than the
/// joiners that some scripts need, fillers, tags and unassigned look-alikes of nothing.
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
                | '\u{034f}'
                | '\u{115f}'
                | '\u{1160}'
                | '\u{17b4}'
                | '\u{17b5}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{ffa0}'
        )
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
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

    #[test]
    fn names_that_nobody_sees_are_refused() {
        for hidden in
            ["\u{3164}", "\u{115f}", "\u{2800}", "\u{34f}", "\u{fe0f}", "\u{200d}", "\u{301}", "\u{200c}\u{200d}"]
        {
            assert!(line("name", hidden, 40).is_err(), "{hidden:?}");
        }
        for disguised in ["A\u{200d}mina", "Amina\u{200c}", "\u{200d}Amina", "ن\u{200c}\u{200c}ن", "Am\u{3164}ina"] {
            assert!(line("name", disguised, 40).is_err(), "{disguised:?}");
        }
        assert_eq!(line("name", "A\u{fe0f}mina", 40), Ok("Amina".into()));
        assert!(line("name", &format!("Z{}", "\u{300}".repeat(10)), 80).is_err());
    }

    #[test]
    fn joiners_and_marks_that_a_script_needs_stay() {
        for name in
            ["می\u{200c}خواهم", "क्\u{200d}ष", "ശ്രീ\u{200d}ല", "မြွှေး", "שָׁלוֹם", "\u{1f469}\u{200d}\u{1f4bb}", "👍"]
        {
            let composed: String = name.nfc().collect();
            assert_eq!(line("name", name, 40), Ok(composed));
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
