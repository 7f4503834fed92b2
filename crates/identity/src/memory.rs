//! What was read from the database a moment ago, so that most requests do not ask it at all.
//!
//! Nothing in here is trusted for longer than [`FRESH`]: whatever changes a session, a token or a
//! person, on this node or another, counts everywhere within that time. Changes made through this
//! process count at once, because they forget what they changed.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// How long something read may be used.
pub(crate) const FRESH: Duration = Duration::from_millis(900);

struct Entry<V> {
    value: Arc<V>,
    read_at: Duration,
}

/// Things by key, each for a moment.
pub(crate) struct Memory<K, V> {
    entries: RwLock<HashMap<K, Entry<V>>>,
    most: usize,
    /// Counts what was forgotten: something read before must not be put back after.
    changes: AtomicU64,
}

impl<K, V> std::fmt::Debug for Memory<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory").field("most", &self.most).finish_non_exhaustive()
    }
}

/// The state of a memory before something was read for it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Before {
    changes: u64,
    at: Duration,
}

impl<K: Eq + Hash + Copy, V> Memory<K, V> {
    /// An empty one for at most this many things.
    pub(crate) fn new(most: usize) -> Self {
        Self { entries: RwLock::default(), most, changes: AtomicU64::new(0) }
    }

    /// What is known under this key, if that is fresh.
    pub(crate) fn get(&self, key: &K, now: Duration) -> Option<Arc<V>> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.get(key).filter(|e| now.saturating_sub(e.read_at) < FRESH).map(|e| e.value.clone())
    }

    /// To be asked before reading what is then kept.
    pub(crate) fn before(&self, now: Duration) -> Before {
        Before { changes: self.changes.load(Ordering::SeqCst), at: now }
    }

    /// Keeps what was read, unless something was forgotten since.
    pub(crate) fn keep(&self, key: K, value: Arc<V>, before: Before) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        if self.changes.load(Ordering::SeqCst) != before.changes {
            return;
        }
        if entries.len() >= self.most && !entries.contains_key(&key) {
            entries.retain(|_, e| before.at.saturating_sub(e.read_at) < FRESH);
        }
        // Still full of fresh ones: then this one is simply read again next time.
        if entries.len() < self.most || entries.contains_key(&key) {
            entries.insert(key, Entry { value, read_at: before.at });
        }
    }

    /// Forgets what changed.
    pub(crate) fn forget(&self, is_changed: impl Fn(&K, &V) -> bool) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        self.changes.fetch_add(1, Ordering::SeqCst);
        entries.retain(|key, e| !is_changed(key, &e.value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(10);

    #[test]
    fn what_is_kept_is_known_for_a_moment() {
        let memory = Memory::new(10);
        memory.keep(1, Arc::new("one"), memory.before(NOW));
        assert!(memory.get(&1, NOW + FRESH / 2).is_some());
        assert!(memory.get(&1, NOW + FRESH).is_none());
    }

    #[test]
    fn what_was_read_before_a_change_is_not_kept_after_it() {
        let memory = Memory::new(10);
        let before = memory.before(NOW);
        memory.forget(|_, _| false);
        memory.keep(1, Arc::new("stale"), before);
        assert!(memory.get(&1, NOW).is_none());
    }

    #[test]
    fn it_forgets_what_changed_and_nothing_else() {
        let memory = Memory::new(10);
        for key in 1..=2 {
            memory.keep(key, Arc::new(key), memory.before(NOW));
        }
        memory.forget(|key, _| *key == 1);
        assert!(memory.get(&1, NOW).is_none() && memory.get(&2, NOW).is_some());
    }

    #[test]
    fn it_never_grows_beyond_its_bound() {
        let memory = Memory::new(3);
        for key in 0..10 {
            memory.keep(key, Arc::new(key), memory.before(NOW));
        }
        assert_eq!((0..10).filter(|k| memory.get(k, NOW).is_some()).count(), 3);
        let later = NOW + FRESH;
        memory.keep(11, Arc::new(11), memory.before(later));
        assert!(memory.get(&11, later).is_some(), "what is stale makes room");
    }
}
