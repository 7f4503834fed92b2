//! What people can prove besides a password: one-time codes, passkeys, other providers, a mailbox.
//!
//! Each kind of proof is one module; all of them end in `Identity::complete_sign_in`, which knows
//! nothing of how the proof was made. Start at [`available_second_factors`] for what a password
//! sign-in asks next, and at [`Factors`] for what these ways share.

pub(crate) mod magic_link;
pub(crate) mod mail;
pub(crate) mod oidc;
pub(crate) mod passkey;
pub(crate) mod recovery;
pub(crate) mod reset;
mod sweep;
pub(crate) mod totp;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diwan_kernel::id::UserId;
use diwan_kernel::keys::server_key;
use diwan_kernel::{Actor, Ctx, DbError, Problem, Tx};
use ring::hmac;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zeroize::Zeroizing;

use crate::api::{
    confirm_totp, delete_passkey, disable_totp, finish_oidc_sign_in, finish_passkey_registration,
    finish_passkey_sign_in, finish_passkey_step_up, list_linked_identities, list_outbox_mails, list_passkeys,
    redeem_magic_link, regenerate_recovery_codes, rename_passkey, request_magic_link, start_oidc_link,
    start_oidc_sign_in, start_passkey_registration, start_passkey_sign_in, start_passkey_step_up, start_totp,
    unlink_identity,
};
use crate::error::StartError;
use crate::identity::{Identity, Parts};
use crate::sign_in::SecondFactorMethod;
use crate::table;

/// What the ways to prove oneself keep in memory.
#[derive(Debug)]
pub(crate) struct Factors {
    recovery_key: hmac::Key,
    mailer: mail::Mailer,
    passkeys: passkey::Home,
    oidc: oidc::Oidc,
}

impl Factors {
    /// Makes them ready.
    ///
    /// # Errors
    /// When a setting is not usable or a server key cannot be had.
    pub(crate) async fn start(parts: &Parts) -> Result<Self, StartError> {
        let world = parts.db.world().clone();
        let fresh = || Zeroizing::new(world.random::<32>().to_vec());
        let key = server_key(&parts.db, &parts.sealer, "identity.recovery_code", fresh).await?;
        Ok(Self {
            recovery_key: hmac::Key::new(hmac::HMAC_SHA256, &key),
            mailer: mail::Mailer::new(parts.mail.clone(), &parts.instance_name),
            passkeys: passkey::Home::new(&parts.public_url, &parts.instance_name)?,
            oidc: oidc::Oidc::new(parts.oidc.clone()),
        })
    }

    pub(crate) const fn recovery_key(&self) -> &hmac::Key {
        &self.recovery_key
    }

    pub(crate) const fn mailer(&self) -> &mail::Mailer {
        &self.mailer
    }

    pub(crate) const fn oidc(&self) -> &oidc::Oidc {
        &self.oidc
    }

    pub(crate) const fn passkeys(&self) -> &passkey::Home {
        &self.passkeys
    }
}

/// Starts their background tasks.
pub(crate) fn spawn_tasks(identity: &Identity) {
    mail::spawn(identity);
    sweep::spawn(identity);
}

/// The operations of this module.
pub(crate) fn routes() -> OpenApiRouter<Identity> {
    OpenApiRouter::new()
        .routes(routes!(request_magic_link::request_magic_link))
        .routes(routes!(redeem_magic_link::redeem_magic_link))
        .routes(routes!(start_passkey_sign_in::start_passkey_sign_in))
        .routes(routes!(finish_passkey_sign_in::finish_passkey_sign_in))
        .routes(routes!(start_passkey_step_up::start_passkey_step_up))
        .routes(routes!(finish_passkey_step_up::finish_passkey_step_up))
        .routes(routes!(start_passkey_registration::start_passkey_registration))
        .routes(routes!(finish_passkey_registration::finish_passkey_registration))
        .routes(routes!(list_passkeys::list_passkeys))
        .routes(routes!(rename_passkey::rename_passkey, delete_passkey::delete_passkey))
        .routes(routes!(start_totp::start_totp, disable_totp::disable_totp))
        .routes(routes!(confirm_totp::confirm_totp))
        .routes(routes!(regenerate_recovery_codes::regenerate_recovery_codes))
        .routes(routes!(start_oidc_sign_in::start_oidc_sign_in))
        .routes(routes!(finish_oidc_sign_in::finish_oidc_sign_in))
        .routes(routes!(start_oidc_link::start_oidc_link))
        .routes(routes!(list_linked_identities::list_linked_identities))
        .routes(routes!(unlink_identity::unlink_identity))
        .routes(routes!(list_outbox_mails::list_outbox_mails))
}

