//! Other web origins that were allowed to call the API: with a token, never with a cookie.

use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::config::Origin;

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
const HEADERS: HeaderValue = HeaderValue::from_static("authorization, content-type, idempotency-key");
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "x-request-id, idempotency-replayed, ratelimit-limit, ratelimit-remaining, ratelimit-reset, retry-after",
);
const TEN_MINUTES: HeaderValue = HeaderValue::from_static("600");

/// The allowed origin that a request comes from.
pub(crate) fn allowed(headers: &HeaderMap, origins: &[Origin]) -> Option<HeaderValue> {
    if origins.is_empty() {
        return None;
    }
    let origin = headers.get(header::ORIGIN)?;
    origins.iter().any(|allowed| allowed.as_str() == origin).then(|| origin.clone())
}

/// The answer to a browser that asks beforehand whether a page of an allowed origin may send a request.
pub(crate) fn preflight(parts: &Parts) -> Option<Response> {
    let asks = parts.method == Method::OPTIONS && parts.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    asks.then(|| {
        let headers: [(HeaderName, HeaderValue); 3] = [
            (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS),
            (header::ACCESS_CONTROL_MAX_AGE, TEN_MINUTES),
        ];
        (StatusCode::NO_CONTENT, headers).into_response()
    })
}

/// Lets the page of an allowed origin read the answer.
pub(crate) fn open(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    headers.append(header::VARY, HeaderValue::from_static("origin"));
}
