//! An edge with everything it stands on, over pipes instead of sockets, so that time can be the test's.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use diwan_kernel::ctx::RequestFacts;
use diwan_kernel::db::{KERNEL, Location, Migration, Migrations};
use diwan_kernel::world::{BoxStream, Chance, Clock, Heavy, Listener, ManualClock, Net, RealDisk, Timestamp};
use diwan_kernel::{Actor, Ctx, Db, DbError, Entry, Events, Id, Journal, Problem, Role, Sealer, Supervisor, Tx, World};
use diwan_server::{Authenticator, Caller, Dashboard, Edge, File, Ground, ServerConfig};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::mpsc;

use crate::things;

const THINGS: Migrations = Migrations {
    component: "things",
    steps: &[Migration {
        name: "0001_things",
        up: "CREATE TABLE thing (name TEXT NOT NULL)",
        down: "DROP TABLE thing",
    }],
};

/// People by the name in their cookie or token.
pub(crate) const PEOPLE: [(&str, u128, Role); 3] =
    [("amina", 1, Role::Admin), ("dalia", 2, Role::Developer), ("omar", 3, Role::Owner)];

pub(crate) struct House {
    pub(crate) edge: Edge,
    pub(crate) db: Db,
    pub(crate) events: Events,
    pub(crate) supervisor: Supervisor,
    pub(crate) notes: Arc<Notes>,
    pub(crate) book: Arc<Book>,
    pub(crate) clock: Option<Arc<ManualClock>>,
    doors: Option<mpsc::UnboundedSender<(BoxStream, SocketAddr)>>,
    own_doors: Arc<Doors>,
    _dir: tempfile::TempDir,
}

pub(crate) struct Plan {
    pub(crate) config: ServerConfig,
    manual_clock: bool,
}

/// A plan for a house with the usual settings.
pub(crate) fn plan() -> Plan {
    Plan { config: ServerConfig::default(), manual_clock: false }
}

impl Plan {
    pub(crate) fn with(mut self, change: impl FnOnce(&mut ServerConfig)) -> Self {
        change(&mut self.config);
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
        let edge = Edge::builder(ground, self.config)
            .capability(things::routes(db.clone()))
            .authenticator(Arc::new(Doorman { world, book: book.clone() }))
            .dashboard(Some(dashboard()))
            .build()
            .unwrap();
        House { edge, db, events, supervisor, notes, book, clock: manual, doors: None, own_doors, _dir: dir }
    }

    /// Builds it and lets people in through pipes.
    pub(crate) async fn open(self) -> House {
        let mut house = self.build().await;
        let (doors, listener) = pipes();
        house.edge.serve(Box::new(listener)).await.unwrap();
        house.doors = Some(doors);
        house
    }
}

fn dashboard() -> Dashboard {
    let file = |path, plain| File { path, digest: "d1", plain, br: None, gz: None };
    Dashboard::of(vec![file("index.html", b"<!doctype html><title>Diwan</title>"), file("assets/main-1.js", b"1")])
}

impl House {
    /// A new connection from an address of documentation.
    pub(crate) fn connect(&self) -> DuplexStream {
        self.connect_from("203.0.113.7:5000")
    }

    pub(crate) fn connect_from(&self, peer: &str) -> DuplexStream {
        let (near, far) = tokio::io::duplex(64 * 1024);
        let doors = self.doors.as_ref().expect("the house is open");
        assert!(doors.send((Box::new(far), peer.parse().unwrap())).is_ok(), "nobody lets in any more");
        near
    }

    /// A connection to the address for metrics.
    pub(crate) fn connect_to_metrics(&self) -> DuplexStream {
        let (near, far) = tokio::io::duplex(64 * 1024);
        let doors = self.own_doors.0.lock().unwrap();
        assert!(doors[0].send((Box::new(far), "127.0.0.1:1".parse().unwrap())).is_ok());
        near
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

/// A request in the making: what a browser on our own page would send, unless told otherwise.
#[derive(Clone)]
pub(crate) struct Ask<'a> {
    method: &'a str,
    path: &'a str,
    headers: Vec<(&'a str, &'a str)>,
    body: Option<&'a str>,
    pub(crate) peer: &'a str,
}

pub(crate) fn get(path: &str) -> Ask<'_> {
    ask("GET", path)
}

pub(crate) fn post<'a>(path: &'a str, body: &'a str) -> Ask<'a> {
    Ask { body: Some(body), ..ask("POST", path) }
}

pub(crate) fn ask<'a>(method: &'a str, path: &'a str) -> Ask<'a> {
    Ask { method, path, headers: vec![("host", "localhost:7400")], body: None, peer: "203.0.113.7:5000" }
}

