//! The pipe of a command: its input and output as they are, handed over to one stream. Nothing of it is kept;
//! whoever does not read makes the command wait.

use std::os::fd::OwnedFd;
use std::process::Child;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::BytesMut;
use diwan_link::{Receiving, ResetCode, Sending, Stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;
use tokio::sync::Notify;

use super::asks::Ask;
use super::{Commands, Entry};

/// Nobody who takes a pipe up comes later.
const PATIENCE: Duration = Duration::from_secs(30);
/// What is read at once.
const AT_ONCE: usize = 128 * 1024;
/// What the system's own pipe is made to hold.
const WIDE: usize = 1024 * 1024;
/// So many bytes may be under way.
const WINDOW: u32 = 4 * 1024 * 1024;
/// How long the other end may take to say its last.
const FAREWELL: Duration = Duration::from_secs(30);

/// The two ends, until somebody takes them up.
#[derive(Debug, Default)]
pub(crate) struct Pipe {
    state: Mutex<State>,
    came: Notify,
}

#[derive(Debug, Default)]
enum State {
    /// There is none, or not yet.
    #[default]
    Nothing,
    /// It waits for somebody until then.
    Offered(Ends, Duration),
    /// Somebody has it, or had.
    Taken,
}

#[derive(Debug)]
struct Ends {
    input: OwnedFd,
    output: OwnedFd,
}

impl Pipe {
    /// Offers input and output of a process that was just started.
    pub(crate) fn offer(&self, child: &mut Child, now: Duration) {
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else { return };
        let ends = Ends { input: input.into(), output: output.into() };
        *self.lock() = State::Offered(ends, now + PATIENCE);
        self.came.notify_one();
    }

    /// Whether it has waited for somebody for too long.
    pub(crate) fn is_late(&self, now: Duration) -> bool {
        matches!(&*self.lock(), State::Offered(_, until) if now >= *until)
    }

    /// For how long to wait: no longer than somebody may take to come.
    pub(crate) fn patience(&self, now: Duration, wait: Option<Duration>) -> Option<Duration> {
        match &*self.lock() {
            // Once it is late it is looked at as often as the end of the process demands.
            State::Offered(_, until) if *until > now => {
                let left = until.saturating_sub(now);
                Some(wait.map_or(left, |wait| wait.min(left)))
            }
            _ => wait,
        }
    }

    fn take(&self) -> Option<Ends> {
        let mut state = self.lock();
        if !matches!(*state, State::Offered(..)) {
            return None;
        }
        match std::mem::replace(&mut *state, State::Taken) {
            State::Offered(ends, _) => Some(ends),
            _ => None,
        }
    }

    fn is_taken(&self) -> bool {
        matches!(*self.lock(), State::Taken)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Commands {
    /// Hands the pipe of a command over to a stream, until either is over.
    pub(crate) async fn pipe(&self, command: &str, stream: Stream) {
        let entry = self.inner.known().entries.get(command).cloned();
        let Some(entry) = entry else {
            return stream.reset(ResetCode::Refused, "this machine knows no such command");
        };
        let Some(ends) = take_up(&entry).await else {
            return stream.reset(ResetCode::Refused, "the command has no pipe that could be taken up");
        };
        if relay(ends, stream).await.is_err() {
            // Whoever does not know how it ended for the other end does not go on alone.
            entry.asks.ask(Ask::Cancel);
        }
    }
}

/// Waits for the command to begin.
async fn take_up(entry: &Entry) -> Option<Ends> {
    let mut progress = entry.follow();
    loop {
        if let Some(ends) = entry.pipe.take() {
            return Some(ends);
        }
        if entry.pipe.is_taken() || entry.is_over() {
            return None;
        }
        tokio::select! {
            biased;
            () = entry.pipe.came.notified() => {}
            _ = progress.wait_for(|progress| progress.ended.is_some()) => return None,
        }
    }
}

/// The stream broke before both ends had said their last.
struct Broken;

async fn relay(ends: Ends, stream: Stream) -> Result<(), Broken> {
    // A system that does not allow more is only slower.
    let _ = rustix::pipe::fcntl_setpipe_size(&ends.output, WIDE);
    let _ = rustix::pipe::fcntl_setpipe_size(&ends.input, WIDE);
    let output = pipe::Receiver::from_owned_fd(ends.output).map_err(|_| Broken)?;
    let input = pipe::Sender::from_owned_fd(ends.input).map_err(|_| Broken)?;
    let (sending, mut receiving) = stream.split();
    receiving.widen(WINDOW);
    let (mut out, mut into) = (std::pin::pin!(send_all(output, sending)), std::pin::pin!(take_all(input, receiving)));
    tokio::select! {
        biased;
        sent = &mut out => {
            sent?;
            // The process said its last: only the other end's goodbye is still waited for.
            let _ = tokio::time::timeout(FAREWELL, into).await;
            Ok(())
        }
        taken = &mut into => {
            taken?;
            out.await
        }
    }
}

async fn send_all(mut output: pipe::Receiver, mut sending: Sending) -> Result<(), Broken> {
    let mut buffer = BytesMut::new();
    loop {
        buffer.reserve(AT_ONCE);
        match output.read_buf(&mut buffer).await {
            Ok(0) => {
                sending.finish();
                return Ok(());
            }
            Ok(_) => sending.send(buffer.split().freeze()).await.map_err(|_| Broken)?,
            Err(_) => return Err(Broken),
        }
    }
}

async fn take_all(mut input: pipe::Sender, mut receiving: Receiving) -> Result<(), Broken> {
    let mut is_read = true;
    while let Some(bytes) = receiving.receive().await.map_err(|_| Broken)? {
        // A process that reads no more has its reasons, and says so.
        is_read = is_read && input.write_all(&bytes).await.is_ok();
    }
    Ok(())
}
