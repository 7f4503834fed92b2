//! Lines of one machine among those of others: each whole, and with the machine's name before it.

use std::io::IsTerminal;

use bytes::{BufMut, Bytes, BytesMut};
use diwan_client::Channel;

use super::super::screen::safe;
use super::follow::Hears;
use super::writer::{Gone, Writer};

/// A line that is longer is cut in two.
const LONGEST_LINE: usize = 64 * 1024;

/// How the lines of a machine begin.
#[derive(Debug, Clone)]
pub(super) struct Prefix {
    output: Bytes,
    errors: Bytes,
}

impl Prefix {
    /// The name, as wide as the widest, in its colour where there are colours.
    pub(super) fn new(name: &str, width: usize, colour: Option<u8>, error_colour: Option<u8>) -> Self {
        let painted = |colour: Option<u8>| match colour {
            Some(colour) => format!("\u{1b}[{colour}m{name:width$}\u{1b}[0m | "),
            None => format!("{name:width$} | "),
        };
        Self { output: painted(colour).into(), errors: painted(error_colour).into() }
    }
}

/// Puts the name before each line.
#[derive(Debug)]
pub(super) struct Prefixed<'a> {
    writer: &'a Writer,
    prefix: Prefix,
    unfinished: [BytesMut; 2],
    /// What must not act on a terminal among lines of others.
    is_terminal: [bool; 2],
}

impl<'a> Prefixed<'a> {
    pub(super) fn new(writer: &'a Writer, prefix: Prefix) -> Self {
        let is_terminal = [std::io::stdout().is_terminal(), std::io::stderr().is_terminal()];
        Self { writer, prefix, unfinished: Default::default(), is_terminal }
    }

    /// Writes what has no end of line.
    pub(super) async fn finish(&mut self) -> Result<(), Gone> {
        for channel in [Channel::Output, Channel::Errors] {
            if !self.unfinished[usize::from(channel == Channel::Errors)].is_empty() {
                self.hear(channel, Bytes::from_static(b"\n")).await?;
            }
        }
        Ok(())
    }

    /// Takes whole lines out, each with the name before it.
    fn whole_lines(&mut self, channel: Channel, bytes: &[u8]) -> Bytes {
        let at = usize::from(channel == Channel::Errors);
        let prefix = if at == 0 { &self.prefix.output } else { &self.prefix.errors };
        let unfinished = &mut self.unfinished[at];
        let mut lines = BytesMut::new();
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            unfinished.extend_from_slice(part);
            if !part.ends_with(b"\n") && unfinished.len() < LONGEST_LINE {
                continue;
            }
            let line = unfinished.split();
            let line = line.strip_suffix(b"\n").unwrap_or(&line);
            lines.put_slice(prefix);
            if self.is_terminal[at] {
                lines.put_slice(safe(&String::from_utf8_lossy(line)).as_bytes());
            } else {
                lines.put_slice(line);
            }
            lines.put_u8(b'\n');
        }
        lines.freeze()
    }
}

impl Hears for Prefixed<'_> {
    async fn hear(&mut self, channel: Channel, bytes: Bytes) -> Result<(), Gone> {
        let lines = self.whole_lines(channel, &bytes);
        if lines.is_empty() { Ok(()) } else { self.writer.write(channel, lines).await }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_whole_and_say_whose_they_are() {
        let writer = Writer::begin().unwrap();
        let mut prefixed = Prefixed::new(&writer, Prefix::new("web", 5, None, Some(31)));
        prefixed.is_terminal = [false, true];
        let lines = |prefixed: &mut Prefixed<'_>, channel, text: &[u8]| prefixed.whole_lines(channel, text);
        assert_eq!(lines(&mut prefixed, Channel::Output, b"one\ntw"), "web   | one\n");
        assert_eq!(lines(&mut prefixed, Channel::Errors, b"\x1b[2Joops\n"), "\u{1b}[31mweb  \u{1b}[0m | oops\n");
        assert_eq!(lines(&mut prefixed, Channel::Output, b"o\n\xff\n"), &b"web   | two\nweb   | \xff\n"[..]);
        let long = vec![b'x'; LONGEST_LINE];
        assert_eq!(lines(&mut prefixed, Channel::Output, &long).len(), LONGEST_LINE + 9);
    }
}
