//! Looking after one's passkeys.

use diwan_kernel::id::UserId;
use diwan_kernel::{Ctx, Entry, Problem};

use super::register::MAX_NAME;
use crate::event::MeUpdated;
use crate::factor::mail;
use crate::factor::mail::template::Change;
use crate::identity::Identity;
use crate::person::read_line;
use crate::table::passkey::{self, Passkey, PasskeyId};

/// Gives a passkey another name.
///
/// # Errors
/// When it is not this person's, or the name is not acceptable.
pub(crate) async fn rename(
    identity: &Identity,
    ctx: &Ctx,
    user: UserId,
    id: PasskeyId,
    name: &str,
) -> Result<Passkey, Problem> {
    let name = read_line("name", name, MAX_NAME).map_err(|e| Problem::invalid_fields(vec![e]))?;
    let mut tx = identity.db().begin(ctx).await?;
    let renamed = passkey::rename(&mut tx, user, id, &name).await?;
    let renamed = renamed.ok_or_else(|| Problem::not_found("passkey"))?;
    tx.emit(&MeUpdated { user });
    tx.commit(Entry::done("passkey.rename").on("passkey", id).with("name", name)).await?;
    Ok(renamed)
}

/// Removes a passkey.
///
/// # Errors
/// When it is not this person's.
pub(crate) async fn delete(identity: &Identity, ctx: &Ctx, user: UserId, id: PasskeyId) -> Result<(), Problem> {
    let mut tx = identity.db().begin(ctx).await?;
    let removed = passkey::delete(&mut tx, user, id).await?.ok_or_else(|| Problem::not_found("passkey"))?;
    tx.emit(&MeUpdated { user });
    mail::tell(identity, ctx, &mut tx, user, Change::PasskeyRemoved(&removed)).await?;
    tx.commit(Entry::done("passkey.remove").on("passkey", id).with("name", removed)).await?;
    mail::wake(identity);
    Ok(())
}
