//! The table of requests for rules.

use diwan_kernel::db::Migration;

/// What is done, and how that is taken back.
pub(crate) const RULE_REQUESTS: Migration = Migration {
    name: "0004_rule_requests",
    up: "CREATE TABLE fleet_rule_request (
            id TEXT PRIMARY KEY,
            machine_id TEXT NOT NULL REFERENCES fleet_machine (id) ON DELETE CASCADE,
            machine_name TEXT NOT NULL,
            actor TEXT NOT NULL,
            reason TEXT NOT NULL,
            text TEXT NOT NULL,
            state TEXT NOT NULL,
            told TEXT NOT NULL,
            policy_hash {blob},
            from_afar BIGINT NOT NULL,
            approval TEXT,
            problem TEXT,
            created_at BIGINT NOT NULL,
            expires_at BIGINT NOT NULL,
            ended_at BIGINT
         );
         CREATE INDEX fleet_rule_request_machine_id ON fleet_rule_request (machine_id, id);
         CREATE INDEX fleet_rule_request_open ON fleet_rule_request (machine_id, id)
            WHERE state IN ('waiting', 'asked');
         CREATE INDEX fleet_rule_request_ended ON fleet_rule_request (ended_at) WHERE ended_at IS NOT NULL",
    down: "DROP TABLE fleet_rule_request",
};
