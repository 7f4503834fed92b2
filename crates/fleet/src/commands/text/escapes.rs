//! Passes over the escape codes of terminals: colours, titles, moves of the cursor.

/// No code is longer: what begins like one and goes on is text again.
const LONGEST: usize = 4096;

const ESCAPE: u8 = 0x1b;
const BELL: u8 = 0x07;
const CANCEL: u8 = 0x18;
const SUBSTITUTE: u8 = 0x1a;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// Behind the escape character.
    Begun,
    /// In a code of two or three characters (ECMA-48, 5.3.1).
    Short,
    /// In a control sequence: `ESC [` and so on.
    Sequence,
    /// In a string: a title, a link, an image.
    Words,
    /// Behind an escape character in one, which may end it.
    WordsEnd,
}

/// Passes over codes, however what is said is cut into pieces. No code goes beyond its line.
#[derive(Debug, Clone, Default)]
pub(crate) struct Escapes {
    state: State,
    /// How much of the code has been passed over.
    passed: usize,
}

impl Escapes {
    /// Gives the text in the next piece: each run of it with its place in the piece.
    pub(crate) fn pass<'a>(&mut self, piece: &'a [u8], mut text: impl FnMut(usize, &'a [u8])) {
        let mut at = 0;
        while let Some(rest) = piece.get(at..).filter(|rest| !rest.is_empty()) {
            if self.state == State::Text {
                let run = memchr::memchr(ESCAPE, rest).unwrap_or(rest.len());
                if run > 0 {
                    text(at, &rest[..run]);
                }
                if run < rest.len() {
                    (self.state, self.passed) = (State::Begun, 0);
                }
                at += run + 1;
                continue;
            }
            self.passed += 1;
            let next = if self.passed > LONGEST { None } else { self.state.after(rest[0]) };
            match next {
                Some(state) => (self.state, at) = (state, at + 1),
                // It was no code after all: this is text, or begins another code.
                None => self.state = State::Text,
            }
        }
    }

    /// How many bytes of a code that has not ended were passed over.
    pub(crate) fn pending(&self) -> usize {
        if self.state == State::Text { 0 } else { self.passed + 1 }
    }
}

impl State {
    /// What follows a byte that belongs to the code; `None` when it does not.
    fn after(self, byte: u8) -> Option<Self> {
        match (self, byte) {
            (Self::Text, _) | (_, b'\n') => None,
            (_, CANCEL | SUBSTITUTE) => Some(Self::Text),
            (Self::Words, BELL) | (Self::WordsEnd, b'\\') => Some(Self::Text),
            (Self::Words, ESCAPE) => Some(Self::WordsEnd),
            (Self::Words, _) => Some(Self::Words),
            (_, ESCAPE) => Some(Self::Begun),
            (Self::Begun | Self::WordsEnd, b'[') => Some(Self::Sequence),
            (Self::Begun | Self::WordsEnd, b']' | b'P' | b'X' | b'^' | b'_') => Some(Self::Words),
            (Self::Begun | Self::WordsEnd | Self::Short, 0x20..=0x2f) => Some(Self::Short),
            (Self::Begun | Self::WordsEnd | Self::Short, 0x30..=0x7e) => Some(Self::Text),
            (Self::Sequence, 0x20..=0x3f) => Some(Self::Sequence),
            (Self::Sequence, 0x40..=0x7e) => Some(Self::Text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text_of(said: &[u8], cuts: &[usize]) -> Vec<u8> {
        let (mut escapes, mut text, mut rest) = (Escapes::default(), vec![], said);
        for cut in cuts.iter().copied().chain([said.len()]) {
            let (piece, later) = rest.split_at(cut.min(rest.len()));
            escapes.pass(piece, |at, run| {
                assert_eq!(&piece[at..at + run.len()], run);
                text.extend_from_slice(run);
            });
            rest = later;
        }
        text
    }

    #[test]
    fn codes_are_passed_over_and_text_is_not() {
        for (said, text) in [
            ("plain\r\n\ttext", "plain\r\n\ttext"),
            ("\x1b[1;31merror\x1b[0m: no", "error: no"),
            ("\x1b]0;title\x07said", "said"),
            ("\x1b]8;;https://e.org\x1b\\link\x1b]8;;\x1b\\!", "link!"),
            ("\x1bPq#0;2;0;0;0\x1b\\image", "image"),
            ("\x1b(Bascii\x1b=\x1bM", "ascii"),
            ("a\x1b[2Kb\x1b[?25lc", "abc"),
            ("\x1b[31\nnext line", "\nnext line"),
            ("\x1b]0;never ends\nnext", "\nnext"),
            ("\x1b\x1b[1mtwice", "twice"),
            ("\x1b[12\x18cancelled", "cancelled"),
            ("\x1bé", "é"),
            ("\x1b[\u{1b}[0mx", "x"),
            ("ends with \x1b", "ends with "),
        ] {
            assert_eq!(String::from_utf8_lossy(&text_of(said.as_bytes(), &[])), text, "{said:?}");
        }
    }

    #[test]
    fn what_only_begins_like_a_code_does_not_swallow_what_comes() {
        let said = [b"\x1b]0;".to_vec(), vec![b'x'; 10_000], b"end".to_vec()].concat();
        let text = text_of(&said, &[]);
        assert!(text.len() < 7000 && text.ends_with(b"xend"), "{}", text.len());
        let mut escapes = Escapes::default();
        escapes.pass(b"abc\x1b[3", |_, _| {});
        assert_eq!(escapes.pending(), 3);
        escapes.pass(b"1mx", |_, _| {});
        assert_eq!(escapes.pending(), 0);
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_it_is_cut(
            said in proptest::collection::vec(prop_oneof![Just(0x1b), Just(b'['), Just(b']'), Just(b'm'), Just(7), Just(b'\\'), Just(b'\n'), any::<u8>()], 0..300),
            cuts in proptest::collection::vec(0usize..40, 0..30),
        ) {
            let text = text_of(&said, &cuts);
            prop_assert_eq!(&text, &text_of(&said, &[]));
            let lines = |bytes: &[u8]| bytes.iter().filter(|b| **b == b'\n').count();
            prop_assert_eq!(lines(&text), lines(&said), "no line is lost");
        }
    }
}
