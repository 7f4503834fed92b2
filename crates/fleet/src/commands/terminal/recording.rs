//! The recording of a terminal: what it showed and when, as an asciicast of version 2. What was typed is not in it.
//!
//! It is written by whoever reads the scrollback at their own pace, so that nobody who types waits for the disk.
//! Beside it lies up to where it goes, so that a process that begins anew goes on without a gap and without a
//! repetition.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::Result;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use diwan_kernel::{Timestamp, World};
use serde_json::json;

use super::presence::{TerminalSize, TerminalView};
use crate::commands::live::LiveCommand;
use crate::commands::table::Command;

/// No recording is longer.
const MOST: u64 = 64 * 1024 * 1024;
/// Room for the words that say that it was cut.
const LAST_WORDS: u64 = 1024;
const PIECE: usize = 64 * 1024;
const CAST: &str = "recording.cast";
const PLACE: &str = "recording.place";

/// Writes the recording of one terminal.
#[derive(Debug, Clone)]
pub(crate) struct Recorder {
    world: World,
    live: Arc<LiveCommand>,
    writing: Arc<Mutex<Writing>>,
}

/// How far a recording is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// How long the file is, up to its last whole line.
    pub(crate) length: u64,
    /// Up to which place of the output it goes.
    place: u64,
    /// Whether more was said than is recorded.
    pub(crate) is_cut: bool,
}

#[derive(Debug)]
struct Writing {
    cast: File,
    place: File,
    done: Recorded,
    /// The first bytes of a character whose others have not come.
    unfinished: Vec<u8>,
    began: Timestamp,
    size: TerminalSize,
}

impl Recorder {
    /// Begins a recording, or goes on with one.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) async fn open(world: &World, dir: &Path, command: &Command, live: &Arc<LiveCommand>) -> Result<Self> {
        let (dir, command) = (dir.to_owned(), command.clone());
        let writing = world.heavy(move || Writing::open(&dir, &command)).await.map_err(std::io::Error::other)??;
        Ok(Self { world: world.clone(), live: Arc::clone(live), writing: Arc::new(Mutex::new(writing)) })
    }

    /// Goes on as long as there is something to record; comes back only when the disk fails.
    pub(crate) async fn run(&self) -> std::io::Error {
        let mut progress = self.live.progress.subscribe();
        loop {
            progress.borrow_and_update();
            if let Err(error) = self.catch_up().await {
                return error;
            }
            if progress.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Writes down what was said by now.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) async fn catch_up(&self) -> Result<Recorded> {
        let (writing, live, now) = (Arc::clone(&self.writing), Arc::clone(&self.live), self.world.now());
        let work = move || writing.lock().unwrap_or_else(PoisonError::into_inner).catch_up(&live, now);
        self.world.heavy(work).await.map_err(std::io::Error::other)?
    }

    /// Writes down the rest, and brings all of it to the disk.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) async fn finish(&self) -> Result<Recorded> {
        let done = self.catch_up().await?;
        let writing = Arc::clone(&self.writing);
        let work = move || {
            let writing = writing.lock().unwrap_or_else(PoisonError::into_inner);
            writing.cast.sync_all().and_then(|()| writing.place.sync_all())
        };
        self.world.heavy(work).await.map_err(std::io::Error::other)??;
        Ok(done)
    }
}

