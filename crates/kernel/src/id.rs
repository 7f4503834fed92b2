//! Typed, prefixed, time-sortable ids: `usr_01k9…`.
//!
//! An id is a UUIDv7 (48 bits of milliseconds, then chance) written in Crockford's base 32 behind a
//! prefix that names its kind, so that an id pasted into the wrong place is refused by its look.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::world::World;

/// A kind of thing that has ids.
pub trait Kind: 'static {
    /// What stands before the underscore: three or four lower-case letters.
    const PREFIX: &'static str;
    /// What the API description calls the ids of this kind.
    const SCHEMA: &'static str = Self::PREFIX;
}

/// Declares kinds: `id_kinds! { User = "usr", Session = "ses" }`.
#[macro_export]
macro_rules! id_kinds {
    ($($(#[$meta:meta])* $name:ident = $prefix:literal),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {}
        impl $crate::id::Kind for $name {
            const PREFIX: &'static str = $prefix;
            const SCHEMA: &'static str = concat!(stringify!($name), "Id");
        }
    )+};
}

id_kinds! {
    /// A person.
    User = "usr",
    /// A signed-in browser or program.
    Session = "ses",
    /// An API token for automation.
    ApiToken = "tok",
    /// One request to the API.
    Request = "req",
}

/// The id of a person. (The API description needs names without parameters.)
pub type UserId = Id<User>;
/// The id of a session.
pub type SessionId = Id<Session>;
/// The id of an API token.
pub type ApiTokenId = Id<ApiToken>;
/// The id of a request.
pub type RequestId = Id<Request>;

/// The id of one `K`.
pub struct Id<K> {
    bits: u128,
    kind: PhantomData<fn() -> K>,
}

/// Why a text is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id of the form {prefix}_ and 26 letters or digits")]
pub struct ParseIdError {
    prefix: &'static str,
}

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LETTERS: usize = 26;
const LONGEST_PREFIX: usize = 4;

impl<K: Kind> Id<K> {
    /// A new id: sortable by the world's clock, unguessable by its chance.
    pub fn new(world: &World) -> Self {
        let mut chance = [0u8; 10];
        world.fill_ahead(&mut chance);
        let mut bits = [0u8; 16];
        bits[..6].copy_from_slice(&world.now().as_millis().to_be_bytes()[2..]);
        bits[6..].copy_from_slice(&chance);
        bits[6] = (bits[6] & 0x0f) | 0x70;
        bits[8] = (bits[8] & 0x3f) | 0x80;
        Self::from_bits(u128::from_be_bytes(bits))
    }

    /// The id with exactly these bits.
    pub const fn from_bits(bits: u128) -> Self {
        Self { bits, kind: PhantomData }
    }

    /// Exactly its bits.
    pub const fn bits(self) -> u128 {
        self.bits
    }
}

impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Written in one piece: ids are written often, and each piece may make its reader's buffer grow.
        let mut text = [0u8; LONGEST_PREFIX + 1 + LETTERS];
        let (prefix, letters) = text.split_at_mut(LONGEST_PREFIX + 1);
        let mut rest = self.bits;
        for letter in letters.iter_mut().rev() {
            *letter = ALPHABET[(rest & 31) as usize];
            rest >>= 5;
        }
        const { assert!(K::PREFIX.len() <= LONGEST_PREFIX) };
        let begin = LONGEST_PREFIX - K::PREFIX.len();
        prefix[begin..LONGEST_PREFIX].copy_from_slice(K::PREFIX.as_bytes());
        prefix[LONGEST_PREFIX] = b'_';
        f.write_str(std::str::from_utf8(&text[begin..]).map_err(|_| fmt::Error)?)
    }
}

impl<K: Kind> FromStr for Id<K> {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let wrong = ParseIdError { prefix: K::PREFIX };
        let letters = text
            .strip_prefix(K::PREFIX)
            .and_then(|t| t.strip_prefix('_'))
            .filter(|t| t.len() == LETTERS)
            .ok_or_else(|| wrong.clone())?;
        let mut bits: u128 = 0;
        for (place, byte) in letters.bytes().enumerate() {
            let value = ALPHABET.iter().position(|l| *l == byte).ok_or_else(|| wrong.clone())?;
            // 26 letters hold 130 bits: the first letter may only use its lower three.
            if place == 0 && value > 7 {
                return Err(wrong);
            }
            bits = (bits << 5) | value as u128;
        }
        Ok(Self::from_bits(bits))
    }
}

impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.bits == other.bits
    }
}
impl<K> Eq for Id<K> {}
impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bits.hash(state);
    }
}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.bits.cmp(&other.bits)
    }
}

impl<K: Kind> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, K: Kind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl<K: Kind> utoipa::PartialSchema for Id<K> {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some(format!("^{}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$", K::PREFIX)))
            .into()
    }
}

impl<K: Kind> utoipa::ToSchema for Id<K> {
    fn name() -> std::borrow::Cow<'static, str> {
        K::SCHEMA.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    enum Lamp {}
    impl Kind for Lamp {
        const PREFIX: &'static str = "lmp";
    }
    enum Table {}
    impl Kind for Table {
        const PREFIX: &'static str = "tbl";
    }

    proptest! {
        #[test]
        fn text_form_round_trips(bits: u128) {
            let id = Id::<Lamp>::from_bits(bits);
            prop_assert_eq!(id.to_string().parse::<Id<Lamp>>(), Ok(id));
        }

        #[test]
        fn order_of_text_is_order_of_bits(a: u128, b: u128) {
            let (x, y) = (Id::<Lamp>::from_bits(a), Id::<Lamp>::from_bits(b));
            prop_assert_eq!(x.to_string().cmp(&y.to_string()), x.cmp(&y));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC*") {
            let _ = text.parse::<Id<Lamp>>();
        }
    }

    #[test]
    fn an_id_of_another_kind_is_refused() {
        let id = Id::<Table>::from_bits(7).to_string();
        assert!(id.parse::<Id<Lamp>>().is_err());
    }
}
