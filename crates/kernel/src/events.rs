//! Domain events: what happened, for whoever listens. They are published after the commit that
//! caused them, numbered without gaps, and the latest ones are kept so that a listener who was away
//! for a moment can go on where it stopped.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde_json::Value;
use tokio::sync::broadcast;

use crate::ctx::{Actor, Ctx, Permission};
use crate::id::{ApiToken, Id, Session, User};
use crate::world::{Timestamp, World};

const KEPT: usize = 4096;
const CHANNEL: usize = 1024;

/// Who may see an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Callers with this permission.
    Permission(Permission),
    /// This person only.
    User(Id<User>),
    /// Nobody outside the process.
    Internal,
}

impl Audience {
    /// Whether this caller may see it.
    pub fn includes(self, ctx: &Ctx) -> bool {
        match self {
            Self::Permission(p) => ctx.permissions.has(p) && ctx.actor != Actor::Anonymous,
            Self::User(id) => ctx.actor.user_id() == Some(id),
            Self::Internal => false,
        }
    }
}

/// A kind of event, as a type.
pub trait DomainEvent: Serialize {
    /// What listeners subscribe to: `users`, `sessions`.
    const TOPIC: &'static str;
    /// What happened: `user.updated`.
    const NAME: &'static str;
    /// Who may see it.
    fn audience(&self) -> Audience;
    /// The sessions that end with this event.
    fn ends(&self) -> Ending {
        Ending::None
    }
}

/// Which sessions an event ends, so that open connections of theirs are closed at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// None.
    None,
    /// One session.
    Session(Id<Session>),
    /// All sessions of a person, and what their API tokens opened.
    User(Id<User>),
    /// What one API token opened.
    Token(Id<ApiToken>),
}

/// An event on its way to being published.
#[derive(Debug, Clone)]
pub struct NewEvent {
    topic: &'static str,
    name: &'static str,
    audience: Audience,
    ends: Ending,
    data: Value,
}

impl<E: DomainEvent> From<&E> for NewEvent {
    fn from(event: &E) -> Self {
        let data = serde_json::to_value(event).unwrap_or(Value::Null);
        Self { topic: E::TOPIC, name: E::NAME, audience: event.audience(), ends: event.ends(), data }
    }
}

/// An event that happened.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its number; the next event has the next number.
    pub seq: u64,
    /// When it was published.
    pub at: Timestamp,
    /// What it is about.
    pub topic: &'static str,
    /// What happened.
    pub name: &'static str,
    /// Who may see it.
    pub audience: Audience,
    /// Which sessions it ends.
    pub ends: Ending,
    /// The particulars.
    pub data: Value,
}

struct Feed {
    next_seq: u64,
    kept: VecDeque<Arc<Event>>,
}

/// The feed of events. Cheap to clone.
#[derive(Clone)]
pub struct Events {
    world: World,
    epoch: u64,
    feed: Arc<Mutex<Feed>>,
    sender: broadcast::Sender<Arc<Event>>,
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Events").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

/// Where a listener stands when it begins.
#[derive(Debug)]
pub struct Listening {
    /// What it missed; `None` when that is no longer known and it must look anew.
    pub missed: Option<Vec<Arc<Event>>>,
    /// The number of the latest event.
    pub latest_seq: u64,
    /// What comes from now on.
    pub receiver: broadcast::Receiver<Arc<Event>>,
}

impl Events {
    /// An empty feed with an epoch of its own.
    pub fn new(world: &World) -> Self {
        // 53 bits: the number passes through JavaScript unharmed.
        let epoch = u64::from_be_bytes(world.random()) >> 11;
        let feed = Feed { next_seq: 1, kept: VecDeque::with_capacity(64) };
        Self { world: world.clone(), epoch, feed: Arc::new(Mutex::new(feed)), sender: broadcast::channel(CHANNEL).0 }
    }

    /// Which run of the feed this is: numbers of another epoch mean nothing here.
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Publishes events in this order.
    pub fn publish(&self, events: Vec<NewEvent>) {
        if events.is_empty() {
            return;
        }
        let at = self.world.now();
        let mut feed = self.feed.lock().unwrap_or_else(PoisonError::into_inner);
        for NewEvent { topic, name, audience, ends, data } in events {
            let event = Arc::new(Event { seq: feed.next_seq, at, topic, name, audience, ends, data });
            feed.next_seq += 1;
            if feed.kept.len() == KEPT {
                feed.kept.pop_front();
            }
            feed.kept.push_back(event.clone());
            // Nobody listening is not an error.
            let _ = self.sender.send(event);
        }
    }

    /// Begins to listen, going on after event `resume.1` of epoch `resume.0`.
    pub fn listen(&self, resume: Option<(u64, u64)>) -> Listening {
        let feed = self.feed.lock().unwrap_or_else(PoisonError::into_inner);
        let receiver = self.sender.subscribe();
        let latest_seq = feed.next_seq - 1;
        let missed = match resume {
            None => Some(vec![]),
            Some((epoch, seq)) if epoch == self.epoch && seq <= latest_seq => {
                let oldest = feed.kept.front().map_or(feed.next_seq, |e| e.seq);
                (seq + 1 >= oldest).then(|| feed.kept.iter().filter(|e| e.seq > seq).cloned().collect())
            }
            Some(_) => None,
        };
        Listening { missed, latest_seq, receiver }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Lit {
        lamp: u32,
    }
    impl DomainEvent for Lit {
        const TOPIC: &'static str = "lamps";
        const NAME: &'static str = "lamp.lit";
        fn audience(&self) -> Audience {
            Audience::Permission(Permission::StatusRead)
        }
    }

    fn light(events: &Events, lamps: std::ops::Range<u32>) {
        events.publish(lamps.map(|lamp| NewEvent::from(&Lit { lamp })).collect());
    }

    #[test]
    fn a_listener_goes_on_where_it_stopped() {
        let events = Events::new(&World::real());
        light(&events, 0..5);
        let missed = events.listen(Some((events.epoch(), 3))).missed.unwrap_or_default();
        assert_eq!(missed.iter().map(|e| e.seq).collect::<Vec<_>>(), [4, 5]);
    }

    #[test]
    fn a_listener_that_was_away_too_long_is_told_so() {
        let events = Events::new(&World::real());
        light(&events, 0..(KEPT as u32 + 10));
        assert!(events.listen(Some((events.epoch(), 1))).missed.is_none());
        assert!(events.listen(Some((events.epoch() ^ 1, 9))).missed.is_none(), "another epoch");
        assert!(events.listen(Some((events.epoch(), 1 << 40))).missed.is_none(), "the future");
        assert!(events.listen(Some((events.epoch(), 10))).missed.is_some());
    }
}
