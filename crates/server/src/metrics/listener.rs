//! The door for Prometheus: one page, on an address of its own, for whoever can reach that address.

use axum::body::Body;
use axum::http::header::{self, HeaderValue};
use axum::http::{Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;

use super::expose;
use crate::edge::Inner;

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// Answers a request to the metrics address.
pub(crate) fn answer(edge: &Inner, request: &Request<Incoming>) -> Response<Body> {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if !reads || request.uri().path() != "/metrics" {
        return StatusCode::NOT_FOUND.into_response();
    }
    let uptime = edge.world.monotonic().saturating_sub(edge.started);
    let text = expose(&edge.metrics, edge.version, uptime, edge.world.disk());
    ([(header::CONTENT_TYPE, TEXT)], text).into_response()
}
