//! People, what they carry, and how they come in.

use diwan_kernel::db::Migration;

pub(super) const STEP: Migration = Migration {
    name: "0001_people",
    up: "CREATE TABLE users (
            id TEXT PRIMARY KEY,
            email TEXT NOT NULL,
            name TEXT NOT NULL,
            role TEXT NOT NULL,
            plan TEXT NOT NULL,
            language TEXT NOT NULL,
            theme TEXT NOT NULL,
            time_zone TEXT NOT NULL,
            avatar {blob},
            avatar_type TEXT,
            avatar_version BIGINT NOT NULL,
            status TEXT NOT NULL,
            password_hash TEXT,
            two_factor BIGINT NOT NULL,
            created_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL,
            last_seen_at BIGINT
         );
         CREATE UNIQUE INDEX users_email_key ON users (email);",
    down: "DROP TABLE users;",
};
