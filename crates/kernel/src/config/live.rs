//! A section as it is now: whoever holds it sees every change that was accepted.

use std::sync::Arc;

use tokio::sync::watch;

/// The section in force. Cheap to clone and to read.
#[derive(Debug, Clone)]
pub struct Live<S>(watch::Receiver<Arc<S>>);

impl<S> Live<S> {
    /// The section as it is at this moment. Whatever is decided by it is decided by one version.
    pub fn get(&self) -> Arc<S> {
        self.0.borrow().clone()
    }

    /// Waits until another one is in force.
    pub async fn changed(&mut self) -> Arc<S> {
        if self.0.changed().await.is_err() {
            // Nobody is left who could change it.
            std::future::pending::<()>().await;
        }
        self.0.borrow_and_update().clone()
    }
}

/// One that never changes.
impl<S> From<S> for Live<S> {
    fn from(section: S) -> Self {
        Publisher::new(section).live()
    }
}

/// Says what is in force.
#[derive(Debug)]
pub struct Publisher<S>(watch::Sender<Arc<S>>);

impl<S> Publisher<S> {
    /// Begins with this.
    pub fn new(section: S) -> Self {
        Self(watch::Sender::new(Arc::new(section)))
    }

    /// For whoever stands on the section.
    pub fn live(&self) -> Live<S> {
        Live(self.0.subscribe())
    }

    /// From now on this is in force.
    pub fn publish(&self, section: S) {
        self.0.send_replace(Arc::new(section));
    }
}
