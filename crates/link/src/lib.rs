//! One connection, many streams: what the control plane and a machine talk over.
//!
//! A [`Link`] runs over any pair of bytes in and bytes out. Over it both ends open [`Stream`]s of
//! messages. Each stream has its own back-pressure by credit, so that a flood on one never fills the
//! memory of the other end nor delays another stream; what is urgent overtakes what is bulky.
//!
//! What it deliberately does not know: what the messages mean, who is at the other end, how the
//! connection came to be.
//!
//! Start at [`link`] for how it is used, at [`frame`] for what lies on the wire, at [`mux`] for the rules.
#![forbid(unsafe_code)]

pub mod frame;
pub mod link;
pub mod tls;
pub mod ws;

mod ended;
mod mux;
mod pace;

pub use ended::{Ended, Reset, ResetCode};
pub use frame::{FILLS_A_FRAME, FrameError, Priority};
pub use link::{Driver, Link, Receiving, Sending, Stream};
pub use mux::{Limits, Side};
