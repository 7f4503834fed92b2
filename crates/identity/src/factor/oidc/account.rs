//! What an account at a provider means here.
//!
//! It is somebody by issuer and subject alone. That its address is the address of somebody here
//! means nothing: whoever controls such an address at a provider would otherwise take their account.

use diwan_kernel::db::Unrecorded;
use diwan_kernel::id::UserId;
use diwan_kernel::{Ctx, DbError, Entry, Id, Problem};

use super::flow::Failure;
use super::id_token::Claims;
use super::provider::Provider;
use crate::email::Email;
use crate::event::{InvitationUpdated, MeUpdated, UserCreated};
use crate::factor::mail;
use crate::factor::mail::template::Change;
use crate::identity::Identity;
use crate::person::{LONGEST_NAME, read_name};
use crate::table;
use crate::table::oidc_identity::{self, Linked, LinkedId};
use crate::table::user::User;

/// Whom this account lets in.
///
/// # Errors
/// When it lets in nobody.
pub(super) async fn find(
    identity: &Identity,
    ctx: &Ctx,
    provider: &Provider,
    claims: &Claims,
) -> Result<UserId, Failure> {
    if let Some(linked) = find_linked(identity, provider, claims).await? {
        let mut tx = identity.db().begin(ctx).await?;
        oidc_identity::note_use(&mut tx, linked.id, ctx.now()).await?;
        tx.commit_unrecorded(Unrecorded::Bookkeeping).await?;
        return Ok(linked.user);
    }
    let email = vouched_for(claims).ok_or_else(|| Failure::new("oidc_not_linked", "no verified address"))?;
    if table::user::find_by_email(identity.db(), &email).await?.is_some() {
        return Err(Failure::new("oidc_link_first", "an account with this address exists and is not linked"));
    }
    admit(identity, ctx, provider, claims, &email).await
}

/// The link that this account has here.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn find_linked(
    identity: &Identity,
    provider: &Provider,
    claims: &Claims,
) -> Result<Option<Linked>, DbError> {
    oidc_identity::find(identity.db(), &provider.settings.issuer, &claims.subject).await
}

/// Makes an account for somebody new: because they were invited at the address that the provider
/// vouches for, or because their domain is welcome.
async fn admit(
    identity: &Identity,
    ctx: &Ctx,
    provider: &Provider,
    claims: &Claims,
    email: &Email,
) -> Result<UserId, Failure> {
    let invitation = table::invitation::find_open_for(identity.db(), email, ctx.now()).await?;
    let role = match &invitation {
        Some(invitation) => invitation.role,
        None if is_welcome(provider, email) => provider.settings.role,
        None => return Err(Failure::new("oidc_not_linked", "nobody here is linked to it or invited")),
    };
    let language = invitation.as_ref().map_or(identity.config().default_language, |invitation| invitation.language);
    let user = User::new(&ctx.world, email, name(claims, email), role, identity.config().default_plan);
    let user = User { language, ..user };
    let mut tx = identity.db().begin(ctx).await?;
    if let Some(invitation) = &invitation {
        if !table::invitation::accept(&mut tx, invitation.hash, ctx.now()).await? {
            return Err(Failure::new("oidc_not_linked", "the invitation was used or taken back meanwhile"));
        }
        tx.emit(&InvitationUpdated { id: invitation.id });
    }
    match table::user::insert(&mut tx, &user, None).await {
        Err(e) if e.is_unique("users", "email") => {
            return Err(Failure::new("oidc_link_first", "an account with this address was just made"));
        }
        other => other?,
    }
    oidc_identity::insert(&mut tx, &new_link(ctx, provider, user.id, claims)).await?;
    tx.emit(&UserCreated { id: user.id });
    let entry = Entry::done("user.create").on("user", user.id).with("provider", provider.settings.id.as_str());
    tx.commit(entry.with("role", role.as_str()).with("invited", invitation.is_some())).await?;
    Ok(user.id)
}

/// Whether the address is of a domain whose people get an account.
fn is_welcome(provider: &Provider, email: &Email) -> bool {
    let domain = email.as_str().rsplit_once('@').map(|(_, domain)| domain).unwrap_or_default();
    let allowed = &provider.settings.allowed_domains;
    provider.settings.auto_create && allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(domain))
}

/// What the provider calls them, if people can read it; otherwise how their address begins.
fn name(claims: &Claims, email: &Email) -> String {
    let said = claims.name.as_deref().and_then(|name| read_name("name", name).ok());
    said.unwrap_or_else(|| email.as_str().split('@').next().unwrap_or_default().chars().take(LONGEST_NAME).collect())
}

/// Links this account to a person who asked for it.
///
/// # Errors
/// When it is linked to somebody else.
pub(super) async fn link(
    identity: &Identity,
    ctx: &Ctx,
    provider: &Provider,
    user: UserId,
    claims: &Claims,
) -> Result<(), Failure> {
    let linked = new_link(ctx, provider, user, claims);
    let mut tx = identity.db().begin(ctx).await?;
    match oidc_identity::insert(&mut tx, &linked).await {
        Ok(()) => {
            tx.emit(&MeUpdated { user });
            mail::tell(identity, ctx, &mut tx, user, Change::IdentityLinked(&provider.settings.label)).await?;
            let entry = Entry::done("identity.link").on("user", user).with("provider", provider.settings.id.as_str());
            tx.commit(entry).await?;
            mail::wake(identity);
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

/// Unlinks an account of one's own. Whoever has no other way in is kept from closing the last one.
///
/// # Errors
/// 404 when it is not theirs; 409 when it is their last way in.
pub(crate) async fn unlink(identity: &Identity, ctx: &Ctx, user: UserId, id: LinkedId) -> Result<(), Problem> {
    let person = table::user::find(identity.db(), user).await?.ok_or_else(Problem::sign_in_required)?;
    let passkeys = table::passkey::count(identity.db(), user).await?;
    let mut tx = identity.db().begin(ctx).await?;
    // Two of their windows must not take the last two ways in at once.
    table::user::lock(&mut tx, user).await?;
    let issuer = oidc_identity::delete(&mut tx, user, id).await?;
    let issuer = issuer.ok_or_else(|| Problem::not_found("linked account"))?;
    let others = oidc_identity::count(&mut tx, user).await?;
    if others == 0 && passkeys == 0 && !person.has_password {
        return Err(last_way_in());
    }
    tx.emit(&MeUpdated { user });
    let known = identity.factors().oidc().known_as(&issuer);
    let label = known.as_ref().map_or(issuer.as_str(), |(_, label)| label);
    mail::tell(identity, ctx, &mut tx, user, Change::IdentityUnlinked(label)).await?;
    tx.commit(Entry::done("identity.unlink").on("user", user).with("issuer", issuer.as_str())).await?;
    mail::wake(identity);
    Ok(())
}

fn last_way_in() -> Problem {
    Problem::conflict(
        "last_way_in",
        "This is your last way in",
        "Your account has no password and no passkey: without this link you could not sign in any more.",
        "Set a password or add a passkey first.",
    )
}

fn new_link(ctx: &Ctx, provider: &Provider, user: UserId, claims: &Claims) -> Linked {
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
