//! The only place where everything is put together.

pub mod config;
mod error;
mod gate;
pub mod logging;
pub mod privacy;
pub mod server;
mod vault;

pub use error::StartError;
