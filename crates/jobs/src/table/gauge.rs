//! How much may be under way at once: by key, queue and machine.

use diwan_fleet::MachineId;
use diwan_kernel::{Db, DbError, Timestamp, Tx, params};

/// How many with a key may be under way: what was said last counts.
pub(crate) async fn set_key(tx: &mut Tx, key: &str, most: u32) -> Result<(), DbError> {
    let sql = "INSERT INTO job_key (name, most, held) VALUES ($1, $2, 0)
         ON CONFLICT (name) DO UPDATE SET most = excluded.most";
    tx.execute(sql, params![key, most]).await.map(drop)
}

/// Takes one of a key. False when all are taken.
pub(crate) async fn take_key(tx: &mut Tx, key: &str) -> Result<bool, DbError> {
    let sql = "UPDATE job_key SET held = held + 1 WHERE name = $1 AND held < most";
    Ok(tx.execute(sql, params![key]).await? == 1)
}

/// Gives one of a key back.
pub(crate) async fn give_key_back(tx: &mut Tx, key: &str) -> Result<(), DbError> {
    let sql = "UPDATE job_key SET held = held - 1 WHERE name = $1 AND held > 0";
    tx.execute(sql, params![key]).await.map(drop)
}

/// How many may be under way, by key.
pub(crate) async fn keys(db: &Db) -> Result<Vec<(String, u32)>, DbError> {
    let rows = db.query("SELECT name, most FROM job_key", params![]).await?;
    rows.iter().map(|row| Ok((row.get("name")?, row.get("most")?))).collect()
}

/// A queue about which something was decided.
#[derive(Debug, Clone)]
pub(crate) struct Queue {
    pub(crate) name: String,
    pub(crate) most: Option<u32>,
    pub(crate) paused_at: Option<Timestamp>,
    pub(crate) paused_by: Option<String>,
}

/// Writes down what is decided about a queue.
pub(crate) async fn set_queue(tx: &mut Tx, queue: &Queue) -> Result<(), DbError> {
    let sql = "INSERT INTO job_queue (name, most, paused_at, paused_by) VALUES ($1, $2, $3, $4)
         ON CONFLICT (name) DO UPDATE SET most = excluded.most, paused_at = excluded.paused_at,
            paused_by = excluded.paused_by";
    tx.execute(sql, params![&queue.name, queue.most, queue.paused_at, queue.paused_by.clone()]).await.map(drop)
}

/// The queues about which something was decided.
pub(crate) async fn queues(db: &Db) -> Result<Vec<Queue>, DbError> {
    let rows = db.query("SELECT * FROM job_queue ORDER BY name", params![]).await?;
    let queue = |row: &diwan_kernel::db::Row| {
        Ok(Queue {
            name: row.get("name")?,
            most: row.get("most")?,
            paused_at: row.get("paused_at")?,
            paused_by: row.get("paused_by")?,
        })
    };
    rows.iter().map(queue).collect()
}

/// Writes down how many jobs a machine takes at once.
pub(crate) async fn set_machine(tx: &mut Tx, machine: MachineId, most: u32) -> Result<(), DbError> {
    let sql = "INSERT INTO job_machine (machine_id, most) VALUES ($1, $2)
         ON CONFLICT (machine_id) DO UPDATE SET most = excluded.most";
    tx.execute(sql, params![machine, most]).await.map(drop)
}

/// How many jobs a machine takes at once, where that was decided.
pub(crate) async fn machines(db: &Db) -> Result<Vec<(MachineId, u32)>, DbError> {
    let rows = db.query("SELECT machine_id, most FROM job_machine", params![]).await?;
    rows.iter().map(|row| Ok((row.get("machine_id")?, row.get("most")?))).collect()
}
