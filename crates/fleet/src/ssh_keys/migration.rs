//! The tables of SSH keys on machines.

use diwan_kernel::db::Migration;

/// What is done, and how that is taken back.
pub(crate) const SSH_KEYS: Migration = Migration {
    name: "0003_ssh_keys",
    up: "CREATE TABLE fleet_ssh_key (
            id TEXT PRIMARY KEY,
            machine_id TEXT NOT NULL REFERENCES fleet_machine (id) ON DELETE CASCADE,
            secret_id TEXT NOT NULL,
            secret_name TEXT NOT NULL,
            user_name TEXT NOT NULL,
            port BIGINT NOT NULL,
            wanted_by TEXT NOT NULL,
            created_at BIGINT NOT NULL,
            removed_at BIGINT,
            is_check_asked BIGINT NOT NULL,
            next_at BIGINT NOT NULL,
            tries BIGINT NOT NULL,
            problem TEXT,
            asked_as TEXT
         );
         CREATE UNIQUE INDEX fleet_ssh_key_place_key ON fleet_ssh_key (machine_id, secret_id, user_name);
         CREATE INDEX fleet_ssh_key_next_at ON fleet_ssh_key (next_at);
         CREATE INDEX fleet_ssh_key_troubled ON fleet_ssh_key (id) WHERE problem IS NOT NULL;
         CREATE TABLE fleet_ssh_line (
            key_id TEXT NOT NULL REFERENCES fleet_ssh_key (id) ON DELETE CASCADE,
            version BIGINT NOT NULL,
            public_key TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            wanted_at BIGINT NOT NULL,
            installed_at BIGINT,
            proven_at BIGINT,
            PRIMARY KEY (key_id, version)
         )",
    down: "DROP TABLE fleet_ssh_line;
           DROP TABLE fleet_ssh_key",
};
