//! What is tried first: the passwords that everybody uses, however they are dressed up.
//!
//! `common.txt` lists the words that such passwords are made of. A password is guessed early when it
//! is one such word (once or repeated), with nothing around it but digits, signs, runs along the
//! keyboard or the alphabet, and repeated characters.

use std::collections::HashSet;
use std::sync::LazyLock;

/// The words, one a line, already plain; sorted, so that a change shows well.
const LIST: &str = include_str!("common.txt");

const LONGEST_WORD: usize = 28;

static WORDS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| LIST.lines().collect());

/// Rows of keys and letters that fingers run along.
const RUNS: &[&str] = &[
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "qazwsxedcrfvtgbyhnujm",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "zaq12wsxcde34rfv",
];

/// What is left of a password must weigh at least this much: four letters that do not follow from
/// the one before, or eight digits.
const ENOUGH: usize = 8;

/// A password with and without its disguise, character by character.
#[derive(Debug, Clone)]
pub(super) struct Dressed {
    shown: Vec<char>,
    plain: Vec<char>,
}

impl Dressed {
    pub(super) fn new(text: &str) -> Self {
        let shown: Vec<char> = text.to_lowercase().chars().collect();
        let plain = shown.iter().copied().map(undress).collect();
        Self { shown, plain }
    }

    /// What is left without a (plain) word, wherever it stands.
    pub(super) fn without(&self, word: &str) -> Self {
        let word: Vec<char> = word.chars().collect();
        let (mut rest, mut at) = (Self { shown: vec![], plain: vec![] }, 0);
        while at < self.plain.len() {
            if !word.is_empty() && self.plain[at..].starts_with(&word) {
                at += word.len();
                continue;
            }
            rest.shown.push(self.shown[at]);
            rest.plain.push(self.plain[at]);
            at += 1;
        }
        rest
    }

    pub(super) fn len(&self) -> usize {
        self.shown.len()
    }

    /// Whether hardly anything in it has to be guessed: it repeats, or runs along the keyboard.
    pub(super) fn is_weightless(&self) -> bool {
        let unit = &self.shown[..period(&self.shown)];
        let before = std::iter::once(None).chain(unit.iter().copied().map(Some));
        let weights = unit.iter().zip(before).map(|(c, before)| match before {
            Some(before) if follows(before, *c) => 0,
            _ if c.is_alphabetic() => 2,
            _ if c.is_whitespace() => 0,
            _ => 1,
        });
        weights.sum::<usize>() < ENOUGH
    }

    /// Whether it is among the first that are tried.
    pub(super) fn is_guessed_early(&self) -> bool {
        self.is_weightless() || self.words().iter().any(|word| self.without(word).is_weightless())
    }

    /// The listed words that it holds, wherever they stand.
    fn words(&self) -> HashSet<String> {
        let starts = 0..self.plain.len();
        let pieces = starts.flat_map(|at| (3..=LONGEST_WORD).filter_map(move |n| self.plain.get(at..at + n)));
        pieces.map(|piece| piece.iter().collect::<String>()).filter(|w| WORDS.contains(w.as_str())).collect()
    }
}

/// The words in a text that people know its owner by, without their disguise, the longest first.
pub(super) fn plain_words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|w| w.chars().count() >= 3);
    let mut words: Vec<String> = words.map(|w| w.to_lowercase().chars().map(undress).collect()).collect();
    words.sort_by_key(|w| std::cmp::Reverse(w.len()));
    words
}

/// The letter that a sign or digit stands in for.
const fn undress(c: char) -> char {
    match c {
        '@' | '4' => 'a',
        '8' => 'b',
        '3' | '€' => 'e',
        '6' | '9' => 'g',
        '1' | '!' | '|' => 'i',
        '0' => 'o',
        '5' | '$' => 's',
        '7' | '+' => 't',
        '2' => 'z',
        other => other,
    }
}

/// The length of the piece that the whole consists of, again and again.
fn period(text: &[char]) -> usize {
    let repeats = |unit: &usize| text.iter().zip(&text[*unit..]).all(|(a, b)| a == b);
    (1..text.len()).find(repeats).unwrap_or(text.len())
}

fn follows(before: char, after: char) -> bool {
    let has = |run: &&str| {
        let keys = run.as_bytes();
        keys.windows(2).any(|pair| {
            let pair = (char::from(pair[0]), char::from(pair[1]));
            pair == (before, after) || pair == (after, before)
        })
    };
    before == after || RUNS.iter().any(has)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_list_is_plain_sorted_and_without_doubles() {
        let lines: Vec<&str> = LIST.lines().collect();
        assert!(lines.len() > 3000, "{}", lines.len());
        assert!(lines.is_sorted_by(|a, b| a < b));
        for line in lines {
            let dressed = Dressed::new(line);
            assert_eq!(dressed.shown, dressed.plain, "{line}");
            assert!((3..=LONGEST_WORD).contains(&dressed.len()), "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,80}", word in "\\PC{0,9}") {
            let dressed = Dressed::new(&text);
            let _ = dressed.is_guessed_early();
            prop_assert!(dressed.without(&word).len() <= dressed.len());
        }

        #[test]
        fn a_listed_word_with_digits_around_it_is_guessed(at in 0usize..3000, digits in "[0-9]{0,6}") {
            let word = LIST.lines().nth(at).unwrap();
            let text = format!("{}{digits}!", word.to_uppercase());
            prop_assert!(Dressed::new(&text).is_guessed_early());
        }
    }
}
