//! What is written down about many jobs at once: an entry holds only so many names.

use diwan_kernel::{DbError, Entry, Tx};

use crate::id::JobId;

/// So many are named in one entry.
const MOST: usize = 32;

/// Commits with entries that name all of these jobs.
///
/// # Errors
/// What the database says.
pub(crate) async fn commit(mut tx: Tx, entry: Entry, jobs: &[JobId]) -> Result<(), DbError> {
    let named = |some: &[JobId]| match some {
        [only] => entry.clone().on("job", *only),
        several => entry.clone().with("jobs", several.iter().map(ToString::to_string).collect::<Vec<_>>()),
    };
    let mut chunks = jobs.chunks(MOST);
    let Some(last) = chunks.next_back() else { return tx.commit(entry).await };
    for some in chunks {
        tx.record(named(some)).await?;
    }
    tx.commit(named(last)).await
}
