//! The only place where everything is put together.

pub mod config;
mod error;
mod gate;
pub mod logging;
pub mod server;

pub use error::StartError;
