//! Files between two machines: an agent that serves one directory over a pair of byte streams, and the client
//! that talks to it.
//!
//! Files travel in pieces that are cut by their content: whoever receives says which it has, and only the
//! others are sent. What is written is written beside its target and put in its place in one step; what was
//! cut off is taken up again. Neither end believes the other: names are checked where they are used, no link
//! is ever followed, and nothing is larger than was agreed.
//!
//! What it deliberately does not know: machines, commands, permissions, how the bytes get to the other end.
//! It does no waiting of its own and starts no thread: both ends read and write as they are told to.
//!
//! Start at [`message`] for what is said, at [`tree`] for how a directory is kept from being left, at
//! [`agent`] and [`client`] for the two ends, and at [`sync`] for how two directories become the same.
#![forbid(unsafe_code)]

pub mod agent;
pub mod channel;
pub mod client;
pub mod copy;
pub mod error;
pub mod gather;
pub mod glob;
pub mod ignore;
pub mod message;
pub mod name;
pub mod sync;
pub mod tree;
pub mod wire;

mod ahead;
mod pieces;
mod plant;
mod receive;
mod send;
mod walk;

pub use agent::{Access, Agent};
pub use client::Client;
pub use error::{Code, FilesError};
pub use gather::{Gathered, gather};
pub use glob::Globs;
pub use ignore::Ignore;
pub use message::{Entry, Kind, Meta, Over};
pub use plant::{Seedling, listing};
pub use tree::Tree;
pub use walk::{Skipped, Walked};
