//! Messages on a pair of byte streams: four bytes of length, then a message.
//!
//! What is sent is gathered until somebody listens for an answer or it has become much.

use std::io::{ErrorKind, Read, Write};

use minicbor::Encode;

use crate::error::FilesError;
use crate::message::{LONGEST_PIECE, Message};

/// No message is longer.
pub const LONGEST: usize = LONGEST_PIECE + 128 * 1024;
/// So much is gathered before it is written.
const ENOUGH: usize = 64 * 1024;

/// One end of a conversation.
#[derive(Debug)]
pub struct Wire<R, W> {
    input: R,
    output: W,
    received: Vec<u8>,
    gathered: Vec<u8>,
    moved: u64,
}

impl<R: Read, W: Write> Wire<R, W> {
    /// Over these two.
    pub fn new(input: R, output: W) -> Self {
        Self { input, output, received: vec![], gathered: Vec::with_capacity(ENOUGH), moved: 0 }
    }

    /// How many bytes went over it, both ways.
    pub fn moved(&self) -> u64 {
        self.moved
    }

    /// Says something, soon.
    ///
    /// # Errors
    /// [`FilesError::Pipe`].
    pub fn send(&mut self, message: &Message<'_>) -> Result<(), FilesError> {
        let at = self.gathered.len();
        self.gathered.extend_from_slice(&[0; 4]);
        // Writing into memory cannot fail.
        let mut encoder = minicbor::Encoder::new(Growing(&mut self.gathered));
        let _ = message.encode(&mut encoder, &mut ());
        let length = u32::try_from(self.gathered.len() - at - 4).unwrap_or(u32::MAX);
        self.gathered[at..at + 4].copy_from_slice(&length.to_be_bytes());
        if self.gathered.len() >= ENOUGH { self.flush() } else { Ok(()) }
    }

    /// Says it now.
    ///
    /// # Errors
    /// [`FilesError::Pipe`].
    pub fn flush(&mut self) -> Result<(), FilesError> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let written = self.output.write_all(&self.gathered).and_then(|()| self.output.flush());
        self.moved += self.gathered.len() as u64;
        self.gathered.clear();
        written.map_err(broken)
    }

    /// The next thing that the other end says; `None` when it has said its last.
    ///
    /// # Errors
    /// [`FilesError`], none of which lets the conversation go on.
    pub fn receive(&mut self) -> Result<Option<Message<'_>>, FilesError> {
        self.flush()?;
        let mut head = [0; 4];
        if !read_all_or_nothing(&mut self.input, &mut head)? {
            return Ok(None);
        }
        let length = usize::try_from(u32::from_be_bytes(head)).unwrap_or(usize::MAX);
        if length > LONGEST {
            return Err(FilesError::Protocol(format!("a message of {length} bytes")));
        }
        if self.received.len() < length {
            self.received.resize(length, 0);
        }
        self.input.read_exact(&mut self.received[..length]).map_err(broken)?;
        self.moved += (length + 4) as u64;
        decode(&self.received[..length]).map(Some)
    }

    /// The next thing, when something must come.
    ///
    /// # Errors
    /// As [`Self::receive`].
    pub fn expect(&mut self) -> Result<Message<'_>, FilesError> {
        self.receive()?.ok_or(FilesError::Cut)
    }
}

/// Reads a message; one of a kind that a later version brought is an error here, since it wants an answer.
///
/// # Errors
/// [`FilesError::Protocol`].
pub fn decode(bytes: &[u8]) -> Result<Message<'_>, FilesError> {
    minicbor::decode(bytes).map_err(|error| FilesError::Protocol(error.to_string()))
}

struct Growing<'a>(&'a mut Vec<u8>);

impl minicbor::encode::Write for Growing<'_> {
    type Error = std::convert::Infallible;

    fn write_all(&mut self, bytes: &[u8]) -> Result<(), Self::Error> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

fn read_all_or_nothing(input: &mut impl Read, head: &mut [u8; 4]) -> Result<bool, FilesError> {
    let mut at = 0;
    while at < head.len() {
        match input.read(&mut head[at..]) {
            Ok(0) if at == 0 => return Ok(false),
            Ok(0) => return Err(FilesError::Cut),
            Ok(length) => at += length,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(broken(error)),
        }
    }
    Ok(true)
}

fn broken(error: std::io::Error) -> FilesError {
    match error.kind() {
        ErrorKind::UnexpectedEof => FilesError::Cut,
        _ => FilesError::Pipe(error),
    }
}
