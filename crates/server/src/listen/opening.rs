//! The first bytes of a connection. A client has a few seconds to begin and a few more to say its
//! first request; only then is it worth the memory of an HTTP connection.

use std::time::Duration;

use axum::body::Bytes;
use diwan_kernel::world::BoxStream;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::{Instant, timeout, timeout_at};

/// Until the first byte.
const FIRST_BYTE: Duration = Duration::from_secs(5);
/// Until the end of the first request's head, counted from the beginning; handshakes included.
pub(super) const FIRST_HEAD: Duration = Duration::from_secs(10);
/// The most a request's head may have. HTTP refuses more with a proper answer, so that much is read.
pub(super) const LARGEST_HEAD: usize = 16 * 1024;

const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What a client speaks, with what it has said so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Opening {
    /// HTTP/1.1, with the whole head of the first request.
    Http1(Bytes),
    /// HTTP/2, with its preface.
    Http2(Bytes),
}

/// Why there is nothing to serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoOpening {
    /// The client went away.
    Gone,
    /// The client was too slow.
    TooSlow,
}

/// Waits for the first byte without taking it for anything yet.
pub(super) async fn first_bytes(stream: &mut BoxStream) -> Result<Vec<u8>, NoOpening> {
    let mut buffer = Vec::with_capacity(1024);
    match timeout(FIRST_BYTE, stream.read_buf(&mut buffer)).await {
        Ok(Ok(1..)) => Ok(buffer),
        Ok(_) => Err(NoOpening::Gone),
        Err(_) => Err(NoOpening::TooSlow),
    }
}

/// Reads on until it is clear what is spoken and the first head is complete.
pub(super) async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    mut buffer: Vec<u8>,
    deadline: Instant,
) -> Result<Opening, NoOpening> {
    loop {
        if buffer.starts_with(HTTP2) {
            return Ok(Opening::Http2(buffer.into()));
        }
        let may_be_http2 = HTTP2.starts_with(&buffer);
        if !may_be_http2 && (has_whole_head(&buffer) || buffer.len() >= LARGEST_HEAD) {
            return Ok(Opening::Http1(buffer.into()));
        }
        match timeout_at(deadline, stream.read_buf(&mut buffer)).await {
            Ok(Ok(1..)) => {}
            Ok(_) => return Err(NoOpening::Gone),
            Err(_) => return Err(NoOpening::TooSlow),
        }
    }
}

/// Whether there is an empty line, however it is written.
fn has_whole_head(buffer: &[u8]) -> bool {
    let mut lines = buffer.split(|b| *b == b'\n');
    // Behind the last line end there is the beginning of a line, not a line.
    let _ = lines.next_back();
    lines.skip(1).any(|line| matches!(line, b"" | b"\r"))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the runtime's clock, which the test holds")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    async fn open(chunks: &[&[u8]]) -> Result<Opening, NoOpening> {
        let mut builder = tokio_test_stream(chunks);
        read(&mut builder, vec![], Instant::now() + FIRST_HEAD).await
    }

    fn tokio_test_stream(chunks: &[&[u8]]) -> impl AsyncRead + Unpin + use<> {
        let chunks: Vec<Vec<u8>> = chunks.iter().map(|c| c.to_vec()).collect();
        let (mut near, far) = tokio::io::duplex(64);
        tokio::spawn(async move {
            use tokio::io::AsyncWriteExt;
            for chunk in chunks {
                near.write_all(&chunk).await.unwrap();
            }
        });
        far
    }

    #[tokio::test]
    async fn what_is_spoken_is_told_by_the_first_bytes() {
        let head = b"GET / HTTP/1.1\r\nHost: a\r\n\r\nrest";
        assert_eq!(open(&[head]).await, Ok(Opening::Http1(Bytes::from_static(head))));
        assert_eq!(open(&[&HTTP2[..10], &HTTP2[10..]]).await, Ok(Opening::Http2(Bytes::from_static(HTTP2))));
        assert!(matches!(open(&[b"PRI * HTTP/1.1\r\nHost: a\r\n\r\n"]).await, Ok(Opening::Http1(_))));
        assert_eq!(open(&[b"GET / HTTP/1.1\r\n"]).await, Err(NoOpening::Gone));
    }

    proptest! {
        #[test]
        fn a_head_ends_at_its_empty_line_and_not_before(lines in prop::collection::vec("[a-z]{1,9}", 1..9), crlf: bool) {
            let end = if crlf { "\r\n" } else { "\n" };
            let head = lines.join(end) + end;
            prop_assert!(!has_whole_head(head.as_bytes()));
            prop_assert!(has_whole_head((head + end).as_bytes()));
        }
    }
}
