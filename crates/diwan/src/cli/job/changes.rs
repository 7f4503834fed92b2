//! When to look at jobs again: the live feed says so, and a beat for what it does not say.

use std::time::Duration;

use diwan_client::{Client, ClientError, Feed, FromFeed};
use tokio::time::{Interval, MissedTickBehavior};

/// How often it is looked anew while the feed is away.
const BEAT: Duration = Duration::from_secs(2);
/// And every so many beats when it is there.
const RARELY: u32 = 10;

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
    /// Whoever asks may not hear the feed: it is looked at every beat.
    is_refused: bool,
    /// The feed is to be opened again.
    is_open_due: bool,
    beat: Interval,
    beats: u32,
}

impl<'a> Changes<'a> {
    /// Listens. What changes from now on is not missed.
    pub(super) async fn listen(client: &'a Client) -> Self {
        let (feed, is_refused) = open(client).await;
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first comes at once.
        beat.reset();
        Self { client, feed, is_open_due: false, is_refused, beat, beats: 0 }
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
                    None => self.feed = None,
                },
                (feed, is_refused) = open(self.client), if self.is_open_due => {
                    (self.feed, self.is_refused, self.is_open_due) = (feed, is_refused, false);
                    if self.feed.is_some() {
                        // What happened in between was not heard.
                        return Changed::Any;
                    }
                }
                _ = self.beat.tick() => {
                    self.beats += 1;
                    self.is_open_due |= self.feed.is_none() && !self.is_refused;
                    if self.feed.is_none() || self.beats.is_multiple_of(RARELY) {
                        return Changed::Any;
                    }
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
