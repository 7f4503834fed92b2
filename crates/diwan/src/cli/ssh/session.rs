//! A terminal that is open: what is typed goes there, what it says comes here, over as many connections as that takes.

use std::time::Duration;

use bytes::Bytes;
use diwan_client::{Attachment, Client, ClientError, Command, FromCommand, Lost, Place};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use super::super::failure::{Done, Failure};
use super::super::run::{ending_of, may_pass, note};
use super::keys::Keys;
use super::tty::{self, Tty};

/// What was said last is shown to whoever joins.
const TAIL: u64 = 64 * 1024;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// After so many failures it is said, and what is typed is refused.
const SAY_SO: u32 = 3;
/// So much is held back while a connection is made.
const MOST_HELD: usize = 4096;
const COME_AGAIN: u16 = 1012;
const INTERRUPT: u8 = 3;

/// How it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begins {
    /// It was opened just now.
    Opened,
    /// It was there before.
    Joined,
}

/// A terminal that is open.
pub(super) struct Session<'a> {
    client: &'a Client,
    machine: &'a str,
    command: Command,
    read_only: bool,
    /// Up to which place it was shown; nothing before the first piece.
    shown: Option<u64>,
    keys: Keys,
    held: Vec<u8>,
    refused: Option<String>,
}

/// Why the session is over.
enum Left {
    Over,
    /// Somebody wants to leave it running.
    Away,
    Unshown(std::io::Error),
}

/// Why a connection is.
enum Cut {
    Left(Left),
    Lost(Lost),
}

impl From<Lost> for Cut {
    fn from(lost: Lost) -> Self {
        Self::Lost(lost)
    }
}

/// What happens here.
struct Here {
    tty: Tty,
    typed: mpsc::Receiver<Bytes>,
    resized: Signal,
    ends: [Signal; 2],
}

enum Happened {
    Typed(Bytes),
    Resized,
    Ends,
}

impl Here {
    fn begin(mut tty: Tty) -> std::io::Result<Self> {
        let ends = [signal(SignalKind::terminate())?, signal(SignalKind::hangup())?];
        let resized = signal(SignalKind::window_change())?;
        tty.begin()?;
        Ok(Self { tty, typed: tty::typed(), resized, ends })
    }

    async fn next(&mut self) -> Happened {
        let [terminate, hangup] = &mut self.ends;
        tokio::select! {
            typed = self.typed.recv() => typed.map_or(Happened::Ends, Happened::Typed),
            _ = self.resized.recv() => Happened::Resized,
            _ = terminate.recv() => Happened::Ends,
            _ = hangup.recv() => Happened::Ends,
        }
    }
}

impl<'a> Session<'a> {
    pub(super) fn new(client: &'a Client, machine: &'a str, command: Command, read_only: bool) -> Self {
        Self { client, machine, command, read_only, shown: None, keys: Keys::default(), held: vec![], refused: None }
    }

    pub(super) async fn run(mut self, tty: Tty, begins: Begins) -> Result<Done, Failure> {
        let unusable = |e: std::io::Error| Failure::refused(format!("the terminal cannot be used: {e}"), "Try again.");
        if begins == Begins::Opened {
            self.shown = Some(0);
        }
        let mut here = Here::begin(tty).map_err(unusable)?;
        let left = self.attend(&mut here).await;
        if !matches!(left, Ok(Left::Over)) {
            here.tty.clear_up();
            // The prompt that was left stands in the line.
            let _ = here.tty.show(b"\r\n");
        }
        here.tty.end();
        self.refused.iter().for_each(|words| note(words));
        match left? {
            Left::Over => ending_of(&self.command).map(Done::Status),
            Left::Away => {
                let (machine, id) = (self.machine, &self.command.id);
                note(&format!("the terminal goes on; come back with: diwan ssh {machine} --join {id}"));
                Ok(Done::Well)
            }
            Left::Unshown(error) => Err(Failure::unwritable(&error)),
        }
    }

    async fn attend(&mut self, here: &mut Here) -> Result<Left, Failure> {
        let mut tries = 0;
        while self.command.is_open() {
            let lost = match self.connect(here, tries).await? {
                Err(left) => return Ok(left),
                Ok(Err(lost)) => lost,
                Ok(Ok(attachment)) => {
                    tries = 0;
                    match self.talk(here, attachment).await {
                        Cut::Left(left) => return Ok(left),
                        Cut::Lost(lost) => lost,
                    }
                }
            };
            if lost == Lost::Closed(COME_AGAIN) {
                continue;
            }
            tries += 1;
            if tries == SAY_SO {
                self.aside(here, "the connection is lost; trying again. ~. leaves");
            }
            let pause = FIRST_PAUSE.saturating_mul(1 << (tries - 1).min(6)).min(LONGEST_PAUSE);
            if let Some(left) = self.until(here, tries, tokio::time::sleep(pause)).await.err() {
                return Ok(left);
            }
        }
        Ok(Left::Over)
    }

