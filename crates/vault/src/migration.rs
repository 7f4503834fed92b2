//! The tables of this capability, step by step.

use diwan_kernel::db::{Migration, Migrations};

/// The steps, oldest first.
pub const MIGRATIONS: Migrations =
    Migrations { component: "vault", steps: &[FIRST, SECOND, THIRD, FOURTH, FIFTH, SIXTH] };

const FIRST: Migration = Migration {
    name: "0001_secrets",
    up: "CREATE TABLE vault_master (
                id TEXT PRIMARY KEY,
                guard TEXT NOT NULL,
                memo TEXT NOT NULL,
                state TEXT NOT NULL,
                vouching {blob} NOT NULL,
                wraps BIGINT NOT NULL,
                created_at BIGINT NOT NULL,
                created_by TEXT,
                retired_at BIGINT
             );
             CREATE UNIQUE INDEX vault_master_state_key ON vault_master (state) WHERE state = 'active';
             CREATE TABLE vault_switch (
                id {key} PRIMARY KEY CHECK (id = 1),
                sealed_at BIGINT,
                sealed_by TEXT
             );
             CREATE TABLE vault_rewrap (
                id TEXT PRIMARY KEY,
                from_master TEXT NOT NULL,
                to_master TEXT NOT NULL,
                total BIGINT NOT NULL,
                done BIGINT NOT NULL,
                started_at BIGINT NOT NULL,
                finished_at BIGINT
             );
             CREATE TABLE vault_secret (
                id TEXT PRIMARY KEY,
                name TEXT NOT NULL,
                kind TEXT NOT NULL,
                description TEXT NOT NULL,
                provider TEXT NOT NULL,
                backend TEXT NOT NULL,
                recipe TEXT NOT NULL,
                current_version BIGINT NOT NULL,
                latest_version BIGINT NOT NULL,
                facts TEXT NOT NULL,
                signature {blob} NOT NULL,
                rotation_days BIGINT,
                overlap_hours BIGINT NOT NULL,
                rotate_at BIGINT,
                rotated_at BIGINT NOT NULL,
                expires_at BIGINT,
                warned_at BIGINT,
                created_at BIGINT NOT NULL,
                created_by TEXT,
                changed_at BIGINT NOT NULL
             );
             CREATE UNIQUE INDEX vault_secret_name_key ON vault_secret (name);
             CREATE INDEX vault_secret_rotate_at ON vault_secret (rotate_at);
             CREATE INDEX vault_secret_expires_at ON vault_secret (expires_at);
             CREATE TABLE vault_version (
                secret_id TEXT NOT NULL REFERENCES vault_secret (id) ON DELETE CASCADE,
                version BIGINT NOT NULL,
                master_id TEXT,
                data_key {blob},
                value {blob},
                remote TEXT,
                origin TEXT NOT NULL,
                created_at BIGINT NOT NULL,
                created_by TEXT,
                valid_until BIGINT,
                destroyed_at BIGINT,
                signature {blob} NOT NULL,
                PRIMARY KEY (secret_id, version)
             );
             CREATE INDEX vault_version_master_id ON vault_version (master_id, secret_id, version);
             CREATE TABLE vault_policy (
                id TEXT PRIMARY KEY,
                name TEXT NOT NULL,
                effect TEXT NOT NULL,
                subject_kind TEXT NOT NULL,
                subject TEXT NOT NULL,
                secrets TEXT NOT NULL,
                actions TEXT NOT NULL,
                purposes TEXT NOT NULL,
                expires_at BIGINT,
                created_at BIGINT NOT NULL,
                created_by TEXT
             );
             CREATE UNIQUE INDEX vault_policy_name_key ON vault_policy (name);
             CREATE TABLE vault_lease (
                id TEXT PRIMARY KEY,
                secret_id TEXT NOT NULL REFERENCES vault_secret (id) ON DELETE CASCADE,
                version BIGINT NOT NULL,
                holder_kind TEXT NOT NULL,
                holder TEXT NOT NULL,
                purpose TEXT NOT NULL,
                issued_at BIGINT NOT NULL,
                expires_at BIGINT NOT NULL,
                ends_at BIGINT NOT NULL,
                ended_at BIGINT,
                ended_why TEXT
             );
             CREATE INDEX vault_lease_open ON vault_lease (expires_at) WHERE ended_at IS NULL;
             CREATE INDEX vault_lease_secret_id ON vault_lease (secret_id, id)",
    down: "DROP TABLE vault_lease;
             DROP TABLE vault_policy;
             DROP TABLE vault_version;
             DROP TABLE vault_secret;
             DROP TABLE vault_rewrap;
             DROP TABLE vault_switch;
             DROP TABLE vault_master",
};

