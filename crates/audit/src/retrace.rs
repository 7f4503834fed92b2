//! What was done to things of one kind, for the capability that owns them and wants to compare.

use std::ops::ControlFlow;

use diwan_kernel::DbError;
use diwan_kernel::db::Cell;
use diwan_kernel::params;

use crate::audit::Audit;

/// Something that was done and succeeded.
#[derive(Debug)]
pub struct Deed<'a> {
    /// What was done.
    pub action: &'a str,
    /// On which thing of the kind.
    pub resource: &'a str,
    /// What else was written down, as JSON.
    pub metadata: &'a str,
}

const DEEDS: &str = "SELECT action, resource_id, metadata FROM audit_entry
     WHERE resource_kind = $1 AND outcome = 'ok' ORDER BY seq";

impl Audit {
    /// Shows what was done to things of this kind, oldest first, without keeping it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn retrace<S: Send + 'static>(
        &self,
        resource_kind: &'static str,
        state: S,
        mut look: impl FnMut(&mut S, Deed<'_>) + Send + 'static,
    ) -> Result<S, DbError> {
        self.db()
            .scan(DEEDS, params![resource_kind], state, move |state, row| {
                if let (Cell::Text(action), Cell::Text(resource), Cell::Text(metadata)) =
                    (row.cell(0), row.cell(1), row.cell(2))
                {
                    look(state, Deed { action: &action, resource: &resource, metadata: &metadata });
                }
                ControlFlow::Continue(())
            })
            .await
    }
}
