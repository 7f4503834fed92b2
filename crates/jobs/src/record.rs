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
pub(crate) async fn commit_with(tx: Tx, entry: Entry, jobs: &[JobId], then: Vec<Entry>) -> Result<(), DbError> {
    let ctx = tx.ctx().clone();
    let first = if jobs.is_empty() { vec![entry] } else { naming(&entry, jobs).collect() };
    let entries = first.into_iter().chain(then);
    tx.commit_all(entries.map(|entry| (ctx.clone(), entry)).collect()).await
}

/// The entry as often as it takes to name all of these jobs.
pub(crate) fn naming(entry: &Entry, jobs: &[JobId]) -> impl Iterator<Item = Entry> {
    jobs.chunks(MOST).map(|some| match some {
        [only] => entry.clone().on("job", *only),
        several => entry.clone().with("jobs", several.iter().map(ToString::to_string).collect::<Vec<_>>()),
    })
}
