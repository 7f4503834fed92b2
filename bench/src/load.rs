//! A small load generator: keep-alive HTTP/1.1 connections that send one request after another.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// A request, ready to be sent.
#[derive(Clone)]
pub(crate) struct Request {
    method: &'static str,
    path: String,
    headers: String,
    body: String,
}

impl Request {
    pub(crate) fn get(path: &str) -> Self {
        Self { method: "GET", path: path.into(), headers: String::new(), body: String::new() }
    }

    pub(crate) fn json(method: &'static str, path: &str, body: &str) -> Self {
        let headers = "Content-Type: application/json\r\nX-Diwan-Csrf: 1\r\nSec-Fetch-Site: same-origin\r\n".into();
        Self { method, path: path.into(), headers, body: body.into() }
    }

    pub(crate) fn bearer(mut self, token: &str) -> Self {
        self.headers.push_str(&format!("Authorization: Bearer {token}\r\n"));
        self
    }

    pub(crate) fn cookie(mut self, cookie: &str) -> Self {
        self.headers.push_str(&format!("Cookie: {cookie}\r\n"));
        self
    }

    fn bytes(&self, host: SocketAddr) -> Vec<u8> {
        let Self { method, path, headers, body } = self;
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{headers}{length}\r\n{body}").into_bytes()
    }
}

/// What a load did.
pub(crate) struct Outcome {
    pub(crate) per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) refused: usize,
    times: Vec<Duration>,
    took: Duration,
}

impl Outcome {
    fn new(mut times: Vec<Duration>, refused: usize, took: Duration) -> Result<Self> {
        ensure!(!times.is_empty(), "no request was answered");
        times.sort_unstable();
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
        let per_second = times.len() as f64 / took.as_secs_f64();
        Ok(Self { per_second, p50_ms: at(0.5), p99_ms: at(0.99), refused, times, took })
    }

    /// These, one after the other.
    pub(crate) fn of(times: Vec<Duration>) -> Result<Self> {
        let took = times.iter().sum();
        Self::new(times, 0, took)
    }

    /// How many there were.
    pub(crate) fn answered(&self) -> usize {
        self.times.len()
    }

    /// Several that followed one another, as one.
    pub(crate) fn together(of: Vec<Self>) -> Result<Self> {
        let (refused, took) = (of.iter().map(|o| o.refused).sum(), of.iter().map(|o| o.took).sum());
        Self::new(of.into_iter().flat_map(|o| o.times).collect(), refused, took)
    }
}

pub(crate) struct Load {
    address: SocketAddr,
    request: Request,
    rate: Option<f64>,
    numbered: Option<String>,
}

impl Load {
    pub(crate) fn new(address: SocketAddr, request: Request) -> Self {
        Self { address, request, rate: None, numbered: None }
    }

    /// At this many requests a second in all, rather than as fast as possible. Latency then counts
    /// from when a request was due, so that a stall is not hidden by the waiting it causes.
    pub(crate) fn paced(mut self, rate: f64) -> Self {
        self.rate = Some(rate);
        self
    }

    /// With this body, in which `#` is another number in each request.
    pub(crate) fn numbered(mut self, body: &str) -> Self {
        self.numbered = Some(body.to_owned());
        self
    }

    /// So many times, one after the other.
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    pub(crate) async fn times(&self, count: usize) -> Result<Outcome> {
        let (bytes, begin) = (self.request.bytes(self.address), Instant::now());
        let mut connection = Connection::open(self.address).await?;
        let (mut times, mut refused) = (vec![], 0);
        for _ in 0..count {
            let sent = Instant::now();
            let status = connection.round_trip(&bytes).await?.0;
            times.push(sent.elapsed());
            refused += usize::from(!(200..300).contains(&status));
        }
        Outcome::new(times, refused, begin.elapsed())
    }

    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time with tasks of its own")]
    pub(crate) async fn run(&self, connections: usize, span: Duration) -> Result<Outcome> {
        let begin = Instant::now();
        let mut dues = self.rate.map(|rate| pace(connections, begin, span, rate));
        let tasks: Vec<_> = (0..connections)
            .map(|number| {
                let request = self.request.clone();
                let (address, body) = (self.address, self.numbered.clone());
                let usual = request.bytes(address);
                let bytes = move |turn: usize| match &body {
                    // No two connections have a number in common.
                    Some(body) => {
                        let body = body.replace('#', &(turn * connections + number).to_string());
                        Request { body, ..request.clone() }.bytes(address)
                    }
                    None => usual.clone(),
                };
                let due = match dues.as_mut().and_then(Vec::pop) {
                    Some(dues) => Due::At(dues),
                    None => Due::AtOnce { until: begin + span },
                };
                tokio::spawn(one_connection(self.address, bytes, due))
            })
            .collect();
        let (mut times, mut refused) = (vec![], 0);
        for task in tasks {
            let (mine, mine_refused) = task.await??;
            times.extend(mine);
            refused += mine_refused;
        }
        Outcome::new(times, refused, begin.elapsed())
    }
}

