//! A command's stream: what it says goes out, what it is told comes in.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use diwan_kernel::world::DiskFile;
use diwan_link::{FILLS_A_FRAME, Receiving, Reset, ResetCode, Sending, Stream};
use diwan_protocol::artifacts::{Artifacts, FILES_AT_ONCE};
use diwan_protocol::run::{FromCommand, LONGEST_PIECE, ToCommand};
use diwan_protocol::{decode, encode};
use minicbor::Encoder;

use super::asks::{Ask, Size};
use super::entry::Entry;
use super::progress::{Channel, Progress};
use super::spool::Spool;

/// How long the other end may take to say that it has heard the end.
const FAREWELL: Duration = Duration::from_secs(30);
/// The longest head of a piece.
const HEAD: usize = 24;
/// What is sent at once of what is long: with its head it fills three frames.
const WHOLE: usize = 3 * FILLS_A_FRAME - HEAD;

/// Follows a command from these places on until its end, or that of the stream.
pub(super) async fn serve(entry: Arc<Entry>, spool: Arc<Spool>, stream: Stream, from: [u64; 2]) {
    let (sending, receiving) = stream.split();
    let mut tell = Tell { entry: &entry, spool: &spool, sending, files: [None, None], at: from, input: None };
    let talk = async {
        tell.all().await?;
        tell.sending.finish();
        Ok::<(), Reset>(())
    };
    let (mut talk, mut listen) = (std::pin::pin!(talk), std::pin::pin!(listen(&entry, receiving)));
    // What broke the stream, the control plane knows as well as we do: it follows the command again. Whoever
    // only said their last still wants to hear the end.
    let is_heard_out = tokio::select! {
        biased;
        heard = &mut listen => match heard {
            Heard::Last => talk.await.is_ok(),
            Heard::Broken => return,
        },
        told = &mut talk => match told {
            Ok(()) => false,
            Err(_) => return,
        },
    };
    if !is_heard_out {
        let _ = tokio::time::timeout(FAREWELL, listen).await;
    }
}

/// How hearing came to its end.
enum Heard {
    /// The other end said its last.
    Last,
    /// The stream broke, or what came on it made no sense.
    Broken,
}

/// Hears what the command is told.
async fn listen(entry: &Entry, mut receiving: Receiving) -> Heard {
    loop {
        match receiving.receive().await {
            Ok(Some(message)) => {
                if entry.ring().is_some() {
                    receiving.give_way();
                }
                if let Err(why) = heard(entry, &message) {
                    tracing::warn!(command = entry.id, "what it was told makes no sense: {why}");
                    return Heard::Broken;
                }
            }
            Ok(None) => return Heard::Last,
            Err(_) => return Heard::Broken,
        }
    }
}

fn heard(entry: &Entry, message: &[u8]) -> Result<(), String> {
    match decode::<ToCommand>(message).map_err(|e| e.to_string())? {
        Some(ToCommand::Input(piece)) => {
            let given = entry.asks.give(piece.at, &piece.bytes, entry.input_taken());
            given.map_err(|e| e.to_string())?;
        }
        Some(ToCommand::InputEnds) => entry.asks.end_input(),
        Some(ToCommand::Signal(number)) => entry.asks.ask(Ask::Signal(number)),
        Some(ToCommand::Cancel) => entry.asks.ask(Ask::Cancel),
        Some(ToCommand::Resize { columns, rows }) => entry.asks.resize(Size { columns, rows }),
        Some(ToCommand::Secrets(brought)) => match entry.secrets.put(brought) {
            true => {}
            false => return Err("it is brought secrets that nobody waits for".to_owned()),
        },
        Some(ToCommand::Blank(_)) | None => {}
    }
    Ok(())
}

/// What one stream has been told.
struct Tell<'a> {
    entry: &'a Entry,
    spool: &'a Spool,
    sending: Sending,
    files: [Option<Box<dyn DiskFile>>; 2],
    at: [u64; 2],
    input: Option<u64>,
}

