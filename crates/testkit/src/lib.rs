//! What tests stand on: every backend, worlds that can be steered, and the whole product in one line.
//!
//! A development dependency only. Start at [`on_every_backend`] for a story that must hold on SQLite
//! and on PostgreSQL alike, and at `TestServer` for one told through the product's front door:
//! `let (server, owner) = TestServer::builder().on(backend).owned().await;`
#![forbid(unsafe_code)]
#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot be set up must fail loudly")]

pub mod backend;
mod files;
#[cfg(feature = "product")]
pub mod person;
#[cfg(feature = "product")]
pub mod server;
pub mod sim;

pub use backend::{Backend, Ground};
pub use files::files_below;
#[cfg(feature = "product")]
pub use person::{Answer, Person};
#[cfg(feature = "product")]
pub use server::TestServer;
