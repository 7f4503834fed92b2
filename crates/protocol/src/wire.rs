//! How messages become bytes and bytes become messages.

use minicbor::{Decode, Encode};

/// Bytes that are no message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a message is malformed: {0}")]
pub struct Malformed(String);

/// The bytes of a message.
pub fn encode(message: &impl Encode<()>) -> Vec<u8> {
    // Writing into memory cannot fail.
    minicbor::to_vec(message).unwrap_or_default()
}

/// The message in these bytes; `None` for a kind that a later version brought, which is passed over.
///
/// # Errors
/// When the bytes are no message.
pub fn decode<'b, T: Decode<'b, ()>>(bytes: &'b [u8]) -> Result<Option<T>, Malformed> {
    match minicbor::decode(bytes) {
        Ok(message) => Ok(Some(message)),
        Err(error) if error.is_unknown_variant() => Ok(None),
        Err(error) => Err(Malformed(error.to_string())),
    }
}
