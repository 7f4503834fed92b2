//! The owner's policy of a machine: what may be done on it, written in a file that lies there.
//!
//! It is pure: it reads no file and runs nothing. What it must know of the machine it asks through
//! [`Machine`]; what comes out is a [`Verdict`] with a [`Plan`] that says what is run to the last argument.
//! It does not know who signs commands, how a sandbox is built, or that there is a network. Typed slots, not
//! patterns, judge arguments, so what was not foreseen is not let in; even so the policy is hygiene, and the
//! boundary is the sandbox.
//!
//! Start at [`Policy::load`] for what a policy is and at [`Policy::judge`] for what it says.
#![forbid(unsafe_code)]

mod argv;
mod check;
mod environment;
mod examples;
mod fault;
mod file;
mod git;
mod here;
mod judge_rule;
mod load;
mod machine;
mod name;
mod nearest;
mod plan;
mod policy;
mod preset;
mod program;
mod project;
mod reference;
mod request;
mod rule;
mod rule_file;
mod script;
mod settle;
mod slot;
mod spots;
mod subject;
mod text;
mod url;
mod verdict;
mod walk;

pub use fault::{Fault, Faults};
pub use file::{Class, Decision, Kind, Network};
pub use here::Here;
pub use load::LONGEST_POLICY;
pub use machine::{Machine, MadeUp, Seen, User, What};
pub use plan::{FilesPlan, KeysPlan, Limits, Plan, RootRef, SandboxProfile};
pub use policy::{Policy, hash_of};
pub use preset::Preset;
pub use reference::documents;
pub use request::{RuleRequest, Wish};
pub use subject::Who;
pub use text::is_hidden;
pub use verdict::{CODES, Reason, Verdict, explain};
