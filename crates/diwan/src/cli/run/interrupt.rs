//! Ctrl-C: the first asks for an end, the second stops waiting for it.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What comes of the first: a bridge gives a program so long.
pub(super) const STOPPING: &str = "it is asked to end, and killed after 5 s; Ctrl-C again only stops watching";

/// Listens for the signals that ask to end.
#[derive(Debug)]
pub(in crate::cli) struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
    heard: u32,
}

impl Interrupts {
    pub(in crate::cli) fn listen() -> std::io::Result<Self> {
        let (interrupt, terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        Ok(Self { interrupt, terminate, heard: 0 })
    }

    /// Waits until so many were heard in all.
    pub(in crate::cli) async fn reach(&mut self, count: u32) {
        while self.heard < count {
            tokio::select! {
                Some(()) = self.interrupt.recv() => {}
                Some(()) = self.terminate.recv() => {}
                else => std::future::pending().await,
            }
            self.heard += 1;
        }
    }

    /// Waits for one more than were heard until now.
    pub(in crate::cli) async fn another(&mut self) {
        self.reach(self.heard + 1).await;
    }
}
