//! What people can prove besides a password: one-time codes, passkeys, other providers, a mailbox.
//! (Owner: identity factors. These are placeholders with the agreed signatures.)

pub(crate) mod mail;

use diwan_kernel::id::UserId;
use diwan_kernel::{Ctx, DbError, Problem, Tx};
use utoipa_axum::router::OpenApiRouter;

use crate::identity::Identity;
use crate::sign_in::SecondFactorMethod;

/// The operations of this module.
pub(crate) fn routes() -> OpenApiRouter<Identity> {
    OpenApiRouter::new()
}

/// What this person can prove as a second factor. Empty unless TOTP is enrolled: then `[totp,
/// recovery_code if any is left, passkey if there is one]`. A non-empty answer makes sign-in ask.
#[expect(clippy::unused_async, reason = "placeholder")]
pub(crate) async fn available_second_factors(_: &Identity, _: UserId) -> Result<Vec<SecondFactorMethod>, Problem> {
    Ok(vec![])
}

/// Checks a code; a right one is used up. Attempts are counted by the caller.
#[expect(clippy::unused_async, reason = "placeholder")]
pub(crate) async fn verify_second_factor(
    _: &Identity,
    _: &Ctx,
    _user: UserId,
    _method: SecondFactorMethod,
    _code: &str,
) -> Result<(), Problem> {
    Err(crate::refusal::code_wrong())
}

/// How many passkeys this person has.
#[expect(clippy::unused_async, reason = "placeholder")]
pub(crate) async fn passkey_count(_: &Identity, _: UserId) -> Result<u32, Problem> {
    Ok(0)
}

/// How many recovery codes are left to this person.
#[expect(clippy::unused_async, reason = "placeholder")]
pub(crate) async fn recovery_codes_left(_: &Identity, _: UserId) -> Result<u32, Problem> {
    Ok(0)
}

/// Deletes everything that this person could prove.
#[expect(clippy::unused_async, reason = "placeholder")]
pub(crate) async fn delete_all_of(_: &mut Tx, _: UserId) -> Result<(), DbError> {
    Ok(())
}
