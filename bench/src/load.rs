//! A small load generator: keep-alive HTTP/1.1 connections that send one request after another.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

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

    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time with tasks of its own")]
    pub(crate) async fn run(&self, connections: usize, span: Duration) -> Result<Outcome> {
        let begin = Instant::now();
        let every = self.rate.map(|rate| Duration::from_secs_f64(connections as f64 / rate));
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
                let offset = every.unwrap_or_default().mul_f64(number as f64 / connections as f64);
                tokio::spawn(one_connection(self.address, bytes, begin, offset, span, every))
            })
            .collect();
        let (mut times, mut refused) = (vec![], 0);
        for task in tasks {
            let (mine, mine_refused) = task.await??;
            times.extend(mine);
            refused += mine_refused;
        }
        ensure!(!times.is_empty(), "no request was answered");
        times.sort_unstable();
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
        let per_second = times.len() as f64 / begin.elapsed().as_secs_f64();
        Ok(Outcome { per_second, p50_ms: at(0.5), p99_ms: at(0.99), refused })
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
async fn one_connection(
    address: SocketAddr,
    bytes: impl Fn(usize) -> Vec<u8>,
    begin: Instant,
    offset: Duration,
    span: Duration,
    every: Option<Duration>,
) -> Result<(Vec<Duration>, usize)> {
    let mut connection = Connection::open(address).await?;
    let (mut times, mut refused) = (vec![], 0);
    let mut due = begin + offset;
    while begin.elapsed() < span {
        let request = bytes(times.len());
        let sent = match every {
            Some(every) => {
                tokio::time::sleep_until(due.into()).await;
                due += every;
                due - every
            }
            None => Instant::now(),
        };
        let status = connection.round_trip(&request).await?.0;
        times.push(sent.elapsed());
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
