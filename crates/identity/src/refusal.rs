//! Every refusal of this capability that more than one place gives, worded once.

use axum::http::StatusCode;
use diwan_kernel::Problem;
use diwan_kernel::problem::FieldError;

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

/// The password alone does not confirm anything for somebody who has a second factor.
pub(crate) fn second_factor_required() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "second_factor_required",
        "Confirm with your second factor",
        "Your account has a second factor, so the password alone does not confirm this.",
        "Confirm with a code from your authenticator app, a recovery code, or a passkey.",
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

/// The session behind a cookie or an access token is over.
pub(crate) fn session_ended() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "session_ended",
        "Your session has ended",
        "The session was signed out, revoked, or not used for too long.",
        "Sign in again.",
    )
}

/// What stands in the Authorization header does not count.
pub(crate) fn token_invalid() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "token_invalid",
        "The token is not valid",
        "The token in the Authorization header is not one that this installation gave, or it was revoked.",
        "Send a valid access token or API token as `Authorization: Bearer …`.",
    )
}

/// It counted once.
pub(crate) fn token_expired() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "token_expired",
        "The token has expired",
        "The token in the Authorization header is no longer valid.",
        "Exchange the refresh token for a new access token (POST /api/v1/auth/refresh), or make a new API token.",
    )
}

/// The address is not on the allow-list.
pub(crate) fn address_not_allowed() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "address_not_allowed",
        "Not from this address",
        "This installation, or this token, may not be used from the address that you come from.",
        "Connect from an allowed network, or ask an owner of this installation.",
    )
}

/// A mailbox alone is not enough for somebody who may do so much.
pub(crate) fn stronger_sign_in_needed() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "stronger_sign_in_needed",
        "An e-mail link is not enough here",
        "Owners and admins cannot sign in with an e-mail link alone.",
        "Sign in with your password or a passkey. With two-factor sign-in set up, e-mail links work too.",
    )
}

/// A password that is not good enough.
pub(crate) fn password_too_weak(error: FieldError) -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "password_too_weak",
        "This password is too easy to guess",
        error.message.clone(),
        "Choose a longer one; a few unrelated words do well.",
    )
    .with_errors(vec![error])
}

/// The last owner must stay.
pub(crate) fn last_owner() -> Problem {
    Problem::conflict(
        "last_owner",
        "Somebody must own this installation",
        "This is the only owner who can sign in, so they cannot be removed, disabled or given another role.",
        "Make somebody else an owner first.",
    )
}

/// The plan allows no more.
pub(crate) fn quota_reached(what: &str, most: u32) -> Problem {
    Problem::conflict(
        "quota_reached",
        "The plan allows no more",
        format!("Your plan allows {most} {what}."),
        "Remove one that is no longer needed, or ask an admin for another plan.",
    )
}
