//! The tables, one file each: all the SQL of this capability is here.

pub(crate) mod magic_link;
pub(crate) mod oidc_flow;
pub(crate) mod oidc_identity;
pub(crate) mod outbox_mail;
pub(crate) mod passkey;
pub(crate) mod passkey_ceremony;
pub(crate) mod recovery_code;
pub(crate) mod totp;
pub(crate) mod user;
