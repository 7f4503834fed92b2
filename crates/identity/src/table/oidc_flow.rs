//! Sign-ins at identity providers that are under way.

use diwan_kernel::id::User;
use diwan_kernel::seal::Place;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{DbError, Id, Tx, params};

/// A sign-in under way, as stored.
#[derive(Debug, Clone)]
pub(crate) struct Flow {
    /// The browser it began in, as a hash of its cookie.
    pub(crate) browser_hash: [u8; 32],
    /// Whom the account is to be linked to; nobody for a plain sign-in.
    pub(crate) user: Option<Id<User>>,
    /// Nonce, PKCE verifier and the way back, sealed.
    pub(crate) secrets: Vec<u8>,
}

/// Where a flow's secrets are sealed.
pub(crate) const fn place(row: &str) -> Place<'_> {
    Place { table: "oidc_flow", column: "secrets", row }
}

/// More than this are never under way at once: whoever begins and does not finish cannot fill the disk.
const MOST: u32 = 50_000;

/// Remembers a flow; false when there are too many.
pub(crate) async fn insert(
    tx: &mut Tx,
    state_hash: [u8; 32],
    provider: &str,
    flow: Flow,
    expires_at: Timestamp,
) -> Result<bool, DbError> {
    let sql = "INSERT INTO oidc_flow (state_hash, browser_hash, provider, user_id, secrets, expires_at)
        SELECT $1, $2, CAST($3 AS TEXT), CAST($4 AS TEXT), $5, CAST($6 AS BIGINT)
        WHERE (SELECT count(*) FROM oidc_flow) < CAST($7 AS BIGINT)";
    let Flow { browser_hash, user, secrets } = flow;
    Ok(tx.execute(sql, params![state_hash, browser_hash, provider, user, secrets, expires_at, MOST]).await? == 1)
}

/// Takes a flow with this provider out of memory: it is there once.
pub(crate) async fn take(
    tx: &mut Tx,
    state_hash: [u8; 32],
    provider: &str,
    now: Timestamp,
) -> Result<Option<Flow>, DbError> {
    let sql = "SELECT browser_hash, user_id, secrets FROM oidc_flow
        WHERE state_hash = $1 AND provider = $2 AND expires_at > $3";
    let Some(row) = tx.query_opt(sql, params![state_hash, provider, now]).await? else { return Ok(None) };
    let (browser_hash, user) = (row.get("browser_hash")?, row.get("user_id")?);
    let flow = Flow { browser_hash, user, secrets: row.get("secrets")? };
    let taken = tx.execute("DELETE FROM oidc_flow WHERE state_hash = $1", params![state_hash]).await? == 1;
    Ok(taken.then_some(flow))
}

/// Forgets what has run out.
pub(crate) async fn sweep(tx: &mut Tx, now: Timestamp) -> Result<u64, DbError> {
    tx.execute("DELETE FROM oidc_flow WHERE expires_at <= $1", params![now]).await
}
