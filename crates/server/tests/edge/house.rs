//! An edge with everything it stands on, over pipes instead of sockets, so that time can be the test's.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use diwan_kernel::config::Publisher;
use diwan_kernel::db::{KERNEL, Location, Migration, Migrations};
use diwan_kernel::world::{Chance, Clock, Heavy, ManualClock, Net, RealDisk, Timestamp};
use diwan_kernel::{Ctx, Db, DbError, Entry, Events, Journal, Sealer, Supervisor, Tx, World};
use diwan_server::{Dashboard, Edge, File, Ground, ServerConfig};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

pub(crate) use crate::ask::{Answer, Ask, ask, get, post};
pub(crate) use crate::doorman::PEOPLE;
use crate::doorman::{Book, Doorman};
pub(crate) use crate::pipes::pipes;
use crate::pipes::{Door, Doors};
use crate::things;

const THINGS: Migrations = Migrations {
    component: "things",
    steps: &[Migration {
        name: "0001_things",
        up: "CREATE TABLE thing (name TEXT NOT NULL)",
        down: "DROP TABLE thing",
    }],
};

pub(crate) struct House {
    pub(crate) edge: Edge,
    pub(crate) db: Db,
    pub(crate) events: Events,
    pub(crate) supervisor: Supervisor,
    pub(crate) notes: Arc<Notes>,
    pub(crate) book: Arc<Book>,
    pub(crate) clock: Option<Arc<ManualClock>>,
    settings: Publisher<ServerConfig>,
    door: Option<Door>,
    own_doors: Arc<Doors>,
    _dir: tempfile::TempDir,
}

pub(crate) struct Plan {
    pub(crate) config: ServerConfig,
    public_url: Option<&'static str>,
    manual_clock: bool,
}

/// A plan for a house with the usual settings.
pub(crate) fn plan() -> Plan {
    Plan { config: ServerConfig::default(), public_url: None, manual_clock: false }
}

impl Plan {
    pub(crate) fn with(mut self, change: impl FnOnce(&mut ServerConfig)) -> Self {
        change(&mut self.config);
        self
    }

    /// Where people open it.
    pub(crate) fn reached_at(mut self, url: &'static str) -> Self {
        self.public_url = Some(url);
        self
    }

    pub(crate) fn manual_clock(mut self) -> Self {
        self.manual_clock = true;
        self
    }

    /// Builds it without letting anybody in.
    pub(crate) async fn build(self) -> House {
        self.build_in(|clock, net| {
            World::new(clock, Arc::new(Dice::default()), Arc::new(RealDisk), net, Heavy::InPlace)
        })
        .await
    }

    pub(crate) async fn build_in(self, world: impl FnOnce(Arc<dyn Clock>, Arc<dyn Net>) -> World) -> House {
        let dir = tempfile::tempdir().unwrap();
        let manual = self.manual_clock.then(|| Arc::new(ManualClock::new(Timestamp::from_millis(1_767_690_000_000))));
        let clock: Arc<dyn Clock> = match manual.clone() {
            Some(clock) => clock,
            None => Arc::new(RuntimeClock::default()),
        };
        let own_doors = Arc::new(Doors::default());
        let world = world(clock, own_doors.clone());
        let (supervisor, events) = (Supervisor::new(), Events::new(&world));
        let location = Location::Sqlite(dir.path().join("diwan.db"));
        let db = Db::open(&location, &world, &supervisor, &events).await.unwrap();
        db.migrate(&[KERNEL, THINGS], dir.path()).await.unwrap();
        let notes = Arc::new(Notes::default());
        db.set_journal(notes.clone());
        let sealer = Sealer::open(&world, &dir.path().join("seal.key")).unwrap();
        let book = Arc::new(Book::default());
        let ground = Ground {
            world: world.clone(),
            db: db.clone(),
            events: events.clone(),
            sealer,
            supervisor: supervisor.clone(),
        };
        let settings = Publisher::new(self.config);
        let mut edge = Edge::builder(ground, settings.live())
            .capability(things::routes(db.clone()))
            .authenticator(Arc::new(Doorman { world, book: book.clone() }))
            .dashboard(Some(dashboard()));
        if let Some(url) = self.public_url {
            edge = edge.public_url(url.parse().unwrap());
        }
        let edge = edge.build().unwrap();
        House { edge, db, events, supervisor, notes, book, clock: manual, settings, door: None, own_doors, _dir: dir }
    }

