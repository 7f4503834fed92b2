//! Tests of the repository itself: what its documents claim, which crate may know which, what comes in
//! from outside, and the shape of its files.
//!
//! It knows nothing of what the crates do. It reads files and what cargo says about the workspace; start at
//! [`documents`] for the claims and at [`arrows`] for the structure.
#![forbid(unsafe_code)]

#[cfg(test)]
mod arrows;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod repository;
#[cfg(test)]
mod security_checklist;
#[cfg(test)]
mod source_files;
#[cfg(test)]
mod supply_chain;
#[cfg(test)]
mod workspace;
