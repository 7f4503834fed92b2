//! What the control plane and a bridge say to each other. No input, no output.
//!
//! Messages are CBOR maps with numbers as keys. A field that is not known is skipped, and one that is
//! missing has a meaning: so an older end understands a newer one. Commands are the exception: they are
//! signed, and what is signed must be understood whole.
//!
//! Start at [`opening`] for what is said at all, at [`command`] for what a machine is asked to do and at
//! [`signed`] for why it believes it.
#![forbid(unsafe_code)]

pub mod artifacts;
pub mod command;
pub mod control;
pub mod environment;
pub mod facts;
pub mod join;
pub mod light;
pub mod opening;
pub mod rules;
pub mod run;
pub mod signed;
pub mod ssh_line;
pub mod succession;
pub mod variable;
pub mod wire;

pub use command::{Command, Operation};
pub use opening::Opening;
pub use rules::{RuleAsk, SignedRules};
pub use signed::{Refusal, SignedCommand, SigningKey, VerifyingKey};
pub use wire::{Malformed, decode, encode};
