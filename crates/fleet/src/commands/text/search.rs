//! Looks through what a command said for a text: plain words, line by line, in one pass and in little memory.
//!
//! Escape codes are passed over, so that a word is found whose half is coloured. A line is told once, with the place of
//! the first find in it. A line that is longer than [`LONG`] is looked through as it comes.

use memchr::memmem::Finder;
use memchr::{memchr, memchr_iter, memrchr};

use super::escapes::Escapes;
use crate::commands::words::plain;

/// From so many bytes on a line is not waited for.
const LONG: usize = 64 * 1024;
/// So much of a line is shown.
const SHOWN: usize = 400;
/// Of a line that is longer, so much before the find.
const BEFORE: usize = 100;

/// A line with the text in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// The place of the first byte of the find.
    pub(crate) offset: u64,
    /// The number of the line, from 1 on.
    pub(crate) line: u64,
    /// The line around it.
    pub(crate) text: String,
}

/// Looks through it, piece by piece.
#[derive(Debug)]
pub(crate) struct Searcher {
    finder: Finder<'static>,
    length: usize,
    ignores_case: bool,
    most: usize,
    escapes: Escapes,
    /// The place behind the last piece.
    at: u64,
    /// The text from the line on that has not ended.
    window: Vec<u8>,
    /// Where the runs of the window come from: a place in it, and the place in what was said.
    origins: Vec<(usize, u64)>,
    /// The number of the line that the window begins in.
    line: u64,
    /// Whether the window begins behind the beginning of its line.
    is_cut: bool,
    /// Whether the line that the window begins in was told.
    is_told: bool,
    found: Vec<Found>,
    /// Where to go on, once enough was found: the place and the number of its line.
    rest: Option<(u64, u64)>,
}

impl Searcher {
    /// For this text, in what comes from this place on, which is in the line of this number. Small letters are those of
    /// ASCII. It stops when it has found so many lines.
    pub(crate) fn new(text: &str, ignores_case: bool, (at, line): (u64, u64), most: usize) -> Self {
        let needle = if ignores_case { text.to_ascii_lowercase() } else { text.to_owned() };
        Self {
            finder: Finder::new(needle.as_bytes()).into_owned(),
            length: needle.len(),
            ignores_case,
            most,
            escapes: Escapes::default(),
            at,
            window: vec![],
            origins: vec![],
            line,
            is_cut: false,
            is_told: false,
            found: vec![],
            rest: None,
        }
    }

    /// The place from which the next piece has to come.
    pub(crate) const fn at(&self) -> u64 {
        self.at
    }

    /// Whether it has found enough.
    pub(crate) const fn is_done(&self) -> bool {
        self.rest.is_some()
    }

    /// Looks through the next piece.
    pub(crate) fn look(&mut self, piece: &[u8]) {
        if self.is_done() {
            return;
        }
        let (window, origins, begin) = (&mut self.window, &mut self.origins, self.at);
        self.escapes.pass(piece, |at, run| {
            origins.push((window.len(), begin + at as u64));
            window.extend_from_slice(run);
        });
        self.at += piece.len() as u64;
        if let Some(last) = memrchr(b'\n', &self.window) {
            self.look_at_lines(last + 1);
        }
        if !self.is_done() && self.window.len() > LONG {
            self.look_at_long();
        }
    }

    /// What was found, and where to go on when it has to go on: the place and the number of its line. `is_end` says that
    /// nothing more comes, so that what is there of the last line is all of it.
    pub(crate) fn finish(mut self, is_end: bool) -> (Vec<Found>, Option<(u64, u64)>) {
        if !self.is_done() && is_end {
            self.look_at_lines(self.window.len());
            return (self.found, None);
        }
        let place = if self.is_told || self.window.is_empty() { self.behind() } else { self.origin(0) };
        let rest = self.rest.unwrap_or((place, self.line));
        (self.found, Some(rest))
    }