impl Writing {
    fn open(dir: &Path, command: &Command) -> Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        let open = |name: &str| {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false).mode(0o600).open(dir.join(name))
        };
        let (cast, place) = (open(CAST)?, open(PLACE)?);
        let done = recorded(dir)?;
        // What was written without saying so is written again.
        cast.set_len(done.length)?;
        let view = TerminalView::of(&command.operation);
        let size = view.map_or(TerminalSize { columns: 80, rows: 24 }, |view| view.size());
        let mut writing = Self { cast, place, done, unfinished: vec![], began: command.issued_at, size };
        if done.length == 0 {
            writing.begin(command)?;
        }
        Ok(writing)
    }

    fn begin(&mut self, command: &Command) -> Result<()> {
        let title = format!("{}: {}", command.machine_name, command.operation.summary());
        let head = json!({
            "version": 2, "width": self.size.columns, "height": self.size.rows,
            "timestamp": command.issued_at.as_millis() / 1000, "title": title, "env": {"TERM": "xterm-256color"},
        });
        self.write(&format!("{head}\n"))?;
        self.say_place()
    }

    fn catch_up(&mut self, live: &LiveCommand, now: Timestamp) -> Result<Recorded> {
        if let Some(size) = live.size().filter(|size| *size != self.size) {
            self.event(now, "r", &format!("{}x{}", size.columns, size.rows))?;
            self.size = size;
        }
        while !self.done.is_cut {
            let from = self.done.place + self.unfinished.len() as u64;
            let (at, bytes) = live.scrollback.read(from, PIECE);
            if bytes.is_empty() {
                break;
            }
            if at > from {
                self.unfinished.clear();
                self.event(now, "m", "what was said here was not seen")?;
            }
            self.take(now, at, &bytes)?;
        }
        Ok(self.done)
    }

    fn take(&mut self, now: Timestamp, at: u64, bytes: &[u8]) -> Result<()> {
        let begins = at - self.unfinished.len() as u64;
        let all = [std::mem::take(&mut self.unfinished), bytes.to_vec()].concat();
        let (whole, rest) = all.split_at(whole_characters(&all));
        self.unfinished = rest.to_vec();
        if !whole.is_empty() {
            self.event(now, "o", &String::from_utf8_lossy(whole))?;
        }
        self.done.place = begins + whole.len() as u64;
        self.say_place()
    }

    fn event(&mut self, now: Timestamp, kind: &str, data: &str) -> Result<()> {
        let seconds = now.since(self.began).as_secs_f64();
        let line = format!("{}\n", json!([seconds, kind, data]));
        if self.done.is_cut {
            return Ok(());
        }
        if self.done.length + line.len() as u64 > MOST - LAST_WORDS {
            self.write(&format!("{}\n", json!([seconds, "m", "the recording was cut here: it would be too long"])))?;
            self.done.is_cut = true;
            return self.say_place();
        }
        self.write(&line)
    }

    fn write(&mut self, line: &str) -> Result<()> {
        self.cast.write_all_at(line.as_bytes(), self.done.length)?;
        self.done.length += line.len() as u64;
        Ok(())
    }

    fn say_place(&self) -> Result<()> {
        let Recorded { length, place, is_cut } = self.done;
        let bytes = [length.to_be_bytes(), place.to_be_bytes(), u64::from(is_cut).to_be_bytes()].concat();
        self.place.write_all_at(&bytes, 0)
    }
}

/// How far the recording in this directory is; nothing where there is none.
///
/// # Errors
/// When the disk fails.
pub(crate) fn recorded(dir: &Path) -> Result<Recorded> {
    let bytes = match std::fs::read(dir.join(PLACE)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Recorded::default()),
        Err(error) => return Err(error),
    };
    let number = |at: usize| bytes.get(at..at + 8)?.try_into().ok().map(u64::from_be_bytes);
    let (Some(length), Some(place), Some(cut)) = (number(0), number(8), number(16)) else {
        return Ok(Recorded::default());
    };
    Ok(Recorded { length, place, is_cut: cut != 0 })
}

/// Where the recording in this directory is.
pub(crate) fn path(dir: &Path) -> PathBuf {
    dir.join(CAST)
}

/// How many of these bytes are whole characters, or never will be.
fn whole_characters(bytes: &[u8]) -> usize {
    let from = bytes.len().saturating_sub(4);
    let begins = (from..bytes.len()).rev().find(|at| bytes[*at] & 0xc0 != 0x80);
    match begins.map(|at| (at, std::str::from_utf8(&bytes[at..]))) {
        Some((at, Err(error))) if error.error_len().is_none() => at,
        _ => bytes.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_is_never_torn() {
        let text = "aé€😀".as_bytes();
        let whole: Vec<usize> = (0..=text.len()).map(|end| whole_characters(&text[..end])).collect();
        assert_eq!(whole, [0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10]);
        assert_eq!(whole_characters(b"\xff\xfe"), 2, "what is no character is not waited for");
        assert_eq!(whole_characters(b"a\x80\x80\x80\x80"), 5);
    }
}
