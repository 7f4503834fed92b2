//! Seeds of one-time codes: base 32, or the address behind a QR code.

use url::Url;

use super::{Checked, Wrong};

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// RFC 4226 asks for 128 bits; some services still hand out 80. More than a block of SHA-512 adds nothing.
const BITS: std::ops::RangeInclusive<usize> = 80..=1024;

pub(super) fn check(value: &str) -> Result<Checked, Wrong> {
    match Url::parse(value.trim()).ok().filter(|address| address.scheme() == "otpauth") {
        Some(address) => check_address(&address)?,
        None => check_seed(value)?,
    }
    Ok(Checked::default())
}

fn check_seed(seed: &str) -> Result<(), Wrong> {
    let letters: Vec<u8> = seed.trim().trim_end_matches('=').bytes().filter(|b| !b" -".contains(b)).collect();
    if !letters.iter().all(|b| ALPHABET.contains(&b.to_ascii_uppercase())) {
        return Err("A seed of one-time codes is base 32: letters and the digits 2 to 7.");
    }
    // Bytes give so many letters; another number of them is a seed that was cut.
    if !matches!(letters.len() % 8, 0 | 2 | 4 | 5 | 7) {
        return Err("The seed was cut: base 32 never has so many letters.");
    }
    if !BITS.contains(&(letters.len() * 5 / 8 * 8)) {
        return Err("A seed of one-time codes has 80 to 1024 bits: 16 to 205 letters.");
    }
    Ok(())
}

/// Within what authenticators know; others would show codes that never fit.
fn check_address(address: &Url) -> Result<(), Wrong> {
    match address.host_str().map(str::to_ascii_lowercase).as_deref() {
        Some("totp") => {}
        Some("hotp") => return Err("These codes count uses (hotp) instead of time. Only those of time are kept here."),
        _ => return Err("The address is not one of one-time codes: it begins with otpauth://totp/."),
    }
    let parameter = |name: &str| -> Result<Option<String>, Wrong> {
        let mut found = address.query_pairs().filter(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        let first = found.next();
        if found.next().is_some() { Err("The address says something twice.") } else { Ok(first) }
    };
    check_seed(&parameter("secret")?.ok_or("The address has no secret in it.")?)?;
    let known = ["SHA1", "SHA256", "SHA512"];
    if parameter("algorithm")?.is_some_and(|name| !known.contains(&&*name.to_ascii_uppercase())) {
        return Err("The algorithm must be SHA1, SHA256 or SHA512.");
    }
    let within = |name, range: std::ops::RangeInclusive<u16>| -> Result<bool, Wrong> {
        Ok(parameter(name)?.is_none_or(|number| number.parse().is_ok_and(|number| range.contains(&number))))
    };
    if !within("digits", 6..=8)? {
        return Err("The codes must have 6 to 8 digits.");
    }
    if !within("period", 15..=300)? {
        return Err("A code must count for 15 to 300 seconds.");
    }
    parameter("issuer").map(|_| ())
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
    use proptest::prelude::*;

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
        for good in [
            seed.clone(),
            seed.to_lowercase(),
            "JBSW Y3DP-EHPK 3PXP".into(),
            "MZXW6YTBOJTG633CMFZGM3Y=".into(),
            format!("otpauth://totp/a:b?issuer=a&secret={seed}&digits=6"),
            format!("otpauth://totp/GitHub:a%20b?secret={seed}&algorithm=sha512&digits=8&period=60&image=x"),
            format!("OTPAUTH://TOTP/?secret={seed}&period=15"),
        ] {
            assert_eq!(check(&good), Ok(Checked::default()), "{good}");
        }
        for bad in [
            "ABCDEFG",
            "AAAAAAAAAAAAAAA1",
            "AAAAAAAA=AAAAAAA",
            "AAAAAAAAAAAAAAAAA",
            &"A".repeat(208),
            "otpauth://totp/a:b?issuer=a",
            "otpauth://steam/a?secret=AAAAAAAAAAAAAAAA",
            "https://totp/a?secret=AAAAAAAAAAAAAAAA",
            "otpauth://totp/a?secret=short",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
        for bad in [
            "digits=99",
            "digits=5",
            "digits=",
            "digits=six",
            "period=0",
            "period=14",
            "period=301",
            "algorithm=MD5",
            "algorithm=",
            "secret=AAAAAAAAAAAAAAAA",
            "digits=6&digits=6",
            "issuer=a&issuer=b",
        ] {
            assert!(check(&format!("otpauth://totp/a?secret={seed}&{bad}")).is_err(), "{bad}");
        }
        let counting = check(&format!("otpauth://hotp/a?secret={seed}&counter=0")).unwrap_err();
        assert!(counting.contains("hotp"), "{counting}");
    }

    proptest! {
        #[test]
        fn whatever_bytes_make_is_a_seed_and_not_when_letters_are_missing(bytes in proptest::collection::vec(any::<u8>(), 10..=128)) {
            let seed = base32(&bytes);
            prop_assert!(check(&seed).is_ok(), "{}", seed);
            let cut = [1, 3, 6].map(|left| check(&seed[..seed.len() / 8 * 8 - 8 + left]).is_err());
            prop_assert_eq!(cut, [true; 3]);
        }
    }
}
