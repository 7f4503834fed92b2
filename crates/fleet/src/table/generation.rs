//! Generations of the fleet's own keys, and which machines have learned which. The first is not written down.

use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, Tx, params};

use crate::machine::MachineId;

fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The newest, and since when it is in use.
pub(crate) async fn newest(db: &Db) -> Result<Option<(u64, Timestamp)>, DbError> {
    let sql = "SELECT number, started_at FROM fleet_generation ORDER BY number DESC LIMIT 1";
    let row = db.query_opt(sql, params![]).await?;
    row.map(|row| Ok((row.get("number")?, row.get("started_at")?))).transpose()
}

/// Begins one. Of two who begin the same, one gets [`DbError::Unique`].
pub(crate) async fn begin(tx: &mut Tx, number: u64, now: Timestamp) -> Result<(), DbError> {
    let sql = "INSERT INTO fleet_generation (number, started_at) VALUES ($1, $2)";
    tx.execute(sql, params![int(number), now]).await.map(drop)
}

/// A machine has learned the keys of a generation.
pub(crate) async fn set_learned(tx: &mut Tx, machine: MachineId, number: u64) -> Result<(), DbError> {
    let sql = "INSERT INTO fleet_learned (machine_id, number) VALUES ($1, $2)
         ON CONFLICT (machine_id) DO UPDATE SET number = excluded.number";
    tx.execute(sql, params![machine, int(number)]).await.map(drop)
}

/// How many machines may be there.
pub(crate) async fn count(db: &Db) -> Result<u64, DbError> {
    let sql = "SELECT count(*) AS n FROM fleet_machine WHERE standing <> 'revoked'";
    db.query_opt(sql, params![]).await?.map_or(Ok(0), |row| row.get("n"))
}

/// How many of them have not learned the keys of a generation.
pub(crate) async fn count_without(db: &Db, number: u64) -> Result<u64, DbError> {
    let sql = "SELECT count(*) AS n FROM fleet_machine m LEFT JOIN fleet_learned l ON l.machine_id = m.id
         WHERE m.standing <> 'revoked' AND coalesce(l.number, 1) < $1";
    db.query_opt(sql, params![int(number)]).await?.map_or(Ok(0), |row| row.get("n"))
}

/// The first of those, by name.
pub(crate) async fn without(db: &Db, number: u64, limit: usize) -> Result<Vec<(MachineId, String)>, DbError> {
    let sql = "SELECT m.id, m.name FROM fleet_machine m LEFT JOIN fleet_learned l ON l.machine_id = m.id
         WHERE m.standing <> 'revoked' AND coalesce(l.number, 1) < $1 ORDER BY m.name, m.id LIMIT $2";
    let rows = db.query(sql, params![int(number), i64::try_from(limit).unwrap_or(i64::MAX)]).await?;
    rows.iter().map(|row| Ok((row.get("id")?, row.get("name")?))).collect()
}
