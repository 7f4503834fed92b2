//! A link in use: open streams, accept streams, send and receive messages.
//!
//! [`Link::new`] gives the handle and a [`Driver`]: a future that moves the bytes, to be spawned by
//! whoever owns the tasks. The link is over when the driver is, and the other way round.

use std::fmt;
use std::future::{Future, poll_fn};
use std::io::ErrorKind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::sync::watch;

use crate::ended::{Ended, Reset, ResetCode};
use crate::frame::{Frame, HEAD, Head, LONGEST, Priority};
use crate::mux::{Limits, Mux, Side, TICK};
use crate::pace::Pace;

/// So much is written at once: enough to be fast, little enough for what is urgent to come next.
const WRITE_AT_ONCE: usize = 4 * LONGEST;

/// One end of a connection. Cheap to clone.
#[derive(Clone)]
pub struct Link {
    shared: Arc<Shared>,
}

struct Shared {
    mux: Mutex<Mux>,
    ended: watch::Sender<Option<Ended>>,
}

impl Shared {
    fn mux(&self) -> MutexGuard<'_, Mux> {
        self.mux.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, ended: Ended) -> Ended {
        let mut mux = self.mux();
        mux.end(ended.clone());
        let ended = mux.ended().cloned().unwrap_or(ended);
        self.ended.send_replace(Some(ended.clone()));
        ended
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("ended", &*self.shared.ended.borrow()).finish()
    }
}

/// Moves the bytes of a link until it is over; says why it is.
pub type Driver = std::pin::Pin<Box<dyn Future<Output = Ended> + Send>>;

impl Link {
    /// A link over this connection, and what has to run for it.
    pub fn new<C>(connection: C, side: Side, limits: Limits) -> (Self, Driver)
    where
        C: AsyncRead + AsyncWrite + Send + 'static,
    {
        let shared = Arc::new(Shared { mux: Mutex::new(Mux::new(side, limits)), ended: watch::Sender::new(None) });
        (Self { shared: Arc::clone(&shared) }, Box::pin(drive(connection, Over(shared))))
    }

    /// Opens a stream with a first message, which must fit into one frame.
    ///
    /// # Errors
    /// [`Ended`] when the link is over.
    pub fn open(&self, priority: Priority, opening: Bytes) -> Result<Stream, Ended> {
        debug_assert!(opening.len() < LONGEST, "an opening fits into a frame");
        let number = self.shared.mux().open(priority, opening)?;
        Ok(self.stream(number))
    }

    /// Waits for a stream that the other end opens, and its first message. `None` when the link is over.
    pub async fn accept(&self) -> Option<(Stream, Bytes)> {
        let (number, opening) = poll_fn(|cx| self.shared.mux().poll_accept(cx)).await?;
        Some((self.stream(number), opening))
    }

    /// Asks the other end whether it is there, and ends the link when nothing is heard for so long: for
    /// those who have a reason to doubt it, as after the machine slept.
    pub async fn probe(&self, patience: Duration) {
        let before = self.shared.mux().heard_so_far();
        self.shared.mux().ping(0);
        tokio::time::sleep(patience).await;
        if self.shared.mux().heard_so_far() == before {
            self.shared.end(Ended::Silent);
        }
    }

    /// Takes leave of the other end, and asks it to come again no sooner than said.
    pub fn close(&self, retry_after: Duration, reason: &str) {
        let ms = u32::try_from(retry_after.as_millis()).unwrap_or(u32::MAX);
        self.shared.mux().close(ms, reason);
    }

    /// Waits until the link is over; says why.
    pub async fn ended(&self) -> Ended {
        ended_elsewhere(&self.shared).await
    }

    fn stream(&self, number: u32) -> Stream {
        let held = Arc::new(Held { shared: Arc::clone(&self.shared), number });
        Stream { sending: Sending { held: Arc::clone(&held) }, receiving: Receiving { held } }
    }
}

/// Messages both ways. Letting go of it before both ends said their last cuts it off.
#[derive(Debug)]
pub struct Stream {
    sending: Sending,
    receiving: Receiving,
}

/// The half that sends.
#[derive(Debug)]
pub struct Sending {
    held: Arc<Held>,
}

/// The half that receives.
#[derive(Debug)]
pub struct Receiving {
    held: Arc<Held>,
}

struct Held {
    shared: Arc<Shared>,
    number: u32,
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stream").field(&self.number).finish()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.shared.mux().release(self.number);
    }
}

impl Stream {
    /// Its two halves, for two who work at once. Each keeps the stream alive.
    pub fn split(self) -> (Sending, Receiving) {
        (self.sending, self.receiving)
    }

    /// See [`Sending::send`].
    ///
    /// # Errors
    /// [`Reset`].
    pub async fn send(&mut self, message: Bytes) -> Result<(), Reset> {
        self.sending.send(message).await
    }

    /// See [`Sending::finish`].
    pub fn finish(&mut self) {
        self.sending.finish();
    }

    /// See [`Receiving::receive`].
    ///
    /// # Errors
    /// [`Reset`].
    pub async fn receive(&mut self) -> Result<Option<Bytes>, Reset> {
        self.receiving.receive().await
    }

