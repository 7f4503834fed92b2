//! One connection from its first byte to its end.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::http::header::CONTENT_LENGTH;
use axum::http::{Method, Request};
use axum::response::Response;
use diwan_kernel::world::{BoxStream, Rewound};
use diwan_kernel::{Supervisor, TaskPolicy};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout_at};

use super::opening::{self, FIRST_HEAD, LARGEST_HEAD, NoOpening, Opening};
use super::paced::Paced;
use super::{Behind, Slot, Tls};
use crate::edge::Inner;
use crate::metrics;
use crate::pass::Entrance;

/// A connection that asks for nothing is closed after this time.
const IDLE_HTTP1: Duration = Duration::from_secs(10);
const IDLE_HTTP2: Duration = Duration::from_secs(60);
const IDLE_CHECK: Duration = Duration::from_secs(5);
/// A farewell that the client does not answer is not waited for longer than this.
const FAREWELL: Duration = Duration::from_secs(10);
/// Streams of one connection at once, and resets of streams that a client may owe us (rapid reset).
const STREAMS: u32 = 128;
const RESETS: usize = 32;
const TLS_HANDSHAKE: u8 = 0x16;
const NOT_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\
Content-Length: 51\r\n\r\nThis address speaks https. Open it with https://.\r\n";

type Io = TokioIo<Paced<Rewound<BoxStream>>>;

/// What is known of a connection, and what it is doing.
#[derive(Debug)]
struct Guest {
    peer: SocketAddr,
    entrance: Entrance,
    asked: AtomicU64,
    busy: AtomicUsize,
}

/// Serves a connection to its end.
pub(super) async fn serve(edge: Arc<Inner>, stream: BoxStream, peer: SocketAddr, slot: Slot, behind: Behind) {
    let deadline = now() + FIRST_HEAD;
    let opening = async {
        match &behind {
            Behind::Everything(Some(tls)) => open_tls(&edge, stream, tls, deadline).await,
            Behind::Everything(None) | Behind::Metrics => open_plain(stream, deadline).await,
        }
    };
    let opened = tokio::select! {
        biased;
        // Who has not said anything whole yet has nothing to finish.
        () = edge.supervisor.stopping() => return,
        opened = opening => opened,
    };
    let (io, opening) = match opened {
        Ok(opened) => opened,
        Err(NoOpening::TooSlow) => return edge.metrics.too_slow.add(1),
        Err(NoOpening::Gone) => return,
    };
    let tls = matches!(behind, Behind::Everything(Some(_)));
    let entrance = Entrance { tls, slot: Some(slot) };
    let guest = Arc::new(Guest { peer, entrance, asked: AtomicU64::new(0), busy: AtomicUsize::new(0) });
    match opening {
        Opening::Http1(first) => serve_http1(edge, guest, wrap(first, io), behind).await,
        Opening::Http2(first) => serve_http2(edge, guest, wrap(first, io), behind, deadline).await,
    }
}

#[expect(clippy::disallowed_methods, reason = "deadlines of the runtime's own timers; a simulation steers them too")]
fn now() -> Instant {
    Instant::now()
}

fn wrap(first: axum::body::Bytes, rest: BoxStream) -> Io {
    TokioIo::new(Paced::new(Rewound::new(first, rest)))
}

async fn open_plain(mut stream: BoxStream, deadline: Instant) -> Result<(BoxStream, Opening), NoOpening> {
    let first = opening::first_bytes(&mut stream).await?;
    if first.first() == Some(&TLS_HANDSHAKE) {
        // Somebody who typed https:// learns at once that nobody speaks it here.
        return Err(NoOpening::Gone);
    }
    let opening = opening::read(&mut stream, first, deadline).await?;
    Ok((stream, opening))
}

async fn open_tls(
    edge: &Inner,
    mut stream: BoxStream,
    tls: &Tls,
    deadline: Instant,
) -> Result<(BoxStream, Opening), NoOpening> {
    let first = opening::first_bytes(&mut stream).await?;
    if first.first() != Some(&TLS_HANDSHAKE) {
        // Somebody who typed the address without https: told, not left to wonder.
        let _ = timeout_at(deadline, stream.write_all(NOT_TLS)).await;
        let _ = timeout_at(deadline, stream.shutdown()).await;
        return Err(NoOpening::Gone);
    }
    let handshake = tls.acceptor.accept(Rewound::new(first.into(), stream));
    let mut stream = match timeout_at(deadline, handshake).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::debug!(%error, "a TLS handshake failed");
            edge.metrics.handshakes_failed.add(1);
            return Err(NoOpening::Gone);
        }
        Err(_) => return Err(NoOpening::TooSlow),
    };
    let opening = opening::read(&mut stream, Vec::with_capacity(1024), deadline).await?;
    Ok((Box::new(stream), opening))
}

