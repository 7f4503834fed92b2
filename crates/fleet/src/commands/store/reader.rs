//! Reads what a command said on one channel, wherever it lies.

use std::io::{ErrorKind, Result};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use diwan_kernel::World;

use super::kept::Kept;
use super::names::Part;

/// One channel of a command, to be read piece by piece. What is read last stays open. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct OutputReader {
    world: World,
    dir: PathBuf,
    channel: usize,
    part_length: u64,
    open: Arc<Mutex<Option<Open>>>,
}

/// A part that is open: where it begins, and where the next one does.
#[derive(Debug, Clone)]
struct Open {
    from: u64,
    to: u64,
    kept: Arc<Kept>,
}

impl OutputReader {
    pub(super) fn new(world: &World, dir: PathBuf, channel: usize, part_length: u64) -> Self {
        Self { world: world.clone(), dir, channel, part_length, open: Arc::default() }
    }

    /// Reads a part and puts it behind what is there; it is shorter than asked for where the output ends.
    ///
    /// # Errors
    /// When it cannot be read, as when it is not there any more; [`ErrorKind::InvalidData`] when it is damaged.
    pub(crate) async fn read(&self, at: u64, most: usize, onto: Vec<u8>) -> Result<Bytes> {
        self.heavy(move |this| this.read_now(at, most, onto).map(Bytes::from)).await?
    }

    /// Does something that reads, away from the event loop.
    ///
    /// # Errors
    /// When it broke down.
    pub(crate) async fn heavy<T: Send + 'static>(&self, work: impl FnOnce(&Self) -> T + Send + 'static) -> Result<T> {
        let this = self.clone();
        self.world.heavy(move || work(&this)).await.map_err(std::io::Error::other)
    }

    /// The same as [`Self::read`], in place.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn read_now(&self, at: u64, most: usize, mut onto: Vec<u8>) -> Result<Vec<u8>> {
        onto.reserve_exact(most);
        let (begin, end) = (onto.len(), onto.len() + most);
        while onto.len() < end {
            let (place, before) = (at + (onto.len() - begin) as u64, onto.len());
            let part = self.part_at(place)?;
            let room = usize::try_from(part.to - place).unwrap_or(usize::MAX);
            part.kept.read(place - part.from, room.min(end - before), &mut onto)?;
            if onto.len() == before {
                break;
            }
        }
        Ok(onto)
    }

    fn part_at(&self, place: u64) -> Result<Open> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(part) = open.as_ref().filter(|part| (part.from..part.to).contains(&place)) {
            return Ok(part.clone());
        }
        let part = self.open_at(place)?;
        *open = Some(part.clone());
        Ok(part)
    }

    fn open_at(&self, place: u64) -> Result<Open> {
        let number = place / self.part_length;
        match self.open_part(number) {
            // Before there were parts, all of it was in the first one.
            Err(error) if error.kind() == ErrorKind::NotFound && number > 0 => {
                let first = self.open_part(0)?;
                if first.to > place { Ok(first) } else { Err(error) }
            }
            opened => opened,
        }
    }

    fn open_part(&self, number: u64) -> Result<Open> {
        let kept = Kept::open(&Part { channel: self.channel, number }.path(&self.dir))?;
        let is_all = number == 0 && kept.length()? > self.part_length;
        let from = number * self.part_length;
        let to = if is_all { u64::MAX } else { from.saturating_add(self.part_length) };
        Ok(Open { from, to, kept: Arc::new(kept) })
    }
}
