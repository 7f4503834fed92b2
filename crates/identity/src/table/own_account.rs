//! What somebody sees of their own account, in one statement: every page of the dashboard asks for it.

use diwan_kernel::id::UserId;
use diwan_kernel::{Db, DbError};

use super::user::{self, User};

/// A person and what they prove themselves with.
pub(crate) struct OwnAccount {
    pub(crate) user: User,
    pub(crate) passkeys: u32,
    pub(crate) recovery_codes_left: u32,
}

/// The account of this person.
pub(crate) async fn find(db: &Db, id: UserId) -> Result<Option<OwnAccount>, DbError> {
    let sql = "SELECT users.*,
            (SELECT count(*) FROM passkey WHERE user_id = users.id) AS passkeys,
            (SELECT count(*) FROM recovery_code WHERE user_id = users.id AND used_at IS NULL) AS recovery_codes_left
        FROM users WHERE id = $1";
    let Some(row) = db.query_kept(sql, id).await? else { return Ok(None) };
    Ok(Some(OwnAccount {
        user: user::read(&row)?,
        passkeys: row.get("passkeys")?,
        recovery_codes_left: row.get("recovery_codes_left")?,
    }))
}
