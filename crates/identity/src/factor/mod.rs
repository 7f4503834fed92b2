//! What people can prove besides a password: one-time codes, passkeys, other providers, a mailbox.
//!
//! Each kind of proof is one module; all of them end in `Identity::complete_sign_in`, which knows
//! nothing of how the proof was made. Start at [`available_second_factors`] for what a password
//! sign-in asks next, and at [`Factors`] for what these ways share.

pub(crate) mod mail;

use diwan_kernel::id::User;
use diwan_kernel::{Ctx, DbError, Id, Problem, Tx};
use utoipa_axum::router::OpenApiRouter;

use crate::error::StartError;
use crate::identity::{Identity, Parts};
use crate::sign_in::SecondFactorMethod;

/// What the ways to prove oneself keep in memory.
#[derive(Debug)]
pub(crate) struct Factors {}

impl Factors {
    /// Makes them ready.
    ///
    /// # Errors
    /// When a setting is not usable or a server key cannot be had.
    #[expect(clippy::unused_async, reason = "keys come next")]
    pub(crate) async fn start(_parts: &Parts) -> Result<Self, StartError> {
        Ok(Self {})
    }
}

/// Starts their background tasks.
pub(crate) fn spawn_tasks(_: &Identity) {}

/// The operations of this module.
pub(crate) fn routes() -> OpenApiRouter<Identity> {
    OpenApiRouter::new()
}

/// What this person can prove as a second factor. Empty unless TOTP is enrolled: then `[totp,
/// recovery_code if any is left, passkey if there is one]`. A non-empty answer makes sign-in ask.
#[expect(clippy::unused_async, reason = "placeholder")]
pub(crate) async fn available_second_factors(_: &Identity, _: Id<User>) -> Result<Vec<SecondFactorMethod>, Problem> {
    Ok(vec![])
}

/// Checks a code; a right one is used up. Attempts are counted by the caller.
#[expect(clippy::unused_async, reason = "placeholder")]
pub(crate) async fn verify_second_factor(
    _: &Identity,
    _: &Ctx,
    _user: Id<User>,
    _method: SecondFactorMethod,
    _code: &str,
) -> Result<(), Problem> {
    Err(crate::refusal::code_wrong())
}

/// How many passkeys this person has.
#[expect(clippy::unused_async, reason = "placeholder")]
pub(crate) async fn passkey_count(_: &Identity, _: Id<User>) -> Result<u32, Problem> {
    Ok(0)
}

/// How many recovery codes are left to this person.
#[expect(clippy::unused_async, reason = "placeholder")]
pub(crate) async fn recovery_codes_left(_: &Identity, _: Id<User>) -> Result<u32, Problem> {
    Ok(0)
}

/// Deletes everything that this person could prove.
#[expect(clippy::unused_async, reason = "placeholder")]
pub(crate) async fn delete_all_of(_: &mut Tx, _: Id<User>) -> Result<(), DbError> {
    Ok(())
}
