//! What is written down about many jobs at once: an entry holds only so many names.

use diwan_kernel::{DbError, Entry, Tx};

use crate::id::JobId;

/// So many are named in one entry.
const MOST: usize = 32;

/// Commits with entries that name all of these jobs.
///
/// # Errors
/// What the database says.
pub(crate) async fn commit(tx: Tx, entry: Entry, jobs: &[JobId]) -> Result<(), DbError> {
    commit_with(tx, entry, jobs, vec![]).await
}

/// The same, with these entries after it.
///
/// # Errors
/// What the database says.
pub(crate) async fn commit_with(mut tx: Tx, entry: Entry, jobs: &[JobId], then: Vec<Entry>) -> Result<(), DbError> {
    let named = |some: &[JobId]| match some {
        [only] => entry.clone().on("job", *only),
        several => entry.clone().with("jobs", several.iter().map(ToString::to_string).collect::<Vec<_>>()),
    };
    let mut entries: Vec<Entry> = jobs.chunks(MOST).map(named).chain(then).collect();
    let Some(last) = entries.pop() else { return tx.commit(entry).await };
    for entry in entries {
        tx.record(entry).await?;
    }
    tx.commit(last).await
}
