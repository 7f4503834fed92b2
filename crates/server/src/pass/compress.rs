//! Compresses answers on the way out, where that is worth the while.

use std::convert::Infallible;

use axum::body::{Body, HttpBody};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Request, StatusCode};
use axum::response::Response;
use tower::Service;
use tower_http::CompressionLevel;
use tower_http::compression::Compression;
use tower_http::compression::predicate::Predicate;

/// Smaller answers fit a packet anyway.
const WORTHWHILE_BYTES: u64 = 1024;

/// Compresses the answer if the client understands that and it helps. `accepts`: the request's
/// `Accept-Encoding`.
pub(crate) async fn compress(response: Response, accepts: Option<HeaderValue>) -> Response {
    let Some(accepts) = accepts.filter(|_| is_worthwhile(&response)) else { return response };
    let mut request = Request::new(Body::empty());
    request.headers_mut().insert(header::ACCEPT_ENCODING, accepts);
    // The layer wants a service to stand before: one that has its answer ready.
    let mut ready = Some(response);
    let ready = tower::service_fn(move |_: Request<Body>| {
        let response = ready.take().unwrap_or_default();
        std::future::ready(Ok::<_, Infallible>(response))
    });
    let mut layer = Compression::new(ready).quality(CompressionLevel::Fastest).compress_when(Always);
    match layer.call(request).await {
        Ok(response) => response.map(Body::new),
        Err(never) => match never {},
    }
}

#[derive(Debug, Clone, Copy)]
struct Always;

impl Predicate for Always {
    fn should_compress<B: HttpBody>(&self, _: &axum::http::Response<B>) -> bool {
        true
    }
}

fn is_worthwhile(response: &Response) -> bool {
    let headers = response.headers();
    let whole = response.status().is_success() && response.status() != StatusCode::PARTIAL_CONTENT;
    let size = response.body().size_hint().exact().unwrap_or(u64::MAX);
    whole && size > WORTHWHILE_BYTES && !headers.contains_key(header::CONTENT_ENCODING) && is_text(headers)
}

fn is_text(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let mime = kind.split(';').next().unwrap_or_default().trim();
    let text = mime.starts_with("text/") || mime.ends_with("json") || mime.ends_with("jsonl");
    text && mime != "text/event-stream"
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;

    async fn encoding(kind: &'static str, size: usize, accepts: &'static str) -> Option<String> {
        let response = ([(header::CONTENT_TYPE, kind)], "x".repeat(size)).into_response();
        let response = compress(response, Some(HeaderValue::from_static(accepts))).await;
        response.headers().get(header::CONTENT_ENCODING).map(|v| v.to_str().unwrap().to_owned())
    }

    #[tokio::test]
    async fn only_large_text_is_compressed_and_only_as_the_client_likes() {
        assert_eq!(encoding("application/json", 5000, "gzip, br").await.as_deref(), Some("br"));
        assert_eq!(encoding("application/json", 5000, "gzip").await.as_deref(), Some("gzip"));
        assert_eq!(encoding("text/csv; charset=utf-8", 5000, "gzip").await.as_deref(), Some("gzip"));
        assert_eq!(encoding("application/x-ndjson", 5000, "gzip").await.as_deref(), Some("gzip"));
        assert_eq!(encoding("application/json", 5000, "identity").await, None);
        assert_eq!(encoding("application/json", 1000, "gzip").await, None);
        assert_eq!(encoding("image/png", 5000, "gzip").await, None);
        assert_eq!(encoding("text/event-stream", 5000, "gzip").await, None);
    }
}
