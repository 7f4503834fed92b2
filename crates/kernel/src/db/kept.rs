//! Rows that nearly every request asks for, kept in memory while nothing is committed.
//!
//! Every change of a SQLite database goes through the one writer of this process. So between two of its
//! commits a row is what it was when it was read, and need not be read again. The writer says when a commit
//! begins and when it is over; in between, and for whatever was read before, the database is asked. Nobody
//! has to remember which change concerns which row.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::Row;

/// The file may be changed past this process, by hand or by a second server that was given the same one:
/// that is seen after this time.
const FRESH: Duration = Duration::from_millis(900);
/// At most this many rows: a few megabytes.
const MOST: usize = 2048;

/// What a row was found by: its statement, by its place in the program, and an id.
type Key = (usize, usize, u128);

/// The rows.
#[derive(Default)]
pub(super) struct Kept {
    /// Grows when a commit begins and when it is over: it is odd while one is under way.
    turns: AtomicU64,
    rows: RwLock<Rows>,
}

#[derive(Default)]
struct Rows {
    /// When, by the count of turns and by the clock, the oldest of them may have been read.
    read_at: (u64, Duration),
    by_key: HashMap<Key, Arc<Row>>,
}

/// A time between two commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Calm(u64);

impl Kept {
    pub(super) fn key(sql: &'static str, id: u128) -> Key {
        (sql.as_ptr().addr(), sql.len(), id)
    }

    /// To be said before a commit, and again when it is over and before anybody is told.
    pub(super) fn turn(&self) {
        self.turns.fetch_add(1, Ordering::SeqCst);
    }

    /// Whether no commit is under way; to be asked before reading what is then kept.
    pub(super) fn calm(&self) -> Option<Calm> {
        let turns = self.turns.load(Ordering::SeqCst);
        turns.is_multiple_of(2).then_some(Calm(turns))
    }

    /// The row, if it was read in the same calm.
    pub(super) fn get(&self, key: &Key, calm: Calm, now: Duration) -> Option<Arc<Row>> {
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        if rows.are_of(calm, now) { rows.by_key.get(key).cloned() } else { None }
    }

    /// Keeps a row that was read after `calm` began, at `now` or later.
    pub(super) fn keep(&self, key: Key, row: Arc<Row>, calm: Calm, now: Duration) {
        let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
        if calm.0 < rows.read_at.0 {
            return;
        }
        if !rows.are_of(calm, now) {
            *rows = Rows { read_at: (calm.0, now), by_key: HashMap::new() };
        }
        if rows.by_key.len() < MOST {
            rows.by_key.insert(key, row);
        }
    }
}

impl Rows {
    fn are_of(&self, calm: Calm, now: Duration) -> bool {
        self.read_at.0 == calm.0 && now.saturating_sub(self.read_at.1) < FRESH
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key = (0, 0, 7);
    const NOW: Duration = Duration::from_secs(5);

    fn row() -> Arc<Row> {
        Arc::new(Row { columns: Arc::default(), values: vec![] })
    }

    #[test]
    fn a_row_is_kept_until_the_next_commit() {
        let kept = Kept::default();
        let calm = kept.calm().unwrap();
        kept.keep(KEY, row(), calm, NOW);
        assert!(kept.get(&KEY, calm, NOW).is_some());
        kept.turn();
        assert_eq!(kept.calm(), None, "while a commit is under way the database is asked");
        kept.turn();
        assert!(kept.get(&KEY, kept.calm().unwrap(), NOW).is_none());
    }

    #[test]
    fn what_was_read_before_a_commit_does_not_replace_what_was_read_after_it() {
        let kept = Kept::default();
        let before = kept.calm().unwrap();
        kept.turn();
        kept.turn();
        let after = kept.calm().unwrap();
        kept.keep(KEY, row(), before, NOW);
        assert!(kept.get(&KEY, after, NOW).is_none());
        kept.keep(KEY, row(), after, NOW);
        kept.keep((0, 0, 8), row(), before, NOW);
        assert!(kept.get(&KEY, after, NOW).is_some() && kept.get(&(0, 0, 8), after, NOW).is_none());
    }

    #[test]
    fn a_row_is_not_kept_for_long() {
        let kept = Kept::default();
        let calm = kept.calm().unwrap();
        kept.keep(KEY, row(), calm, NOW);
        kept.keep((0, 0, 8), row(), calm, NOW + FRESH / 2);
        assert!(kept.get(&KEY, calm, NOW + FRESH).is_none() && kept.get(&(0, 0, 8), calm, NOW + FRESH).is_none());
        kept.keep(KEY, row(), calm, NOW + FRESH);
        assert!(kept.get(&KEY, calm, NOW + FRESH).is_some());
    }

    #[test]
    fn memory_is_bounded() {
        let kept = Kept::default();
        let calm = kept.calm().unwrap();
        for id in 0..MOST as u128 + 100 {
            kept.keep((0, 0, id), row(), calm, NOW);
        }
        assert_eq!(kept.rows.read().unwrap().by_key.len(), MOST);
    }
}