/// When a connection sends its next request.
enum Due {
    AtOnce { until: Instant },
    At(UnboundedReceiver<Instant>),
}

impl Due {
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    async fn next(&mut self) -> Option<Instant> {
        match self {
            Self::AtOnce { until } => Some(Instant::now()).filter(|now| now < until),
            Self::At(dues) => dues.recv().await,
        }
    }
}

/// Tells the connections, each in its turn, that a request is due. A thread of its own does it: the
/// runtime's timers are a millisecond late, which would be counted as the server's.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time with a thread of its own")]
fn pace(connections: usize, begin: Instant, span: Duration, rate: f64) -> Vec<UnboundedReceiver<Instant>> {
    let (tell, told): (Vec<_>, Vec<_>) = (0..connections).map(|_| unbounded_channel()).unzip();
    std::thread::spawn(move || {
        for (turn, connection) in tell.iter().cycle().enumerate() {
            let after = Duration::from_secs_f64(turn as f64 / rate);
            if after >= span {
                break;
            }
            std::thread::sleep((begin + after).saturating_duration_since(Instant::now()));
            // Nobody listens any more after a fault, which is told where it happened.
            let _ = connection.send(begin + after);
        }
    });
    told
}

async fn one_connection(
    address: SocketAddr,
    bytes: impl Fn(usize) -> Vec<u8>,
    mut due: Due,
) -> Result<(Vec<Duration>, usize)> {
    let mut connection = Connection::open(address).await?;
    let (mut times, mut refused) = (vec![], 0);
    while let Some(due) = due.next().await {
        let status = connection.round_trip(&bytes(times.len())).await?.0;
        times.push(due.elapsed());
        refused += usize::from(!(200..300).contains(&status));
    }
    Ok((times, refused))
}

/// One keep-alive connection.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 * 1024) })
    }

    /// Sends a request and reads its answer: status, head and body.
    pub(crate) async fn send(&mut self, address: SocketAddr, request: &Request) -> Result<(u16, String, String)> {
        let (status, head, body) = self.round_trip(&request.bytes(address)).await?;
        let head = String::from_utf8_lossy(&self.buffer[..head]).into_owned();
        let body = String::from_utf8_lossy(&self.buffer[body.0..body.1]).into_owned();
        Ok((status, head, body))
    }

    async fn round_trip(&mut self, request: &[u8]) -> Result<(u16, usize, (usize, usize))> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            let head_end = find(&self.buffer, b"\r\n\r\n");
            if let Some(end) = head_end {
                let head = std::str::from_utf8(&self.buffer[..end])?;
                let status = head.get(9..12).and_then(|s| s.parse().ok()).context("a status line")?;
                let length = content_length(head);
                let (begin, whole) = (end + 4, end + 4 + length);
                while self.buffer.len() < whole {
                    self.read_more().await?;
                }
                return Ok((status, end, (begin, whole)));
            }
            self.read_more().await?;
        }
    }

    async fn read_more(&mut self) -> Result<()> {
        let read = self.stream.read_buf(&mut self.buffer).await?;
        ensure!(read > 0, "the server closed the connection");
        Ok(())
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|w| w == needle)
}

fn content_length(head: &str) -> usize {
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    length.unwrap_or(0)
}
