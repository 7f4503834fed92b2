//! The table of commands.

use diwan_kernel::db::Migration;

/// What is done, and how that is taken back.
pub(crate) const COMMANDS: Migration = Migration {
    name: "0002_commands",
    up: "CREATE TABLE fleet_command (
            id TEXT PRIMARY KEY,
            batch_id TEXT NOT NULL,
            machine_id TEXT NOT NULL,
            machine_name TEXT NOT NULL,
            actor_id TEXT NOT NULL,
            actor TEXT NOT NULL,
            operation TEXT NOT NULL,
            has_input BIGINT NOT NULL,
            timeout_ms BIGINT,
            retry_safe BIGINT NOT NULL,
            retry_of TEXT,
            approval TEXT,
            approved_as TEXT,
            state TEXT NOT NULL,
            issued_at BIGINT NOT NULL,
            expires_at BIGINT NOT NULL,
            cancel_asked_at BIGINT,
            sequence BIGINT,
            policy {blob},
            signed {blob},
            verdict TEXT,
            problem TEXT,
            started_at BIGINT,
            ended_at BIGINT,
            outcome TEXT,
            exit_code BIGINT,
            signal BIGINT,
            detail TEXT,
            usage TEXT,
            output_bytes BIGINT NOT NULL,
            error_bytes BIGINT NOT NULL,
            input_bytes BIGINT NOT NULL,
            output_gone_at BIGINT
         );
         CREATE UNIQUE INDEX fleet_command_sequence_key ON fleet_command (machine_id, sequence);
         CREATE INDEX fleet_command_machine_id ON fleet_command (machine_id, id);
         CREATE INDEX fleet_command_batch_id ON fleet_command (batch_id, id);
         CREATE INDEX fleet_command_actor_id ON fleet_command (actor_id, id);
         CREATE INDEX fleet_command_open ON fleet_command (machine_id, id) WHERE state IN ('waiting', 'written');
         CREATE INDEX fleet_command_waiting ON fleet_command (expires_at) WHERE state = 'waiting';
         CREATE INDEX fleet_command_kept ON fleet_command (ended_at) WHERE output_gone_at IS NULL",
    down: "DROP TABLE fleet_command",
};

/// What commands have left, and which of it has been copied.
pub(crate) use super::artifacts::table::{ARTIFACTS, COPIES};

/// How much room the output of an ended command takes, once it is packed.
pub(crate) const PACKED_OUTPUT: Migration = Migration {
    name: "0007_packed_output",
    up: "ALTER TABLE fleet_command ADD COLUMN packed_bytes BIGINT;
         CREATE INDEX fleet_command_unpacked ON fleet_command (id)
            WHERE packed_bytes IS NULL AND output_gone_at IS NULL AND ended_at IS NOT NULL
              AND output_bytes + error_bytes > 4096",
    down: "DROP INDEX fleet_command_unpacked;
           ALTER TABLE fleet_command DROP COLUMN packed_bytes",
};

/// However many notice that a command has to be repeated, it is repeated once.
pub(crate) const ONE_REPETITION: Migration = Migration {
    name: "0006_one_repetition",
    up: "CREATE UNIQUE INDEX fleet_command_retry_of ON fleet_command (retry_of) WHERE retry_of IS NOT NULL",
    down: "DROP INDEX fleet_command_retry_of",
};

/// What commands are given: names of secrets, never their values; and what the vault lends for them.
pub(crate) const VARIABLES: Migration = Migration {
    name: "0008_variables",
    up: "ALTER TABLE fleet_command ADD COLUMN variables TEXT;
         ALTER TABLE fleet_command ADD COLUMN leases TEXT",
    down: "ALTER TABLE fleet_command DROP COLUMN leases;
           ALTER TABLE fleet_command DROP COLUMN variables",
};
