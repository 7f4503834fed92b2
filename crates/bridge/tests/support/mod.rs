//! A control plane of a test, and bridges that are real processes.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "no story needs all of it, and none is an interface")]

pub mod bridge;
pub mod plane;
pub mod ssh_ground;
pub mod talk;
