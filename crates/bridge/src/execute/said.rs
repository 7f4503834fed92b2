//! What a process says, on its way to where it is kept: secrets are taken out of it before anything is written down.

use std::sync::Arc;

use crate::commands::{Channel, Entry, Ring, SpoolError, Writer};
use crate::mask::{Mask, Masks};

/// Where what is said is kept.
pub(super) enum Keeps<'a> {
    /// All of it, channel by channel.
    All([Writer<'a>; 2]),
    /// The newest of a terminal.
    Newest(Arc<Ring>),
}

impl Keeps<'_> {
    fn keep(&mut self, entry: &Entry, channel: Channel, bytes: &[u8]) -> Result<(), SpoolError> {
        match self {
            Self::All(writers) => {
                let writer = &mut writers[channel.index()];
                writer.write(bytes)?;
                entry.said(channel, writer.length);
            }
            Self::Newest(ring) => ring.push(bytes, |length| entry.said(channel, length)),
        }
        Ok(())
    }
}

/// The way of what is said.
pub(super) struct Said<'a> {
    keeps: Keeps<'a>,
    masks: Option<[Mask; 2]>,
}

impl<'a> Said<'a> {
    pub(super) fn new(keeps: Keeps<'a>, masks: Option<Masks>) -> Self {
        Self { keeps, masks: masks.map(|masks| [masks.begin(), masks.begin()]) }
    }

    pub(super) fn is_terminal(&self) -> bool {
        matches!(self.keeps, Keeps::Newest(_))
    }

    pub(super) fn lengths(&self) -> [u64; 2] {
        match &self.keeps {
            Keeps::All([output, errors]) => [output.length, errors.length],
            Keeps::Newest(ring) => [ring.length(), 0],
        }
    }

    /// Keeps what was said next.
    pub(super) fn keep(&mut self, entry: &Entry, channel: Channel, bytes: &[u8]) -> Result<(), SpoolError> {
        let shown = match &mut self.masks {
            Some(masks) => masks[channel.index()].pass(bytes),
            None => bytes,
        };
        if shown.is_empty() { Ok(()) } else { self.keeps.keep(entry, channel, shown) }
    }

    /// The process said its last, or what it says besides is not heard any more.
    pub(super) fn end(&mut self, entry: &Entry, channel: Channel, is_cut: bool) -> Result<(), SpoolError> {
        let Some(masks) = &mut self.masks else { return Ok(()) };
        let mask = &mut masks[channel.index()];
        let rest = if is_cut { mask.cut() } else { mask.end() };
        if rest.is_empty() { Ok(()) } else { self.keeps.keep(entry, channel, rest) }
    }
}
