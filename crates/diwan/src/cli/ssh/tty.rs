//! The terminal that the command line runs in: made to pass every key on, and given back as it was, however that ends.

use std::io::{IsTerminal, Read, Write, stdin, stdout};

use bytes::Bytes;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use tokio::sync::mpsc;

/// What takes a screen back to where a shell expects it: the usual one, with a cursor, without reports of the mouse
/// and of what is pasted.
const USUAL: &[u8] = b"\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[0m";
const PIECE: usize = 16 * 1024;
const MOST_WAITING: usize = 16;

/// The terminal of this process.
#[derive(Debug)]
pub(super) struct Tty {
    before: Termios,
    is_raw: bool,
}

impl Tty {
    /// `None` when there is none.
    pub(super) fn of_process() -> Option<Self> {
        if !stdin().is_terminal() || !stdout().is_terminal() {
            return None;
        }
        Some(Self { before: tcgetattr(stdin()).ok()?, is_raw: false })
    }

    /// Columns and lines.
    pub(super) fn size(&self) -> (u16, u16) {
        let size = tcgetwinsize(stdout()).ok().filter(|size| size.ws_col > 0 && size.ws_row > 0);
        size.map_or((80, 24), |size| (size.ws_col.min(1000), size.ws_row.min(1000)))
    }

    /// Passes every key on from here on.
    pub(super) fn begin(&mut self) -> std::io::Result<()> {
        let mut raw = self.before.clone();
        raw.make_raw();
        tcsetattr(stdin(), OptionalActions::Now, &raw)?;
        self.is_raw = true;
        Ok(())
    }

    /// Shows what the other terminal says.
    pub(super) fn show(&self, bytes: &[u8]) -> std::io::Result<()> {
        let mut stdout = stdout().lock();
        stdout.write_all(bytes)?;
        stdout.flush()
    }

    /// Takes the screen back from whatever was shown in the middle.
    pub(super) fn clear_up(&self) {
        // Who cannot be shown anything needs no clearing up.
        let _ = self.show(USUAL);
    }

    /// As it was before.
    pub(super) fn end(&mut self) {
        if std::mem::take(&mut self.is_raw) {
            // A terminal that is gone is as it was.
            let _ = tcsetattr(stdin(), OptionalActions::Flush, &self.before);
        }
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        self.end();
    }
}

/// Reads what is typed, from now on.
pub(super) fn typed() -> mpsc::Receiver<Bytes> {
    let (sender, typed) = mpsc::channel(MOST_WAITING);
    tokio::task::spawn_blocking(move || {
        let (mut stdin, mut buffer) = (stdin().lock(), vec![0; PIECE]);
        // What cannot be read has ended.
        while let Ok(count @ 1..) = stdin.read(&mut buffer) {
            if sender.blocking_send(Bytes::copy_from_slice(&buffer[..count])).is_err() {
                return;
            }
        }
    });
    typed
}
