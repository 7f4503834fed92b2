//! How many there are of everything, for the status page.

use diwan_kernel::world::Timestamp;
use diwan_kernel::{Db, DbError, params};

use crate::census::Census;

/// Counts people, those seen since `active_since`, and the sessions that are open.
pub(crate) async fn count(db: &Db, now: Timestamp, active_since: Timestamp) -> Result<Census, DbError> {
    let sql = "SELECT (SELECT count(*) FROM users) AS people,
                      (SELECT count(*) FROM users WHERE last_seen_at >= $1) AS active_today,
                      (SELECT count(*) FROM session WHERE expires_at > $2) AS sessions";
    let row = db.query_opt(sql, params![active_since, now]).await?;
    row.map_or(Ok(Census::default()), |row| {
        Ok(Census {
            people: row.get("people")?,
            active_today: row.get("active_today")?,
            sessions: row.get("sessions")?,
        })
    })
}
