//! Ways back for people who lost theirs, which passwords are too short to stand alone, and the language
//! of an invitation.

use diwan_kernel::db::Migration;

pub(super) const STEP: Migration = Migration {
    name: "0003_ways_back",
    // Whether a password is short is not known of those that were set before; it is noted when they are
    // used next.
    up: "ALTER TABLE users ADD COLUMN password_needs_second_factor BIGINT;
         ALTER TABLE invitation ADD COLUMN language TEXT;
         CREATE TABLE rescue (
            token_hash {blob} PRIMARY KEY,
            user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            drops_second_factor BIGINT NOT NULL,
            created_at BIGINT NOT NULL,
            expires_at BIGINT NOT NULL
         );
         CREATE UNIQUE INDEX rescue_user_id_key ON rescue (user_id);
         CREATE INDEX rescue_expires_at ON rescue (expires_at);",
    down: "DROP TABLE rescue;
           ALTER TABLE invitation DROP COLUMN language;
           ALTER TABLE users DROP COLUMN password_needs_second_factor;",
};
