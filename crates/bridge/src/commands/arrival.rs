//! The values of a command's secrets, on their way from the stream that brings them to the thread that needs them.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use diwan_protocol::environment::Brought;
use tokio::sync::Notify;

/// They come right behind the command. Whoever lost the connection in between brings it anew.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where they are put down and taken up, each once.
#[derive(Debug, Default)]
pub(crate) struct Arrival {
    state: Mutex<State>,
    came: Notify,
}

#[derive(Debug, Default)]
enum State {
    /// There are none, or there were.
    #[default]
    Closed,
    /// They were promised.
    Awaited,
    /// They are here.
    Here(Brought),
}

impl Arrival {
    /// They were promised.
    pub(super) fn expect(&self) {
        *self.lock() = State::Awaited;
    }

    /// Puts them down. False when nobody waits for any.
    pub(super) fn put(&self, brought: Brought) -> bool {
        let mut state = self.lock();
        let is_awaited = matches!(*state, State::Awaited);
        if is_awaited {
            *state = State::Here(brought);
            self.came.notify_one();
        }
        is_awaited
    }

    /// Waits for them; `None` when they do not come in time, or `given_up` is sooner. Whatever comes later is not
    /// taken.
    pub(super) async fn take(&self, given_up: impl Future<Output = ()>) -> Option<Brought> {
        let came = async {
            while matches!(*self.lock(), State::Awaited) {
                self.came.notified().await;
            }
        };
        tokio::select! {
            biased;
            () = came => {}
            () = given_up => {}
            () = tokio::time::sleep(PATIENCE) => {}
        }
        match std::mem::take(&mut *self.lock()) {
            State::Here(brought) => Some(brought),
            State::Closed | State::Awaited => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use diwan_protocol::environment::SecretText;

    use super::*;

    fn brought() -> Brought {
        Brought { salt: [1; 32].into(), values: vec![SecretText::new("hunter2".to_owned())] }
    }

    #[tokio::test(start_paused = true)]
    async fn secrets_are_taken_once_and_only_where_they_were_promised() {
        let arrival = Arrival::default();
        assert!(!arrival.put(brought()), "nobody promised any");
        arrival.expect();
        assert!(arrival.put(brought()));
        assert!(!arrival.put(brought()), "they are here");
        assert_eq!(arrival.take(std::future::pending()).await, Some(brought()));
        assert!(!arrival.put(brought()), "they were taken");
    }

    #[tokio::test(start_paused = true)]
    async fn secrets_that_do_not_come_are_not_waited_for_for_ever() {
        let arrival = Arrival::default();
        arrival.expect();
        assert_eq!(arrival.take(std::future::pending()).await, None);
        assert!(!arrival.put(brought()), "it is too late");
        arrival.expect();
        assert_eq!(arrival.take(std::future::ready(())).await, None, "nobody wants the command any more");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_is_told_when_they_come() {
        let arrival = Arrival::default();
        arrival.expect();
        let (taken, was_put) = tokio::join!(arrival.take(std::future::pending()), async { arrival.put(brought()) });
        assert!(was_put && taken == Some(brought()));
    }
}