const SECOND: Migration = Migration {
    name: "0002_leases_and_removals",
    // A lease from before is known by its holder alone.
    up: r#"ALTER TABLE vault_lease ADD COLUMN asker TEXT NOT NULL DEFAULT '{}';
         UPDATE vault_lease SET asker = '{"claims":[["' || holder_kind || '","' || holder || '"]]}';
         CREATE INDEX vault_version_kept ON vault_version (secret_id, version) WHERE destroyed_at IS NULL;
         CREATE TABLE vault_removal (
            id TEXT PRIMARY KEY,
            secret_id TEXT NOT NULL,
            name TEXT NOT NULL,
            backend TEXT NOT NULL,
            version BIGINT NOT NULL,
            remote TEXT,
            asked_at BIGINT NOT NULL
         );
         CREATE INDEX vault_removal_backend ON vault_removal (backend, name)"#,
    down: "DROP TABLE vault_removal;
           DROP INDEX vault_version_kept;
           ALTER TABLE vault_lease DROP COLUMN asker",
};

const THIRD: Migration = Migration {
    name: "0003_hooks",
    up: "CREATE TABLE vault_hook (
            id TEXT PRIMARY KEY,
            secret_id TEXT NOT NULL REFERENCES vault_secret (id) ON DELETE CASCADE,
            url TEXT NOT NULL,
            created_at BIGINT NOT NULL,
            created_by TEXT
         );
         CREATE INDEX vault_hook_secret_id ON vault_hook (secret_id);
         CREATE TABLE vault_hook_delivery (
            id TEXT PRIMARY KEY,
            hook_id TEXT REFERENCES vault_hook (id) ON DELETE CASCADE,
            listener TEXT,
            notice TEXT NOT NULL,
            state TEXT NOT NULL,
            attempts BIGINT NOT NULL,
            due_at BIGINT NOT NULL,
            created_at BIGINT NOT NULL,
            tried_at BIGINT,
            status BIGINT,
            error TEXT
         );
         CREATE INDEX vault_hook_delivery_due ON vault_hook_delivery (due_at) WHERE state = 'queued';
         CREATE INDEX vault_hook_delivery_hook_id ON vault_hook_delivery (hook_id, id)",
    down: "DROP TABLE vault_hook_delivery;
           DROP TABLE vault_hook",
};

const FOURTH: Migration = Migration {
    name: "0004_policy_book",
    // What was there before is vouched for when the vault is unsealed next.
    up: "CREATE TABLE vault_policy_book (
            id {key} PRIMARY KEY CHECK (id = 1),
            policies TEXT NOT NULL,
            signature {blob} NOT NULL
         );
         ALTER TABLE vault_master ADD COLUMN signature {blob}",
    down: "ALTER TABLE vault_master DROP COLUMN signature;
           DROP TABLE vault_policy_book",
};

const FIFTH: Migration = Migration {
    name: "0005_glass",
    up: "CREATE TABLE vault_glass (
            id TEXT PRIMARY KEY,
            secret_name TEXT NOT NULL,
            who TEXT NOT NULL,
            reason TEXT NOT NULL,
            broken_at BIGINT NOT NULL
         );
         CREATE INDEX vault_glass_broken_at ON vault_glass (broken_at)",
    down: "DROP TABLE vault_glass",
};

const SIXTH: Migration = Migration {
    name: "0006_own_keys",
    up: "CREATE TABLE vault_own_key (
            name TEXT PRIMARY KEY,
            id TEXT NOT NULL,
            master_id TEXT NOT NULL,
            data_key {blob} NOT NULL,
            value {blob} NOT NULL,
            created_at BIGINT NOT NULL
         );
         CREATE INDEX vault_own_key_master_id ON vault_own_key (master_id)",
    down: "DROP TABLE vault_own_key",
};
