//! Codes from an authenticator app (RFC 6238): six digits, every thirty seconds, each good for once.

use std::time::Duration;

use axum::http::StatusCode;
use diwan_kernel::id::User;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Ctx, DbError, Entry, Id, Problem, Secret, Tx};
use totp_rs::{Algorithm, Builder, Totp};
use zeroize::Zeroizing;

use super::mail::template::Change;
use super::{mail, recovery};
use crate::event::{MeUpdated, UserUpdated};
use crate::identity::Identity;
use crate::refusal::code_wrong;
use crate::table;
use crate::throttle::Tried;

const SEED_BYTES: usize = 20;
const STEP_S: u64 = 30;
/// A pending seed that nobody confirms in this time is worth nothing.
const PENDING: Duration = Duration::from_secs(30 * 60);

/// A seed as an authenticator app takes it.
#[derive(Debug)]
pub(crate) struct Enrolment {
    /// The seed in base 32, for typing.
    pub(crate) secret: Secret<String>,
    /// The `otpauth` address, for scanning.
    pub(crate) uri: Secret<String>,
}

/// Makes a seed that counts once it is confirmed.
///
/// # Errors
/// 409 when one counts already.
pub(crate) async fn start(identity: &Identity, ctx: &Ctx, user: Id<User>) -> Result<Enrolment, Problem> {
    let person = table::user::find(identity.db(), user).await?.ok_or_else(Problem::sign_in_required)?;
    let seed = Zeroizing::new(ctx.world.random::<SEED_BYTES>());
    let totp = generator(&*seed, Some((identity.instance_name(), &person.email)))?;
    let uri = totp.to_url().map_err(Problem::internal)?;
    let sealed = identity.sealer().seal(&*seed, table::totp::place(&user.to_string())).map_err(Problem::internal)?;
    let mut tx = identity.db().begin(ctx).await?;
    if !table::totp::put_pending(&mut tx, user, sealed, ctx.now()).await? {
        return Err(already_enabled());
    }
    tx.commit(Entry::done("totp.start").on("user", user)).await?;
    Ok(Enrolment { secret: Secret::new(totp.secret().to_base32()), uri: Secret::new(uri) })
}

/// Makes the pending seed count, given a code from it, and gives the first recovery codes.
///
/// # Errors
/// When no seed is pending, or the code is not right.
pub(crate) async fn confirm(
    identity: &Identity,
    ctx: &Ctx,
    user: Id<User>,
    code: &str,
) -> Result<recovery::Codes, Problem> {
    let attempt = identity.begin_attempt(ctx, Tried::Code, &user.to_string()).await?;
    let stored = table::totp::find(identity.db(), user).await?.ok_or_else(not_started)?;
    if stored.confirmed_at.is_some() {
        return Err(already_enabled());
    }
    if stored.created_at.plus(PENDING) <= ctx.now() {
        return Err(not_started());
    }
    let step = matching_step(&open(identity, user, &stored.seed)?, code, ctx.now());
    let step = step.ok_or_else(confirmation_wrong)?;
    let codes = recovery::Codes::fresh(&ctx.world);
    let hashes = codes.hashes(identity.factors().recovery_key(), user);
    let mut tx = identity.db().begin(ctx).await?;
    if !table::totp::confirm(&mut tx, user, stored.created_at, step, ctx.now()).await? {
        return Err(confirmation_wrong());
    }
    table::recovery_code::replace(&mut tx, user, &hashes, ctx.now()).await?;
    table::user::set_two_factor(&mut tx, user, true).await?;
    announce(&mut tx, user);
    mail::tell(identity, ctx, &mut tx, user, Change::TotpEnabled).await?;
    tx.commit(Entry::done("totp.enable").on("user", user)).await?;
    mail::wake(identity);
    identity.forgive_attempt(attempt).await?;
    Ok(codes)
}

/// Uses a code up.
///
/// # Errors
/// `code_wrong`, whatever is wrong with it.
pub(crate) async fn verify(identity: &Identity, ctx: &Ctx, user: Id<User>, code: &str) -> Result<(), Problem> {
    let stored = table::totp::find(identity.db(), user).await?.filter(|t| t.confirmed_at.is_some());
    let stored = stored.ok_or_else(code_wrong)?;
    let step = matching_step(&open(identity, user, &stored.seed)?, code, ctx.now()).ok_or_else(code_wrong)?;
    let mut tx = identity.db().begin(ctx).await?;
    if !table::totp::use_step(&mut tx, user, stored.created_at, step).await? {
        return Err(code_wrong());
    }
    // What the code is for leaves the entry.
    tx.commit_unrecorded(diwan_kernel::db::Unrecorded::Bookkeeping).await?;
    Ok(())
}

/// Stops asking for codes, and forgets the recovery codes with the seed. Whose password is too short
/// to stand alone chooses a longer one first.
///
/// # Errors
/// 404 when none are asked for; 409 `password_too_short_without_second_factor`.
pub(crate) async fn disable(identity: &Identity, ctx: &Ctx, user: Id<User>) -> Result<(), Problem> {
    let mut tx = identity.db().begin(ctx).await?;
    table::user::lock(&mut tx, user).await?;
    let person = table::user::find_in(&mut tx, user).await?.ok_or_else(Problem::sign_in_required)?;
    if !forget(&mut tx, user).await? {
        return Err(Problem::not_found("authenticator app on your account"));
    }
    if person.password_needs_second_factor == Some(true) {
        return Err(password_too_short());
    }
    announce(&mut tx, user);
    mail::tell(identity, ctx, &mut tx, user, Change::TotpDisabled).await?;
    tx.commit(Entry::done("totp.disable").on("user", user)).await?;
    mail::wake(identity);
    Ok(())
}

