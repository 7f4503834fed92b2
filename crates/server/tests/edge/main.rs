//! The edge through its own door: a small capability behind it, pipes or simulated sockets before it.
#![allow(missing_docs, reason = "tests say what they are by their names")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "that is how a test fails")]
#![allow(clippy::disallowed_methods, reason = "the runtime's clock, which these tests hold, and tasks of the clients")]

mod ask;
mod doorman;
mod house;
mod pipes;
mod things;

mod answers;
mod connections;
mod forgery;
mod headers;
mod http2;
mod idempotency;
mod limits;
mod live;
mod log;
mod platform;
mod refusals;
mod secured;
mod settings;
mod simulation;
mod smuggling;
