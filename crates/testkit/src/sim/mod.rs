//! A world inside a deterministic simulation: time, chance and network are the simulation's, heavy
//! work happens in place, and files are real (a crashed host finds what it had flushed).

mod disk;
mod person;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use diwan_kernel::World;
use diwan_kernel::world::{BoxStream, Chance, Clock, Heavy, Listener, Net, RealDisk, Timestamp};

pub use disk::SimDisk;
pub use person::{Raw, SimAnswer, SimPerson};

/// When simulated time begins: an ordinary Tuesday.
pub const START: Timestamp = Timestamp::from_millis(1_767_690_000_000);

/// The simulated world of the host that calls this. Same seed, same run.
pub fn world(seed: u64) -> World {
    World::new(
        Arc::new(SimClock::default()),
        Arc::new(SeededChance::new(seed)),
        Arc::new(RealDisk),
        Arc::new(SimNet),
        Heavy::InPlace,
    )
}

/// The clock of a simulated host. Its hands can be set; what goes on behind them cannot.
#[derive(Debug, Clone, Default)]
pub struct SimClock {
    wrong_by_ms: Arc<AtomicI64>,
}

impl SimClock {
    /// Sets the hands: so many milliseconds before or after the right time.
    pub fn set_wrong_by(&self, ms: i64) {
        self.wrong_by_ms.store(ms, Ordering::Relaxed);
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        let right = START.plus(self.monotonic());
        Timestamp::from_millis(right.as_millis() + self.wrong_by_ms.load(Ordering::Relaxed))
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

/// The network of a simulation.
#[derive(Debug, Clone, Copy)]
pub struct SimNet;

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
