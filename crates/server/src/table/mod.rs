//! The tables of the ground that the edge keeps.

pub(crate) mod idempotency;
pub(crate) mod schema;
