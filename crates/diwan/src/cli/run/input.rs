//! Standard input on its way to a command. What the machine has not taken yet is kept, since a connection may
//! break on the way.

use std::io::Read;
use std::os::unix::fs::FileTypeExt;

use bytes::{Buf, Bytes, BytesMut};
use tokio::sync::mpsc;

/// So much is kept; more is read when the machine has taken some.
const WINDOW: usize = 512 * 1024;
const PIECE: usize = 64 * 1024;
const MOST_WAITING: usize = 4;

/// Whether a command is given input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Yes,
    No,
    /// If standard input is a pipe or a file.
    IfPiped,
}

impl Wanted {
    /// Whether there is input to give.
    pub(super) fn is_given(self) -> bool {
        match self {
            Self::Yes => true,
            Self::No => false,
            Self::IfPiped => is_piped(),
        }
    }
}

fn is_piped() -> bool {
    use std::os::fd::AsFd;
    let Ok(fd) = std::io::stdin().as_fd().try_clone_to_owned() else { return false };
    let kind = std::fs::File::from(fd).metadata().map(|metadata| metadata.file_type());
    kind.is_ok_and(|kind| kind.is_fifo() || kind.is_file() || kind.is_socket())
}

/// Whether nothing stands on standard input now.
pub(super) fn is_empty() -> bool {
    rustix::io::ioctl_fionread(std::io::stdin()).is_ok_and(|count| count == 0)
}

/// What is given to a command.
#[derive(Debug)]
pub(super) struct Input {
    pieces: mpsc::Receiver<Bytes>,
    /// What the machine has not taken.
    held: BytesMut,
    /// The place of its first byte.
    taken: u64,
    has_ended: bool,
    /// Up to here it was sent on this connection, and whether its end was.
    sent: u64,
    has_sent_end: bool,
}

/// What is to be sent next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Piece(u64, Bytes),
    End(u64),
}

impl Input {
    /// Begins to read standard input.
    pub(super) fn of_process() -> Self {
        let (sender, pieces) = mpsc::channel(MOST_WAITING);
        tokio::task::spawn_blocking(move || {
            let mut input = std::io::stdin().lock();
            let mut buffer = vec![0; PIECE];
            // What cannot be read has ended.
            while let Ok(count @ 1..) = input.read(&mut buffer) {
                if sender.blocking_send(Bytes::copy_from_slice(&buffer[..count])).is_err() {
                    return;
                }
            }
        });
        Self::of(pieces)
    }

    fn of(pieces: mpsc::Receiver<Bytes>) -> Self {
        Self { pieces, held: BytesMut::new(), taken: 0, has_ended: false, sent: 0, has_sent_end: false }
    }

    /// On a new connection everything that is held is sent again: what was given before is passed over there.
    pub(super) fn begin_anew(&mut self) {
        (self.sent, self.has_sent_end) = (self.taken, false);
    }

    /// The machine has taken so much.
    pub(super) fn was_taken(&mut self, count: u64) {
        let known = self.taken + self.held.len() as u64;
        if count > self.taken && count <= known {
            self.held.advance((count - self.taken) as usize);
            self.taken = count;
            self.sent = self.sent.max(count);
        }
    }

    /// Whether there may be something to send.
    pub(super) fn is_open(&self) -> bool {
        !self.has_sent_end && (self.held.len() < WINDOW || self.unsent() > 0)
    }

    fn unsent(&self) -> usize {
        self.held.len() - (self.sent - self.taken) as usize
    }

    /// What is to be sent next. Nothing is lost when the future is dropped.
    pub(super) async fn next(&mut self) -> Next {
        while self.unsent() == 0 && !self.has_ended {
            match self.pieces.recv().await {
                Some(piece) => self.held.extend_from_slice(&piece),
                None => self.has_ended = true,
            }
        }
        let begin = (self.sent - self.taken) as usize;
        let end = self.held.len().min(begin + PIECE);
        if begin == end {
            self.has_sent_end = true;
            return Next::End(self.sent);
        }
        let piece = Bytes::copy_from_slice(&self.held[begin..end]);
        let at = self.sent;
        self.sent += piece.len() as u64;
        Next::Piece(at, piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_not_taken_is_sent_again_on_the_next_connection() {
        let (sender, pieces) = mpsc::channel(4);
        let mut input = Input::of(pieces);
        sender.send(Bytes::from_static(b"hello")).await.unwrap();
        assert_eq!(input.next().await, Next::Piece(0, Bytes::from_static(b"hello")));
        input.was_taken(2);
        input.begin_anew();
        assert_eq!(input.next().await, Next::Piece(2, Bytes::from_static(b"llo")));
        drop(sender);
        assert_eq!((input.next().await, input.is_open()), (Next::End(5), false));
        input.was_taken(5);
        input.begin_anew();
        assert!(input.is_open());
        assert_eq!(input.next().await, Next::End(5));
        input.was_taken(99);
        assert_eq!(input.taken, 5, "nobody takes what was not given");
    }

    #[tokio::test]
    async fn no_more_is_read_than_is_kept() {
        let (sender, pieces) = mpsc::channel(64);
        let mut input = Input::of(pieces);
        for _ in 0..WINDOW / PIECE {
            sender.send(Bytes::from(vec![b'x'; PIECE])).await.unwrap();
            assert!(input.is_open());
            input.next().await;
        }
        assert!(!input.is_open());
        input.was_taken(PIECE as u64);
        assert!(input.is_open());
    }
}
