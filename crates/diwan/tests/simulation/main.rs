//! The whole product in a deterministic simulation.
//!
//! A seed decides everything; the same seed gives the same run. A failing seed names itself: add it
//! to the `KEPT_SEEDS` of its story. More seeds: `DIWAN_SIM_SEEDS=10000 cargo nextest run -p diwan --test simulation`;
//! no others than those from one on: `DIWAN_SIM_FIRST=5000`.
#![allow(missing_docs, reason = "stories, not an interface")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail loudly")]

mod people;
mod work;
