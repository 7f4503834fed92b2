//! Whoever watches: some of the machines are looked at as the dashboard does it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use diwan_client::{Client, ClientError, Feed, FromFeed};

use super::board::Board;

/// A watch lasts half a minute.
const RENEW: Duration = Duration::from_secs(20);
const AGAIN: Duration = Duration::from_secs(1);

/// Watches these machines for ever, over as many connections as that takes.
pub(super) async fn watch(client: &Client, machines: &[String], board: &Mutex<Board>) -> Result<(), ClientError> {
    loop {
        if let Err(error) = watch_once(client, machines, board).await
            && matches!(error, ClientError::Refused(_) | ClientError::NotSignedIn(_))
        {
            return Err(error);
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn watch_once(client: &Client, machines: &[String], board: &Mutex<Board>) -> Result<(), ClientError> {
    let mut feed = client.open_live(&["machines"]).await?;
    let mut renew = tokio::time::interval(RENEW);
    loop {
        tokio::select! {
            heard = feed.next() => match heard {
                Ok(heard) => hear(&heard, board),
                Err(_) => return Ok(()),
            },
            _ = renew.tick() => for machine in machines {
                while_hearing(client.watch_machine(machine), &mut feed, board).await?;
            },
        }
    }
}

/// Does something without being deaf meanwhile.
async fn while_hearing<T>(
    doing: impl Future<Output = Result<T, ClientError>>,
    feed: &mut Feed,
    board: &Mutex<Board>,
) -> Result<(), ClientError> {
    let mut doing = std::pin::pin!(doing);
    loop {
        tokio::select! {
            done = &mut doing => return done.map(drop),
            heard = feed.next() => match heard {
                Ok(heard) => hear(&heard, board),
                // The one who called finds out.
                Err(_) => return doing.await.map(drop),
            },
        }
    }
}

fn hear(heard: &FromFeed, board: &Mutex<Board>) {
    let FromFeed::Event { name, data } = heard else { return };
    if name != "machine.sample" {
        return;
    }
    if let (Some(machine), Some(number)) = (data["id"].as_str(), data["sample"]["uptime_s"].as_u64()) {
        board.lock().unwrap_or_else(PoisonError::into_inner).heard(machine, number, Instant::now());
    }
}
