//! The tables of the audit trail.

use diwan_kernel::db::{Migration, Migrations};

/// The tables of the audit trail.
pub const MIGRATIONS: Migrations = Migrations {
    component: "audit",
    steps: &[Migration {
        name: "0001_trail",
        up: "CREATE TABLE audit_entry (
                seq {key} PRIMARY KEY,
                id TEXT NOT NULL,
                at BIGINT NOT NULL,
                actor_kind TEXT NOT NULL,
                actor_id TEXT,
                actor_name TEXT NOT NULL,
                action TEXT NOT NULL,
                resource_kind TEXT,
                resource_id TEXT,
                outcome TEXT NOT NULL,
                command TEXT,
                machine TEXT,
                address TEXT,
                user_agent TEXT,
                request_id TEXT,
                duration_ms BIGINT,
                error TEXT,
                metadata TEXT NOT NULL,
                hash {blob} NOT NULL
             );
             CREATE INDEX audit_entry_actor ON audit_entry (actor_id, seq);
             CREATE INDEX audit_entry_unsuccessful ON audit_entry (at) WHERE outcome <> 'ok';
             CREATE TABLE audit_head (
                id {key} PRIMARY KEY CHECK (id = 1),
                seq BIGINT NOT NULL,
                hash {blob} NOT NULL,
                seal {blob} NOT NULL
             );
             CREATE TABLE audit_checkpoint (
                number {key} PRIMARY KEY,
                seq BIGINT NOT NULL,
                hash {blob} NOT NULL,
                at BIGINT NOT NULL,
                previous {blob} NOT NULL,
                key_id TEXT NOT NULL,
                signature {blob} NOT NULL
             );
             CREATE INDEX audit_checkpoint_seq ON audit_checkpoint (seq);
             CREATE TABLE audit_floor (
                id {key} PRIMARY KEY CHECK (id = 1),
                seq BIGINT NOT NULL,
                hash {blob} NOT NULL,
                number BIGINT NOT NULL,
                digest {blob} NOT NULL,
                at BIGINT NOT NULL,
                key_id TEXT NOT NULL,
                signature {blob} NOT NULL
             );
             CREATE TABLE suspicious_activity (
                id TEXT PRIMARY KEY,
                kind TEXT NOT NULL,
                subject TEXT NOT NULL,
                episode BIGINT NOT NULL,
                actor_kind TEXT NOT NULL,
                actor_id TEXT,
                actor_name TEXT NOT NULL,
                count BIGINT NOT NULL,
                first_at BIGINT NOT NULL,
                last_at BIGINT NOT NULL,
                address TEXT,
                detail TEXT NOT NULL
             );
             CREATE UNIQUE INDEX suspicious_activity_episode_key ON suspicious_activity (kind, subject, episode);
             CREATE INDEX suspicious_activity_last_at ON suspicious_activity (last_at, id);
             CREATE TABLE audit_watch (
                id {key} PRIMARY KEY CHECK (id = 1),
                seq BIGINT NOT NULL
             );
             INSERT INTO audit_watch (id, seq) VALUES (1, 0);",
        down: "DROP TABLE audit_watch; DROP TABLE suspicious_activity;
               DROP TABLE audit_floor; DROP TABLE audit_checkpoint; DROP TABLE audit_head; DROP TABLE audit_entry;",
    }],
};
