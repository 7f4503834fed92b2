//! The bytes of a file on their way here, from a machine or from the object storage, and whether they are what the machine
//! told of it.

use std::io::{Error, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use diwan_link::Stream;
use diwan_objects::Object;
use diwan_protocol::artifacts::LONGEST_PIECE;
use ring::digest::{Context, SHA256};
use tokio::sync::OwnedSemaphorePermit;

use super::Artifact;

/// Whoever gives a file goes on within this time.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// Where bytes come from.
pub(super) enum Source {
    Machine(Stream),
    Storage(Object),
}

impl Source {
    async fn receive(&mut self) -> Result<Option<Bytes>, Error> {
        match self {
            Self::Machine(stream) => stream.receive().await.map_err(Error::other),
            Self::Storage(object) => object.next().await.map_err(Error::other),
        }
    }

    /// Whether it may give so many at once.
    fn may_give(&self, length: usize) -> bool {
        match self {
            Self::Machine(_) => length <= LONGEST_PIECE,
            Self::Storage(_) => true,
        }
    }
}

/// The bytes of a file, or of a part of it.
pub(super) struct Pieces {
    source: Source,
    left: u64,
    /// The first piece, which was waited for and is not given yet.
    first: Option<Bytes>,
    /// Of all of it, what has come is compared with what was told.
    hash: Option<Context>,
    wanted: [u8; 32],
    _held: Arc<OwnedSemaphorePermit>,
}

impl std::fmt::Debug for Pieces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pieces").field("left", &self.left).finish_non_exhaustive()
    }
}

impl Pieces {
    /// So many bytes of a file. Waits for the first of them: what goes wrong until then can still be answered.
    pub(super) async fn begin(
        source: Source,
        file: &Artifact,
        length: u64,
        held: Arc<OwnedSemaphorePermit>,
    ) -> Result<Self, Error> {
        let wanted = hash_of(&file.sha256).ok_or_else(|| Error::other("A hash that is none."))?;
        let hash = (length == file.size_bytes).then(|| Context::new(&SHA256));
        let this = Self { source, left: length, first: None, hash, wanted, _held: held };
        if length == 0 {
            return Ok(this);
        }
        let (bytes, this) = this.next().await?.ok_or_else(broken_off)?;
        Ok(Self { first: Some(bytes), ..this })
    }

    /// Whether it is a machine that gives them.
    pub(super) fn is_kept(&self) -> bool {
        matches!(self.source, Source::Machine(_))
    }

    /// What comes next; nothing at the end. The last piece of a whole file is given only if all of it is what was told.
    pub(super) async fn next(mut self) -> Result<Option<(Bytes, Self)>, Error> {
        if let Some(bytes) = self.first.take() {
            return Ok(Some((bytes, self)));
        }
        if self.left == 0 {
            return Ok(None);
        }
        let received = tokio::time::timeout(PATIENCE, self.source.receive()).await;
        let received = received.map_err(|_| Error::new(ErrorKind::TimedOut, "It did not go on in time."))?;
        let bytes = received?.ok_or_else(broken_off)?;
        let length = bytes.len() as u64;
        if length == 0 || length > self.left || !self.source.may_give(bytes.len()) {
            return Err(Error::new(ErrorKind::InvalidData, "It gave what it was not asked for."));
        }
        self.left -= length;
        if let Some(hash) = &mut self.hash {
            hash.update(&bytes);
        }
        if self.left == 0 {
            if let Source::Machine(stream) = &mut self.source {
                stream.finish();
            }
            let is_it = self.hash.take().is_none_or(|hash| hash.finish().as_ref() == self.wanted);
            if !is_it {
                return Err(Error::new(ErrorKind::InvalidData, "The file is not what the machine told of it."));
            }
        }
        Ok(Some((bytes, self)))
    }
}

fn broken_off() -> Error {
    Error::new(ErrorKind::UnexpectedEof, "The file broke off.")
}

pub(super) fn hash_of(hex: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    for (at, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(hash)
}
