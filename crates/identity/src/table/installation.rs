//! The one row about the installation itself: how its first owner comes in, and who is an owner.

use diwan_kernel::id::UserId;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, Tx, params};

/// Whether anybody owns this installation.
pub(crate) async fn has_owner(db: &Db) -> Result<bool, DbError> {
    Ok(db.query_opt("SELECT 1 AS one FROM users WHERE role = 'owner' LIMIT 1", vec![]).await?.is_some())
}

/// Puts a new setup link in the place of the old one.
pub(crate) async fn put_setup_link(tx: &mut Tx, hash: [u8; 32], expires_at: Timestamp) -> Result<(), DbError> {
    let sql = "UPDATE installation SET setup_hash = $1, setup_expires_at = $2 WHERE id = 1";
    tx.execute(sql, params![hash, expires_at]).await.map(drop)
}

/// Uses the setup link up. True for whoever is first, as long as it counts and nobody is owner.
pub(crate) async fn use_setup_link(tx: &mut Tx, hash: [u8; 32], now: Timestamp) -> Result<bool, DbError> {
    let sql = "UPDATE installation SET setup_hash = NULL, setup_expires_at = NULL
         WHERE id = 1 AND setup_hash = $1 AND setup_expires_at > $2
           AND NOT EXISTS (SELECT 1 FROM users WHERE role = 'owner')";
    Ok(tx.execute(sql, params![hash, now]).await? == 1)
}

/// From here to the end of the unit of work nobody else makes or unmakes an owner: two owners who
/// remove each other at the same moment take turns, and the second one sees what the first one did.
pub(crate) async fn take_turns_on_owners(tx: &mut Tx) -> Result<(), DbError> {
    tx.execute("UPDATE installation SET owner_changes = owner_changes + 1 WHERE id = 1", vec![]).await.map(drop)
}

/// Whether somebody other than this person is an owner who can sign in.
pub(crate) async fn has_other_owner(tx: &mut Tx, than: UserId) -> Result<bool, DbError> {
    let sql = "SELECT 1 AS one FROM users WHERE role = 'owner' AND status = 'active' AND id <> $1 LIMIT 1";
    Ok(tx.query_opt(sql, params![than]).await?.is_some())
}

/// Whether this is the setup link that counts now.
pub(crate) async fn is_setup_link(db: &Db, hash: [u8; 32], now: Timestamp) -> Result<bool, DbError> {
    let sql = "SELECT 1 AS one FROM installation WHERE id = 1 AND setup_hash = $1 AND setup_expires_at > $2";
    Ok(db.query_opt(sql, params![hash, now]).await?.is_some())
}
