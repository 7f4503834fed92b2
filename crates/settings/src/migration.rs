//! The tables of this capability, step by step.

use diwan_kernel::db::{Migration, Migrations};

/// The steps, oldest first.
pub const MIGRATIONS: Migrations = Migrations {
    component: "settings",
    steps: &[
        Migration {
            name: "0001_versions",
            up: "CREATE TABLE settings_version (
                number {key} PRIMARY KEY,
                at BIGINT NOT NULL,
                by_id TEXT,
                by_name TEXT,
                cause TEXT NOT NULL,
                comment TEXT NOT NULL,
                keys TEXT NOT NULL,
                rolled_back_to BIGINT,
                text {blob} NOT NULL
             );",
            down: "DROP TABLE settings_version;",
        },
        Migration {
            name: "0002_servers",
            up: "ALTER TABLE settings_version ADD COLUMN server TEXT NOT NULL DEFAULT '';",
            down: "ALTER TABLE settings_version DROP COLUMN server;",
        },
    ],
};
