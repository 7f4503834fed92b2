//! The files of the dashboard inside the binary, as the build script listed them.

use super::File;

/// Sorted by path.
pub(super) static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/dashboard.rs"));