    async fn connect(
        &mut self,
        here: &mut Here,
        tries: u32,
    ) -> Result<Result<Result<Attachment, Lost>, Left>, Failure> {
        let (client, id, read_only) = (self.client, self.command.id.clone(), self.read_only);
        let place = self.shown.map_or(Place::BeforeTheEnd(TAIL), Place::From);
        let connecting = async move { client.attach_terminal(&id, place, read_only).await };
        match self.until(here, tries, connecting).await {
            Err(left) => Ok(Err(left)),
            Ok(Ok(attachment)) => Ok(Ok(Ok(attachment))),
            Ok(Err(error)) if may_pass(&error) => Ok(Ok(Err(Lost::Broken(error.to_string())))),
            Ok(Err(error)) => Err(self.failed(error)),
        }
    }

    fn failed(&self, error: ClientError) -> Failure {
        Failure::from(error)
    }

    /// Waits for something while there is no connection: whoever wants to leave can.
    async fn until<T>(&mut self, here: &mut Here, tries: u32, done: impl Future<Output = T>) -> Result<T, Left> {
        let mut done = std::pin::pin!(done);
        loop {
            let keys = tokio::select! {
                done = &mut done => return Ok(done),
                happened = here.next() => match happened {
                    Happened::Typed(keys) => keys,
                    Happened::Resized => continue,
                    Happened::Ends => return Err(Left::Away),
                },
            };
            let bytes = self.read(&keys)?;
            if tries < SAY_SO && self.held.len() + bytes.len() <= MOST_HELD {
                self.held.extend(bytes);
            } else {
                // What cannot be seen is not typed.
                self.held.clear();
                here.tty.show(b"\x07").map_err(Left::Unshown)?;
            }
        }
    }

    /// What was typed, unless it is the way out.
    fn read(&mut self, keys: &[u8]) -> Result<Vec<u8>, Left> {
        let typed = self.keys.take(keys);
        let leaves = typed.leaves || (self.read_only && keys.contains(&INTERRUPT));
        if leaves { Err(Left::Away) } else { Ok(typed.bytes) }
    }

    async fn talk(&mut self, here: &mut Here, mut attachment: Attachment) -> Cut {
        match self.try_talk(here, &mut attachment).await {
            Ok(never) => match never {},
            Err(cut) => cut,
        }
    }

    async fn try_talk(
        &mut self,
        here: &mut Here,
        attachment: &mut Attachment,
    ) -> Result<std::convert::Infallible, Cut> {
        self.tell_size(here, attachment).await?;
        let held = std::mem::take(&mut self.held);
        self.type_in(attachment, held).await?;
        loop {
            tokio::select! {
                heard = attachment.next() => match heard {
                    Ok(heard) => self.take(here, heard).map_err(Cut::Left)?,
                    // It closes after the last piece and the last state.
                    Err(_) if !self.command.is_open() => return Err(Cut::Left(Left::Over)),
                    Err(lost) => return Err(lost.into()),
                },
                happened = here.next() => match happened {
                    Happened::Typed(keys) => {
                        let bytes = self.read(&keys).map_err(Cut::Left)?;
                        self.type_in(attachment, bytes).await?;
                    }
                    Happened::Resized => self.tell_size(here, attachment).await?,
                    Happened::Ends => return Err(Cut::Left(Left::Away)),
                },
            }
        }
    }

    async fn type_in(&self, attachment: &mut Attachment, bytes: Vec<u8>) -> Result<(), Lost> {
        if self.read_only || bytes.is_empty() { Ok(()) } else { attachment.type_in(&bytes).await }
    }

    async fn tell_size(&self, here: &Here, attachment: &mut Attachment) -> Result<(), Lost> {
        let (columns, rows) = here.tty.size();
        if self.read_only { Ok(()) } else { attachment.resize(columns, rows).await }
    }

    fn take(&mut self, here: &Here, heard: FromCommand) -> Result<(), Left> {
        match heard {
            FromCommand::Piece(_, at, bytes) => {
                self.shown = Some(at + bytes.len() as u64);
                here.tty.show(&bytes).map_err(Left::Unshown)
            }
            FromCommand::State(command, _) => {
                self.command = *command;
                if self.command.is_open() { Ok(()) } else { Err(Left::Over) }
            }
            FromCommand::Refused(problem) => {
                if self.refused.as_ref() != Some(&problem.detail) && problem.code != "command_over" {
                    self.aside(here, &problem.detail);
                    self.refused = Some(problem.detail);
                }
                Ok(())
            }
        }
    }

    /// Says something beside what the terminal says.
    fn aside(&self, here: &Here, words: &str) {
        let words = super::super::screen::safe(words);
        // It is said again when the session is over.
        let _ = here.tty.show(format!("\r\n[diwan: {words}]\r\n").as_bytes());
    }
}