/// Forgets the seed and the recovery codes; false when no codes were asked for.
pub(super) async fn forget(tx: &mut Tx, user: Id<User>) -> Result<bool, DbError> {
    let was_enabled = table::totp::delete(tx, user).await?;
    table::recovery_code::delete(tx, user).await?;
    table::user::set_two_factor(tx, user, false).await?;
    Ok(was_enabled)
}

/// Whether this person is asked for codes.
pub(crate) async fn is_enabled(identity: &Identity, user: Id<User>) -> Result<bool, Problem> {
    Ok(table::totp::find(identity.db(), user).await?.is_some_and(|t| t.confirmed_at.is_some()))
}

fn announce(tx: &mut Tx, user: Id<User>) {
    tx.emit(&MeUpdated { user });
    tx.emit(&UserUpdated { id: user });
}

fn open(identity: &Identity, user: Id<User>, sealed: &[u8]) -> Result<Totp, Problem> {
    let seed = identity.sealer().unseal(sealed, table::totp::place(&user.to_string()));
    generator(&seed.map_err(Problem::internal)?, None)
}

fn generator(seed: &[u8], named: Option<(&str, &str)>) -> Result<Totp, Problem> {
    let mut builder = Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_skew(1)
        .with_step_duration(STEP_S)
        .with_secret(seed.to_vec());
    if let Some((issuer, account)) = named {
        // A colon separates the two in the address, so neither may hold one.
        builder = builder.with_issuer(Some(issuer.replace(':', " "))).with_account_name(account.replace(':', " "));
    }
    builder.build().map_err(Problem::internal)
}

/// The step that a code belongs to: now, the one before or the one after.
fn matching_step(totp: &Totp, code: &str, now: Timestamp) -> Option<i64> {
    let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let now = u64::try_from(now.as_secs()).ok()?;
    i64::try_from(totp.check(&digits, now)?).ok()
}

fn already_enabled() -> Problem {
    Problem::conflict(
        "totp_already_enabled",
        "An authenticator app is set up already",
        "Your account already asks for the codes of an authenticator app.",
        "Remove the app from your account first if you want to set up another one.",
    )
}

fn not_started() -> Problem {
    Problem::conflict(
        "totp_not_started",
        "There is nothing to confirm",
        "The set-up of an authenticator app was not begun, or was begun too long ago.",
        "Begin again and scan the new code.",
    )
}

fn password_too_short() -> Problem {
    Problem::conflict(
        "password_too_short_without_second_factor",
        "Your password is too short to stand alone",
        "Without a second factor a password needs at least 15 characters, and yours has fewer.",
        "Choose a longer password first (PUT /api/v1/me/password), then remove the authenticator app.",
    )
}

fn confirmation_wrong() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "code_wrong",
        "The code is not right",
        "The code does not belong to the key that was just shown.",
        "Check that the clock of your phone is right, and enter the newest code.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The seed of RFC 6238, appendix B.
    const RFC_SEED: &[u8] = b"12345678901234567890";

    fn rfc() -> Totp {
        generator(RFC_SEED, Some(("Diwan: at home", "amina@example.org"))).unwrap()
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        // The standard prints eight digits; six-digit codes are their last six.
        for (at_s, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let now = Timestamp::from_millis(at_s * 1000);
            assert_eq!(matching_step(&rfc(), code, now), Some(at_s / 30), "{at_s}");
        }
    }

    #[test]
    fn a_code_counts_one_step_early_and_one_step_late_and_no_longer() {
        // The step of this code is from 1,234,567,890 to 1,234,567,919.
        for (now_s, counts) in [(859, false), (860, true), (890, true), (919, true), (949, true), (950, false)] {
            let now = Timestamp::from_millis((1_234_567_000 + now_s) * 1000);
            assert_eq!(matching_step(&rfc(), "005924", now).is_some(), counts, "{now_s}");
        }
    }

    #[test]
    fn only_six_digits_are_a_code() {
        let now = Timestamp::from_millis(1_234_567_890_000);
        assert!(matching_step(&rfc(), "005 924", now).is_some(), "as apps show it");
        for code in ["", "05924", "0005924", "+05924", "-05924", "00592a", "٠٠٥٩٢٤", "005924\u{0}", "0x5924", "5924"]
        {
            assert_eq!(matching_step(&rfc(), code, now), None, "{code:?}");
        }
    }

    #[test]
    fn the_address_names_issuer_and_account() {
        let uri = rfc().to_url().unwrap();
        let read = url::Url::parse(&uri).unwrap();
        assert_eq!((read.scheme(), read.host_str()), ("otpauth", Some("totp")));
        assert!(uri.contains("issuer=Diwan%20%20at%20home") && uri.contains("amina%40example.org"), "{uri}");
        assert!(uri.contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), "{uri}");
    }
}
