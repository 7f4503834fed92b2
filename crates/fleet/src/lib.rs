//! The fleet: which machines are ours, whether they are there, and what they are asked to do.
//!
//! What is here: how a machine joins and proves who it is, the connections that are open now, and commands,
//! which are written down before they are carried to a machine and until it is known how they ended.
//!
//! What it deliberately does not know: how a machine does what it is asked. That is the bridge's.
//!
//! Start at [`Fleet`].
#![forbid(unsafe_code)]

mod acceptor;
mod api;
mod authority;
mod certificate_request;
mod commands;
mod concern;
mod connections;
mod errand;
mod event;
mod facts;
mod farewell;
mod fleet;
mod gateway;
mod install;
mod invite;
mod join_token;
mod keys;
mod label;
mod light;
mod line;
mod machine;
mod migration;
mod newcomer;
mod patience;
mod presence;
mod recognise;
mod rules;
mod samples;
mod shown;
mod ssh_keys;
mod succession;
mod table;
mod talk;
mod upkeep;
mod watchers;

pub use commands::{Artifact, ArtifactLeftOut, Artifacts, ArtifactsConfig, ArtifactsState, Copying, flaws_of_globs};
pub use commands::{CommandActor, CommandId, CommandLimits, CommandOperation, CommandUsage};
pub use commands::{Lent, NotLent, SecretVariable, Variables};
pub use commands::{OutputChannel, OutputDownload, OutputMatches, OutputSearch, OutputsConfig};
pub use concern::Concern;
pub use errand::{End, Errand, How, NotWritten, Report, Way, Worker, Written, check_selector, has_labels};
pub use fleet::{Fleet, Parts};
pub use install::Bridges;
pub use invite::LocalInvitation;
pub use light::{LARGEST_BATCH, LightNews, LightReceiver, LightSender};
pub use machine::{Machine, MachineId};
pub use migration::MIGRATIONS;
