//! The password hash: argon2id with a server-side key, written in the usual `$argon2id$…` form.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// What a hash costs to compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cost {
    pub(crate) memory_kib: u32,
    pub(crate) passes: u32,
    pub(crate) lanes: u32,
}

/// A stored hash, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) cost: Cost,
    pub(super) salt: [u8; 16],
    pub(super) digest: [u8; 32],
}

pub(super) fn compute(password: &[u8], pepper: &[u8], salt: &[u8], cost: Cost) -> Result<[u8; 32], argon2::Error> {
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32))?;
    let mut digest = [0; 32];
    let argon = Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, params)?;
    argon.hash_password_into(password, salt, &mut digest)?;
    Ok(digest)
}

pub(super) fn write(cost: Cost, salt: &[u8; 16], digest: &[u8; 32]) -> String {
    let Cost { memory_kib, passes, lanes } = cost;
    let (salt, digest) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(digest));
    format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${digest}")
}

pub(super) fn read(text: &str) -> Option<Stored> {
    let mut parts = text.strip_prefix("$argon2id$v=19$")?.split('$');
    let (Some(cost), Some(salt), Some(digest), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return None;
    };
    let mut numbers = cost.split(',');
    let mut number = |name: &str| numbers.next()?.strip_prefix(name)?.parse().ok();
    let cost = Cost { memory_kib: number("m=")?, passes: number("t=")?, lanes: number("p=")? };
    let bytes = |text: &str| STANDARD_NO_PAD.decode(text).ok();
    Some(Stored { cost, salt: bytes(salt)?.try_into().ok()?, digest: bytes(digest)?.try_into().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_hash_survives_its_text(memory_kib: u32, passes: u32, lanes: u32, salt: [u8; 16], digest: [u8; 32]) {
            let cost = Cost { memory_kib, passes, lanes };
            prop_assert_eq!(read(&write(cost, &salt, &digest)), Some(Stored { cost, salt, digest }));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC*") {
            let _ = read(&text);
            let _ = read(&format!("$argon2id$v=19${text}"));
        }
    }
}
