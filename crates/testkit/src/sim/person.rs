//! Somebody on a simulated host who talks to the server.

use std::io::{Error, ErrorKind, Result};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A connection that says nothing for so long is given up.
const PATIENCE: Duration = Duration::from_secs(5);

/// Somebody on another simulated host who talks to the server: one connection per request.
#[derive(Debug, Clone)]
pub struct SimPerson {
    server: &'static str,
    port: u16,
    cookie: Option<String>,
    token: Option<String>,
}

/// What came back: the status and the body.
pub type SimAnswer = Result<(u16, Value)>;

/// What came back, as it is.
#[derive(Debug, Clone)]
pub struct Raw {
    /// The status.
    pub status: u16,
    /// The status line and the headers.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

impl SimPerson {
    /// Somebody who has not signed in.
    pub const fn visiting(server: &'static str, port: u16) -> Self {
        Self { server, port, cookie: None, token: None }
    }

    /// Somebody with an API token.
    pub fn with_token(server: &'static str, port: u16, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..Self::visiting(server, port) }
    }

    /// Sends one request; gives up on a connection that says nothing for a while.
    ///
    /// # Errors
    /// When the network or the server fails.
    pub async fn send(&mut self, method: &str, path: &str, body: &Value, headers: &str) -> SimAnswer {
        let answer = self.fetch(method, path, body, headers).await?;
        for line in answer.head.lines().filter(|l| l.to_lowercase().starts_with("set-cookie: diwan_session=")) {
            self.cookie = line[12..].split(';').next().map(str::to_owned);
        }
        Ok((answer.status, serde_json::from_slice(&answer.body).unwrap_or_default()))
    }

    /// Sends one request, and gives what came back as it is.
    ///
    /// # Errors
    /// When the network or the server fails.
    pub async fn fetch(&self, method: &str, path: &str, body: &Value, headers: &str) -> Result<Raw> {
        let answer = tokio::time::timeout(PATIENCE, self.round_trip(method, path, body, headers)).await;
        read(&answer.map_err(|_| ErrorKind::TimedOut)??)
    }

    async fn round_trip(&self, method: &str, path: &str, body: &Value, headers: &str) -> Result<Vec<u8>> {
        let mut stream = turmoil::net::TcpStream::connect((self.server, self.port)).await?;
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let cookie = self.cookie.as_ref().map(|c| format!("Cookie: {c}\r\n")).unwrap_or_default();
        let token = self.token.as_ref().map(|t| format!("Authorization: Bearer {t}\r\n")).unwrap_or_default();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\nX-Diwan-Csrf: 1\r\n\
             Sec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\n{cookie}{token}{headers}Content-Length: {}\r\n\r\n{body}",
            self.port,
            body.len()
        );
        stream.write_all(request.as_bytes()).await?;
        let mut bytes = vec![];
        stream.read_to_end(&mut bytes).await?;
        Ok(bytes)
    }
}

/// An answer that came whole; one that was cut off is none.
fn read(bytes: &[u8]) -> Result<Raw> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").ok_or(ErrorKind::UnexpectedEof)?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let status = head.get(9..12).and_then(|s| s.parse().ok()).ok_or(ErrorKind::InvalidData)?;
    let header = |name: &str| {
        let found = head.lines().filter_map(|line| line.split_once(':'));
        found.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    };
    let rest = &bytes[end + 4..];
    let body = match header("transfer-encoding") {
        Some(_) => unchunked(rest)?,
        None => {
            let length = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(rest.len());
            rest.get(..length).ok_or(ErrorKind::UnexpectedEof)?.to_vec()
        }
    };
    Ok(Raw { status, head, body })
}

fn unchunked(mut rest: &[u8]) -> Result<Vec<u8>> {
    let cut_off = || Error::from(ErrorKind::UnexpectedEof);
    let mut body = vec![];
    loop {
        let line = rest.windows(2).position(|two| two == b"\r\n").ok_or_else(cut_off)?;
        let size = std::str::from_utf8(&rest[..line]).ok().and_then(|text| usize::from_str_radix(text, 16).ok());
        let size = size.ok_or(ErrorKind::InvalidData)?;
        if size == 0 {
            return Ok(body);
        }
        let chunk = rest.get(line + 2..).ok_or_else(cut_off)?;
        body.extend_from_slice(chunk.get(..size).ok_or_else(cut_off)?);
        rest = chunk.get(size + 2..).ok_or_else(cut_off)?;
    }
}