    /// See [`Receiving::widen`].
    pub fn widen(&mut self, window: u32) {
        self.receiving.widen(window);
    }

    /// Cuts it off, and tells the other end why.
    pub fn reset(self, code: ResetCode, reason: &str) {
        self.sending.held.shared.mux().reset(self.sending.held.number, code, reason, Reset::Here);
    }
}

impl Sending {
    /// Sends a message, when there is room for it.
    ///
    /// # Errors
    /// [`Reset`] when the stream or the link is over.
    pub async fn send(&mut self, message: Bytes) -> Result<(), Reset> {
        poll_fn(|cx| self.held.shared.mux().poll_ready(self.held.number, cx)).await?;
        self.held.shared.mux().send(self.held.number, message)
    }

    /// Somebody waits for what becomes of this: what is not urgent leaves room on this link, for two seconds.
    pub fn give_way(&self) {
        self.held.shared.mux().give_way();
    }

    /// Says that nothing more comes.
    pub fn finish(&mut self) {
        self.held.shared.mux().finish(self.held.number);
    }
}

impl Receiving {
    /// The next message; `None` when the other end said its last.
    ///
    /// # Errors
    /// [`Reset`] when the stream or the link is over before that.
    pub async fn receive(&mut self) -> Result<Option<Bytes>, Reset> {
        poll_fn(|cx| self.held.shared.mux().poll_receive(self.held.number, cx)).await
    }

    /// See [`Sending::give_way`].
    pub fn give_way(&self) {
        self.held.shared.mux().give_way();
    }

    /// Lets so many bytes be under way at once: for what is large. A window is never made smaller.
    pub fn widen(&mut self, window: u32) {
        self.held.shared.mux().widen(self.held.number, window);
    }
}

/// Ends the link when the driver ends or is dropped.
struct Over(Arc<Shared>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.end(Ended::Here);
    }
}

async fn drive<C: AsyncRead + AsyncWrite>(connection: C, over: Over) -> Ended {
    let shared = &over.0;
    let (reader, writer) = split(connection);
    let ended = tokio::select! {
        biased;
        ended = ended_elsewhere(shared) => ended,
        ended = watch_over(shared) => ended,
        // What is written waits for credit, which is read: neither keeps the other from its turn.
        ended = write_all(writer, shared) => ended,
        ended = read_all(reader, shared) => ended,
    };
    shared.end(ended)
}

async fn read_all(mut reader: impl AsyncRead + Unpin, shared: &Shared) -> Ended {
    loop {
        let frame = match read_frame(&mut reader).await {
            Ok(frame) => frame,
            Err(ended) => return ended,
        };
        if let Err(ended) = shared.mux().hear(frame) {
            return ended;
        }
    }
}

async fn read_frame(reader: &mut (impl AsyncRead + Unpin)) -> Result<Frame, Ended> {
    let mut head = [0; HEAD];
    reader.read_exact(&mut head).await.map_err(broken)?;
    let head = Head::read(head)?;
    let mut body = BytesMut::with_capacity(head.length()).limit(head.length());
    while body.has_remaining_mut() {
        if reader.read_buf(&mut body).await.map_err(broken)? == 0 {
            return Err(broken(ErrorKind::UnexpectedEof.into()));
        }
    }
    Ok(head.frame(body.into_inner().freeze())?)
}

fn broken(error: std::io::Error) -> Ended {
    match error.kind() {
        ErrorKind::UnexpectedEof => Ended::Broken("it was closed without a word".to_owned()),
        _ => Ended::Broken(error.to_string()),
    }
}

async fn write_all(mut writer: impl AsyncWrite + Unpin, shared: &Shared) -> Ended {
    let mut buffer = BytesMut::new();
    let (mut pace, mut is_resting) = (Pace::new(), false);
    loop {
        let is_last = tokio::select! {
            biased;
            () = pace.rest(), if is_resting => {
                is_resting = false;
                shared.mux().rested();
                continue;
            }
            is_last = poll_fn(|cx| shared.mux().poll_write_into(&mut buffer, WRITE_AT_ONCE, cx)) => is_last,
        };
        let written = async {
            writer.write_all(&buffer).await?;
            writer.flush().await
        };
        if let Err(error) = written.await {
            return broken(error);
        }
        shared.mux().set_writing(false);
        if is_last {
            // Politeness: the other end knows already.
            let _ = writer.shutdown().await;
            return Ended::Here;
        }
        buffer.clear();
        let went = shared.mux().rest();
        if went > 0 {
            pace.went(went);
            is_resting = true;
        }
        // What a flood needed is not kept for the calm after it: most links are idle most of the time.
        if shared.mux().is_calm() {
            buffer = BytesMut::new();
        }
    }
}

async fn watch_over(shared: &Shared) -> Ended {
    loop {
        tokio::time::sleep(TICK).await;
        if let Err(ended) = shared.mux().tick() {
            return ended;
        }
    }
}

async fn ended_elsewhere(shared: &Shared) -> Ended {
    let mut ended = shared.ended.subscribe();
    let found = ended.wait_for(Option::is_some).await;
    found.ok().and_then(|ended| ended.clone()).unwrap_or(Ended::Here)
}