impl Tell<'_> {
    async fn all(&mut self) -> Result<(), Reset> {
        let mut progress = self.entry.follow();
        let (mut is_judged, mut is_started) = (false, false);
        loop {
            let now = progress.borrow_and_update().clone();
            if let Some(verdict) = now.verdict.as_ref().filter(|_| !is_judged) {
                is_judged = true;
                self.say(&FromCommand::Verdict(verdict.as_ref().clone())).await?;
            }
            if let Some(at_ms) = now.started_ms.filter(|_| !is_started) {
                is_started = true;
                self.say(&FromCommand::Started(at_ms)).await?;
            }
            self.tell_input(&now).await?;
            if self.tell_output(now.lengths).await? {
                continue;
            }
            if let Some(ended) = now.ended {
                self.tell_artifacts().await?;
                return self.say(&FromCommand::Ended(ended)).await;
            }
            if progress.changed().await.is_err() {
                return Ok(());
            }
        }
    }

    async fn tell_input(&mut self, now: &Progress) -> Result<(), Reset> {
        if self.input.is_none() && self.entry.ring().is_some() && now.started_ms.is_some() {
            // Whoever types into a terminal is told first where what they type belongs.
            let given = self.entry.asks.given().max(now.input_taken);
            self.input = Some(now.input_taken);
            return self.say(&FromCommand::InputTaken(given)).await;
        }
        let is_news = self.input.map_or(now.input_taken > 0, |told| told < now.input_taken);
        if is_news {
            self.input = Some(now.input_taken);
            self.say(&FromCommand::InputTaken(now.input_taken)).await?;
        }
        Ok(())
    }

    /// Says which files it left are kept, if any were wanted, in messages that are not too long.
    async fn tell_artifacts(&mut self) -> Result<(), Reset> {
        let Some(artifacts) = self.entry.artifacts() else { return Ok(()) };
        let mut pages = artifacts.files.chunks(FILES_AT_ONCE);
        let (left_out, more_left_out) = (artifacts.left_out.clone(), artifacts.more_left_out);
        let files = pages.next().map(<[_]>::to_vec).unwrap_or_default();
        self.say(&FromCommand::Artifacts(Artifacts { files, left_out, more_left_out })).await?;
        for files in pages {
            self.say(&FromCommand::Artifacts(Artifacts { files: files.to_vec(), ..Artifacts::default() })).await?;
        }
        Ok(())
    }

    /// Sends one piece of each channel that has more; says whether there was any.
    async fn tell_output(&mut self, lengths: [u64; 2]) -> Result<bool, Reset> {
        let mut has_more = false;
        for channel in Channel::BOTH {
            let (at, length) = (self.at[channel.index()], lengths[channel.index()]);
            if at < length {
                let piece = self.read(channel, at, length - at).map_err(|error| {
                    tracing::error!(command = self.entry.id, "its output cannot be read any more: {error}");
                    Reset::Here
                })?;
                self.sending.send(piece).await?;
                has_more = true;
            }
        }
        Ok(has_more)
    }

    /// The message with the next piece, read from the disk to where it is sent from.
    fn read(&mut self, channel: Channel, at: u64, left: u64) -> std::io::Result<Bytes> {
        if let Some(ring) = self.entry.ring() {
            // Whoever is too slow goes on with what is still there, and the place says so.
            let (at, bytes) = ring.read(at, LONGEST_PIECE)?;
            self.at[channel.index()] = at + bytes.len() as u64;
            return Ok(message(channel, at, &bytes));
        }
        let slot = &mut self.files[channel.index()];
        let file = match slot {
            Some(file) => file,
            None => slot.insert(self.spool.reader(&self.entry.id, channel)?),
        };
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(WHOLE);
        let mut message = Vec::with_capacity(HEAD + length);
        write_head(channel, at, length as u64, &mut message);
        append(&**file, at, length, &mut message)?;
        self.at[channel.index()] = at + length as u64;
        Ok(message.into())
    }

    async fn say(&mut self, message: &FromCommand) -> Result<(), Reset> {
        self.sending.send(encode(message).into()).await
    }
}

/// Reads exactly so many bytes behind what is there.
fn append(file: &dyn DiskFile, mut at: u64, count: usize, to: &mut Vec<u8>) -> std::io::Result<()> {
    let end = to.len() + count;
    while to.len() < end {
        match file.read_at(at, end - to.len(), to)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            count => at += count as u64,
        }
    }
    Ok(())
}

/// The message with a piece.
fn message(channel: Channel, at: u64, bytes: &[u8]) -> Bytes {
    let mut message = Vec::with_capacity(HEAD + bytes.len());
    write_head(channel, at, bytes.len() as u64, &mut message);
    message.extend_from_slice(bytes);
    message.into()
}

/// What stands before the bytes of a piece: so they need not be copied into a message first.
fn write_head(channel: Channel, at: u64, length: u64, to: &mut Vec<u8>) {
    let mut encoder = Encoder::new(to);
    // Writing into memory cannot fail.
    let _ = encoder.array(2).and_then(|e| e.u8(2)).and_then(|e| e.array(1)).and_then(|e| e.map(3));
    let _ = encoder.u8(0).and_then(|e| e.u8(channel.number())).and_then(|e| e.u8(1)).and_then(|e| e.u64(at));
    let _ = encoder.u8(2).and_then(|e| e.bytes_len(length));
}

/// Says that this was all, and waits for the other end to have heard it.
pub(crate) async fn say_goodbye(mut stream: Stream) {
    stream.finish();
    let _ = tokio::time::timeout(FAREWELL, async { while let Ok(Some(_)) = stream.receive().await {} }).await;
}

/// Tells that there is no such stream to be had.
pub(crate) fn refuse(stream: Stream, why: &str) {
    stream.reset(ResetCode::Protocol, why);
}

#[cfg(test)]
mod tests {
    use diwan_protocol::run::Piece;

    use super::*;

    #[test]
    fn pieces_are_written_as_the_protocol_has_them() {
        for (at, length) in [(0, 0), (23, 1), (24, 23), (255, 24), (65_536, 300), (u64::MAX / 2, LONGEST_PIECE)] {
            let bytes = vec![7; length];
            let mut written = vec![];
            write_head(Channel::Errors, at, length as u64, &mut written);
            assert!(written.len() <= HEAD);
            written.extend_from_slice(&bytes);
            assert_eq!(written, encode(&FromCommand::Output(Piece { channel: 2, at, bytes: bytes.into() })));
        }
    }
}
