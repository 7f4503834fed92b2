//! A request's body as it arrives: no larger than allowed, and not slower than a minimum.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::CONTENT_ENCODING;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use diwan_kernel::Problem;
use http_body_util::Limited;
use hyper::body::{Frame, SizeHint};
use tokio::time::Sleep;

/// Within this time [`STRIDE`] bytes, or the rest of the body, must arrive: a client that sends a byte
/// now and then is cut off as surely as one that sends nothing.
const PATIENCE: Duration = Duration::from_secs(10);
const STRIDE: usize = 16 * 1024;

/// What became of a body: told to the edge, whatever the operation made of the error.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fate(Arc<AtomicU8>);

const TOO_SLOW: u8 = 1;
const TOO_LARGE: u8 = 2;
const DONE: u8 = 3;

/// What arrives together with the head: it is out of the way before the next request, read or not.
const SMALL: u64 = 8 * 1024;

impl Fate {
    /// The problem with the body, if there was one.
    pub(crate) fn problem(&self) -> Option<Problem> {
        match self.0.load(Ordering::Relaxed) {
            TOO_SLOW => Some(too_slow()),
            TOO_LARGE => Some(too_large()),
            _ => None,
        }
    }

    /// Whether some of it may still be on its way. A connection that has to carry it first is not used again.
    pub(crate) fn is_unread(&self) -> bool {
        self.0.load(Ordering::Relaxed) != DONE
    }
}

/// The refusal of a body that is too large.
pub(crate) fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body_too_large",
        "The body is too large",
        "The request's body is larger than this operation accepts.",
        "Send less.",
    )
}

/// Refuses a body that says that it is compressed: none is unpacked here, and it must not be read as if
/// it were plain.
///
/// # Errors
/// 415.
pub(crate) fn check_encoding(headers: &HeaderMap) -> Result<(), Problem> {
    let is_plain = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if headers.get_all(CONTENT_ENCODING).iter().all(is_plain) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "encoding_not_supported",
        "The body must not be compressed",
        "The request has a Content-Encoding, and request bodies are read as they are.",
        "Send the body uncompressed, without that header.",
    ))
}

fn too_slow() -> Problem {
    Problem::new(
        StatusCode::REQUEST_TIMEOUT,
        "body_too_slow",
        "The body came too slowly",
        "The request's body stopped arriving, or arrived too slowly, and was given up.",
        "Send the request again over a better connection.",
    )
}

/// Guards a body. `fate` is told when it is cut off.
pub(crate) fn guard<B>(body: B, limit: usize, fate: &Fate) -> Body
where
    B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<axum::BoxError>,
{
    if body.size_hint().exact().is_some_and(|length| length <= SMALL) {
        fate.0.store(DONE, Ordering::Relaxed);
    }
    if body.is_end_stream() {
        return Body::empty();
    }
    if body.size_hint().lower() > limit as u64 {
        fate.0.store(TOO_LARGE, Ordering::Relaxed);
        return Body::empty();
    }
    let paced = Paced { inner: body, since_stride: 0, deadline: None, fate: fate.clone() };
    // The limit is outermost, so that its error reaches the operation as what it is.
    Body::new(Watched { inner: Limited::new(paced, limit), fate: fate.clone() })
}

/// Ends with an error when the body comes too slowly.
struct Paced<B> {
    inner: B,
    since_stride: usize,
    deadline: Option<Pin<Box<Sleep>>>,
    fate: Fate,
}

impl<B> HttpBody for Paced<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: Into<axum::BoxError>,
{
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(cx) {
            if let Some(data) = frame.as_ref().and_then(|f| f.as_ref().ok()?.data_ref()) {
                this.since_stride += data.len();
            }
            if this.since_stride >= STRIDE {
                (this.since_stride, this.deadline) = (0, None);
            }
            return Poll::Ready(frame.map(|f| f.map_err(Into::into)));
        }
        let deadline = this.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep(PATIENCE)));
        ready!(deadline.as_mut().poll(cx));
        this.fate.0.store(TOO_SLOW, Ordering::Relaxed);
        Poll::Ready(Some(Err("the body came too slowly".into())))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Tells when the limit was the reason.
struct Watched<B> {
    inner: Limited<B>,
    fate: Fate,
}

impl<B> HttpBody for Watched<B>
where
    B: HttpBody<Data = Bytes, Error = axum::BoxError> + Unpin,
{
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        if matches!(&frame, Some(Err(e)) if e.is::<http_body_util::LengthLimitError>()) {
            self.fate.0.store(TOO_LARGE, Ordering::Relaxed);
        }
        if frame.is_none() || (matches!(&frame, Some(Ok(_))) && self.inner.is_end_stream()) {
            self.fate.0.store(DONE, Ordering::Relaxed);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the runtime's clock, which the test holds")]
mod tests {
    use super::*;
    use futures::StreamExt;
    use std::convert::Infallible;

    /// A body of chunks, each after a pause.
    fn dripping(chunk: usize, pause: Duration, count: usize) -> Body {
        let chunks = futures::stream::iter(0..count).then(move |_| async move {
            tokio::time::sleep(pause).await;
            Ok::<_, Infallible>(Bytes::from(vec![b'x'; chunk]))
        });
        Body::from_stream(chunks.boxed())
    }

    async fn fate_of(body: Body, limit: usize) -> (Option<&'static str>, Duration) {
        let (fate, start) = (Fate::default(), tokio::time::Instant::now());
        let _ = axum::body::to_bytes(guard(body, limit, &fate), usize::MAX).await;
        (fate.problem().map(|p| p.code()), start.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_drips_is_cut_off_after_ten_seconds() {
        let (code, after) = fate_of(dripping(1, Duration::from_secs(2), 100), 1024).await;
        assert_eq!((code, after.as_secs()), (Some("body_too_slow"), 10));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_but_honest_upload_passes() {
        let (code, after) = fate_of(dripping(STRIDE, Duration::from_secs(8), 10), 1 << 20).await;
        assert_eq!((code, after.as_secs()), (None, 80));
    }

    #[tokio::test]
    async fn a_body_is_as_large_as_allowed_and_not_a_byte_more() {
        assert_eq!(fate_of(Body::from(vec![0; 1024]), 1024).await.0, None);
        assert_eq!(fate_of(Body::from(vec![0; 1025]), 1024).await.0, Some("body_too_large"));
    }

    #[tokio::test]
    async fn a_large_body_that_nobody_read_is_known_as_such() {
        for (length, is_read, is_unread) in [(100, false, false), (20_000, false, true), (20_000, true, false)] {
            let fate = Fate::default();
            let body = guard(Body::from(vec![0; length]), 1 << 20, &fate);
            if is_read {
                let _ = axum::body::to_bytes(body, usize::MAX).await;
            }
            assert_eq!(fate.is_unread(), is_unread, "{length} bytes, read: {is_read}");
        }
        let fate = Fate::default();
        let _ = guard(Body::empty(), 1, &fate);
        assert!(!fate.is_unread());
    }
}