    /// Builds it and lets people in through pipes.
    pub(crate) async fn open(self) -> House {
        let mut house = self.build().await;
        let (door, listener) = pipes();
        house.edge.serve(Box::new(listener)).await.unwrap();
        house.door = Some(door);
        house
    }
}

fn dashboard() -> Dashboard {
    let file = |path, plain| File { path, digest: "d1", plain, br: None, gz: None };
    Dashboard::of(vec![file("index.html", b"<!doctype html><title>Diwan</title>"), file("assets/main-1.js", b"1")])
}

impl House {
    /// Changes its settings while it runs.
    pub(crate) fn change(&self, change: impl FnOnce(&mut ServerConfig)) {
        let mut config = ServerConfig::clone(&self.settings.live().get());
        change(&mut config);
        self.settings.publish(config);
    }

    /// A new connection from an address of documentation.
    pub(crate) fn connect(&self) -> DuplexStream {
        self.connect_from("203.0.113.7:5000")
    }

    pub(crate) fn connect_from(&self, peer: &str) -> DuplexStream {
        self.door.as_ref().expect("the house is open").connect_from(peer)
    }

    /// A connection to the address for metrics.
    pub(crate) fn connect_to_metrics(&self) -> DuplexStream {
        self.own_doors.connect()
    }

    /// Writes raw bytes on a new connection and reads all that comes back until it is closed.
    pub(crate) async fn raw(&self, request: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect();
        stream.write_all(request.as_ref()).await.unwrap();
        read_all(&mut stream).await
    }

    /// A request that did not come over a connection.
    pub(crate) async fn ask(&self, request: Ask<'_>) -> Answer {
        let response = self.edge.call(request.build(), request.peer.parse().unwrap()).await;
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8_lossy(&body).into_owned();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status: parts.status, headers: parts.headers, text, json }
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.clock.as_ref().expect("built with a manual clock").advance(by);
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.supervisor.stop();
    }
}

pub(crate) async fn read_all(stream: &mut DuplexStream) -> String {
    let mut bytes = vec![];
    // A reset is an end as well.
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What the audit trail would hold.
#[derive(Default)]
pub(crate) struct Notes(Mutex<Vec<(String, Entry)>>);

impl Notes {
    /// Actions with their outcomes and counts.
    pub(crate) fn of(&self, action: &str) -> Vec<(String, Entry)> {
        self.0.lock().unwrap().iter().filter(|(_, e)| e.action == action).cloned().collect()
    }
}

#[async_trait]
impl Journal for Notes {
    async fn append(&self, _: &mut Tx, entries: Vec<(Ctx, Entry)>) -> Result<(), DbError> {
        self.0.lock().unwrap().extend(entries.into_iter().map(|(ctx, entry)| (ctx.actor.key(), entry)));
        Ok(())
    }
}

/// The runtime's clock: stands when the test stands it.
struct RuntimeClock(tokio::time::Instant);

impl Default for RuntimeClock {
    fn default() -> Self {
        Self(tokio::time::Instant::now())
    }
}

impl Clock for RuntimeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_767_690_000_000).plus(self.monotonic())
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Dice that always fall the same way.
#[derive(Default)]
pub(crate) struct Dice(std::sync::atomic::AtomicU64);

impl Chance for Dice {
    fn fill(&self, buffer: &mut [u8]) {
        for byte in buffer {
            let n = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed).wrapping_add(1);
            *byte = (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u8;
        }
    }
}
