//! Hands a request to its operation: within a time, and so that a panic in it harms nobody else.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::uri::PathAndQuery;
use axum::http::{Request, Uri};
use axum::response::{IntoResponse, Response};
use diwan_kernel::Problem;
use futures::FutureExt;
use tower::Service;

use super::problems;
use crate::metrics::Metrics;
use crate::operation::BASE;

/// The way to the operations, for one request.
pub(crate) struct Carrier {
    pub(crate) router: Router,
    pub(crate) time_limit: Duration,
    pub(crate) metrics: Arc<Metrics>,
}

impl Carrier {
    /// Carries it out.
    pub(crate) async fn carry(mut self, mut request: Request<Body>) -> Response {
        let target = std::mem::take(request.uri_mut());
        *request.uri_mut() = below_base(target);
        let answer = AssertUnwindSafe(self.router.call(request)).catch_unwind();
        match tokio::time::timeout(self.time_limit, answer).await {
            Ok(Ok(Ok(response))) => response,
            Ok(Ok(Err(never))) => match never {},
            Ok(Err(panic)) => {
                self.metrics.panics.add(1);
                Problem::internal(format!("an operation panicked: {}", message_of(&*panic))).into_response()
            }
            Err(_) => problems::took_too_long().into_response(),
        }
    }
}

fn message_of(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// The target as the capabilities know it: without what stands before every one of them.
fn below_base(target: Uri) -> Uri {
    let below = |path: &PathAndQuery| PathAndQuery::try_from(path.as_str().strip_prefix(BASE)?).ok();
    let Some(path) = target.path_and_query().and_then(below) else { return target };
    let mut parts = target.into_parts();
    parts.path_and_query = Some(path);
    Uri::from_parts(parts).unwrap_or_default()
}
