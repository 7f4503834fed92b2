//! Configuration: sections, each a type with defaults, documentation and a check of its own.
//!
//! A section is defined once, as a Rust type. Its keys, their reference, the JSON Schema for editors
//! and the form on the screen are made from it. Values are judged as a whole: one bad value refuses
//! all, and every fault says which one, where it came from, in which line, and why.

mod address;
mod check;
mod definition;
mod fault;
mod fields;
mod hidden;
mod layers;
mod live;
mod nearest;
mod places;
mod reason;
mod secret_value;
#[cfg(test)]
mod tests;

pub use address::{check_address, check_file, check_host};
pub use definition::{Definition, EARLY_SECRET, Key, SECRET, Section, schema_of};
pub use fault::{Fault, FaultKind, Refused, Source};
pub use hidden::{PlainSecret, masked, plain_secrets, references, replace_secret, unmasked};
pub use layers::{Layers, text_of, unreadable, variable};
pub use live::{Live, Publisher};
pub use nearest::{nearest, nearest_setting};
pub use reason::{NOT_A_HOST, NOT_A_SETTING, Phrase, REASONS, REQUIRED, Reason, TWICE, Wrong, check_line};
pub use secret_value::{SecretSource, SecretValue, VAULT};
