//! A stream that gives up when the other end stops reading: what is never read must not be kept for ever.
//!
//! It also parts politely. Closing while the other end still sends would reset the connection, and the other
//! end might never read the answer that told it why; so what it sends is read and dropped for a moment.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// How long a write may wait for the other end.
const STALL: Duration = Duration::from_secs(30);

/// How long, and how much, is still read after everything was said.
const PARTING: Duration = Duration::from_secs(1);
const MOST_DROPPED: usize = 4 * 1024 * 1024;

/// The stream.
pub(super) struct Paced<S> {
    inner: S,
    stalled: Option<Pin<Box<Sleep>>>,
    parting: Option<Parting>,
}

/// What is known while the other end may still send.
struct Parting {
    deadline: Pin<Box<Sleep>>,
    dropped: usize,
}

impl<S> Paced<S> {
    /// Watches a stream.
    pub(super) const fn new(inner: S) -> Self {
        Self { inner, stalled: None, parting: None }
    }

    fn watch<T>(&mut self, cx: &mut Context<'_>, progress: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if progress.is_ready() {
            self.stalled = None;
            return progress;
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(STALL)));
        if stalled.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client stopped reading")));
        }
        Poll::Pending
    }
}

impl<S: AsyncRead + Unpin> Paced<S> {
    /// Reads and drops until the other end is done, or has had its time or its share.
    fn part(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = || Parting { deadline: Box::pin(tokio::time::sleep(PARTING)), dropped: 0 };
        let parting = self.parting.get_or_insert_with(deadline);
        let mut scratch = [0; 8192];
        while parting.dropped < MOST_DROPPED {
            let mut buf = ReadBuf::new(&mut scratch);
            match Pin::new(&mut self.inner).poll_read(cx, &mut buf) {
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => parting.dropped += buf.filled().len(),
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return parting.deadline.as_mut().poll(cx),
            }
        }
        Poll::Ready(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let progress = Pin::new(&mut self.inner).poll_write(cx, buf);
        self.watch(cx, progress)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let progress = Pin::new(&mut self.inner).poll_flush(cx);
        self.watch(cx, progress)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.parting.is_none() {
            let progress = Pin::new(&mut self.inner).poll_shutdown(cx);
            ready!(self.watch(cx, progress))?;
        }
        self.part(cx).map(Ok)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let progress = Pin::new(&mut self.inner).poll_write_vectored(cx, bufs);
        self.watch(cx, progress)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the runtime's clock, which the test holds")]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_never_reads_is_given_up() {
        let (near, _far) = tokio::io::duplex(16);
        let start = tokio::time::Instant::now();
        let written = Paced::new(near).write_all(&[0; 64]).await;
        assert_eq!(written.map_err(|e| e.kind()), Err(io::ErrorKind::TimedOut));
        assert_eq!(start.elapsed(), STALL);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_still_sent_after_the_answer_is_read_and_dropped() {
        let (near, mut far) = tokio::io::duplex(16);
        let mut near = Paced::new(near);
        let server = async {
            near.write_all(b"too large").await?;
            near.shutdown().await
        };
        let client = async {
            far.write_all(&[0; 64 * 1024]).await?;
            let mut answer = String::new();
            far.read_to_string(&mut answer).await?;
            drop(far);
            Ok(answer)
        };
        let (parted, answer): (io::Result<()>, io::Result<String>) = tokio::join!(server, client);
        assert!(parted.is_ok());
        assert_eq!(answer.ok().as_deref(), Some("too large"));
    }

    #[tokio::test(start_paused = true)]
    async fn who_never_hangs_up_is_left_after_a_moment() {
        let (near, _far) = tokio::io::duplex(16);
        let start = tokio::time::Instant::now();
        let parted = Paced::new(near).shutdown().await;
        assert!(parted.is_ok());
        assert_eq!(start.elapsed(), PARTING);
    }
}
