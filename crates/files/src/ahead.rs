//! Small files ahead of their answers: whoever moves many does not wait for each.

use std::io::{Read, Write};

use crate::client::{Client, MOST_AHEAD, Settled};
use crate::error::FilesError;

/// No larger file is sent ahead.
pub(crate) const SMALL: u64 = 1024 * 1024;
/// So many files are asked for at once, all of whose questions fit into the smallest pipe on the way.
pub(crate) const ASKED_AT_ONCE: usize = 12;

/// Makes room for one more, and hands over what was settled.
pub(crate) fn make_room<R: Read, W: Write>(
    client: &mut Client<R, W>,
    settled: &mut dyn FnMut(Settled),
) -> Result<(), FilesError> {
    client.settle(MOST_AHEAD - 1)?.into_iter().for_each(settled);
    Ok(())
}

/// Waits for all that is outstanding.
pub(crate) fn all<R: Read, W: Write>(
    client: &mut Client<R, W>,
    settled: &mut dyn FnMut(Settled),
) -> Result<(), FilesError> {
    client.settle(0)?.into_iter().for_each(settled);
    Ok(())
}
