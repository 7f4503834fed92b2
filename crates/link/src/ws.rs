//! Bytes over a WebSocket whose handshake is done: each binary frame is a piece of the stream, of whatever length.
//!
//! Nothing waits for the end of a frame or of a message, so that neither is ever held in memory. What is read and
//! written at once grows with what comes and goes, and is given back in the calm after it: a link is idle most of the
//! time, and there may be ten thousand.

mod head;

use std::io::{Error, IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ring::rand::{SecureRandom, SystemRandom};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::mux::Side;
use head::{Head, Kind, LONGEST_CONTROL, LONGEST_HEAD, Mask, apply, wrong};

/// No frame of ours is longer.
const LONGEST: usize = 32 * 1024;
/// What is read at once in the calm, and what may be kept for longer.
const FEW: usize = 4 * 1024;
/// What is read at once while much comes; a frame of control and a head always fit.
const MANY: usize = 64 * 1024;
/// So much waits here to be written, and a little more.
const MOST: usize = 64 * 1024;

/// The bytes of a WebSocket.
#[derive(Debug)]
pub struct WsBytes<S> {
    connection: S,
    side: Side,
    coming: Coming,
    going: Going,
}

/// What came in and was not taken yet.
#[derive(Debug, Default)]
struct Coming {
    buffer: Vec<u8>,
    begin: usize,
    end: usize,
    /// How much came the last time.
    last: usize,
    /// Of the frame that is being read: what of it has not come yet, what has, and its mask.
    left: u64,
    taken: u64,
    mask: Option<Mask>,
    is_over: bool,
}

/// Frames that wait to be written.
#[derive(Debug, Default)]
struct Going {
    buffer: Vec<u8>,
    written: usize,
    said_goodbye: bool,
}

impl<S> WsBytes<S> {
    /// Over a connection that we dialled, after the handshake. Who accepted it says nothing before it was spoken to.
    pub fn dialled(connection: S) -> Self {
        Self::new(connection, Side::Dialler)
    }

    /// Over a connection that we accepted, after the handshake.
    pub fn accepted(connection: S) -> Self {
        Self::new(connection, Side::Acceptor)
    }

    fn new(connection: S, side: Side) -> Self {
        Self { connection, side, coming: Coming::default(), going: Going::default() }
    }

    /// Takes up the next frame, if all is here that is needed for that; says whether it was.
    fn begin_frame(&mut self) -> Result<bool> {
        let here = &self.coming.buffer[self.coming.begin..self.coming.end];
        let Some((head, size)) = Head::read(here)? else { return Ok(false) };
        if head.mask.is_some() != (self.side == Side::Acceptor) {
            return Err(wrong("a mask that is missing, or one that may not be"));
        }
        if head.kind == Kind::Bytes {
            self.coming.begin += size;
            (self.coming.left, self.coming.taken, self.coming.mask) = (head.length, 0, head.mask);
            return Ok(true);
        }
        let length = usize::try_from(head.length).unwrap_or(LONGEST_CONTROL);
        let Some(content) = here.get(size..size + length) else { return Ok(false) };
        let mut content = content.to_vec();
        head.mask.into_iter().for_each(|mask| apply(mask, 0, &mut content));
        self.coming.begin += size + length;
        match head.kind {
            Kind::Close => self.coming.is_over = true,
            // Somebody who asks much faster than they take the answers gets fewer.
            Kind::Ping if self.going.buffer.len() < MOST => self.say(Kind::Pong, &[&content])?,
            _ => {}
        }
        Ok(true)
    }

    /// Puts a frame with all these bytes behind what waits.
    fn say(&mut self, kind: Kind, parts: &[&[u8]]) -> Result<()> {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let mask = if self.side == Side::Dialler { Some(fresh_mask()?) } else { None };
        let going = &mut self.going.buffer;
        going.reserve(LONGEST_HEAD + length);
        Head { kind, length: length as u64, mask }.write(going);
        let begin = going.len();
        parts.iter().for_each(|part| going.extend_from_slice(part));
        mask.into_iter().for_each(|mask| apply(mask, 0, &mut going[begin..]));
        Ok(())
    }
}

fn fresh_mask() -> Result<Mask> {
    let mut mask = Mask::default();
    SystemRandom::new().fill(&mut mask).map_err(|_| Error::other("the system has no randomness"))?;
    Ok(mask)
}

impl Coming {
    /// Hands over what is here of the frame that is being read; says whether that was anything.
    fn take(&mut self, into: &mut ReadBuf<'_>) -> bool {
        let here = self.end - self.begin;
        let count = here.min(into.remaining()).min(usize::try_from(self.left).unwrap_or(usize::MAX));
        into.put_slice(&self.buffer[self.begin..self.begin + count]);
        if let Some(mask) = self.mask {
            let begin = into.filled().len() - count;
            apply(mask, self.taken, &mut into.filled_mut()[begin..]);
        }
        self.begin += count;
        self.left -= count as u64;
        self.taken += count as u64;
        count > 0
    }

    /// Reads more; says whether there was any.
    fn poll_fill<S: AsyncRead + Unpin>(&mut self, connection: &mut S, cx: &mut Context<'_>) -> Poll<Result<bool>> {
        // At most a part of a head, or of a frame of control, is still here.
        self.buffer.copy_within(self.begin..self.end, 0);
        (self.begin, self.end) = (0, self.end - self.begin);
        let room = if self.last < FEW { FEW } else { MANY };
        if self.buffer.len() < room {
            self.buffer.resize(room, 0);
        }
        let mut free = ReadBuf::new(&mut self.buffer[self.end..]);
        let polled = Pin::new(connection).poll_read(cx, &mut free);
        let count = free.filled().len();
        if polled.is_pending() && self.end == 0 && self.last < FEW {
            self.buffer = Vec::new();
        }
        ready!(polled)?;
        (self.end, self.last) = (self.end + count, self.end + count);
        Poll::Ready(Ok(count > 0))
    }
}

impl Going {
    /// Writes everything that waits.
    fn poll_write<S: AsyncWrite + Unpin>(&mut self, connection: &mut S, cx: &mut Context<'_>) -> Poll<Result<()>> {
        while self.written < self.buffer.len() {
            match ready!(Pin::new(&mut *connection).poll_write(cx, &self.buffer[self.written..]))? {
                0 => return Poll::Ready(Err(std::io::ErrorKind::WriteZero.into())),
                count => self.written += count,
            }
        }
        if self.buffer.len() < FEW {
            self.buffer = Vec::new();
        }
        self.buffer.clear();
        self.written = 0;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for WsBytes<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let this = &mut *self;
        while into.remaining() > 0 && !this.coming.is_over && !this.coming.take(into) {
            if this.coming.left == 0 && this.begin_frame()? {
                // An answer to a ping does not wait until we have something to say.
                let _ = this.going.poll_write(&mut this.connection, cx)?;
                continue;
            }
            if !ready!(this.coming.poll_fill(&mut this.connection, cx))? {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for WsBytes<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let this = &mut *self;
        if this.going.buffer.len() >= MOST {
            ready!(this.going.poll_write(&mut this.connection, cx))?;
        }
        let mut left = LONGEST;
        let cut = parts.iter().map(|part| {
            let part = &part[..part.len().min(left)];
            left -= part.len();
            part
        });
        let parts: Vec<&[u8]> = cut.filter(|part| !part.is_empty()).collect();
        this.say(Kind::Bytes, &parts)?;
        if this.going.buffer.len() < FEW {
            // What is small goes at once: the words with which TLS ends are not followed by a flush.
            let _ = this.going.poll_write(&mut this.connection, cx)?;
        }
        Poll::Ready(Ok(LONGEST - left))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let this = &mut *self;
        ready!(this.going.poll_write(&mut this.connection, cx))?;
        Pin::new(&mut this.connection).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        if !std::mem::replace(&mut self.going.said_goodbye, true) {
            self.say(Kind::Close, &[])?;
        }
        ready!(self.as_mut().poll_flush(cx))?;
        Pin::new(&mut self.connection).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
