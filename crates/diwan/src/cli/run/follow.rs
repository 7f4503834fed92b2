//! Follows one command to its end: what it says is heard once and in order, over as many connections as that
//! takes.

use std::time::Duration;

use bytes::Bytes;
use diwan_client::{Attachment, Channel, Client, ClientError, Command, FromCommand, Lost};
use serde_json::Value;

use super::super::failure::Failure;
use super::input::{Input, Next};
use super::note;
use super::writer::Gone;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A server that is away for longer is not waited for.
const MOST_TRIES: u32 = 60;
const COME_AGAIN: u16 = 1012;
/// After so many failures it is said.
const SAY_SO: u32 = 5;

/// Whoever wants to know what a command says.
pub(in crate::cli) trait Hears {
    /// Hears a piece.
    async fn hear(&mut self, channel: Channel, bytes: Bytes) -> Result<(), Gone>;
}

/// Follows a command that takes no input to its end; says how the server shows it then, if everything was heard.
pub(in crate::cli) async fn follow(
    client: &Client,
    begun: (Command, Value),
    hears: &mut impl Hears,
) -> Result<Option<Value>, Failure> {
    match Follower::new(client, begun, hears, None).run().await? {
        Followed::Over(_, raw) => Ok(Some(raw)),
        Followed::Unheard => Ok(None),
    }
}

/// How the following went.
pub(super) enum Followed {
    /// The command is over; and the same as the server said it.
    Over(Box<Command>, Value),
    /// Nobody hears what it says any more.
    Unheard,
}

/// Somebody who follows a command.
pub(super) struct Follower<'a, H> {
    client: &'a Client,
    hears: &'a mut H,
    input: Option<Input>,
    command: Command,
    raw: Value,
    /// How much of its output and of its errors was heard.
    heard: [u64; 2],
}

/// Why a connection is not listened to any longer.
enum Left {
    Over,
    Unheard,
    Lost(Lost),
}

impl From<Lost> for Left {
    fn from(lost: Lost) -> Self {
        Self::Lost(lost)
    }
}

impl<'a, H: Hears> Follower<'a, H> {
    pub(super) fn new(
        client: &'a Client,
        (command, raw): (Command, Value),
        hears: &'a mut H,
        input: Option<Input>,
    ) -> Self {
        Self { client, hears, input, command, raw, heard: [0; 2] }
    }

    /// Follows it to its end.
    pub(super) async fn run(mut self) -> Result<Followed, Failure> {
        let mut tries = 0;
        if self.command.state == "waiting" {
            note(&format!("waiting for {}", self.command.machine_name));
        }
        while self.command.is_open() {
            let before = self.heard;
            let left = match self.client.follow_command(&self.command.id, before[0], before[1]).await {
                Ok(attachment) => self.attend(attachment).await,
                Err(error) if tries < MOST_TRIES && may_pass(&error) => Left::Lost(Lost::Broken(error.to_string())),
                Err(error) => return Err(self.lost(error)),
            };
            match left {
                Left::Over => break,
                Left::Unheard => return Ok(Followed::Unheard),
                // Whoever looks on for long is asked to come again.
                Left::Lost(lost) => {
                    tries = if self.heard != before || lost == Lost::Closed(COME_AGAIN) { 0 } else { tries };
                    if tries >= MOST_TRIES {
                        return Err(self.gave_up(&lost));
                    }
                    self.wait(&mut tries, &lost).await;
                }
            }
        }
        self.fetch_the_rest().await
    }

    async fn wait(&mut self, tries: &mut u32, lost: &Lost) {
        *tries += 1;
        if *tries == SAY_SO {
            note(&format!("the connection is lost ({}); trying again, the command goes on", in_words(lost)));
        }
        let pause = FIRST_PAUSE.saturating_mul(1 << (*tries - 1).min(6)).min(LONGEST_PAUSE);
        tokio::time::sleep(pause).await;
    }

