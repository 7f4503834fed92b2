//! When to look at jobs again: the live feed says so, and a clock for what it does not say.

use std::time::Duration;

use diwan_client::{Client, ClientError, Feed, FromFeed};
use tokio::time::Interval;

/// How soon it is looked anew at first while the feed is away: what is quickly done is seen quickly.
const SOON: Duration = Duration::from_millis(100);
/// Every pause is twice as long as the one before, up to this.
const LONGEST: Duration = Duration::from_secs(2);
/// How long it is not looked while the feed says nothing.
const RARELY: Duration = Duration::from_secs(20);

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Changed {
    /// This job.
    One(String),
    /// Perhaps any.
    Any,
}

/// Says when to look.
#[derive(Debug)]
pub(super) struct Changes<'a> {
    client: &'a Client,
    feed: Option<Feed>,
    /// Whoever asks may not hear the feed: the clock says all.
    is_refused: bool,
    /// The feed is to be opened again.
    is_open_due: bool,
    clock: Interval,
    pause: Duration,
}

impl<'a> Changes<'a> {
    /// Listens. What changes from now on is not missed.
    pub(super) async fn listen(client: &'a Client) -> Self {
        let (feed, is_refused) = open(client).await;
        let pause = if feed.is_some() { RARELY } else { SOON };
        let clock = tokio::time::interval(pause);
        let mut this = Self { client, feed, is_refused, is_open_due: false, clock, pause };
        this.rest(pause);
        this
    }

    /// Something is about to change: without the feed it is looked again soon.
    pub(super) fn expect(&mut self) {
        if self.feed.is_none() {
            self.rest(SOON);
        }
    }

    fn rest(&mut self, pause: Duration) {
        self.pause = pause;
        self.clock.reset_after(pause);
    }

    /// Waits until something may have changed. Nothing is lost when the future is dropped.
    pub(super) async fn next(&mut self) -> Changed {
        loop {
            tokio::select! {
                heard = next_of(&mut self.feed) => match heard {
                    Some(FromFeed::Event { name, data }) if name == "job.changed" => {
                        return data["id"].as_str().map_or(Changed::Any, |id| Changed::One(id.to_owned()));
                    }
                    Some(FromFeed::Event { name, .. }) if name == "jobs.changed" => return Changed::Any,
                    Some(FromFeed::Event { .. }) => {}
                    Some(FromFeed::Gap) => return Changed::Any,
                    None => {
                        self.feed = None;
                        self.rest(SOON);
                    }
                },
                (feed, is_refused) = open(self.client), if self.is_open_due => {
                    (self.feed, self.is_refused, self.is_open_due) = (feed, is_refused, false);
                    if self.feed.is_some() {
                        self.rest(RARELY);
                        // What happened in between was not heard.
                        return Changed::Any;
                    }
                }
                _ = self.clock.tick() => {
                    let is_away = self.feed.is_none();
                    self.is_open_due |= is_away && !self.is_refused;
                    self.rest(if is_away { LONGEST.min(self.pause * 2) } else { RARELY });
                    return Changed::Any;
                }
            }
        }
    }

    /// Waits until this job may have changed.
    pub(super) async fn next_about(&mut self, id: &str) {
        while let Changed::One(other) = self.next().await {
            if other == id {
                return;
            }
        }
    }
}

/// Opens the feed; or says that it may not be heard, which asking again does not change.
async fn open(client: &Client) -> (Option<Feed>, bool) {
    match client.open_live(&["jobs"]).await {
        Ok(feed) => (Some(feed), false),
        Err(error) => (None, matches!(error, ClientError::Refused(problem) if problem.status == 403)),
    }
}

async fn next_of(feed: &mut Option<Feed>) -> Option<FromFeed> {
    match feed {
        Some(feed) => feed.next().await.ok(),
        None => std::future::pending().await,
    }
}
