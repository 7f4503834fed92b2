//! Seeds of one-time codes: base 32, or the address behind a QR code.

use super::{Checked, Wrong};

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// RFC 4226 asks for 128 bits; some services still hand out 80.
const LEAST_BITS: usize = 80;

pub(super) fn check(value: &str) -> Result<Checked, Wrong> {
    let seed = match value.strip_prefix("otpauth://totp/") {
        Some(rest) => parameter(rest, "secret").ok_or("The address has no secret in it.")?,
        None => value,
    };
    let letters: Vec<u8> = seed.bytes().filter(|b| !matches!(b, b' ' | b'-' | b'=')).collect();
    if !letters.iter().all(|b| ALPHABET.contains(&b.to_ascii_uppercase())) {
        return Err("A seed of one-time codes is base 32: letters and the digits 2 to 7.");
    }
    if letters.len() * 5 < LEAST_BITS {
        return Err("A seed of one-time codes has at least 80 bits: 16 letters.");
    }
    Ok(Checked::default())
}

fn parameter<'a>(address: &'a str, name: &str) -> Option<&'a str> {
    let query = address.split_once('?')?.1;
    query.split('&').find_map(|pair| pair.split_once('=').filter(|(k, _)| *k == name).map(|(_, v)| v))
}

/// Bytes in base 32, without padding.
pub(crate) fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for chunk in bytes.chunks(5) {
        let mut block = [0; 8];
        block[3..3 + chunk.len()].copy_from_slice(chunk);
        let bits = u64::from_be_bytes(block);
        for place in 0..(chunk.len() * 8).div_ceil(5) {
            text.push(char::from(ALPHABET[(bits >> (35 - 5 * place) & 31) as usize]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4648, section 10, without the padding.
    #[test]
    fn base32_is_that_of_the_standard() {
        for (bytes, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn seeds_come_as_letters_or_as_an_address() {
        let seed = base32(&[7; 20]);
        for good in [seed.clone(), seed.to_lowercase(), format!("otpauth://totp/a:b?issuer=a&secret={seed}&digits=6")] {
            assert!(check(&good).is_ok(), "{good}");
        }
        for bad in ["ABCDEFG", "otpauth://totp/a:b?issuer=a", "AAAAAAAAAAAAAAA1"] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
