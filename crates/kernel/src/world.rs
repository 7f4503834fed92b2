//! Every door to the outside: time, chance, files, network, and heavy computing.
//!
//! Nothing in Diwan reads the clock, rolls dice, opens a socket or starts a thread except through a
//! [`World`]. The real one is [`World::real`]; a simulated one lets a whole server run in a
//! deterministic simulation, where the same seed gives the same run.

use std::cell::RefCell;
use std::fmt;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

mod disk;
mod tcp;
pub use disk::{DirLock, Disk, DiskError, DiskFile, Opens, RealDisk};

/// A moment: milliseconds since 1970 in UTC. Written as RFC 3339.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// 0001-01-01 to 9999-12-31: what RFC 3339 can write.
const WRITABLE_MS: std::ops::RangeInclusive<i64> = -62_135_596_800_000..=253_402_300_799_999;

impl Timestamp {
    /// The moment this many milliseconds after 1970 began.
    pub const fn from_millis(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since 1970 began.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970 began.
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The moment `duration` later.
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// The moment `duration` earlier.
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long from `earlier` to here; zero when the clock went backwards.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0).max(0).unsigned_abs())
    }

    /// Reads an RFC 3339 moment.
    pub fn parse(text: &str) -> Option<Self> {
        let moment = time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok()?;
        let ms = i64::try_from(moment.unix_timestamp_nanos().div_euclid(1_000_000)).ok()?;
        WRITABLE_MS.contains(&ms).then_some(Self(ms))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0.clamp(*WRITABLE_MS.start(), *WRITABLE_MS.end());
        let at = time::OffsetDateTime::from_unix_timestamp(ms.div_euclid(1000)).map_err(|_| fmt::Error)?;
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let mut put = |place: std::ops::Range<usize>, mut number: u32| {
            for digit in text[place].iter_mut().rev() {
                *digit = b'0' + (number % 10) as u8;
                number /= 10;
            }
        };
        put(0..4, at.year().unsigned_abs());
        put(5..7, u8::from(at.month()).into());
        put(8..10, at.day().into());
        put(11..13, at.hour().into());
        put(14..16, at.minute().into());
        put(17..19, at.second().into());
        put(20..23, u32::try_from(ms.rem_euclid(1000)).unwrap_or_default());
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a moment like 2026-01-31T09:30:00Z"))
    }
}

impl utoipa::PartialSchema for Timestamp {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::DateTime)))
            .into()
    }
}
impl utoipa::ToSchema for Timestamp {}

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The moment now, by the wall clock. It may jump.
    fn now(&self) -> Timestamp;
    /// Time since some fixed start. It never jumps; leases and limits are judged by it.
    fn monotonic(&self) -> Duration;
}

/// Rolls the dice. Real ones are fit for keys.
pub trait Chance: Send + Sync {
    /// Fills the buffer with random bytes.
    fn fill(&self, buffer: &mut [u8]);

    /// Fills the buffer with bytes that are as random, but may have lain in memory for a while: good
    /// for ids, not for secrets.
    fn fill_ahead(&self, buffer: &mut [u8]) {
        self.fill(buffer);
    }
}

/// A byte stream between two ends: TCP, TLS or simulated.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for S {}

/// A boxed [`Stream`].
pub type BoxStream = Box<dyn Stream>;

/// Opens and accepts connections.
#[async_trait]
pub trait Net: Send + Sync {
    /// Listens at an address.
    async fn listen(&self, at: SocketAddr) -> std::io::Result<Box<dyn Listener>>;

    /// Connects to a port of a host, which is looked up anew each time: it may have another address by now. All its
    /// addresses are tried.
    async fn connect(&self, host: &str, port: u16) -> std::io::Result<BoxStream>;
}

/// Accepts connections at one address.
#[async_trait]
pub trait Listener: Send + Sync {
    /// Waits for the next connection.
    async fn accept(&self) -> std::io::Result<(BoxStream, SocketAddr)>;
    /// Where it really listens (after port 0).
    fn local_addr(&self) -> std::io::Result<SocketAddr>;
}

/// Where computing that takes milliseconds is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heavy {
    /// On the runtime's blocking threads, so that the event loop never waits.
    Threads,
    /// In place, as a deterministic simulation needs it.
    InPlace,
}

/// All the doors. Cheap to clone.
#[derive(Clone)]
pub struct World {
    doors: Arc<Doors>,
}

#[derive(Clone)]
struct Doors {
    clock: Arc<dyn Clock>,
    chance: Arc<dyn Chance>,
    disk: Arc<dyn Disk>,
    net: Arc<dyn Net>,
    heavy: Heavy,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("heavy", &self.doors.heavy).finish_non_exhaustive()
    }
}

impl World {
    /// The world as it is.
    pub fn real() -> Self {
        Self::new(
            Arc::new(SystemClock::default()),
            Arc::new(SystemChance(ring::rand::SystemRandom::new())),
            Arc::new(RealDisk),
            Arc::new(tcp::TcpNet),
            Heavy::Threads,
        )
    }

    /// A world with doors of one's own.
    pub fn new(
        clock: Arc<dyn Clock>,
        chance: Arc<dyn Chance>,
        disk: Arc<dyn Disk>,
        net: Arc<dyn Net>,
        heavy: Heavy,
    ) -> Self {
        Self { doors: Arc::new(Doors { clock, chance, disk, net, heavy }) }
    }

