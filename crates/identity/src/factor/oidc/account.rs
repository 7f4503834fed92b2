//! What an account at a provider means here.
//!
//! It is somebody by issuer and subject alone. That its address is the address of somebody here
//! means nothing: whoever controls such an address at a provider would otherwise take their account.

use diwan_kernel::db::Unrecorded;
use diwan_kernel::id::User;
use diwan_kernel::{Ctx, Entry, Id};

use super::flow::Failure;
use super::id_token::Claims;
use super::provider::Provider;
use crate::email::Email;
use crate::identity::Identity;
use crate::table;
use crate::table::oidc_identity::{self, Linked};

/// Whom this account lets in.
///
/// # Errors
/// When it lets in nobody.
pub(super) async fn find(
    identity: &Identity,
    ctx: &Ctx,
    provider: &Provider,
    claims: &Claims,
) -> Result<Id<User>, Failure> {
    let linked = oidc_identity::find(identity.db(), &provider.settings.issuer, &claims.subject).await?;
    if let Some(linked) = linked {
        let mut tx = identity.db().begin(ctx).await?;
        oidc_identity::note_use(&mut tx, linked.id, ctx.now()).await?;
        tx.commit_unrecorded(Unrecorded::Bookkeeping).await?;
        return Ok(linked.user);
    }
    let email = vouched_for(claims).ok_or_else(|| Failure::new("oidc_not_linked", "no verified address"))?;
    if table::user::find_by_email(identity.db(), &email).await?.is_some() {
        return Err(Failure::new("oidc_link_first", "an account with this address exists and is not linked"));
    }
    Err(Failure::new("oidc_not_linked", "nobody here is linked to it"))
}

/// Links this account to a person who asked for it.
///
/// # Errors
/// When it is linked to somebody else.
pub(super) async fn link(
    identity: &Identity,
    ctx: &Ctx,
    provider: &Provider,
    user: Id<User>,
    claims: &Claims,
) -> Result<(), Failure> {
    let linked = new_link(ctx, provider, user, claims);
    let mut tx = identity.db().begin(ctx).await?;
    match oidc_identity::insert(&mut tx, &linked).await {
        Ok(()) => {
            let entry = Entry::done("identity.link").on("user", user).with("provider", provider.settings.id.as_str());
            tx.commit(entry).await?;
            Ok(())
        }
        Err(e) if e.is_unique("oidc_identity", "subject") => {
            drop(tx);
            let owner = oidc_identity::find(identity.db(), &linked.issuer, &linked.subject).await?;
            match owner {
                Some(owner) if owner.user == user => Ok(()),
                _ => Err(Failure::new("oidc_linked_elsewhere", "it is linked to somebody else")),
            }
        }
        Err(e) => Err(e.into()),
    }
}

fn new_link(ctx: &Ctx, provider: &Provider, user: Id<User>, claims: &Claims) -> Linked {
    Linked {
        id: Id::new(&ctx.world),
        user,
        issuer: provider.settings.issuer.clone(),
        subject: claims.subject.clone(),
        email: claims.email.as_deref().and_then(|email| Email::parse("email", email).ok()).map(|e| e.to_string()),
        created_at: ctx.now(),
        last_used_at: None,
    }
}

/// The address, if the provider vouches for it.
fn vouched_for(claims: &Claims) -> Option<Email> {
    Email::parse("email", claims.email.as_deref().filter(|_| claims.email_verified)?).ok()
}