impl<'a> Ask<'a> {
    pub(crate) fn header(mut self, name: &'a str, value: &'a str) -> Self {
        self.headers.retain(|(n, _)| *n != name);
        self.headers.push((name, value));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(n, _)| *n != name);
        self
    }

    pub(crate) fn from(mut self, peer: &'a str) -> Self {
        self.peer = peer;
        self
    }

    /// In the browser of this person.
    pub(crate) fn browser(self, cookie: &'a str) -> Self {
        self.header("cookie", cookie).header("sec-fetch-site", "same-origin").header("x-diwan-csrf", "1")
    }

    /// By a program with this token.
    pub(crate) fn token(self, authorization: &'a str) -> Self {
        self.header("authorization", authorization)
    }

    pub(crate) fn build(&self) -> Request<Body> {
        let mut request = Request::builder().method(self.method).uri(self.path);
        for (name, value) in &self.headers {
            request = request.header(*name, *value);
        }
        if self.body.is_some() && !self.headers.iter().any(|(n, _)| *n == "content-type") {
            request = request.header("content-type", "application/json");
        }
        request.body(self.body.map_or_else(Body::empty, |b| Body::from(b.to_owned()))).unwrap()
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) json: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }

    /// Status and code of a problem document, which must be complete.
    #[track_caller]
    pub(crate) fn problem(&self) -> (u16, &str) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{} {}", self.status, self.text);
        assert_eq!(self.json["status"], self.status.as_u16(), "{}", self.text);
        assert_eq!(self.json["request_id"], self.header("x-request-id"), "{}", self.text);
        for field in ["type", "title", "detail", "next"] {
            assert!(self.json[field].as_str().is_some_and(|t| !t.is_empty()), "{field} in {}", self.text);
        }
        (self.status.as_u16(), self.json["code"].as_str().unwrap())
    }
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
    async fn append(&self, _: &mut Tx, ctx: &Ctx, entry: Entry) -> Result<(), DbError> {
        self.0.lock().unwrap().push((ctx.actor.key(), entry));
        Ok(())
    }
}

/// Whose sessions have ended.
#[derive(Default)]
pub(crate) struct Book {
    pub(crate) ended: Mutex<Vec<String>>,
}

/// Knows people by their first names.
pub(crate) struct Doorman {
    pub(crate) world: World,
    pub(crate) book: Arc<Book>,
}

#[async_trait]
impl Authenticator for Doorman {
    async fn authenticate(&self, parts: &Parts, facts: Arc<RequestFacts>) -> Result<Caller, Problem> {
        let mut ctx = Ctx::anonymous(&self.world, facts);
        let header = |name| parts.headers.get(name).and_then(|v: &HeaderValue| v.to_str().ok());
        let token = header(header::AUTHORIZATION).map(|v| v.trim_start_matches("Bearer "));
        let cookie = header(header::COOKIE).and_then(|v| v.strip_prefix("diwan_session="));
        let Some(name) = token.or(cookie) else {
            return Ok(Caller { ctx, rate: None, set_cookies: vec![], refused: None });
        };
        let known = PEOPLE.iter().find(|(n, ..)| *n == name && !self.book.ended.lock().unwrap().contains(&name.into()));
        let Some((name, number, role)) = known else {
            let ended = Problem::new(StatusCode::UNAUTHORIZED, "session_ended", "Ended", "It ended.", "Sign in.");
            let gone = HeaderValue::from_static("diwan_session=; Max-Age=0");
            return Ok(Caller { ctx, rate: None, set_cookies: vec![gone], refused: Some(ended) });
        };
        let (id, session) = (Id::from_bits(*number), Id::from_bits(number + 100));
        ctx.actor = Actor::User { id, name: (*name).into(), role: *role, session };
        ctx.permissions = role.permissions();
        Ok(Caller { ctx, rate: None, set_cookies: vec![], refused: None })
    }
}

/// A listener whose connections come from the test.
pub(crate) struct Pipes(tokio::sync::Mutex<mpsc::UnboundedReceiver<(BoxStream, SocketAddr)>>);

pub(crate) fn pipes() -> (mpsc::UnboundedSender<(BoxStream, SocketAddr)>, Pipes) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (sender, Pipes(tokio::sync::Mutex::new(receiver)))
}

#[async_trait]
impl Listener for Pipes {
    async fn accept(&self) -> std::io::Result<(BoxStream, SocketAddr)> {
        match self.0.lock().await.recv().await {
            Some(connection) => Ok(connection),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        Ok(SocketAddr::from(([127, 0, 0, 1], 7400)))
    }
}

type Connections = mpsc::UnboundedSender<(BoxStream, SocketAddr)>;

/// The doors that the edge opens by itself.
#[derive(Default)]
pub(crate) struct Doors(Mutex<Vec<Connections>>);

#[async_trait]
impl Net for Doors {
    async fn listen(&self, _: SocketAddr) -> std::io::Result<Box<dyn Listener>> {
        let (sender, listener) = pipes();
        self.0.lock().unwrap().push(sender);
        Ok(Box::new(listener))
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
