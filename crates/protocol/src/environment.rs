//! What a command is given in its environment: plain variables, and secrets. The values of secrets are never in what
//! is signed, since that is written down; they are brought apart, and what is signed holds them to it.

use minicbor::bytes::ByteArray;
use minicbor::decode::{self, Decoder};
use minicbor::encode::{self, Encoder, Write};
use minicbor::{Decode, Encode};
use ring::digest::{Context, SHA256};
use zeroize::Zeroizing;

use crate::variable;

/// No command is given more variables, plain and secret together.
pub const MOST_VARIABLES: usize = 64;
/// The names and the plain values are not longer than this, all together.
pub const LONGEST_PLAIN: usize = 16 * 1024;
/// And the values of all secrets are not longer than this: a system takes no longer variable.
pub const LONGEST_SECRETS: usize = 128 * 1024 - 256;

/// What the digest of secrets is over besides them, so that it is worth nothing anywhere else.
const CONTEXT: &[u8] = b"diwan secrets 1\0";

/// What a command is given. Said only if it is given anything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Environment {
    /// Variables with their values.
    #[n(0)]
    pub plain: Vec<Variable>,
    /// Variables whose values are secrets.
    #[n(1)]
    pub secret: Option<Promised>,
}

/// A variable.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Variable {
    /// What it is called.
    #[n(0)]
    pub name: String,
    /// What it says.
    #[n(1)]
    pub value: String,
}

/// Variables whose values are brought apart: a [`Brought`] follows on the stream of the command, right behind it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Promised {
    /// What they are called.
    #[n(0)]
    pub names: Vec<String>,
    /// SHA-256 of the salt and the values: what arrives is what was meant. The salt is written down nowhere, so that
    /// nobody finds a value by trying.
    #[n(1)]
    pub digest: ByteArray<32>,
}

/// The values of secrets, in the order of their names.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Brought {
    /// Drawn by lot for this command.
    #[n(0)]
    pub salt: ByteArray<32>,
    /// The values.
    #[n(1)]
    pub values: Vec<SecretText>,
}

/// A text that does not show itself and is wiped when it is let go of.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Takes a text into keeping.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for SecretText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("•••")
    }
}

impl<C> Encode<C> for SecretText {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), encode::Error<W::Error>> {
        e.str(&self.0).map(drop)
    }
}

impl<'b, C> Decode<'b, C> for SecretText {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        d.str().map(|text| Self::new(text.to_owned()))
    }
}

impl Environment {
    /// All names, the plain ones first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let secret = self.secret.iter().flat_map(|promised| &promised.names);
        self.plain.iter().map(|variable| &variable.name).chain(secret).map(String::as_str)
    }

    /// Whether it can be meant: one that says nothing is not said at all, and no name comes twice. Which variables a
    /// command may be given is another matter: [`variable::is_denied`].
    pub fn is_sane(&self) -> bool {
        let mut names: Vec<&str> = self.names().collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        let length: usize = self.plain.iter().map(|variable| variable.value.len()).sum();
        let length = length + names.iter().map(|name| name.len()).sum::<usize>();
        (1..=MOST_VARIABLES).contains(&count)
            && names.len() == count
            && names.into_iter().all(variable::is_name)
            && length <= LONGEST_PLAIN
            && self.plain.iter().all(|variable| !variable.value.contains('\0'))
            && self.secret.as_ref().is_none_or(|promised| !promised.names.is_empty())
    }
}

impl Promised {
    /// Promises these values for these names.
    pub fn new(names: Vec<String>, brought: &Brought) -> Self {
        Self { names, digest: brought.digest().into() }
    }

    /// Whether these are the values that were promised, and such as a variable can hold.
    pub fn is_kept_by(&self, brought: &Brought) -> bool {
        brought.values.len() == self.names.len() && brought.is_usable() && *self.digest == brought.digest()
    }
}

impl Brought {
    /// Whether variables can hold them.
    pub fn is_usable(&self) -> bool {
        let length: usize = self.values.iter().map(|value| value.expose().len()).sum();
        length <= LONGEST_SECRETS && self.values.iter().all(|value| !value.expose().contains('\0'))
    }

    /// The length goes before each value, so that the same bytes cannot be cut otherwise.
    fn digest(&self) -> [u8; 32] {
        let mut context = Context::new(&SHA256);
        context.update(CONTEXT);
        context.update(&self.salt[..]);
        for value in &self.values {
            context.update(&(value.expose().len() as u64).to_be_bytes());
            context.update(value.expose().as_bytes());
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(context.finish().as_ref());
        digest
    }
}
