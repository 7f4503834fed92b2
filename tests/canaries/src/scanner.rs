//! Looks for many texts at once in whatever bytes there are, in every form in which a text may lie there.

use std::collections::{HashMap, HashSet};

/// What a form is known by: its beginning and its end, so that a value that was cut is found by what is left.
/// Half of it each, within these bounds: sixteen letters of a list of numbers are four bytes, which a log that
/// lists random bytes has by chance in one run of thirty.
const NEEDLE: usize = 16;
const LONGEST_NEEDLE: usize = 64;
/// Only every eighth place is looked at; a needle is known by the window that begins there, whichever of
/// its first eight it is.
const STEP: usize = 8;
const PAGE: usize = 4096;
/// So many bits say of most windows at once that no needle has them.
const FILTER_BITS: u32 = 22;

/// Texts that are looked for.
#[derive(Debug)]
pub struct Scanner {
    needles: Vec<(Vec<u8>, usize)>,
    windows: HashMap<u64, Vec<(usize, usize)>>,
    filter: Vec<u64>,
}

impl Scanner {
    /// Looks for texts, each known by its forms.
    pub(crate) fn of(texts: impl IntoIterator<Item = Vec<Vec<u8>>>) -> Self {
        let (mut needles, mut seen) = (vec![], HashSet::new());
        for (of, forms) in texts.into_iter().enumerate() {
            for form in forms {
                let length = (form.len() / 2).clamp(NEEDLE, LONGEST_NEEDLE);
                for needle in [&form[..length], &form[form.len() - length..]] {
                    if seen.insert(needle.to_vec()) {
                        needles.push((needle.to_vec(), of));
                    }
                }
            }
        }
        let mut this = Self { needles, windows: HashMap::new(), filter: vec![0; 1 << (FILTER_BITS - 6)] };
        for (at, (needle, _)) in this.needles.iter().enumerate() {
            for begin in 0..STEP {
                let window = window(&needle[begin..]);
                let bit = bit(window);
                this.filter[bit / 64] |= 1 << (bit % 64);
                this.windows.entry(window).or_default().push((at, begin));
            }
        }
        this
    }

    /// How many patterns that makes.
    pub const fn patterns(&self) -> usize {
        self.needles.len()
    }

    /// Which of the texts are in there.
    pub fn find(&self, bytes: &[u8]) -> HashSet<usize> {
        let mut found = HashSet::new();
        for (number, page) in bytes.chunks(PAGE).enumerate() {
            // Most of a process's memory was never touched.
            if page == &[0; PAGE][..page.len()] {
                continue;
            }
            for (at, eight) in page.chunks_exact(STEP).enumerate() {
                let window = window(eight);
                let bit = bit(window);
                if self.filter[bit / 64] & (1 << (bit % 64)) == 0 {
                    continue;
                }
                for (needle, begin) in self.windows.get(&window).into_iter().flatten() {
                    let place = number * PAGE + at * STEP;
                    let (needle, of) = &self.needles[*needle];
                    if place >= *begin && bytes[place - begin..].starts_with(needle) {
                        found.insert(*of);
                    }
                }
            }
        }
        found
    }
}

fn window(bytes: &[u8]) -> u64 {
    bytes.first_chunk().copied().map_or(0, u64::from_le_bytes)
}

fn bit(window: u64) -> usize {
    (window.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - FILTER_BITS)) as usize
}

/// Plain; in base 64 of both alphabets, wherever in a longer text it stands; in hexadecimal digits; as a
/// list of numbers; and what is text as in an address, as in JSON and in UTF-16.
pub(crate) fn forms(bytes: &[u8]) -> Vec<Vec<u8>> {
    assert!(bytes.len() >= 24, "{bytes:?} is too short to look for");
    let mut forms = vec![bytes.to_vec()];
    for alphabet in ["+/", "-_"] {
        forms.extend((0..3).map(|before| base64(bytes, before, alphabet.as_bytes())));
    }
    let each =
        |of: &dyn Fn(&u8) -> String, between: &str| bytes.iter().map(of).collect::<Vec<_>>().join(between).into_bytes();
    forms.push(each(&|b| format!("{b:02x}"), ""));
    forms.push(each(&|b| format!("{b:02X}"), ""));
    forms.extend([",", ", "].map(|between| each(&u8::to_string, between)));
    let Ok(text) = std::str::from_utf8(bytes) else { return forms };
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    forms.push(each(&|b| if is_plain(*b) { char::from(*b).to_string() } else { format!("%{b:02X}") }, ""));
    let json = serde_json::Value::from(text).to_string();
    forms.push(json.as_bytes()[1..json.len() - 1].to_vec());
    forms.push(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
    forms.push(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
    forms
}

/// What of a longer text's base 64 is certain, when so many bytes of it stand before these.
fn base64(bytes: &[u8], before: usize, last: &[u8]) -> Vec<u8> {
    let letters: Vec<u8> = (b'A'..=b'Z').chain(b'a'..=b'z').chain(b'0'..=b'9').chain(last.iter().copied()).collect();
    let padded: Vec<u8> = std::iter::repeat_n(0, before).chain(bytes.iter().copied()).collect();
    let letter = |at: usize| {
        let (byte, shift) = (at * 6 / 8, at * 6 % 8);
        let pair = u16::from(padded[byte]) << 8 | padded.get(byte + 1).copied().map_or(0, u16::from);
        letters[usize::from(pair >> (10 - shift) & 63)]
    };
    ((before * 8).div_ceil(6)..padded.len() * 8 / 6).map(letter).collect()
}

#[test]
fn a_few_numbers_that_are_the_same_are_no_secret() {
    let text = "first: \"%4}y&R<9\\aQz;K8@w!uP";
    let scanner = Scanner::of([forms(text.as_bytes())]);
    let listed = |bytes: &[u8]| format!("{bytes:?}").into_bytes();
    assert_eq!(scanner.find(&listed(&text.as_bytes()[..5])), HashSet::new());
    assert_eq!(scanner.find(&listed(&text.as_bytes()[..16])), HashSet::from([0]));
}

#[test]
fn every_form_is_found_wherever_it_stands_and_nothing_else_is() {
    let texts = ["first: \"%4}y&R<9\\aQz;K8@w!uP", "second-0123456789-abcdefgh", "third-zyxwvutsrqponm-9876"];
    let scanner = Scanner::of(texts.map(|text| forms(text.as_bytes())));
    for (of, text) in texts.iter().enumerate() {
        let plain = text.as_bytes();
        let twelve = [b"xx".as_slice(), plain, b"xx"].concat();
        for form in forms(plain).into_iter().chain([base64(&twelve, 1, b"+/"), plain[..NEEDLE].to_vec()]) {
            for before in [0, 1, 2, 3, 4, 5, 6, 7, 8, 4090, 8191] {
                let bytes = [&vec![0; before][..], &form, &[1; 5]].concat();
                assert_eq!(scanner.find(&bytes), HashSet::from([of]), "{form:?} after {before}");
            }
        }
        assert_eq!(scanner.find(&plain[1..NEEDLE]), HashSet::new());
    }
    assert_eq!(base64(b"any carnal pleas", 0, b"+/"), b"YW55IGNhcm5hbCBwbGVhc");
}
