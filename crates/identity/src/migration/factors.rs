//! What people can prove besides a password. (Owner: identity factors.)

use diwan_kernel::db::Migration;

pub(super) const STEP: Migration = Migration { name: "0002_factors", up: "", down: "" };
