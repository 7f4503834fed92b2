//! The tables of this capability, step by step.

use diwan_kernel::db::{Migration, Migrations};

/// The steps, oldest first.
pub const MIGRATIONS: Migrations = Migrations {
    component: "fleet",
    steps: &[FIRST, SECOND, THIRD, FOURTH, FIFTH, SIXTH, SEVENTH, EIGHTH, NINTH, TENTH],
};

const SECOND: Migration = crate::commands::migration::COMMANDS;

const THIRD: Migration = crate::ssh_keys::migration::SSH_KEYS;

const FOURTH: Migration = crate::rules::migration::RULE_REQUESTS;

const SIXTH: Migration = crate::commands::migration::ONE_REPETITION;

const SEVENTH: Migration = crate::commands::migration::PACKED_OUTPUT;

const EIGHTH: Migration = crate::commands::migration::VARIABLES;

const NINTH: Migration = crate::commands::migration::ARTIFACTS;

const TENTH: Migration = crate::commands::migration::COPIES;

const FIFTH: Migration = Migration {
    name: "0005_generations",
    up: "CREATE TABLE fleet_generation (
            number BIGINT PRIMARY KEY,
            started_at BIGINT NOT NULL
         );
         CREATE TABLE fleet_learned (
            machine_id TEXT PRIMARY KEY REFERENCES fleet_machine (id) ON DELETE CASCADE,
            number BIGINT NOT NULL
         )",
    down: "DROP TABLE fleet_learned;
           DROP TABLE fleet_generation",
};

const FIRST: Migration = Migration {
    name: "0001_machines",
    up: "CREATE TABLE fleet_key (
            id TEXT PRIMARY KEY,
            kind TEXT NOT NULL,
            public {blob} NOT NULL,
            created_at BIGINT NOT NULL
         );
         CREATE TABLE fleet_policy (
            digest {blob} PRIMARY KEY,
            text TEXT NOT NULL
         );
         CREATE TABLE fleet_machine (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            labels TEXT NOT NULL,
            standing TEXT NOT NULL,
            connections BIGINT NOT NULL,
            facts TEXT NOT NULL,
            told TEXT NOT NULL,
            policy_hash {blob},
            policy_digest {blob} REFERENCES fleet_policy (digest),
            policy_fault TEXT,
            skew_ms BIGINT,
            joined_at BIGINT NOT NULL,
            joined_by TEXT,
            rejoined_at BIGINT,
            last_seen_at BIGINT,
            locked_at BIGINT,
            revoked_at BIGINT
         );
         CREATE UNIQUE INDEX fleet_machine_name_key ON fleet_machine (name) WHERE standing <> 'revoked';
         CREATE INDEX fleet_machine_locked ON fleet_machine (name) WHERE standing = 'locked';
         CREATE INDEX fleet_machine_order ON fleet_machine (name, id);
         CREATE INDEX fleet_machine_policy_digest ON fleet_machine (policy_digest);
         CREATE TABLE fleet_certificate (
            serial TEXT PRIMARY KEY,
            machine_id TEXT NOT NULL REFERENCES fleet_machine (id) ON DELETE CASCADE,
            key_hash {blob} NOT NULL,
            issued_at BIGINT NOT NULL,
            ends_at BIGINT NOT NULL,
            voided_at BIGINT
         );
         CREATE INDEX fleet_certificate_machine_id ON fleet_certificate (machine_id, issued_at);
         CREATE TABLE fleet_join_token (
            id TEXT PRIMARY KEY,
            hash {blob} NOT NULL,
            name TEXT NOT NULL,
            labels TEXT NOT NULL,
            policy TEXT NOT NULL,
            rejoins TEXT REFERENCES fleet_machine (id) ON DELETE CASCADE,
            created_at BIGINT NOT NULL,
            created_by TEXT,
            expires_at BIGINT NOT NULL,
            withdrawn_at BIGINT,
            used_at BIGINT,
            key_hash {blob},
            machine_id TEXT REFERENCES fleet_machine (id) ON DELETE CASCADE
         );
         CREATE UNIQUE INDEX fleet_join_token_hash_key ON fleet_join_token (hash);
         CREATE INDEX fleet_join_token_machine_id ON fleet_join_token (machine_id)",
    down: "DROP TABLE fleet_join_token;
           DROP TABLE fleet_certificate;
           DROP TABLE fleet_machine;
           DROP TABLE fleet_policy;
           DROP TABLE fleet_key",
};
