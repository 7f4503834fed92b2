//! Reading requests: extractors that answer bad input with problem documents.

use axum::RequestExt;
use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// A JSON body, in or out. What comes in is read strictly: by type, unknown fields refused where the
/// type says so, no duplicate keys, no NUL characters.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(&request) {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "json_expected",
                "The body must be JSON",
                "The request's Content-Type is not application/json.",
                "Send a JSON body with the header `Content-Type: application/json`.",
            ));
        }
        let body = Bytes::from_request(request, state).await.map_err(|e| body_problem(&e.into_response()))?;
        if has_nul_escape(&body) {
            return Err(Problem::invalid("The body holds a NUL character, which no text here may contain."));
        }
        // A list would fill the fields one after the other.
        if body.iter().find(|b| !b.is_ascii_whitespace()) != Some(&b'{') {
            return Err(Problem::invalid("The body must be a JSON object, in braces."));
        }
        let mut reader = serde_json::Deserializer::from_slice(&body);
        let value = serde_path_to_error::deserialize(&mut reader).map_err(|e| json_problem(&e))?;
        reader.end().map_err(|e| Problem::invalid(format!("The body is not valid JSON: {e}.")))?;
        Ok(Self(value))
    }
}

/// Room for a usual answer: a buffer that grows is copied again and again.
const USUAL_ANSWER_BYTES: usize = 1536;

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        let mut body = Vec::with_capacity(USUAL_ANSWER_BYTES);
        match serde_json::to_writer(&mut body, &self.0) {
            Ok(()) => {
                let mut response = Response::new(Body::from(body));
                response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                response
            }
            Err(error) => Problem::internal(format!("an answer could not be written as JSON: {error}")).into_response(),
        }
    }
}

fn is_json(request: &Request) -> bool {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|mime| mime.trim().eq_ignore_ascii_case("application/json"))
}

/// Whether the JSON text writes a NUL (`\u0000` with its backslash not itself escaped).
fn has_nul_escape(body: &[u8]) -> bool {
    let mut rest = body;
    while let Some(at) = rest.iter().position(|b| *b == b'\\') {
        if rest[at + 1..].starts_with(b"u0000") {
            return true;
        }
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    false
}

fn body_problem(rejection: &Response) -> Problem {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            "The body is too large",
            "The request's body is larger than this operation accepts.",
            "Send less.",
        ),
        _ => Problem::invalid("The body could not be read to its end."),
    }
}

fn json_problem(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let (path, inner) = (error.path().to_string(), error.inner());
    let message = inner.to_string();
    let said = sentence(&message);
    // A field that is not named there is not named here either.
    let is_hidden = message.starts_with("unknown field") && said.starts_with("Unknown field,");
    if inner.is_data() && path != "." && !is_hidden {
        return Problem::invalid_field(&path, "wrong_type", said);
    }
    Problem::invalid(format!("The body is not what this operation expects: {said}"))
}

/// The parser's message without its position and without what was sent, as a sentence.
fn sentence(message: &str) -> String {
    let text = without_what_was_sent(message);
    let text = text.split(" at line ").next().unwrap_or(&text);
    // What a type is called in our source says nothing to whoever calls.
    let text = text
        .split_once("expected struct ")
        .map_or_else(|| text.to_owned(), |(so_far, _)| format!("{so_far}expected an object"));
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// What was sent may be a secret in the wrong place. Only what looks like a field's name is shown, since
/// whoever mistyped it has to find it.
fn without_what_was_sent(message: &str) -> String {
    let quoted = ["invalid type: string \"", "invalid value: string \"", "unknown variant `", "unknown field `"];
    let Some(begin) = quoted.into_iter().find(|begin| message.starts_with(begin)) else { return message.to_owned() };
    let (before, expected) = message.rsplit_once(", expected ").unwrap_or((message, "something else"));
    let sent = before.get(begin.len()..before.len() - 1).unwrap_or_default();
    let is_name = sent.len() <= 40 && sent.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    if begin.starts_with("unknown field") && is_name {
        return message.to_owned();
    }
    format!("{}, expected {expected}", &begin[..begin.len() - 2])
}

/// Parts of the path, by type.
#[derive(Debug, Clone)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        // An id that cannot exist is answered like one that does not exist.
        read.map(|axum::extract::Path(value)| Self(value)).map_err(|_| Problem::not_found("resource"))
    }
}

/// The query string, by type.
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        read.map(|axum::extract::Query(value)| Self(value))
            .map_err(|e| Problem::invalid(format!("The query string is not valid: {}.", e.body_text())))
    }
}

/// Created: 201 with the new thing.
#[derive(Debug, Clone)]
pub struct Created<T>(pub T);

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, axum::Json(self.0)).into_response()
    }
}

/// Done, nothing to say: 204.
#[derive(Debug, Clone, Copy)]
pub struct Done;

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

/// Reads a raw body of at most `limit` bytes.
///
/// # Errors
/// 413 when it is larger.
pub async fn read_body(request: Request, limit: usize) -> Result<Bytes, Problem> {
    let request = request.with_limited_body();
    let body = axum::body::to_bytes(request.into_body(), limit).await;
    body.map_err(|_| body_problem(&StatusCode::PAYLOAD_TOO_LARGE.into_response()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_nul_is_seen_and_an_escaped_backslash_is_not_one() {
        assert!(has_nul_escape(br#"{"a":"x\u0000"}"#));
        assert!(has_nul_escape(br#"{"a":"\\\u0000"}"#));
        assert!(!has_nul_escape(br#"{"a":"\\u0000"}"#));
        assert!(!has_nul_escape(br#"{"a":"\"#));
    }

    #[test]
    fn what_was_sent_is_not_repeated() {
        for (message, said) in [
            (
                r#"invalid type: string "hunter2", expected u16 at line 1 column 9"#,
                "Invalid type: string, expected u16.",
            ),
            (r#"invalid value: string "a", expected b", expected u16"#, "Invalid value: string, expected u16."),
            ("unknown variant `hunter2 at line 3`, expected `a` or `b`", "Unknown variant, expected `a` or `b`."),
            ("unknown field `Hunter2`, expected `a`", "Unknown field, expected `a`."),
            ("unknown field `nmae`, expected `name`", "Unknown field `nmae`, expected `name`."),
            ("unknown variant `hunter2`, there are no variants", "Unknown variant, expected something else."),
            (
                "invalid type: integer `5`, expected a string at line 1 column 2",
                "Invalid type: integer `5`, expected a string.",
            ),
            ("missing field `name`", "Missing field `name`."),
        ] {
            assert_eq!(sentence(message), said);
        }
    }
}
