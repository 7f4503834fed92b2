//! What the machines' policies say. Most machines have the same one, and say it each time they connect: each text
//! is written down once, under the digest that is taken of it here. What a machine says it is would let one
//! machine put words into the mouths of others.

use diwan_kernel::{Db, DbError, Tx, params};
use ring::digest::{SHA256, digest};

use crate::machine::MachineId;

/// Writes a text down, if it is not there yet; under which digest it is.
pub(super) async fn keep(tx: &mut Tx, text: &str) -> Result<Vec<u8>, DbError> {
    let digest = digest(&SHA256, text.as_bytes()).as_ref().to_vec();
    let sql = "INSERT INTO fleet_policy (digest, text) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    tx.execute(sql, params![digest.clone(), text]).await?;
    Ok(digest)
}

/// What a machine's policy says.
pub(crate) async fn find_of(db: &Db, machine: MachineId) -> Result<Option<String>, DbError> {
    let sql = "SELECT text FROM fleet_policy
         WHERE digest = (SELECT policy_digest FROM fleet_machine WHERE id = $1)";
    db.query_opt(sql, params![machine]).await?.map(|row| row.get("text")).transpose()
}

/// Forgets the texts that no machine has any more.
pub(crate) async fn forget_unused(tx: &mut Tx) -> Result<(), DbError> {
    let sql = "DELETE FROM fleet_policy
         WHERE NOT EXISTS (SELECT 1 FROM fleet_machine WHERE policy_digest = fleet_policy.digest)";
    tx.execute(sql, params![]).await.map(drop)
}
