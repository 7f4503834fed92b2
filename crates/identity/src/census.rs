//! How many people and sessions there are.

use std::time::Duration;

use diwan_kernel::DbError;

use crate::identity::Identity;
use crate::table;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// How many there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Census {
    /// People with an account.
    pub people: i64,
    /// Those of them who were seen within a day.
    pub active_today: i64,
    /// Sessions that are open.
    pub sessions: i64,
}

impl Identity {
    /// Counts them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn census(&self) -> Result<Census, DbError> {
        let now = self.world().now();
        table::census::count(self.db(), now, now.minus(DAY)).await
    }
}
