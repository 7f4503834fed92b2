//! What this machine is, and how it is doing.

mod facts;
mod graphics;
mod processes;
mod sample;

pub(crate) use facts::facts;
pub(crate) use sample::Sampler;

/// The text of a file of the kernel; empty where there is none.
fn text(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}