    fn lost(&self, error: ClientError) -> Failure {
        let next =
            format!("The command goes on there. When the server is back: diwan command output {}", self.command.id);
        match error {
            ClientError::Unreachable { .. } => Failure::from(error).with_next(&next),
            other => other.into(),
        }
    }

    fn gave_up(&self, lost: &Lost) -> Failure {
        let next = format!("The command may go on there: diwan command output {}", self.command.id);
        Failure::refused(format!("the connection is lost: {}", in_words(lost)), &next)
    }

    async fn attend(&mut self, mut attachment: Attachment) -> Left {
        self.input.iter_mut().for_each(Input::begin_anew);
        loop {
            let takes_input = self.input.as_ref().is_some_and(Input::is_open);
            let done = tokio::select! {
                heard = attachment.next() => match heard {
                    Ok(heard) => self.take(heard).await,
                    // It closes after the last piece and the last state.
                    Err(_) if !self.command.is_open() => Err(Left::Over),
                    Err(lost) => Err(lost.into()),
                },
                next = next_of(&mut self.input), if takes_input => match next {
                    Next::Piece(at, bytes) => attachment.give(at, &bytes).await.map_err(Left::from),
                    Next::End(at) => attachment.end_input(at).await.map_err(Left::from),
                },
            };
            if let Err(left) = done {
                return left;
            }
        }
    }

    async fn take(&mut self, heard: FromCommand) -> Result<(), Left> {
        match heard {
            FromCommand::Piece(channel, at, bytes) => self.take_piece(channel, at, bytes).await,
            FromCommand::State(command, raw) => {
                self.input.iter_mut().for_each(|input| input.was_taken(command.input_bytes));
                (self.command, self.raw) = (*command, raw);
                if self.command.is_open() { Ok(()) } else { Err(Left::Over) }
            }
            FromCommand::Refused(problem) => {
                // It ended while input was on its way.
                if problem.code != "command_over" {
                    note(&problem.detail);
                }
                self.input = None;
                Ok(())
            }
        }
    }

    async fn take_piece(&mut self, channel: Channel, at: u64, bytes: Bytes) -> Result<(), Left> {
        let heard = &mut self.heard[usize::from(channel == Channel::Errors)];
        let known = heard.checked_sub(at).and_then(|known| usize::try_from(known).ok());
        let Some(known) = known else { return Err(Lost::Broken("output is missing".into()).into()) };
        let new = bytes.slice(known.min(bytes.len())..);
        *heard += new.len() as u64;
        self.hears.hear(channel, new).await.map_err(|Gone| Left::Unheard)
    }

    /// What was said before anybody listened: a command may be over before its connection is open.
    async fn fetch_the_rest(mut self) -> Result<Followed, Failure> {
        for (at, channel) in [Channel::Output, Channel::Errors].into_iter().enumerate() {
            let length = [self.command.output_bytes, self.command.error_bytes][at];
            while self.heard[at] < length && self.command.output_deleted_at.is_none() {
                let part = self.client.read_command_output(&self.command.id, channel, self.heard[at]).await?;
                if part.bytes.is_empty() {
                    note("not all output is there any more");
                    break;
                }
                self.heard[at] = part.next;
                if self.hears.hear(channel, part.bytes).await.is_err() {
                    return Ok(Followed::Unheard);
                }
            }
        }
        Ok(Followed::Over(Box::new(self.command), self.raw))
    }
}

async fn next_of(input: &mut Option<Input>) -> Next {
    match input {
        Some(input) => input.next().await,
        None => std::future::pending().await,
    }
}

/// Whether it may be better in a moment.
pub(in crate::cli) fn may_pass(error: &ClientError) -> bool {
    match error {
        ClientError::Unreachable { .. } | ClientError::Unexpected { .. } => true,
        ClientError::Refused(problem) => matches!(problem.status, 429 | 500..),
        _ => false,
    }
}

fn in_words(lost: &Lost) -> String {
    match lost {
        Lost::Closed(code) => format!("closed with {code}"),
        Lost::Broken(why) => why.clone(),
    }
}
