//! Taking somebody's second factor away for them: the phone is lost, and the recovery codes with it.

use diwan_kernel::id::UserId;
use diwan_kernel::{Ctx, Entry, Permission, Problem, Role};

use super::mail::template::Change;
use super::{mail, totp};
use crate::identity::Identity;
use crate::people::announce_change;
use crate::{session, table};

/// Removes somebody's authenticator app and recovery codes, and their passkeys if that is asked for,
/// and ends all their sessions: whoever found the phone is out.
///
/// # Errors
/// 403 for anybody but an owner when it is about an owner or admin, 404 when there is nothing to
/// remove, 409 for oneself and for somebody's last way in.
pub(crate) async fn reset(identity: &Identity, ctx: &Ctx, user: UserId, passkeys: bool) -> Result<(), Problem> {
    if ctx.user_id()? == user {
        return Err(own_factor());
    }
    let mut tx = identity.db().begin(ctx).await?;
    table::user::lock(&mut tx, user).await?;
    let person = table::user::find_in(&mut tx, user).await?.ok_or_else(|| Problem::not_found("person"))?;
    if person.role >= Role::Admin {
        ctx.require(Permission::RolesOwner)?;
    }
    let had_app = totp::forget(&mut tx, user).await?;
    let gone = if passkeys { table::passkey::delete_all(&mut tx, user).await? } else { 0 };
    if !had_app && gone == 0 {
        return Err(Problem::not_found("second factor on this account"));
    }
    if gone > 0 && !person.has_password && table::oidc_identity::count(&mut tx, user).await? == 0 {
        return Err(last_way_in());
    }
    table::challenge::delete_of(&mut tx, user).await?;
    let ended = session::end_all(&mut tx, user, None).await?;
    announce_change(&mut tx, user);
    mail::tell(identity, ctx, &mut tx, user, Change::SecondFactorReset { passkeys: gone > 0 }).await?;
    let entry = Entry::done("user.reset_second_factor").on("user", user).with("totp", had_app);
    tx.commit(entry.with("passkeys", gone).with("ended_sessions", ended)).await?;
    mail::wake(identity);
    identity.forget_user(user);
    Ok(())
}

fn own_factor() -> Problem {
    Problem::conflict(
        "own_second_factor",
        "This is your own account",
        "What protects your own account is changed in your profile.",
        "Remove the authenticator app or the passkey there (DELETE /api/v1/me/totp).",
    )
}

fn last_way_in() -> Problem {
    Problem::conflict(
        "their_last_way_in",
        "This is their last way in",
        "The account has no password and no linked account: without its passkeys nobody could sign in to it.",
        "Keep the passkeys, or make them a rescue link on the server (`diwan user rescue`).",
    )
}
