//! How a request becomes a WebSocket (RFC 6455, section 4.2).

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, Version};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use diwan_kernel::Problem;
use hyper::upgrade::OnUpgrade;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// Accepts the handshake: the answer, and what becomes the socket once it is sent.
///
/// # Errors
/// 426 when the request is not a handshake.
pub(crate) fn accept(request: &mut Request) -> Result<(Response, OnUpgrade), Problem> {
    let key = key_of(request).ok_or_else(no_handshake)?;
    let upgrade = request.extensions_mut().remove::<OnUpgrade>().ok_or_else(no_handshake)?;
    let accept = HeaderValue::try_from(derive_accept_key(key.as_bytes())).map_err(Problem::internal)?;
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = answer.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    Ok((answer, upgrade))
}

fn key_of(request: &Request) -> Option<HeaderValue> {
    let headers = request.headers();
    let is_handshake = request.method() == Method::GET
        && request.version() == Version::HTTP_11
        && names(headers, header::CONNECTION, "upgrade")
        && names(headers, header::UPGRADE, "websocket")
        && headers.get(header::SEC_WEBSOCKET_VERSION).is_some_and(|v| v.as_bytes() == b"13");
    let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|_| is_handshake)?;
    STANDARD.decode(key.as_bytes()).is_ok_and(|nonce| nonce.len() == 16).then(|| key.clone())
}

fn names(headers: &HeaderMap, name: header::HeaderName, token: &str) -> bool {
    let mut lines = headers.get_all(name).iter().filter_map(|v| v.to_str().ok()).flat_map(|l| l.split(','));
    lines.any(|t| t.trim().eq_ignore_ascii_case(token))
}

fn no_handshake() -> Problem {
    Problem::new(
        StatusCode::UPGRADE_REQUIRED,
        "websocket_required",
        "A WebSocket is required",
        "This address answers only to the handshake of a WebSocket over HTTP/1.1.",
        "Open it as a WebSocket. A proxy in between must pass the Upgrade and Connection headers on.",
    )
}

/// What proved who is calling, to be looked at again later.
pub(super) fn credential_of(request: &Request) -> Parts {
    let (mut parts, ()) = axum::http::Request::new(()).into_parts();
    parts.uri = request.uri().clone();
    for name in [header::COOKIE, header::AUTHORIZATION, header::USER_AGENT] {
        for value in request.headers().get_all(&name) {
            parts.headers.append(name.clone(), value.clone());
        }
    }
    parts
}
