//! Writes what machines say to standard output and standard error, beside the event loop: whoever reads slowly
//! holds up nothing but the output.

use std::fs::File;
use std::io::Write;
use std::os::fd::AsFd;

use bytes::Bytes;
use diwan_client::Channel;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// So many pieces wait to be written.
const MOST_WAITING: usize = 32;

/// The reader of the output went away, or it cannot be written.
#[derive(Debug)]
pub(in crate::cli) struct Gone;

/// Where output goes.
#[derive(Debug)]
pub(in crate::cli) struct Writer {
    pieces: mpsc::Sender<(Channel, Bytes)>,
    writing: JoinHandle<std::io::Result<()>>,
}

impl Writer {
    /// Begins to write.
    pub(in crate::cli) fn begin() -> std::io::Result<Self> {
        // Without the buffer of the library, which looks for the ends of lines.
        let mut output = File::from(std::io::stdout().as_fd().try_clone_to_owned()?);
        let mut errors = File::from(std::io::stderr().as_fd().try_clone_to_owned()?);
        let (pieces, mut waiting) = mpsc::channel::<(Channel, Bytes)>(MOST_WAITING);
        let writing = tokio::task::spawn_blocking(move || {
            while let Some((channel, bytes)) = waiting.blocking_recv() {
                match channel {
                    Channel::Output => output.write_all(&bytes)?,
                    Channel::Errors => errors.write_all(&bytes)?,
                }
            }
            Ok(())
        });
        Ok(Self { pieces, writing })
    }

    /// Gives it something to write; waits while much waits already.
    pub(in crate::cli) async fn write(&self, channel: Channel, bytes: Bytes) -> Result<(), Gone> {
        self.pieces.send((channel, bytes)).await.map_err(|_| Gone)
    }

    /// Waits until everything is written.
    pub(in crate::cli) async fn finish(self) -> Result<(), std::io::Error> {
        drop(self.pieces);
        self.writing.await.unwrap_or_else(|error| Err(std::io::Error::other(error)))
    }
}
