//! Reads the output of a command for somebody, and gives it input from somebody.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use bytes::Bytes;
use diwan_kernel::{Ctx, Problem};
use serde::{Deserialize, Serialize};

use super::cancel::is_over;
use super::id::CommandId;
use super::live::{LiveCommand, NoInput};
use super::store::OutputReader;
use super::table::Command;
use super::terminal::access;
use crate::fleet::Fleet;

/// Which of the two that a command says something on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutputChannel {
    /// Its standard output.
    #[default]
    Output,
    /// Its standard error output.
    Errors,
}

impl OutputChannel {
    /// Its place among the channels.
    pub(crate) const fn number(self) -> usize {
        match self {
            Self::Output => 0,
            Self::Errors => 1,
        }
    }

    /// How the name of a file with what was said on it ends.
    pub(crate) const fn extension(self) -> &'static str {
        match self {
            Self::Output => "out",
            Self::Errors => "err",
        }
    }
}

/// What a command said on one channel, as far as it has come.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) command: Command,
    pub(crate) reader: OutputReader,
    /// How much there is so far.
    pub(crate) length: u64,
    /// Whether nothing more comes.
    pub(crate) is_over: bool,
}

/// A part of it.
#[derive(Debug)]
pub(crate) struct OutputPart {
    /// It.
    pub(crate) bytes: Bytes,
    /// How much there is so far.
    pub(crate) length: u64,
    /// Whether nothing more comes.
    pub(crate) is_over: bool,
}

impl Fleet {
    /// What a command said on a channel, to be read.
    ///
    /// # Errors
    /// 404, 409 of a terminal, 410 when it is not kept any longer.
    pub(crate) async fn said(&self, id: CommandId, channel: OutputChannel) -> Result<Said, Problem> {
        let channel = channel.number();
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
        Ok(Said { reader: self.commands().store().reader(id, channel), command, length, is_over })
    }

    /// Reads a part of what a command said. Whether somebody may see it is for the caller to know.
    ///
    /// # Errors
    /// 404, 409 of a terminal, 410 when it is not kept any longer; 500 when it is damaged, 503 when the disk does not let itself be read.
    pub(crate) async fn read_output(
        &self,
        id: CommandId,
        channel: OutputChannel,
        from: u64,
        most: usize,
    ) -> Result<OutputPart, Problem> {
        let said = self.said(id, channel).await?;
        let there = usize::try_from(said.length.saturating_sub(from)).unwrap_or(usize::MAX);
        match read_kept(&said.reader, from, most.min(there), vec![]).await {
            Ok(bytes) => Ok(OutputPart { bytes, length: said.length, is_over: said.is_over }),
            Err(problem) => Err(self.unless_deleted(id, problem).await),
        }
    }

    /// Why output could not be read, unless it was deleted meanwhile.
    pub(crate) async fn unless_deleted(&self, id: CommandId, problem: Problem) -> Problem {
        match self.get_command(id).await {
            Ok(command) if command.output_gone_at.is_some() => output_deleted(),
            _ => problem,
        }
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
/// 500 when they are damaged, 503 when the disk does not let itself be read.
pub(crate) async fn read_kept(reader: &OutputReader, from: u64, count: usize, onto: Vec<u8>) -> Result<Bytes, Problem> {
    if count == 0 {
        return Ok(onto.into());
    }
    let whole = onto.len() + count;
    match reader.read(from, count, onto).await {
        Ok(bytes) if bytes.len() == whole => Ok(bytes),
        Ok(_) => Err(unreadable().because("a file of output is shorter than is written down")),
        Err(error) => Err(no_bytes(error)),
    }
}

/// Why bytes that are there could not be read.
pub(crate) fn no_bytes(error: std::io::Error) -> Problem {
    let problem = if error.kind() == std::io::ErrorKind::InvalidData { damaged() } else { unreadable() };
    problem.because(error)
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
        "The output of a command is kept for a while, and only as long as there is room for it (settings: outputs).",
        "Run the command again.",
    )
}

fn damaged() -> Problem {
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "output_damaged",
        "The output cannot be trusted",
        "What lies on the server's disk here is not what the command said: it was damaged. Nothing of that part is shown.",
        "Read the parts before and after it, or restore the directory outputs from a backup; look after the disk.",
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
