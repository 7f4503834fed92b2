//! What people can prove besides a password.

use diwan_kernel::db::Migration;

pub(super) const STEP: Migration = Migration {
    name: "0002_factors",
    up: "CREATE TABLE totp (
            user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
            seed {blob} NOT NULL,
            last_step BIGINT NOT NULL,
            created_at BIGINT NOT NULL,
            confirmed_at BIGINT
         );
         CREATE TABLE recovery_code (
            user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            code_hash {blob} NOT NULL,
            created_at BIGINT NOT NULL,
            used_at BIGINT,
            PRIMARY KEY (user_id, code_hash)
         );
         CREATE TABLE passkey (
            id TEXT PRIMARY KEY,
            user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            credential_id {blob} NOT NULL,
            credential TEXT NOT NULL,
            sign_count BIGINT NOT NULL,
            name TEXT NOT NULL,
            created_at BIGINT NOT NULL,
            last_used_at BIGINT
         );
         CREATE UNIQUE INDEX passkey_credential_id_key ON passkey (credential_id);
         CREATE INDEX passkey_user_id ON passkey (user_id, id);
         CREATE TABLE passkey_ceremony (
            id_hash {blob} PRIMARY KEY,
            purpose TEXT NOT NULL,
            user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
            state {blob} NOT NULL,
            expires_at BIGINT NOT NULL
         );
         CREATE INDEX passkey_ceremony_expires_at ON passkey_ceremony (expires_at);
         CREATE TABLE oidc_identity (
            id TEXT PRIMARY KEY,
            user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            issuer TEXT NOT NULL,
            subject TEXT NOT NULL,
            email TEXT,
            created_at BIGINT NOT NULL,
            last_used_at BIGINT
         );
         CREATE UNIQUE INDEX oidc_identity_subject_key ON oidc_identity (issuer, subject);
         CREATE INDEX oidc_identity_user_id ON oidc_identity (user_id, id);
         CREATE TABLE oidc_flow (
            state_hash {blob} PRIMARY KEY,
            browser_hash {blob} NOT NULL,
            provider TEXT NOT NULL,
            user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
            secrets {blob} NOT NULL,
            expires_at BIGINT NOT NULL
         );
         CREATE INDEX oidc_flow_expires_at ON oidc_flow (expires_at);
         CREATE TABLE magic_link (
            token_hash {blob} PRIMARY KEY,
            user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            browser_hash {blob} NOT NULL,
            created_at BIGINT NOT NULL,
            expires_at BIGINT NOT NULL,
            used_at BIGINT
         );
         CREATE INDEX magic_link_user_id ON magic_link (user_id, created_at);
         CREATE INDEX magic_link_expires_at ON magic_link (expires_at);
         CREATE TABLE outbox_mail (
            id TEXT PRIMARY KEY,
            recipient TEXT NOT NULL,
            body {blob} NOT NULL,
            state TEXT NOT NULL,
            attempts BIGINT NOT NULL,
            due_at BIGINT NOT NULL,
            created_at BIGINT NOT NULL,
            error TEXT
         );
         CREATE INDEX outbox_mail_state ON outbox_mail (state, due_at);",
    down: "DROP TABLE outbox_mail;
           DROP TABLE magic_link;
           DROP TABLE oidc_flow;
           DROP TABLE oidc_identity;
           DROP TABLE passkey_ceremony;
           DROP TABLE passkey;
           DROP TABLE recovery_code;
           DROP TABLE totp;",
};
