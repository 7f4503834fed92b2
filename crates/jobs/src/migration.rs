//! The tables of this capability, step by step.

use diwan_kernel::db::{Migration, Migrations};

/// The steps, oldest first.
pub const MIGRATIONS: Migrations = Migrations { component: "jobs", steps: &[FIRST, SECOND, THIRD, FOURTH] };

const FOURTH: Migration = Migration {
    name: "0004_machines_that_refused",
    up: "ALTER TABLE job ADD COLUMN avoids TEXT NOT NULL DEFAULT '';
         ALTER TABLE job_flow ADD COLUMN avoids TEXT NOT NULL DEFAULT ''",
    down: "ALTER TABLE job_flow DROP COLUMN avoids;
           ALTER TABLE job DROP COLUMN avoids",
};

const THIRD: Migration = Migration {
    name: "0003_what_began_a_job",
    up: "ALTER TABLE job ADD COLUMN begun_by TEXT",
    down: "ALTER TABLE job DROP COLUMN begun_by",
};

const SECOND: Migration = Migration {
    name: "0002_schedules",
    up: "CREATE TABLE job_schedule (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            owner_id TEXT NOT NULL,
            owner TEXT NOT NULL,
            kind TEXT NOT NULL,
            fires TEXT NOT NULL,
            missed TEXT NOT NULL,
            overlap TEXT NOT NULL,
            job TEXT NOT NULL,
            paused_at BIGINT,
            last_at BIGINT NOT NULL,
            next_at BIGINT,
            last_fired_at BIGINT,
            last_job_id TEXT,
            trouble TEXT,
            secret {blob},
            created_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL
         );
         CREATE INDEX job_schedule_next_at ON job_schedule (next_at) WHERE next_at IS NOT NULL;
         CREATE TABLE job_delivery (
            schedule_id TEXT NOT NULL,
            delivery {blob} NOT NULL,
            at BIGINT NOT NULL,
            PRIMARY KEY (schedule_id, delivery)
         )",
    down: "DROP TABLE job_delivery;
           DROP TABLE job_schedule",
};

const FIRST: Migration = Migration {
    name: "0001_jobs",
    up: "CREATE TABLE job_flow (
            id BIGINT PRIMARY KEY,
            queue TEXT NOT NULL,
            target TEXT NOT NULL,
            job_key TEXT,
            owner_id TEXT NOT NULL,
            priority BIGINT NOT NULL,
            is_light BIGINT NOT NULL
         );
         CREATE TABLE job (
            id TEXT PRIMARY KEY,
            flow BIGINT NOT NULL,
            name TEXT NOT NULL,
            queue TEXT NOT NULL,
            job_key TEXT,
            owner_id TEXT NOT NULL,
            owner TEXT NOT NULL,
            spec TEXT NOT NULL,
            labels TEXT NOT NULL,
            state TEXT NOT NULL,
            hold TEXT NOT NULL,
            attempt BIGINT NOT NULL,
            tries BIGINT NOT NULL,
            most_tries BIGINT NOT NULL,
            fence BIGINT NOT NULL,
            due_at BIGINT,
            deadline_at BIGINT,
            created_at BIGINT NOT NULL,
            ready_at BIGINT NOT NULL,
            leased_at BIGINT,
            started_at BIGINT,
            ended_at BIGINT,
            cancel_asked_at BIGINT,
            machine_id TEXT,
            machine_name TEXT,
            command_id TEXT,
            reason TEXT,
            detail TEXT,
            exit_code BIGINT,
            signal BIGINT,
            usage TEXT,
            output_bytes BIGINT NOT NULL,
            error_bytes BIGINT NOT NULL,
            dead_at BIGINT,
            open_dependencies BIGINT NOT NULL,
            dependents BIGINT NOT NULL,
            schedule_id TEXT,
            scheduled_for BIGINT,
            rerun_of TEXT,
            depth BIGINT NOT NULL,
            idempotency_key TEXT,
            idempotency_digest {blob}
         );
         CREATE INDEX job_ready ON job (flow, ready_at, id) WHERE state = 'queued' AND hold = '';
         CREATE INDEX job_due ON job (due_at) WHERE state = 'queued' AND hold = 'time';
         CREATE INDEX job_deadline ON job (deadline_at) WHERE state = 'queued' AND deadline_at IS NOT NULL;
         CREATE INDEX job_under_way ON job (id) WHERE state IN ('leased', 'running');
         CREATE INDEX job_dead ON job (id) WHERE dead_at IS NOT NULL;
         CREATE INDEX job_ended ON job (ended_at) WHERE ended_at IS NOT NULL;
         CREATE UNIQUE INDEX job_idempotency_key_key ON job (owner_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
         CREATE UNIQUE INDEX job_scheduled_for_key ON job (schedule_id, scheduled_for) WHERE schedule_id IS NOT NULL;
         CREATE TABLE job_attempt (
            job_id TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
            attempt BIGINT NOT NULL,
            fence BIGINT NOT NULL,
            machine_id TEXT NOT NULL,
            machine_name TEXT NOT NULL,
            command_id TEXT,
            leased_at BIGINT NOT NULL,
            started_at BIGINT,
            ended_at BIGINT NOT NULL,
            state TEXT NOT NULL,
            reason TEXT,
            detail TEXT,
            exit_code BIGINT,
            signal BIGINT,
            usage TEXT,
            output_bytes BIGINT NOT NULL,
            error_bytes BIGINT NOT NULL,
            PRIMARY KEY (job_id, attempt)
         );
         CREATE TABLE job_dependency (
            job_id TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
            on_id TEXT NOT NULL,
            whenever BIGINT NOT NULL,
            PRIMARY KEY (job_id, on_id)
         );
         CREATE INDEX job_dependency_on_id ON job_dependency (on_id);
         CREATE TABLE job_key (
            name TEXT PRIMARY KEY,
            most BIGINT NOT NULL,
            held BIGINT NOT NULL
         );
         CREATE TABLE job_queue (
            name TEXT PRIMARY KEY,
            most BIGINT,
            paused_at BIGINT,
            paused_by TEXT
         );
         CREATE TABLE job_machine (
            machine_id TEXT PRIMARY KEY,
            most BIGINT NOT NULL
         )",
    down: "DROP TABLE job_machine;
           DROP TABLE job_queue;
           DROP TABLE job_key;
           DROP TABLE job_dependency;
           DROP TABLE job_attempt;
           DROP TABLE job;
           DROP TABLE job_flow",
};
