//! Every refusal of this capability that more than one place gives, worded once.

use axum::http::StatusCode;
use diwan_kernel::Problem;

/// The e-mail address and the password do not belong together: one text for every reason.
pub(crate) fn credentials_wrong() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "credentials_wrong",
        "That did not match",
        "The e-mail address and password do not match an account that can sign in here.",
        "Check both and try again, or sign in by e-mail link or passkey.",
    )
}

/// A one-time code was not right.
pub(crate) fn code_wrong() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "code_wrong",
        "The code is not right",
        "The code is not right, was used before, or is no longer valid.",
        "Enter the newest code of your authenticator app, or an unused recovery code.",
    )
}

/// The time between the first and the second factor ran out.
pub(crate) fn challenge_expired() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "challenge_expired",
        "Too much time has passed",
        "The sign-in was not finished in time, or was finished already.",
        "Sign in again from the start.",
    )
}

/// The account may not sign in, or may not sign in this way.
pub(crate) fn account_disabled() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "account_disabled",
        "This account is disabled",
        "An admin has disabled this account.",
        "Ask an owner or admin of this installation.",
    )
}