/// What this person can prove as a second factor. Empty unless TOTP is enrolled: then `[totp,
/// recovery_code if any is left, passkey if there is one]`. A non-empty answer makes sign-in ask.
pub(crate) async fn available_second_factors(
    identity: &Identity,
    user: UserId,
) -> Result<Vec<SecondFactorMethod>, Problem> {
    if !totp::is_enabled(identity, user).await? {
        return Ok(vec![]);
    }
    let mut methods = vec![SecondFactorMethod::Totp];
    if recovery_codes_left(identity, user).await? > 0 {
        methods.push(SecondFactorMethod::RecoveryCode);
    }
    if identity.factors().passkeys().is_named() && passkey_count(identity, user).await? > 0 {
        methods.push(SecondFactorMethod::Passkey);
    }
    Ok(methods)
}

/// Checks a code; a right one is used up. Attempts are counted by the caller.
pub(crate) async fn verify_second_factor(
    identity: &Identity,
    ctx: &Ctx,
    user: UserId,
    method: SecondFactorMethod,
    code: &str,
) -> Result<(), Problem> {
    match method {
        SecondFactorMethod::Totp => totp::verify(identity, ctx, user, code).await,
        SecondFactorMethod::RecoveryCode => recovery::verify(identity, ctx, user, code).await,
        // A passkey is no code: it is used by signing in with it.
        SecondFactorMethod::Passkey => Err(crate::refusal::code_wrong()),
    }
}

/// How many passkeys this person has.
pub(crate) async fn passkey_count(identity: &Identity, user: UserId) -> Result<u32, Problem> {
    Ok(table::passkey::count(identity.db(), user).await?)
}

/// How many recovery codes are left to this person.
pub(crate) async fn recovery_codes_left(identity: &Identity, user: UserId) -> Result<u32, Problem> {
    Ok(table::recovery_code::count_left(identity.db(), user).await?)
}

/// The person behind a session. What concerns how somebody signs in is for people, not for API tokens.
///
/// # Errors
/// 401 for nobody, 403 for an API token.
pub(crate) fn session_user(ctx: &Ctx) -> Result<UserId, Problem> {
    match &ctx.actor {
        Actor::User { id, .. } => Ok(*id),
        Actor::Token { .. } => Err(Problem::session_required()),
        Actor::Anonymous | Actor::System(_) => Err(Problem::sign_in_required()),
    }
}

/// Deletes everything that this person could prove, while they are still there.
pub(crate) async fn delete_all_of(tx: &mut Tx, user: UserId) -> Result<(), DbError> {
    table::outbox_mail::delete_all_to(tx, user).await?;
    table::magic_link::delete_all(tx, user).await?;
    table::oidc_identity::delete_all(tx, user).await?;
    table::passkey::delete_all(tx, user).await?;
    table::recovery_code::delete(tx, user).await?;
    table::totp::delete(tx, user).await.map(drop)
}

/// Deletes this person's second factor and their passkeys: whoever has them proves nothing any more.
pub(crate) async fn drop_all_of(tx: &mut Tx, user: UserId) -> Result<(), DbError> {
    totp::forget(tx, user).await?;
    table::passkey::delete_all(tx, user).await.map(drop)
}

/// A digest as text: the name of a row that has no other.
pub(crate) fn row_name(digest: &[u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(digest)
}
