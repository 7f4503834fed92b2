//! People, what they carry, and how they come in.

use diwan_kernel::db::Migration;

pub(super) const STEP: Migration = Migration {
    name: "0001_people",
    up: "CREATE TABLE installation (
            id BIGINT PRIMARY KEY,
            setup_hash {blob},
            setup_expires_at BIGINT,
            owner_changes BIGINT NOT NULL
         );
         INSERT INTO installation (id, owner_changes) VALUES (1, 0);
         CREATE TABLE users (
            id TEXT PRIMARY KEY,
            email TEXT NOT NULL,
            name TEXT NOT NULL,
            search_text TEXT NOT NULL,
            role TEXT NOT NULL,
            plan TEXT NOT NULL,
            language TEXT NOT NULL,
            theme TEXT NOT NULL,
            time_zone TEXT NOT NULL,
            avatar_type TEXT,
            avatar_version BIGINT NOT NULL,
            status TEXT NOT NULL,
            password_hash TEXT,
            two_factor BIGINT NOT NULL,
            created_at BIGINT NOT NULL,
            last_seen_at BIGINT
         );
         CREATE UNIQUE INDEX users_email_key ON users (email);
         CREATE INDEX users_role ON users (role);
         CREATE TABLE avatar (
            user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
            bytes {blob} NOT NULL
         );
         CREATE TABLE session (
            id TEXT PRIMARY KEY,
            user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            kind TEXT NOT NULL,
            method TEXT NOT NULL,
            client_name TEXT NOT NULL,
            address TEXT,
            generation BIGINT NOT NULL,
            accepted_from BIGINT NOT NULL,
            accepted_until BIGINT,
            rotated_at BIGINT NOT NULL,
            stepped_up_until BIGINT,
            created_at BIGINT NOT NULL,
            last_seen_at BIGINT NOT NULL,
            expires_at BIGINT NOT NULL
         );
         CREATE INDEX session_user_id ON session (user_id);
         CREATE INDEX session_expires_at ON session (expires_at);
         CREATE TABLE refresh_token (
            hash {blob} PRIMARY KEY,
            session_id TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
            created_at BIGINT NOT NULL,
            used_at BIGINT
         );
         CREATE INDEX refresh_token_session_id ON refresh_token (session_id);
         CREATE TABLE challenge (
            hash {blob} PRIMARY KEY,
            user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            method TEXT NOT NULL,
            created_at BIGINT NOT NULL,
            expires_at BIGINT NOT NULL
         );
         CREATE INDEX challenge_expires_at ON challenge (expires_at);
         CREATE INDEX challenge_user_id ON challenge (user_id);
         CREATE TABLE seen_from (
            user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            place TEXT NOT NULL,
            first_at BIGINT NOT NULL,
            last_at BIGINT NOT NULL,
            PRIMARY KEY (user_id, place)
         );
         CREATE INDEX seen_from_last_at ON seen_from (last_at);
         CREATE TABLE attempt (
            key {blob} PRIMARY KEY,
            failures BIGINT NOT NULL,
            last_at BIGINT NOT NULL,
            blocked_until BIGINT NOT NULL
         );
         CREATE INDEX attempt_last_at ON attempt (last_at);
         CREATE TABLE api_token (
            id TEXT PRIMARY KEY,
            user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            prefix TEXT NOT NULL,
            secret_hash {blob} NOT NULL,
            scopes TEXT NOT NULL,
            allowed_addresses TEXT NOT NULL,
            created_at BIGINT NOT NULL,
            expires_at BIGINT,
            last_used_at BIGINT
         );
         CREATE UNIQUE INDEX api_token_secret_hash_key ON api_token (secret_hash);
         CREATE INDEX api_token_user_id ON api_token (user_id);
         CREATE TABLE device_login (
            device_hash {blob} PRIMARY KEY,
            user_code TEXT NOT NULL,
            client_name TEXT NOT NULL,
            address TEXT,
            status TEXT NOT NULL,
            user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
            interval_ms BIGINT NOT NULL,
            last_polled_at BIGINT NOT NULL,
            created_at BIGINT NOT NULL,
            expires_at BIGINT NOT NULL
         );
         CREATE UNIQUE INDEX device_login_user_code_key ON device_login (user_code);
         CREATE INDEX device_login_expires_at ON device_login (expires_at);
         CREATE TABLE invitation (
            id TEXT PRIMARY KEY,
            email TEXT NOT NULL,
            role TEXT NOT NULL,
            message TEXT,
            secret_hash {blob} NOT NULL,
            invited_by TEXT REFERENCES users (id) ON DELETE SET NULL,
            created_at BIGINT NOT NULL,
            expires_at BIGINT NOT NULL,
            accepted_at BIGINT,
            revoked_at BIGINT
         );
         CREATE UNIQUE INDEX invitation_secret_hash_key ON invitation (secret_hash);
         CREATE UNIQUE INDEX invitation_email_key ON invitation (email)
            WHERE accepted_at IS NULL AND revoked_at IS NULL;",
    down: "DROP TABLE invitation; DROP TABLE device_login; DROP TABLE api_token; DROP TABLE attempt;
           DROP TABLE seen_from; DROP TABLE challenge; DROP TABLE refresh_token; DROP TABLE session;
           DROP TABLE avatar; DROP TABLE users; DROP TABLE installation;",
};
