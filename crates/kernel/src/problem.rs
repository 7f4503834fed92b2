//! What went wrong, told to whoever must act: `application/problem+json` (RFC 9457).
//!
//! A capability turns its own errors into a [`Problem`] in one place. The cause stays inside: it is
//! logged once, at the edge, and never reaches the client.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// Something wrong with one field of the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// Which field, as a path like `allowed_addresses[2]`.
    pub field: String,
    /// What is wrong, stable for programs.
    pub code: &'static str,
    /// What is wrong, for people.
    pub message: String,
}

/// An answer that is not a success.
#[derive(Clone)]
pub struct Problem {
    inner: Box<Inner>,
}

#[derive(Clone)]
struct Inner {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: String,
    next: String,
    errors: Vec<FieldError>,
    retry_after: Option<Duration>,
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

/// The document a client reads.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument<'a> {
    /// Always `about:blank`: the code tells problems apart.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The HTTP status.
    status: u16,
    /// What went wrong, stable for programs.
    code: &'a str,
    /// What went wrong, in a few words.
    title: &'a str,
    /// What went wrong here, in a sentence.
    detail: &'a str,
    /// What to do next.
    next: &'a str,
    /// Which request this was, to find it in the logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    request_id: Option<&'a str>,
    /// The fields that are wrong.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    /// After how many seconds to try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    retry_after_s: Option<u64>,
}

impl Problem {
    /// A problem with its stable code, its title, a sentence about it and what to do next.
    pub fn new(
        status: StatusCode,
        code: &'static str,
        title: &'static str,
        detail: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        let (detail, next) = (detail.into(), next.into());
        Self {
            inner: Box::new(Inner {
                status,
                code,
                title,
                detail,
                next,
                errors: vec![],
                retry_after: None,
                cause: None,
            }),
        }
    }

    /// Our own fault. The cause is logged; the client learns nothing of it.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal_error",
            "Something went wrong on our side",
            "The request could not be completed because of an error inside Diwan.",
            "Try again. If it happens again, look up the request id in the server's log.",
        )
        .because(cause)
    }

    /// Nobody has signed in.
    pub fn sign_in_required() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "sign_in_required",
            "Sign-in required",
            "This needs a signed-in session, an access token or an API token that is still valid.",
            "Sign in, or send a valid token in the Authorization header.",
        )
    }

    /// The caller is known but not allowed.
    pub fn not_allowed(permission: &str) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "not_allowed",
            "Not allowed",
            format!("This needs the permission {permission}, which your role or token does not have."),
            "Ask an owner or admin of this installation for it.",
        )
    }

    /// The caller may do nothing else before they have a second factor.
    pub fn second_factor_needed() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "second_factor_needed",
            "Set up a second factor first",
            "This installation asks for a second factor before you can do this, and your account has none.",
            "Set up an authenticator app in your profile under Security (POST /api/v1/me/totp), then repeat the request.",
        )
    }

    /// The caller may do nothing else before they have a longer password.
    pub fn longer_password_needed() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "longer_password_needed",
            "Choose a longer password first",
            "Your password was chosen for an account with a second factor, and yours has none any more.",
            "Choose a password of at least 15 characters in your profile under Security (PUT /api/v1/me/password), \
             or set up an authenticator app again.",
        )
    }

    /// A fresh proof of identity is needed.
    pub fn step_up_required() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "step_up_required",
            "Confirm that it is you",
            "This action needs a proof of identity from the last ten minutes.",
            "Confirm with your password, a code or a passkey (POST /api/v1/auth/step-up), then repeat the request.",
        )
    }

    /// An API token tried what only a person may do.
    pub fn session_required() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "session_required",
            "A person has to do this",
            "API tokens cannot do this: it needs a signed-in person who confirms it.",
            "Sign in in the browser or with `diwan login`.",
        )
    }

    /// The thing is not there, or the caller may not know that it is.
    pub fn not_found(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "Not found",
            format!("There is no such {what}."),
            "Check the address; it may have been removed.",
        )
    }

    /// The request itself is wrong.
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "request_invalid",
            "The request is not valid",
            detail,
            "Compare the request with the API reference at /docs.",
        )
    }

    /// Some fields of the request are wrong.
    pub fn invalid_fields(errors: Vec<FieldError>) -> Self {
        let detail = errors.iter().map(|e| format!("{}: {}", e.field, e.message)).collect::<Vec<_>>().join(" ");
        let mut problem = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "fields_invalid",
            "Some fields are not valid",
            detail,
            "Correct the named fields and send the request again.",
        );
        problem.inner.errors = errors;
        problem
    }

    /// One field of the request is wrong.
    pub fn invalid_field(field: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self::invalid_fields(vec![FieldError { field: field.to_owned(), code, message: message.into() }])
    }

    /// The request contradicts how things are now.
    pub fn conflict(
        code: &'static str,
        title: &'static str,
        detail: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self::new(StatusCode::CONFLICT, code, title, detail, next)
    }

    /// Too much, too fast.
    pub fn too_many(code: &'static str, detail: impl Into<String>, retry_after: Duration) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, code, "Too many requests", detail, "Wait, then try again.")
            .retry_after(retry_after)
    }

    /// Not now.
    pub fn unavailable(code: &'static str, detail: impl Into<String>, retry_after: Duration) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, "Not available right now", detail, "Wait, then try again.")
            .retry_after(retry_after)
    }

    /// Which fields are wrong, and how.
    pub fn errors(&self) -> &[FieldError] {
        &self.inner.errors
    }

    /// Names the fields that are wrong.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.inner.errors = errors;
        self
    }

    /// Says when to try again.
    #[must_use]
    pub fn retry_after(mut self, after: Duration) -> Self {
        self.inner.retry_after = Some(after);
        self
    }

    /// Keeps the cause for the log.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.inner.cause = Some(Arc::from(cause.into()));
        self
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.inner.code
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.inner.status
    }

    /// The sentence about it.
    pub fn detail(&self) -> &str {
        &self.inner.detail
    }

    /// The cause with everything below it, for the log.
    pub fn cause_chain(&self) -> Option<String> {
        let mut text = String::new();
        let mut cause: Option<&dyn Error> = self.inner.cause.as_ref().map(|c| &**c as &dyn Error);
        while let Some(error) = cause {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&error.to_string());
            cause = error.source();
        }
        (!text.is_empty()).then_some(text)
    }

    /// The answer, with the id of its request. The problem itself travels along for the edge.
    pub fn into_response_for(self, request_id: Option<&str>) -> Response {
        let inner = &self.inner;
        let retry_after_s = inner.retry_after.map(|d| d.as_secs() + u64::from(d.subsec_nanos() > 0));
        let document = ProblemDocument {
            kind: "about:blank",
            status: inner.status.as_u16(),
            code: inner.code,
            title: inner.title,
            detail: &inner.detail,
            next: &inner.next,
            request_id,
            errors: &inner.errors,
            retry_after_s,
        };
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let mut response = (inner.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if inner.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"diwan\""));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { status, code, detail, .. } = &*self.inner;
        write!(f, "{status} {code}: {detail}")?;
        self.cause_chain().map_or(Ok(()), |chain| write!(f, " ({chain})"))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inner.detail)
    }
}

impl Error for Problem {}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.into_response_for(None)
    }
}