async fn serve_http1(edge: Arc<Inner>, guest: Arc<Guest>, io: Io, behind: Behind) {
    let service = service_fn(|request| answer(edge.clone(), guest.clone(), behind.clone(), request));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(IDLE_HTTP1).max_header_size(LARGEST_HEAD).max_buf_size(64 * 1024);
    let mut connection = pin!(http.serve_connection(io, service).with_upgrades());
    let ended = tokio::select! {
        biased;
        ended = connection.as_mut() => ended,
        () = edge.supervisor.stopping() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    note_end(ended);
}

async fn serve_http2(edge: Arc<Inner>, guest: Arc<Guest>, io: Io, behind: Behind, deadline: Instant) {
    let service = service_fn(|request| answer(edge.clone(), guest.clone(), behind.clone(), request));
    let mut http = http2::Builder::new(Tasks(edge.supervisor.clone()));
    http.timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10))
        .max_concurrent_streams(STREAMS)
        .max_pending_accept_reset_streams(RESETS)
        .max_local_error_reset_streams(RESETS)
        .max_header_list_size(u32::try_from(LARGEST_HEAD).unwrap_or(u32::MAX))
        .max_send_buf_size(256 * 1024);
    let mut connection = pin!(http.serve_connection(io, service));
    let ended = tokio::select! {
        biased;
        ended = connection.as_mut() => return note_end(ended),
        ended = idle(&guest, deadline) => ended,
        () = edge.supervisor.stopping() => Idle::Stopping,
    };
    connection.as_mut().graceful_shutdown();
    match ended {
        // Nothing was ever asked: there is nothing to finish.
        Idle::NeverAsked => edge.metrics.too_slow.add(1),
        Idle::Stopping => note_end(connection.await),
        Idle::NothingMore => {
            let _ = tokio::time::timeout(FAREWELL, connection).await;
        }
    }
}

/// Why a connection is told to go.
enum Idle {
    NeverAsked,
    NothingMore,
    Stopping,
}

/// Resolves when nothing was asked in time, at first or since the last answer.
async fn idle(guest: &Guest, deadline: Instant) -> Idle {
    tokio::time::sleep_until(deadline).await;
    let (mut asked, mut quiet) = (guest.asked.load(Ordering::Relaxed), Duration::ZERO);
    if asked == 0 {
        return Idle::NeverAsked;
    }
    loop {
        tokio::time::sleep(IDLE_CHECK).await;
        let asked_now = guest.asked.load(Ordering::Relaxed);
        let is_quiet = asked_now == asked && guest.busy.load(Ordering::Relaxed) == 0;
        quiet = if is_quiet { quiet + IDLE_CHECK } else { Duration::ZERO };
        asked = asked_now;
        if quiet >= IDLE_HTTP2 {
            return Idle::NothingMore;
        }
    }
}

async fn answer(
    edge: Arc<Inner>,
    guest: Arc<Guest>,
    behind: Behind,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    guest.asked.fetch_add(1, Ordering::Relaxed);
    let _busy = Busy::begin(&guest);
    let asks_for_head = request.method() == Method::HEAD;
    let mut response = match behind {
        Behind::Everything(_) => edge.answer(request, guest.peer, &guest.entrance).await,
        Behind::Metrics => metrics::answer(&edge, &request),
    };
    if asks_for_head {
        // HTTP/1 leaves the body of such an answer out by itself; over HTTP/2 it would be sent.
        keep_head_only(&mut response);
    }
    Ok(response)
}

/// Leaves the body out, but not the word about how long it would be.
fn keep_head_only(response: &mut Response<Body>) {
    let body = std::mem::take(response.body_mut());
    if let Some(length) = HttpBody::size_hint(&body).exact().filter(|length| *length > 0) {
        response.headers_mut().entry(CONTENT_LENGTH).or_insert_with(|| length.into());
    }
}

/// Marks a connection as busy while a request is answered, however that ends.
struct Busy<'a>(&'a AtomicUsize);

impl<'a> Busy<'a> {
    fn begin(guest: &'a Guest) -> Self {
        guest.busy.fetch_add(1, Ordering::Relaxed);
        Self(&guest.busy)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn note_end(ended: Result<(), hyper::Error>) {
    let Err(error) = ended else { return };
    let cause = std::error::Error::source(&error).map(|c| format!(": {c}")).unwrap_or_default();
    tracing::debug!("a connection ended early: {error}{cause}");
}

/// Runs the streams of HTTP/2 connections as tasks with an owner.
#[derive(Clone)]
struct Tasks(Supervisor);

impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for Tasks {
    fn execute(&self, stream: F) {
        self.0.spawn("stream", TaskPolicy::Once, stream);
    }
}
