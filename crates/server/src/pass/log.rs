//! One line for each request: what, by whom, how it went and how long it took. Never a query, a body
//! or a header, which may hold secrets; what stands for the address is the operation's path.

use std::borrow::Cow;
use std::time::Duration;

use axum::http::StatusCode;
use diwan_kernel::Problem;

use super::visit::{Asked, Visit};
use crate::operation::is_unsafe;

const LONGEST_PATH: usize = 200;

/// Writes the line: failures as errors, writes and refusals as information, reads for debugging. What is
/// over a limit is counted elsewhere and only written for debugging: a flood must not become a flood of lines.
pub(crate) fn request(visit: &Visit<'_>, status: StatusCode, problem: Option<&Problem>, took: Duration) {
    let (method, route, address) = (visit.method.as_str(), route(visit), visit.client.address);
    let (request, status, duration_ms) = (&*visit.id, status.as_u16(), milliseconds(took));
    let actor = || visit.ctx.as_ref().map_or_else(|| "anonymous".to_owned(), |ctx| ctx.actor.key());
    let code = problem.map_or("", Problem::code);
    if status >= 500 {
        let cause = problem.and_then(Problem::cause_chain).unwrap_or_default();
        let actor = actor();
        tracing::error!(request, method, %route, status, code, duration_ms, actor, %address, cause, "request failed");
    } else if status >= 400 && status != StatusCode::TOO_MANY_REQUESTS.as_u16() {
        tracing::info!(request, method, %route, status, code, duration_ms, actor = actor(), %address, "request refused");
    } else if status < 400 && is_unsafe(&visit.method) {
        tracing::info!(request, method, %route, status, duration_ms, actor = actor(), %address, "request done");
    } else {
        tracing::debug!(request, method, %route, status, duration_ms, actor = actor(), %address, "request answered");
    }
}

/// As finely as anybody reads it.
fn milliseconds(took: Duration) -> f64 {
    (took.as_secs_f64() * 1e6).round() / 1e3
}

/// The path of the operation; for what is none, the path that was asked for, as far as it is sane.
fn route<'a>(visit: &'a Visit<'_>) -> Cow<'a, str> {
    match &visit.asked {
        Asked::Operation(operation) => operation.path.as_str().into(),
        _ => {
            let plain = |c: char| if c.is_ascii_graphic() { c } else { '?' };
            visit.uri.path().chars().take(LONGEST_PATH).map(plain).collect::<String>().into()
        }
    }
}
