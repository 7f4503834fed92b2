//! Settings that change while the server runs: what is in force, how it came about, and the way back.
//!
//! The configuration file is the truth. Whether somebody edits it by hand or through the API, the new
//! text is judged as a whole and either comes into force as a new version or changes nothing. Start at
//! [`Settings`] for the handle, at `accept.rs` for how a version comes into force, at `edit.rs` for a
//! change through the API and at `watch.rs` for one by hand.
#![forbid(unsafe_code)]

mod accept;
mod api;
mod compare;
mod document;
mod edit;
mod event;
mod item;
mod migration;
mod move_secret;
mod reasons;
mod references;
mod roll_back;
mod server_id;
mod settings;
mod table;
mod version;
mod warning;
mod watch;

pub use compare::Change;
pub use item::{Item, items};
pub use migration::MIGRATIONS;
pub use reasons::REASONS;
pub use references::{NamedSecret, named_secrets};
pub use settings::{House, Keeper, Parts, Settings, SettingsFile, StartError};
pub use warning::SettingsWarning;
