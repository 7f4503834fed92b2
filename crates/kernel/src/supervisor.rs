//! The only place that spawns: every task has an owner, a name and an ending.
//!
//! Shutting down has two steps. The soft one asks every task to finish what it is doing and take
//! nothing new; the hard one drops what is left after the grace period, and says what that was.

use std::collections::BTreeMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

/// What the end of a task means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskPolicy {
    /// The process cannot go on without it: its end begins the shutdown.
    Critical,
    /// Others stand on it: critical, and ended only when all others have ended.
    Foundation,
    /// It has an end of its own; a panic in it is logged and stays in it.
    Once,
}

/// Owns every task of the process. Cheap to clone.
#[derive(Clone)]
pub struct Supervisor {
    inner: Arc<Inner>,
}

struct Inner {
    soft: CancellationToken,
    hard: CancellationToken,
    tracker: TaskTracker,
    foundation: TaskTracker,
    running: Mutex<BTreeMap<u64, (&'static str, TaskPolicy)>>,
    next: AtomicU64,
    failed: AtomicBool,
}

impl std::fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Supervisor").field("running", &self.running()).finish()
    }
}

impl Default for Supervisor {
    fn default() -> Self {
        Self::new()
    }
}

/// How a shutdown went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Farewell {
    /// Tasks that had to be dropped, by name.
    pub dropped: Vec<&'static str>,
    /// Whether a task, rather than a signal, was the reason.
    pub failed: bool,
}

impl Supervisor {
    /// A supervisor with nothing to do yet.
    pub fn new() -> Self {
        Self {
            inner: Arc::new(Inner {
                soft: CancellationToken::new(),
                hard: CancellationToken::new(),
                tracker: TaskTracker::new(),
                foundation: TaskTracker::new(),
                running: Mutex::default(),
                next: AtomicU64::new(0),
                failed: AtomicBool::new(false),
            }),
        }
    }

    /// Spawns a task under this name.
    pub fn spawn<F>(&self, name: &'static str, policy: TaskPolicy, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let number = self.inner.next.fetch_add(1, Ordering::Relaxed);
        self.lock_running().insert(number, (name, policy));
        let this = self.clone();
        let hard = self.inner.hard.clone();
        let watched = async move {
            let outcome = hard.run_until_cancelled(AssertUnwindSafe(task).catch_unwind()).await;
            this.lock_running().remove(&number);
            this.ended(name, policy, outcome.is_some_and(|o| o.is_err()));
        };
        // A task outlives whoever started it, so it stands at the root of the trace.
        let watched = watched.instrument(tracing::debug_span!(parent: None, "task", name));
        let tracker = if policy == TaskPolicy::Foundation { &self.inner.foundation } else { &self.inner.tracker };
        #[expect(clippy::disallowed_methods, reason = "the supervisor is what everybody else must use")]
        tokio::spawn(tracker.track_future(watched));
    }

    fn ended(&self, name: &'static str, policy: TaskPolicy, panicked: bool) {
        if panicked {
            tracing::error!(task = name, "a task panicked");
        }
        if policy != TaskPolicy::Once && !self.is_stopping() {
            tracing::error!(task = name, "a task that must not end has ended; shutting down");
            self.inner.failed.store(true, Ordering::SeqCst);
            self.stop();
        }
    }

    /// Begins the soft shutdown.
    pub fn stop(&self) {
        self.inner.soft.cancel();
    }

    /// Whether the shutdown has begun.
    pub fn is_stopping(&self) -> bool {
        self.inner.soft.is_cancelled()
    }

    /// Resolves when the shutdown begins.
    pub async fn stopping(&self) {
        self.inner.soft.cancelled().await;
    }

    /// Resolves after `period`, or at once with `false` when the shutdown begins: the heart of
    /// periodic tasks.
    pub async fn pause(&self, period: Duration) -> bool {
        tokio::select! {
            biased;
            () = self.stopping() => false,
            () = tokio::time::sleep(period) => true,
        }
    }

    /// Begins the shutdown, waits for the tasks to end, and drops what is left after `grace`.
    pub async fn shut_down(&self, grace: Duration) -> Farewell {
        self.stop();
        self.inner.tracker.close();
        let drained = tokio::time::timeout(grace, self.inner.tracker.wait()).await.is_ok();
        let dropped = if drained { vec![] } else { self.unfinished() };
        if !dropped.is_empty() {
            tracing::warn!(tasks = ?dropped, "these tasks did not end in time and are dropped");
        }
        self.inner.hard.cancel();
        self.inner.foundation.close();
        self.inner.tracker.wait().await;
        self.inner.foundation.wait().await;
        Farewell { dropped, failed: self.inner.failed.load(Ordering::SeqCst) }
    }

    /// The names of the tasks that run.
    pub fn running(&self) -> Vec<&'static str> {
        self.lock_running().values().map(|(name, _)| *name).collect()
    }

    fn unfinished(&self) -> Vec<&'static str> {
        let running = self.lock_running();
        running.values().filter(|(_, policy)| *policy != TaskPolicy::Foundation).map(|(name, _)| *name).collect()
    }

    fn lock_running(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, (&'static str, TaskPolicy)>> {
        self.inner.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_task_that_does_not_end_is_named_and_dropped() {
        let supervisor = Supervisor::new();
        supervisor.spawn("stubborn", TaskPolicy::Once, std::future::pending());
        let polite = supervisor.clone();
        supervisor.spawn("polite", TaskPolicy::Once, async move { polite.stopping().await });
        let farewell = supervisor.shut_down(Duration::from_secs(1)).await;
        assert_eq!(farewell, Farewell { dropped: vec!["stubborn"], failed: false });
        assert!(supervisor.running().is_empty());
    }

    #[tokio::test]
    async fn the_end_of_a_critical_task_ends_the_process() {
        let supervisor = Supervisor::new();
        supervisor.spawn("heart", TaskPolicy::Critical, async {});
        supervisor.stopping().await;
        assert!(supervisor.shut_down(Duration::from_secs(1)).await.failed);
    }

    #[tokio::test]
    async fn a_panic_stays_in_its_task() {
        let supervisor = Supervisor::new();
        supervisor.spawn("clumsy", TaskPolicy::Once, async { panic!("oops") });
        assert!(!supervisor.shut_down(Duration::from_secs(1)).await.failed);
    }
}
