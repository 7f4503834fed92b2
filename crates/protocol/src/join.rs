//! How a machine becomes one of ours: it shows the token that it was given, and gets a certificate.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::facts::Facts;
use crate::signed::VerifyingKey;

/// What a machine shows.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct JoinRequest {
    /// The token of the line that joins it.
    #[n(0)]
    pub token: String,
    /// A certificate signing request (PKCS #10, DER) for the key that the machine made itself. Nothing but
    /// the key is taken from it.
    #[n(1)]
    pub request: ByteVec,
    /// What it is.
    #[n(2)]
    pub facts: Facts,
}

/// The answer, and the last message of the stream.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum JoinAnswer {
    /// It is one of ours.
    #[n(0)]
    Joined(#[n(0)] Joined),
    /// It is not.
    #[n(1)]
    Refused(#[n(0)] JoinRefused),
}

/// What a machine keeps.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Joined {
    /// Its id: `mch_…`.
    #[n(0)]
    pub machine: String,
    /// Its name, for people.
    #[n(1)]
    pub name: String,
    /// Its certificate first, the authority's last (DER).
    #[n(2)]
    pub chain: Vec<ByteVec>,
    /// The keys that sign commands.
    #[n(3)]
    pub keys: Vec<VerifyingKey>,
    /// When the control plane answered, in milliseconds since 1970.
    #[n(4)]
    pub now_ms: i64,
}

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct JoinRefused {
    /// For programs: `token_unknown`, `token_used`, `token_expired`, `name_taken`, `request_malformed`, `try_later`.
    #[n(0)]
    pub code: String,
    /// For people: what is wrong and what to do.
    #[n(1)]
    pub words: String,
}
