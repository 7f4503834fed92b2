//! The program `diwan`: the control plane, and the command line that talks to it.
//!
//! What is here: the composition ([`compose`]), which builds every part and knows nothing else, and
//! one command a file ([`cli`]).
//!
//! What it deliberately does not know: any rule. Those live in the capabilities.
//!
//! Start at [`compose::server`] for how a control plane comes about.
#![forbid(unsafe_code)]

pub mod cli;
pub mod compose;
