//! Bytes between a thread that waits and an event loop that does not: the two ends of a pipe in memory.

use std::io::{ErrorKind, Read, Write};

use bytes::{Buf, Bytes};
use tokio::sync::mpsc;

/// So many chunks lie in a pipe at most.
const MOST: usize = 16;
/// No chunk is longer.
const LONGEST: usize = 128 * 1024;

/// Reads what the event loop sends. The end is when the sender is dropped.
#[derive(Debug)]
pub struct Source {
    chunks: mpsc::Receiver<Bytes>,
    rest: Bytes,
}

/// Writes what the event loop receives.
#[derive(Debug)]
pub struct Sink(mpsc::Sender<Bytes>);

/// A pipe into a thread.
#[must_use]
pub fn into_thread() -> (mpsc::Sender<Bytes>, Source) {
    let (sender, chunks) = mpsc::channel(MOST);
    (sender, Source { chunks, rest: Bytes::new() })
}

/// A pipe out of a thread.
#[must_use]
pub fn out_of_thread() -> (Sink, mpsc::Receiver<Bytes>) {
    let (sender, chunks) = mpsc::channel(MOST);
    (Sink(sender), chunks)
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while self.rest.is_empty() {
            match self.chunks.blocking_recv() {
                Some(chunk) => self.rest = chunk,
                None => return Ok(0),
            }
        }
        let length = self.rest.len().min(buffer.len());
        self.rest.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let length = bytes.len().min(LONGEST);
        let sent = self.0.blocking_send(Bytes::copy_from_slice(&bytes[..length]));
        sent.map(|()| length).map_err(|_| ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
