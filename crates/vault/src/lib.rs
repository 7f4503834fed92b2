//! The vault: secrets that never leak.
//!
//! What is here: values under an envelope of keys (`envelope`), the seal that keeps the master key
//! out of reach until it is brought back (`sealing`), versions, rules about who may do what
//! (`policy`), leases for machines and jobs, rotation and who is told of it (`hook`), and the change of
//! the master key while everything goes on (`rewrap`).
//!
//! What it deliberately does not know: what a secret is for, and how it reaches a machine.
//!
//! Start at [`Vault`]; then `keep` for how a value goes in and `take` for how it comes out.
#![forbid(unsafe_code)]

mod api;
mod backend;
mod book;
mod concern;
mod config;
mod deliver;
mod envelope;
mod error;
mod event;
mod examine;
mod generate;
mod grant;
mod hashicorp;
mod hook;
mod hook_address;
mod import;
mod keep;
mod kind;
mod lease;
mod look_up;
mod master;
mod migration;
mod name;
mod own_key;
mod own_use;
mod patience;
mod policy;
mod readers;
mod removal;
mod rewrap;
mod rules;
mod seal;
mod sealing;
mod secret;
mod several;
mod ssh_use;
mod start_over;
mod status;
mod table;
mod take;
mod take_up;
mod unseal;
mod upkeep;
mod vault;
mod verify;
mod version;
mod vouch;

pub use concern::{Concern, concerns};
pub use config::{BackendConfig, Dialect, TransitConfig, VaultConfig};
pub use error::StartError;
pub use examine::{Examination, GuardFound, examine, guard_in_use};
pub use hook::{HookEvent, HookNotice, SecretHook};
pub use kind::SecretKind;
pub use lease::{LeaseEnd, LeaseId, LeaseParams, Leased};
pub use migration::MIGRATIONS;
pub use name::{NamePattern, SecretName};
pub use own_use::{Needs, holds};
pub use policy::{Action, Asker, Effect, PolicyId, SubjectKind};
pub use seal::Sealed;
pub use secret::SecretId;
pub use ssh_use::SshPublicKey;
pub use unseal::Guard;
pub use vault::{Alarm, Broken, LastMark, LastMarks, Parts, People, Person, Trail, Vault};
