//! Requests for rules: what a person may do instead of changing a machine's policy.
//!
//! A request is written down, carried to the machine, and judged there; its owner grants or refuses it there, or,
//! where the policy takes that, somebody else than the asker grants it from here with a signed yes.
//!
//! What it deliberately does not know: what a rule is. That is for the machine.
//!
//! Start at [`carry`] for what is told to a machine and at [`decide`] for who may say what.

pub(crate) mod api;
mod carry;
mod decide;
pub(crate) mod migration;
mod request;
mod table;
mod upkeep;

pub(crate) use carry::on_connected;
pub(crate) use request::{RuleRequestId, RuleRequestState};
pub(crate) use upkeep::start;
