//! The tables of this capability, step by step.

mod factors;
mod people;
mod ways_back;

use diwan_kernel::db::Migrations;

/// The steps, oldest first.
pub const MIGRATIONS: Migrations =
    Migrations { component: "identity", steps: &[people::STEP, factors::STEP, ways_back::STEP] };
