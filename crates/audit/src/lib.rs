//! The audit trail: who did what, when, on what and from where, so that nothing of it can be changed
//! or removed unnoticed.
//!
//! What is here: the journal that writes an entry in the transaction of every change, the chain of
//! hashes over all entries, the signed checkpoints and the anchor outside the database, the
//! verification that finds the first entry that cannot be relied on, filters and exports, retention,
//! and the watch for what is suspicious.
//!
//! What it deliberately does not know: what the actions mean, and who may do them.
//!
//! Start at [`Audit`]; then `journal` for how an entry comes about, `canonical` for what is hashed,
//! and [`verify`](Audit::verify) for what is checked.
#![forbid(unsafe_code)]

mod anchor;
mod api;
mod audit;
pub mod canonical;
mod checkpoint;
mod clean;
mod config;
mod entry;
mod error;
mod export;
mod feed;
mod filter;
mod floor;
mod journal;
mod keys;
mod migration;
mod retrace;
mod suspicion;
mod table;
mod verify;
mod warning;
mod watch_checkpoints;
mod watch_retention;
mod watch_suspicions;

pub use audit::{Audit, OfflineKey, verify_offline, write_offline};
pub use checkpoint::{AuditCheckpoint, Checkpoint};
pub use config::AuditConfig;
pub use entry::{ActorKind, AuditActor, AuditEntry, AuditResource, Recorded};
pub use error::AuditError;
pub use filter::Filter;
pub use keys::Vouching;
pub use migration::MIGRATIONS;
pub use retrace::Deed;
pub use suspicion::{Suspicion, SuspicionId, SuspicionKind, SuspiciousActivity};
pub use verify::{AnchorState, AuditFault, AuditVerification, FaultKind};
pub use warning::AuditWarning;
