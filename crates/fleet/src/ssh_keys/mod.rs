//! SSH keys of the vault on machines: which key is wanted where, and how it gets there, is proven, and goes again.
//!
//! What is wanted is written down first; what follows from it is done step by step, whenever the machine is there:
//! a new key is put beside the old one, proven by a login on the machine, and only then the old one is taken away.
//!
//! What it deliberately does not know: private halves, which never leave the vault, and how a machine does a step.
//!
//! Start at [`step`] for what comes next, and at [`tend`] for who sees to it.

mod answer;
pub(crate) mod api;
mod carry;
mod event;
mod id;
pub(crate) mod migration;
mod step;
pub(crate) mod table;
mod tend;
mod view;

pub(crate) use tend::{Tended, start};
