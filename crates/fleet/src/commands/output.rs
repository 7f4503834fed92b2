//! Reads the output of a command for somebody, and gives it input from somebody.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use bytes::Bytes;
use diwan_kernel::{Ctx, Problem};

use super::cancel::is_over;
use super::id::CommandId;
use super::live::{LiveCommand, NoInput};
use super::store::OutputReader;
use super::terminal::access;
use crate::fleet::Fleet;

/// A part of what a command said on one channel.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) bytes: Bytes,
    /// How much there is so far.
    pub(crate) length: u64,
    /// Whether nothing more comes.
    pub(crate) is_over: bool,
}

impl Fleet {
    /// Reads a part of what a command said.
    ///
    /// # Errors
    /// 404, 410 when it is not kept any longer, 503 when the disk does not let itself be read.
    pub(crate) async fn read_output(
        &self,
        id: CommandId,
        channel: usize,
        from: u64,
        most: usize,
    ) -> Result<Part, Problem> {
        // Entered first: an end that is written down after the look into the table is told there.
        let live = self.commands().live().enter(id);
        let command = self.get_command(id).await?;
        if command.operation.is_terminal() {
            return Err(access::not_kept());
        }
        if command.output_gone_at.is_some() {
            return Err(output_deleted());
        }
        let (length, is_over) = if command.state.is_open() {
            let progress = live.progress.borrow().clone();
            match &progress.over {
                Some(over) => ([over.output_bytes, over.error_bytes][channel], true),
                None => (progress.lengths[channel], false),
            }
        } else {
            ([command.output_bytes, command.error_bytes][channel], true)
        };
        let there = usize::try_from(length.saturating_sub(from)).unwrap_or(usize::MAX);
        let reader = self.commands().store().reader(id, channel);
        let bytes = read_kept(&reader, from, most.min(there), vec![]).await?;
        Ok(Part { bytes, length, is_over })
    }

    /// The command, if it takes input now.
    ///
    /// # Errors
    /// 403, 404, 409.
    pub(crate) async fn for_input(&self, ctx: &Ctx, id: CommandId) -> Result<Arc<LiveCommand>, Problem> {
        let live = self.commands().live().enter(id);
        let command = self.get_command(id).await?;
        access::may_type(ctx, &command)?;
        if !command.state.is_open() || live.progress.borrow().over.is_some() {
            return Err(is_over());
        }
        if command.has_input { Ok(live) } else { Err(takes_no_input()) }
    }
}

/// Reads bytes that are there and puts them behind others.
///
/// # Errors
/// 503 when the disk does not let itself be read.
pub(crate) async fn read_kept(reader: &OutputReader, from: u64, count: usize, onto: Vec<u8>) -> Result<Bytes, Problem> {
    if count == 0 {
        return Ok(onto.into());
    }
    let whole = onto.len() + count;
    match reader.read(from, count, onto).await {
        Ok(bytes) if bytes.len() == whole => Ok(bytes),
        Ok(_) => Err(unreadable().because("a file of output is shorter than is written down")),
        Err(error) => Err(unreadable().because(error)),
    }
}

impl LiveCommand {
    /// Gives input, and waits a while for room.
    ///
    /// # Errors
    /// 409 when something in between is missing, there can be no more, or there is no room for too long.
    pub(crate) async fn give_in_time(
        &self,
        at: Option<u64>,
        bytes: &[u8],
        ends: bool,
        patience: Duration,
    ) -> Result<u64, Problem> {
        let mut progress = self.progress.subscribe();
        let given = async {
            loop {
                let now = progress.borrow_and_update().clone();
                if now.over.is_some() {
                    return Err(is_over());
                }
                match self.give(at, bytes, ends) {
                    Ok(given) => return Ok(given),
                    Err(NoInput::Gap(from)) => return Err(input_gap(from)),
                    Err(NoInput::Ended) => return Err(input_ended()),
                    Err(NoInput::Full) => {}
                }
                if progress.changed().await.is_err() {
                    return Err(is_over());
                }
            }
        };
        tokio::time::timeout(patience, given).await.unwrap_or_else(|_| Err(input_full()))
    }
}

pub(crate) fn output_deleted() -> Problem {
    Problem::new(
        StatusCode::GONE,
        "output_deleted",
        "The output is not kept any longer",
        "The output of a command is kept for 30 days, and only as long as there is room for it.",
        "Run the command again.",
    )
}

fn unreadable() -> Problem {
    Problem::unavailable("output_unreadable", "The output of the command cannot be read.", Duration::from_secs(5))
}

pub(crate) fn takes_no_input() -> Problem {
    Problem::conflict(
        "no_input",
        "The command takes no input",
        "It was not run with has_input.",
        "Run it again with has_input.",
    )
}

fn input_gap(from: u64) -> Problem {
    Problem::conflict(
        "input_gap",
        "Input is missing in between",
        format!("There is input up to {from}."),
        "Give what comes there first.",
    )
}

fn input_ended() -> Problem {
    Problem::conflict(
        "input_ended",
        "The input has ended",
        "Its end was told before.",
        "Run the command again if it needs more.",
    )
}

fn input_full() -> Problem {
    Problem::conflict(
        "input_full",
        "The command does not read",
        "As much input waits for it as is kept.",
        "Wait until it has taken some.",
    )
}
