//! Certificates of machines: which were given out, to which key, and whether they still count.

use diwan_kernel::db::Row;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, Tx, params};

use super::rows;
use crate::machine::MachineId;

/// A certificate that was given out.
#[derive(Debug, Clone)]
pub(crate) struct Certificate {
    pub(crate) serial: String,
    pub(crate) machine: MachineId,
    /// SHA-256 of the key that it is for.
    pub(crate) key_hash: [u8; 32],
    pub(crate) issued_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    /// When it stopped counting because the machine joined anew.
    pub(crate) voided_at: Option<Timestamp>,
}

fn read(row: &Row) -> Result<Certificate, DbError> {
    Ok(Certificate {
        serial: row.get("serial")?,
        machine: row.get("machine_id")?,
        key_hash: row.get("key_hash")?,
        issued_at: row.get("issued_at")?,
        ends_at: row.get("ends_at")?,
        voided_at: row.get("voided_at")?,
    })
}

/// The certificate with this serial number.
pub(crate) async fn find(db: &Db, serial: &str) -> Result<Option<Certificate>, DbError> {
    let sql = "SELECT * FROM fleet_certificate WHERE serial = $1";
    db.query_opt(sql, params![serial]).await?.as_ref().map(read).transpose()
}

/// The certificates of a machine, newest first.
pub(crate) async fn list(db: &Db, machine: MachineId, limit: usize) -> Result<Vec<Certificate>, DbError> {
    let sql = "SELECT * FROM fleet_certificate WHERE machine_id = $1 ORDER BY issued_at DESC, serial LIMIT $2";
    db.query(sql, params![machine, rows(limit)]).await?.iter().map(read).collect()
}

/// Writes down a certificate, and forgets those of the machine that ended before this.
pub(crate) async fn insert(tx: &mut Tx, certificate: &Certificate, forget_before: Timestamp) -> Result<(), DbError> {
    let sql = "INSERT INTO fleet_certificate (serial, machine_id, key_hash, issued_at, ends_at)
         VALUES ($1, $2, $3, $4, $5)";
    let Certificate { machine, key_hash, issued_at, ends_at, .. } = *certificate;
    tx.execute(sql, params![certificate.serial.clone(), machine, key_hash, issued_at, ends_at]).await?;
    let sql = "DELETE FROM fleet_certificate WHERE machine_id = $1 AND ends_at < $2";
    tx.execute(sql, params![machine, forget_before]).await.map(drop)
}

/// None of a machine's certificates counts any more.
pub(crate) async fn void_all(tx: &mut Tx, machine: MachineId, now: Timestamp) -> Result<(), DbError> {
    let sql = "UPDATE fleet_certificate SET voided_at = $1 WHERE machine_id = $2 AND voided_at IS NULL";
    tx.execute(sql, params![now, machine]).await.map(drop)
}