    /// Looks through the window up to here, which is the end of a line or of everything.
    fn look_at_lines(&mut self, end: usize) {
        let lowered;
        let text = if self.ignores_case {
            lowered = self.window[..end].to_ascii_lowercase();
            &lowered[..]
        } else {
            &self.window[..end]
        };
        // Finds are looked for from the beginning of a line that was not told.
        let mut from = 0;
        let mut found = vec![];
        if self.is_told {
            from = memchr(b'\n', text).map_or(end, |newline| newline + 1);
            (self.is_told, self.is_cut, self.line) = (false, false, self.line + 1);
        }
        while found.len() + self.found.len() < self.most
            && let Some(at) = self.finder.find(&text[from..]).map(|at| from + at)
        {
            self.line += newlines(&text[from..at]);
            let begin = memrchr(b'\n', &text[from..at]).map_or(from, |newline| from + newline + 1);
            let stop = memchr(b'\n', &text[at..]).map_or(end, |newline| at + newline);
            let is_cut = self.is_cut && begin == 0;
            found.push(Found { offset: self.origin(at), line: self.line, text: self.shown(begin..stop, at, is_cut) });
            from = (stop + 1).min(end);
            self.line += 1;
        }
        self.found.append(&mut found);
        if self.found.len() == self.most {
            let place = if from < self.window.len() { self.origin(from) } else { self.behind() };
            self.rest = Some((place, self.line));
            return;
        }
        self.line += newlines(&text[from..]);
        self.forget(end);
        self.is_cut = false;
    }

    /// Looks through a line that has not ended and is long already.
    fn look_at_long(&mut self) {
        if self.is_told {
            return self.forget(self.window.len());
        }
        let lowered;
        let text = if self.ignores_case {
            lowered = self.window.to_ascii_lowercase();
            &lowered
        } else {
            &self.window
        };
        match self.finder.find(text) {
            Some(at) if at + SHOWN <= text.len() => {
                let text = self.shown(0..self.window.len(), at, self.is_cut);
                self.found.push(Found { offset: self.origin(at), line: self.line, text });
                self.is_told = true;
                self.forget(self.window.len());
            }
            // What comes behind it is shown too.
            Some(at) => self.cut(at.saturating_sub(BEFORE)),
            // The end may be the beginning of a find.
            None => self.cut(text.len().saturating_sub(self.length + BEFORE)),
        }
    }

    fn cut(&mut self, count: usize) {
        self.is_cut |= count > 0;
        self.forget(count);
    }

    /// Lets go of the beginning of the window.
    fn forget(&mut self, count: usize) {
        let first = self.origins.partition_point(|(begin, _)| *begin <= count);
        let kept = self.origins.split_off(first.saturating_sub(1));
        let moved = kept.into_iter().map(|(begin, origin)| match begin.checked_sub(count) {
            Some(begin) => (begin, origin),
            None => (0, origin + (count - begin) as u64),
        });
        self.origins = moved.collect();
        self.window.drain(..count);
        if self.window.is_empty() {
            self.origins.clear();
        }
    }

    /// Where a byte of the window comes from.
    fn origin(&self, at: usize) -> u64 {
        let run = self.origins.partition_point(|(begin, _)| *begin <= at).saturating_sub(1);
        self.origins.get(run).map_or(self.at, |(begin, origin)| origin + (at - begin) as u64)
    }

    /// The place behind the last piece, or of a code that has not ended there.
    fn behind(&self) -> u64 {
        self.at - self.escapes.pending() as u64
    }

    /// What is shown of a line with a find at a place.
    fn shown(&self, line: std::ops::Range<usize>, at: usize, is_cut: bool) -> String {
        let is_near = !is_cut && at + self.length - line.start <= SHOWN;
        let begin = if is_near { line.start } else { at.saturating_sub(BEFORE).max(line.start) };
        let bytes = &self.window[begin..line.end.min(begin + 2 * SHOWN)];
        // A character whose beginning is not here is not shown.
        let torn = if is_near { 0 } else { bytes.iter().take(3).take_while(|byte| **byte & 0xc0 == 0x80).count() };
        let text = String::from_utf8_lossy(&bytes[torn..]).replace('\t', " ");
        let text = plain(text.trim_end_matches('\r'), 2 * SHOWN);
        let room = if is_near { SHOWN } else { SHOWN - '…'.len_utf8() };
        let text = &text[..text.floor_char_boundary(room)];
        if is_near { text.to_owned() } else { format!("…{text}") }
    }
}

fn newlines(text: &[u8]) -> u64 {
    memchr_iter(b'\n', text).count() as u64
}

#[cfg(test)]
mod tests;
