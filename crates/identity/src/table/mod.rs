//! The tables, one file each: all the SQL of this capability is here.

pub(crate) mod api_token;
pub(crate) mod attempt;
pub(crate) mod avatar;
pub(crate) mod challenge;
pub(crate) mod device_login;
pub(crate) mod expired;
pub(crate) mod installation;
pub(crate) mod invitation;
pub(crate) mod magic_link;
pub(crate) mod oidc_flow;
pub(crate) mod oidc_identity;
pub(crate) mod outbox_mail;
pub(crate) mod own_account;
pub(crate) mod passkey;
pub(crate) mod passkey_ceremony;
pub(crate) mod recovery_code;
pub(crate) mod refresh_token;
pub(crate) mod rescue;
pub(crate) mod seen_from;
pub(crate) mod session;
pub(crate) mod totp;
pub(crate) mod user;

use diwan_kernel::DbError;
use diwan_kernel::db::Row;

/// Reads a column that holds one of a few words.
pub(crate) fn word<T>(row: &Row, column: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, DbError> {
    parse(&row.get::<String>(column)?).ok_or_else(|| DbError::Mismatch { column: column.to_owned() })
}
