//! The forms in which a program shows a secret without meaning to: as it is, line by line, and as usual ways of
//! writing things down have it.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use zeroize::{Zeroize, Zeroizing};

/// Shorter ones would be found everywhere by chance.
const SHORTEST: usize = 4;
/// What stands in the middle of something else in base 64 has to be longer to be known again.
const SHORTEST_WITHIN: usize = 8;
/// How long the lines are that programs cut base 64 into.
const WIDTHS: [usize; 2] = [64, 76];

/// One form.
type Form = Zeroizing<Vec<u8>>;

/// All forms of a secret, some of them more than once; none of one that is too short to be looked for.
pub(super) fn of(secret: &str) -> Vec<Form> {
    let mut forms = vec![];
    if secret.len() < SHORTEST {
        return forms;
    }
    let mut add = |form: &mut String, least: usize| {
        if form.len() >= least {
            forms.push(Zeroizing::new(form.as_bytes().to_vec()));
        }
        form.zeroize();
    };
    add(&mut secret.to_owned(), SHORTEST);
    add(&mut secret.trim().to_owned(), SHORTEST);
    if secret.contains(['\n', '\r']) {
        secret.split(['\n', '\r']).for_each(|line| {
            add(&mut line.to_owned(), SHORTEST);
            add(&mut line.trim().to_owned(), SHORTEST);
        });
    }
    for manner in [Json::Short, Json::Ascii, Json::ForHtml, Json::WithSlashes] {
        add(&mut json(secret, manner), SHORTEST);
    }
    for manner in [Percent::Upper, Percent::Lower, Percent::Component, Percent::Form] {
        add(&mut percent(secret, manner), SHORTEST);
    }
    for (engine, with_padding) in [(&STANDARD_NO_PAD, &STANDARD), (&URL_SAFE_NO_PAD, &URL_SAFE)] {
        let mut whole = with_padding.encode(secret);
        for width in WIDTHS.into_iter().filter(|width| whole.len() > *width) {
            let lines = whole.as_bytes().chunks(width);
            lines.for_each(|line| add(&mut String::from_utf8_lossy(line).into_owned(), SHORTEST));
        }
        add(&mut whole, SHORTEST);
        add(&mut engine.encode(secret), SHORTEST);
        (0..3).for_each(|before| add(&mut within(secret, before, |bytes| engine.encode(bytes)), SHORTEST_WITHIN));
    }
    forms
}

/// What is always there of a secret when it stands in the middle of something in base 64, behind so many bytes
/// of the last three.
fn within(secret: &str, before: usize, encode: impl Fn(&[u8]) -> String) -> String {
    let bytes = Zeroizing::new([&[0; 2][..before], secret.as_bytes()].concat());
    let text = Zeroizing::new(encode(&bytes));
    // Six bits a letter; those that hold a bit of something else are not certain.
    let (first, last) = ((8 * before).div_ceil(6), 8 * bytes.len() / 6);
    text.get(first..last).unwrap_or_default().to_owned()
}

/// How JSON is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Json {
    /// Only what has to be is written otherwise.
    Short,
    /// Everything that is not ASCII too.
    Ascii,
    /// And what means something in HTML.
    ForHtml,
    /// As `Ascii`, with every slash behind another one.
    WithSlashes,
}

fn json(secret: &str, manner: Json) -> String {
    let mut text = String::with_capacity(2 * secret.len());
    let mut units = [0; 2];
    for c in secret.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '/' if manner == Json::WithSlashes => text.push_str("\\/"),
            c if is_spelled_out(c, manner) => c.encode_utf16(&mut units).iter().for_each(|unit| {
                // Writing into memory cannot fail.
                let _ = write!(text, "\\u{unit:04x}");
            }),
            c => text.push(c),
        }
    }
    text
}

fn is_spelled_out(c: char, manner: Json) -> bool {
    c.is_ascii_control() && c != '\u{7f}'
        || match manner {
            Json::Short => false,
            Json::Ascii | Json::WithSlashes => !c.is_ascii(),
            Json::ForHtml => matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}'),
        }
}

/// How addresses are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Percent {
    /// Everything but letters, digits and `-._~`, in capital letters.
    Upper,
    /// The same in small ones.
    Lower,
    /// As browsers write a part of an address.
    Component,
    /// As forms are sent.
    Form,
}

fn percent(secret: &str, manner: Percent) -> String {
    let mut text = String::with_capacity(3 * secret.len());
    for byte in secret.bytes() {
        let is_plain = byte.is_ascii_alphanumeric()
            || match manner {
                Percent::Upper | Percent::Lower => b"-._~".contains(&byte),
                Percent::Component => b"-._~!'()*".contains(&byte),
                Percent::Form => b"-._*".contains(&byte),
            };
        // Writing into memory cannot fail.
        let _ = match (is_plain, manner) {
            (true, _) => text.write_char(char::from(byte)),
            (false, Percent::Form) if byte == b' ' => text.write_char('+'),
            (false, Percent::Lower) => write!(text, "%{byte:02x}"),
            (false, _) => write!(text, "%{byte:02X}"),
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(secret: &str, form: &str) -> bool {
        of(secret).iter().any(|found| found.as_slice() == form.as_bytes())
    }

    #[test]
    fn a_secret_is_known_in_every_usual_form() {
        let secret = "p@ss/w0rd \"1\"?>é";
        for form in [
            secret,
            // As python, node, jq and php write them.
            "cEBzcy93MHJkICIxIj8+w6k=",
            "cEBzcy93MHJkICIxIj8+w6k",
            "cEBzcy93MHJkICIxIj8-w6k=",
            "cEBzcy93MHJkICIxIj8-w6k",
            "p@ss/w0rd \\\"1\\\"?>é",
            "p@ss/w0rd \\\"1\\\"?>\\u00e9",
            "p@ss/w0rd \\\"1\\\"?\\u003eé",
            "p@ss\\/w0rd \\\"1\\\"?>\\u00e9",
            "p%40ss%2Fw0rd%20%221%22%3F%3E%C3%A9",
            "p%40ss%2fw0rd%20%221%22%3f%3e%c3%a9",
            "p%40ss%2Fw0rd+%221%22%3F%3E%C3%A9",
        ] {
            assert!(has(secret, form), "{form}");
        }
        assert!(has("🔑 key", "\\ud83d\\udd11 key"));
    }

    #[test]
    fn it_is_known_in_the_middle_of_base_64_too() {
        for before in ["", "u", "us", "use", "user:"] {
            let text = STANDARD.encode(format!("{before}hunter2-hunter2\n"));
            assert!(of("hunter2-hunter2").iter().any(|form| text.contains(&*String::from_utf8_lossy(form))), "{text}");
        }
    }

    #[test]
    fn every_line_that_is_long_enough_is_one() {
        let key = "-----BEGIN-----\nline one\r\n  abc\nab\n-----END-----\n";
        for line in ["-----BEGIN-----", "line one", "-----END-----", "  abc"] {
            assert!(has(key, line), "{line}");
        }
        assert!(!has(key, "ab") && !has(key, "abc") && has("token\n", "token"));
        assert_eq!(of("abc").len(), 0);
        let long = "x".repeat(100);
        let wrapped = STANDARD.encode(&long);
        assert!(has(&long, &wrapped[..76]) && has(&long, &wrapped[76..]) && has(&long, &wrapped[64..128]));
    }
}