    /// The same world with other dice.
    #[must_use]
    pub fn with_chance(self, chance: Arc<dyn Chance>) -> Self {
        Self { doors: Arc::new(Doors { chance, ..(*self.doors).clone() }) }
    }

    /// The same world with another clock.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { doors: Arc::new(Doors { clock, ..(*self.doors).clone() }) }
    }

    /// The moment now.
    pub fn now(&self) -> Timestamp {
        self.doors.clock.now()
    }

    /// Time that never jumps.
    pub fn monotonic(&self) -> Duration {
        self.doors.clock.monotonic()
    }

    /// Fills the buffer with random bytes.
    pub fn fill(&self, buffer: &mut [u8]) {
        self.doors.chance.fill(buffer);
    }

    /// Fills the buffer with random bytes for an id, which is no secret.
    pub fn fill_ahead(&self, buffer: &mut [u8]) {
        self.doors.chance.fill_ahead(buffer);
    }

    /// `N` random bytes.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// The file system.
    pub fn disk(&self) -> &dyn Disk {
        &*self.doors.disk
    }

    /// The network.
    pub fn net(&self) -> &dyn Net {
        &*self.doors.net
    }

    /// Does heavy work away from the event loop.
    ///
    /// # Errors
    /// [`HeavyFailed`] when the work panicked or the process is shutting down.
    pub async fn heavy<T, F>(&self, work: F) -> Result<T, HeavyFailed>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        match self.doors.heavy {
            Heavy::InPlace => Ok(work()),
            Heavy::Threads => tokio::task::spawn_blocking(work).await.map_err(|_| HeavyFailed),
        }
    }
}

/// Heavy work did not come to its end.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("background computation was cut short")]
pub struct HeavyFailed;

/// The machine's clock.
#[derive(Debug)]
pub struct SystemClock {
    start: std::time::Instant,
}

impl Default for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clock")]
    fn default() -> Self {
        Self { start: std::time::Instant::now() }
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clock")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
}

/// A clock that moves only when told to, for tests that state exact truths.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that stands at `at`.
    pub const fn new(at: Timestamp) -> Self {
        Self(AtomicI64::new(at.as_millis()))
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap_or(0), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::SeqCst).max(0).unsigned_abs())
    }
}

struct SystemChance(ring::rand::SystemRandom);

/// Random bytes that a thread has fetched and not used yet: asking the operating system for each id
/// costs more than all the rest of making one.
struct Ahead {
    bytes: [u8; 512],
    used: usize,
}

thread_local! {
    static AHEAD: RefCell<Ahead> = const { RefCell::new(Ahead { bytes: [0; 512], used: 512 }) };
}

impl Ahead {
    /// The next so many bytes, unless fewer are left. Each is given out once.
    fn take(&mut self, many: usize) -> Option<&mut [u8]> {
        let taken = self.bytes.get_mut(self.used..)?.get_mut(..many)?;
        self.used += many;
        Some(taken)
    }
}

impl Chance for SystemChance {
    #[expect(clippy::panic, reason = "without randomness no key, id or nonce is safe: stopping is the only answer")]
    fn fill(&self, buffer: &mut [u8]) {
        use ring::rand::SecureRandom;
        if self.0.fill(buffer).is_err() {
            panic!("the operating system gives no randomness");
        }
    }

    fn fill_ahead(&self, buffer: &mut [u8]) {
        AHEAD.with_borrow_mut(|ahead| {
            if buffer.len() > ahead.bytes.len() {
                return self.fill(buffer);
            }
            if ahead.bytes.len() - ahead.used < buffer.len() {
                self.fill(&mut ahead.bytes);
                ahead.used = 0;
            }
            if let Some(taken) = ahead.take(buffer.len()) {
                buffer.copy_from_slice(taken);
                taken.fill(0);
            }
        });
    }
}

/// A stream whose first bytes were already read.
pub struct Rewound<S> {
    first: bytes::Bytes,
    rest: S,
}

impl<S> Rewound<S> {
    /// Puts `first` back in front of `rest`.
    pub const fn new(first: bytes::Bytes, rest: S) -> Self {
        Self { first, rest }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Rewound<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        if self.first.is_empty() {
            return Pin::new(&mut self.rest).poll_read(cx, buf);
        }
        let take = self.first.len().min(buf.remaining());
        let head = self.first.split_to(take);
        buf.put_slice(&head);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Rewound<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.rest).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.rest).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.rest).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.rest).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.rest.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_moment_survives_its_text(ms in WRITABLE_MS) {
            let at = Timestamp::from_millis(ms);
            prop_assert_eq!(Timestamp::parse(&at.to_string()), Some(at));
        }
    }

    #[test]
    fn text_that_is_no_moment_is_refused() {
        for text in ["", "yesterday", "2026-13-01T00:00:00Z", "2026-01-01"] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_fetched_ahead_is_given_out_once() {
        let world = World::real();
        let draw = |_| {
            let mut bytes = [0u8; 10];
            world.fill_ahead(&mut bytes);
            bytes
        };
        let drawn: std::collections::HashSet<_> = (0..5000).map(draw).collect();
        assert_eq!(drawn.len(), 5000);
        let mut large = [0u8; 2000];
        world.fill_ahead(&mut large);
        assert!(large.iter().any(|b| *b != 0));
    }

    #[test]
    fn a_clock_that_goes_back_gives_no_negative_duration() {
        assert_eq!(Timestamp::from_millis(5).since(Timestamp::from_millis(9)), Duration::ZERO);
    }
}
