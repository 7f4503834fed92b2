//! Whatever is not a success leaves as a problem document with the request's id: what operations say,
//! and what the router, the extractors or a panic would otherwise say in passing.

use axum::http::header::{self, HeaderMap};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use diwan_kernel::Problem;

use crate::openapi::PROBLEM_JSON;

/// Nothing is at this address.
pub(crate) fn no_such_route() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "Not found",
        "There is nothing at this address.",
        "Compare the address with the API reference at /docs.",
    )
}

/// Something is at this address, but not for this method.
pub(crate) fn method_not_allowed() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "Method not allowed",
        "This address does not answer to this method.",
        "Use one of the methods in the Allow header.",
    )
}

/// The operation did not begin its answer in time.
pub(crate) fn took_too_long() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "took_too_long",
        "It took too long",
        "The operation did not finish in time and was given up.",
        "Wait a moment and try again. If it happens again, look at the server's load.",
    )
    .retry_after(std::time::Duration::from_secs(5))
}

/// Turns an answer that is not a success into a problem document, and gives it the request's id.
/// The problem, if it is one, is handed back for the log.
pub(crate) fn finish(response: Response, request_id: &str) -> (Response, Option<Problem>) {
    let status = response.status();
    let fails = status.is_client_error() || status.is_server_error();
    let is_told = response.extensions().get::<Problem>().is_none() && is_problem(response.headers());
    // An answer that was kept tells its problem already.
    if !fails || is_told {
        return (response, None);
    }
    let (mut parts, _) = response.into_parts();
    let problem = parts.extensions.remove::<Problem>().unwrap_or_else(|| by_status(status));
    let mut finished = problem.clone().into_response_for(Some(request_id));
    keep(&parts.headers, finished.headers_mut());
    (finished, Some(problem))
}

/// What the answer said besides its body stays: cookies, allowed methods, limits.
fn keep(old: &HeaderMap, new: &mut HeaderMap) {
    for (name, value) in old {
        let of_the_body = matches!(*name, header::CONTENT_LENGTH | header::CONTENT_TYPE | header::CONTENT_ENCODING);
        if !of_the_body && (*name == header::SET_COOKIE || !new.contains_key(name)) {
            new.append(name.clone(), value.clone());
        }
    }
}

/// The problem for an answer that only has a status.
fn by_status(status: StatusCode) -> Problem {
    match status {
        StatusCode::NOT_FOUND => no_such_route(),
        StatusCode::METHOD_NOT_ALLOWED => method_not_allowed(),
        StatusCode::PAYLOAD_TOO_LARGE => super::body::too_large(),
        StatusCode::UNAUTHORIZED => Problem::sign_in_required(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::new(
            status,
            "media_type_unsupported",
            "Unsupported media type",
            "The body's Content-Type is not one that this operation accepts.",
            "Compare the request with the API reference at /docs.",
        ),
        status if status.is_server_error() => {
            Problem::internal(format!("an answer with status {status} and no problem"))
        }
        status => Problem::new(
            status,
            "request_refused",
            "The request was refused",
            "The request does not fit this operation.",
            "Compare the request with the API reference at /docs.",
        ),
    }
}

/// Whether an answer is a problem document already.
fn is_problem(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE) == Some(&HeaderValue::from_static(PROBLEM_JSON))
}
