//! Whoever watches: some of the machines are looked at as the dashboard does it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use diwan_client::{Client, ClientError, Feed, FromFeed};
use diwan_kernel::World;

use super::board::Board;

/// A watch lasts half a minute.
const RENEW: Duration = Duration::from_secs(20);
const AGAIN: Duration = Duration::from_secs(1);

/// What is watched, from where, and where it is written down.
pub(super) struct Watched<'a> {
    pub(super) world: &'a World,
    pub(super) client: &'a Client,
    pub(super) machines: &'a [String],
    pub(super) board: &'a Mutex<Board>,
}

impl Watched<'_> {
    /// Watches for ever, over as many connections as that takes.
    ///
    /// # Errors
    /// When it may not be watched.
    pub(super) async fn watch(&self) -> Result<(), ClientError> {
        loop {
            if let Err(error) = self.watch_once().await
                && matches!(error, ClientError::Refused(_) | ClientError::NotSignedIn(_))
            {
                return Err(error);
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn watch_once(&self) -> Result<(), ClientError> {
        let mut feed = self.client.open_live(&["machines"]).await?;
        let mut renew = tokio::time::interval(RENEW);
        loop {
            tokio::select! {
                heard = feed.next() => match heard {
                    Ok(heard) => self.hear(&heard),
                    Err(_) => return Ok(()),
                },
                _ = renew.tick() => for machine in self.machines {
                    self.while_hearing(self.client.watch_machine(machine), &mut feed).await?;
                },
            }
        }
    }

    /// Does something without being deaf meanwhile.
    async fn while_hearing<T>(
        &self,
        doing: impl Future<Output = Result<T, ClientError>>,
        feed: &mut Feed,
    ) -> Result<(), ClientError> {
        let mut doing = std::pin::pin!(doing);
        loop {
            tokio::select! {
                done = &mut doing => return done.map(drop),
                heard = feed.next() => match heard {
                    Ok(heard) => self.hear(&heard),
                    // The one who called finds out.
                    Err(_) => return doing.await.map(drop),
                },
            }
        }
    }

    fn hear(&self, heard: &FromFeed) {
        let FromFeed::Event { name, data } = heard else { return };
        if name != "machine.sample" {
            return;
        }
        if let (Some(machine), Some(number)) = (data["id"].as_str(), data["sample"]["uptime_s"].as_u64()) {
            let now = self.world.monotonic();
            self.board.lock().unwrap_or_else(PoisonError::into_inner).heard(machine, number, now);
        }
    }
}
