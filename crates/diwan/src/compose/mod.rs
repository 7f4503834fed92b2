//! The only place where everything is put together.

pub mod config;
mod error;
mod fleet;
mod gate;
mod jobs;
pub mod logging;
pub mod privacy;
pub mod reference;
pub mod server;
mod settings;
pub mod this_machine;
mod vault;

pub use error::StartError;
