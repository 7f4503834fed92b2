//! Up to where old entries were removed.

use diwan_kernel::db::{Db, DbError, Row, Tx};
use diwan_kernel::params;

use crate::checkpoint::Base;
use crate::floor::Floor;

fn read(row: &Row) -> Floor {
    let base = Base {
        number: row.get("number").unwrap_or_default(),
        seq: row.get("seq").unwrap_or_default(),
        hash: row.get("hash").unwrap_or_default(),
        digest: row.get("digest").unwrap_or_default(),
    };
    Floor {
        base,
        at: row.get("at").unwrap_or_default(),
        key_id: row.get("key_id").unwrap_or_default(),
        signature: row.get("signature").unwrap_or_default(),
    }
}

/// The floor, if anything was ever removed.
pub(crate) async fn find(db: &Db) -> Result<Option<Floor>, DbError> {
    let row = db.query_opt("SELECT * FROM audit_floor WHERE id = 1", vec![]).await?;
    Ok(row.as_ref().map(read))
}

/// Raises the floor; false when another node has raised it as far already.
pub(crate) async fn raise(tx: &mut Tx, floor: &Floor) -> Result<bool, DbError> {
    let sql = "INSERT INTO audit_floor (id, seq, hash, number, digest, at, key_id, signature)
        VALUES (1, $1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, number = excluded.number,
            digest = excluded.digest, at = excluded.at, key_id = excluded.key_id, signature = excluded.signature
        WHERE audit_floor.seq < excluded.seq";
    let Floor { base: Base { number, seq, hash, digest }, at, key_id, signature } = floor;
    let values = params![*seq, *hash, *number, *digest, *at, key_id, signature.clone()];
    Ok(tx.execute(sql, values).await? == 1)
}
