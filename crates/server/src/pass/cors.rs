//! Other web origins that were allowed to call the API: with a token, never with a cookie.

use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
const HEADERS: HeaderValue = HeaderValue::from_static("authorization, content-type, idempotency-key");
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "x-request-id, idempotency-replayed, ratelimit-limit, ratelimit-remaining, ratelimit-reset, retry-after",
);
const TEN_MINUTES: HeaderValue = HeaderValue::from_static("600");

/// The allowed origin that a request comes from.
pub(crate) fn allowed<'a>(headers: &HeaderMap, origins: &'a [String]) -> Option<&'a str> {
    if origins.is_empty() {
        return None;
    }
    let origin = headers.get(header::ORIGIN)?.to_str().ok()?;
    origins.iter().map(String::as_str).find(|o| *o == origin)
}

/// The answer to a browser that asks beforehand whether a page may send a request.
pub(crate) fn preflight(parts: &Parts, origins: &[String]) -> Option<Response> {
    allowed(&parts.headers, origins)?;
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
pub(crate) fn open(headers: &mut HeaderMap, origin: Option<&str>) {
    let Some(origin) = origin.and_then(|o| HeaderValue::from_str(o).ok()) else { return };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    headers.append(header::VARY, HeaderValue::from_static("origin"));
}
