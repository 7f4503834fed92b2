//! A world inside a deterministic simulation: time, chance and network are the simulation's, heavy
//! work happens in place, and files are real (a crashed host finds what it had flushed).

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use diwan_kernel::World;
use diwan_kernel::world::{BoxStream, Chance, Clock, Heavy, Listener, Net, RealDisk, Timestamp};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// When simulated time begins: an ordinary Tuesday.
const START: Timestamp = Timestamp::from_millis(1_767_690_000_000);

/// The simulated world of the host that calls this. Same seed, same run.
pub fn world(seed: u64) -> World {
    World::new(
        Arc::new(SimClock),
        Arc::new(SeededChance::new(seed)),
        Arc::new(RealDisk),
        Arc::new(SimNet),
        Heavy::InPlace,
    )
}

struct SimClock;

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        START.plus(self.monotonic())
    }

    fn monotonic(&self) -> Duration {
        turmoil::sim_elapsed().unwrap_or_default()
    }
}

/// Dice that always fall the same way (SplitMix64). Not fit for keys outside a simulation.
#[derive(Debug)]
pub struct SeededChance(Mutex<u64>);

impl SeededChance {
    /// Dice for one run.
    pub const fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }
}

impl Chance for SeededChance {
    fn fill(&self, buffer: &mut [u8]) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for chunk in buffer.chunks_mut(8) {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = *state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(mixed ^ (mixed >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

struct SimNet;

#[async_trait]
impl Net for SimNet {
    async fn listen(&self, at: SocketAddr) -> std::io::Result<Box<dyn Listener>> {
        // A simulated host listens on all its addresses: the simulation has no loopback of its own.
        let at = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), at.port());
        Ok(Box::new(SimDoor(turmoil::net::TcpListener::bind(at).await?)))
    }

    async fn connect(&self, host: &str, port: u16) -> std::io::Result<BoxStream> {
        Ok(Box::new(turmoil::net::TcpStream::connect((host, port)).await?))
    }
}

struct SimDoor(turmoil::net::TcpListener);

#[async_trait]
impl Listener for SimDoor {
    async fn accept(&self) -> std::io::Result<(BoxStream, SocketAddr)> {
        let (stream, from) = self.0.accept().await?;
        Ok((Box::new(stream), from))
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// Somebody on another simulated host who talks to the server: one connection per request.
#[derive(Debug)]
pub struct SimPerson {
    server: &'static str,
    port: u16,
    cookie: Option<String>,
}

/// What came back: the status and the body.
pub type SimAnswer = std::io::Result<(u16, Value)>;

impl SimPerson {
    /// Somebody who has not signed in.
    pub const fn visiting(server: &'static str, port: u16) -> Self {
        Self { server, port, cookie: None }
    }

    /// Sends one request; gives up on a connection that says nothing for a while.
    ///
    /// # Errors
    /// When the network or the server fails.
    pub async fn send(&mut self, method: &str, path: &str, body: &Value, headers: &str) -> SimAnswer {
        let patience = Duration::from_secs(5);
        let answer = tokio::time::timeout(patience, self.round_trip(method, path, body, headers)).await;
        let text = answer.map_err(|_| std::io::ErrorKind::TimedOut)??;
        let (head, body) = text.split_once("\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
        let status = head.get(9..12).and_then(|s| s.parse().ok()).ok_or(std::io::ErrorKind::InvalidData)?;
        for line in head.lines().filter(|l| l.to_lowercase().starts_with("set-cookie: diwan_session=")) {
            self.cookie = line[12..].split(';').next().map(str::to_owned);
        }
        Ok((status, serde_json::from_str(body).unwrap_or_default()))
    }

    async fn round_trip(&self, method: &str, path: &str, body: &Value, headers: &str) -> std::io::Result<String> {
        let mut stream = turmoil::net::TcpStream::connect((self.server, self.port)).await?;
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let cookie = self.cookie.as_ref().map(|c| format!("Cookie: {c}\r\n")).unwrap_or_default();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\nX-Diwan-Csrf: 1\r\n\
             Sec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\n{cookie}{headers}Content-Length: {}\r\n\r\n{body}",
            self.port,
            body.len()
        );
        stream.write_all(request.as_bytes()).await?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await?;
        Ok(text)
    }
}
