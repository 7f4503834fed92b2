//! Invitations: how people other than the first owner come in.

use std::time::Duration;

use axum::http::StatusCode;
use diwan_kernel::id_kinds;
use diwan_kernel::{Ctx, DbError, Entry, Id, Permission, Problem, Role, Secret};

use crate::email::Email;
use crate::event::{InvitationCreated, InvitationUpdated, UserCreated};
use crate::factor::mail::template::{self, Letter};
use crate::factor::mail::{self, Delivery};
use crate::identity::Identity;
use crate::opaque::Opaque;
use crate::people::{self, Newcomer, taken};
use crate::person::Language;
use crate::plan::Plan;
use crate::refusal;
use crate::sign_in::{Deliver, SignInMethod, SignInResponse};
use crate::table::invitation::{self, Invitation};
use crate::table::user;

id_kinds! {
    /// An invitation.
    InvitationKind = "inv",
}

/// The id of an invitation.
pub(crate) type InvitationId = Id<InvitationKind>;

/// How long an invitation can be accepted.
const LIFETIME: Duration = Duration::from_secs(7 * 24 * 3600);

/// An invitation with its link, which is known only now.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) invitation: Invitation,
    pub(crate) link: String,
    pub(crate) mail: Delivery,
}

/// Who accepts.
#[derive(Debug)]
pub(crate) struct Acceptance {
    pub(crate) token: Secret<String>,
    pub(crate) name: String,
    pub(crate) password: Secret<String>,
    /// `None`: that of the invitation.
    pub(crate) language: Option<Language>,
}

/// Who is invited.
#[derive(Debug)]
pub(crate) struct Invite {
    pub(crate) email: Email,
    pub(crate) role: Role,
    pub(crate) message: Option<String>,
    /// `None`: the installation's.
    pub(crate) language: Option<Language>,
}

impl Identity {
    /// Invites somebody.
    ///
    /// # Errors
    /// 403 for a role that may do more than the caller, or for an admin's or owner's without a fresh
    /// proof; 409 when they are here or invited already.
    pub(crate) async fn invite(&self, ctx: &Ctx, invite: Invite) -> Result<Sent, Problem> {
        let Invite { email, role, message, language } = invite;
        may_invite_as(ctx, role)?;
        let inviter = self.get_caller(ctx).await?;
        if user::find_by_email(self.db(), &email).await?.is_some() {
            return Err(taken(DbError::Unique("users.email".into())));
        }
        let (secret, now) = (Opaque::fresh(&ctx.world), ctx.now());
        let invitation = Invitation {
            id: Id::new(&ctx.world),
            hash: secret.digest(),
            email: email.as_str().to_owned(),
            role,
            message,
            language: language.unwrap_or(self.config().default_language),
            invited_by: Some((inviter.id, inviter.name.clone())),
            created_at: now,
            expires_at: now.plus(LIFETIME),
            accepted_at: None,
            revoked_at: None,
        };
        let (link, letter) = self.prepare_letter(ctx, &invitation, &secret)?;
        let mut tx = self.db().begin(ctx).await?;
        people::still_acts(&mut tx, ctx).await?;
        check_quota(invitation::count_open(&mut tx, inviter.id, now).await?, inviter.plan)?;
        invitation::insert(&mut tx, &invitation, inviter.id).await.map_err(already_invited)?;
        let mail = letter.queue(&mut tx).await?;
        tx.emit(&InvitationCreated { id: invitation.id });
        let entry = Entry::done("invitation.create").on("invitation", invitation.id);
        let entry = entry.with("email", email.as_str()).with("role", role.as_str());
        tx.commit(entry.with("language", invitation.language.as_str())).await?;
        mail::wake(self);
        Ok(Sent { invitation, link, mail })
    }

    /// Sends an invitation again, with a new link; the old one is void.
    ///
    /// # Errors
    /// 403 as for a new one, 404, 409 `invitation_closed`.
    pub(crate) async fn invite_again(&self, ctx: &Ctx, id: InvitationId) -> Result<Sent, Problem> {
        let mut invitation = self.get_invitation(id).await?;
        may_invite_as(ctx, invitation.role)?;
        let secret = Opaque::fresh(&ctx.world);
        invitation.expires_at = ctx.now().plus(LIFETIME);
        let (link, letter) = self.prepare_letter(ctx, &invitation, &secret)?;
        let mut tx = self.db().begin(ctx).await?;
        people::still_acts(&mut tx, ctx).await?;
        if !invitation::renew(&mut tx, id, secret.digest(), invitation.expires_at).await? {
            return Err(closed());
        }
        let mail = letter.queue(&mut tx).await?;
        tx.emit(&InvitationUpdated { id });
        tx.commit(Entry::done("invitation.resend").on("invitation", id)).await?;
        mail::wake(self);
        Ok(Sent { invitation, link, mail })
    }

    /// Takes an invitation back.
    ///
    /// # Errors
    /// 404, 409 `invitation_closed`.
    pub(crate) async fn revoke_invitation(&self, ctx: &Ctx, id: InvitationId) -> Result<(), Problem> {
        let invitation = self.get_invitation(id).await?;
        may_handle(ctx, invitation.role)?;
        let mut tx = self.db().begin(ctx).await?;
        if !invitation::revoke(&mut tx, id, ctx.now()).await? {
            return Err(closed());
        }
        tx.emit(&InvitationUpdated { id });
        Ok(tx.commit(Entry::done("invitation.revoke").on("invitation", id)).await?)
    }

    /// The invitation behind a link.
    ///
    /// # Errors
    /// 404 `invitation_invalid`.
    pub(crate) async fn open_invitation(&self, ctx: &Ctx, token: &str) -> Result<Invitation, Problem> {
        let hash = Opaque::parse(token).ok_or_else(invalid)?.digest();
        invitation::find_open(self.db(), hash, ctx.now()).await?.ok_or_else(invalid)
    }

    /// Makes an account for whoever holds an invitation and signs them in.
    ///
    /// # Errors
    /// 404 `invitation_invalid`, 409 `email_taken`, 422 `password_too_weak`.
    pub(crate) async fn accept_invitation(&self, ctx: &Ctx, accepts: Acceptance) -> Result<SignInResponse, Problem> {
        self.check_address(ctx.address())?;
        let invitation = self.open_invitation(ctx, accepts.token.expose()).await?;
        let email = Email::parse("email", &invitation.email).map_err(|e| Problem::invalid_fields(vec![e]))?;
        let (role, plan) = (invitation.role, self.config().default_plan);
        let language = accepts.language.unwrap_or(invitation.language);
        let newcomer = Newcomer { email, name: accepts.name, role, plan, language };
        let (person, password_hash) = self.prepare_person(ctx, newcomer, &accepts.password).await?;
        let opening = self.prepare_session(ctx, &person, SignInMethod::Invitation, Deliver::Cookie);
        let mut tx = self.db().begin(ctx).await?;
        if !invitation::accept(&mut tx, invitation.hash, ctx.now()).await? {
            return Err(invalid());
        }
        user::insert(&mut tx, &person, Some(&password_hash)).await.map_err(taken)?;
        tx.emit(&UserCreated { id: person.id });
        tx.emit(&InvitationUpdated { id: invitation.id });
        let entry = self.save_session(&mut tx, ctx, &person, &opening).await?;
        let by = entry.actor.clone();
        tx.record(Entry { actor: by, ..Entry::done("invitation.accept").on("invitation", invitation.id) }).await?;
        tx.commit(entry).await?;
        Ok(self.welcome(person, &opening, StatusCode::CREATED))
    }

    async fn get_invitation(&self, id: InvitationId) -> Result<Invitation, Problem> {
        invitation::find(self.db(), id).await?.ok_or_else(|| Problem::not_found("invitation"))
    }

    /// The link, and the mail that brings it, to be written down with the invitation.
    fn prepare_letter(
        &self,
        ctx: &Ctx,
        invitation: &Invitation,
        secret: &Opaque,
    ) -> Result<(String, mail::Prepared), Problem> {
        let link = self.link(&format!("join#token={}", secret.text()));
        let inviter = invitation.invited_by.as_ref().map_or("Diwan", |(_, name)| name);
        let days = LIFETIME.as_secs() / (24 * 3600);
        let letter = Letter::Invitation { inviter, message: invitation.message.as_deref(), link: &link, days };
        let language = invitation.language.as_str();
        let mail = template::write(letter, language, self.instance_name(), &invitation.email);
        let prepared = mail::prepare(self, ctx, mail)?;
        Ok((link, prepared))
    }
}

/// Nobody invites somebody who may do more than they may themselves, be it by their role or by the
/// scopes of their token. Who invites somebody who manages people proves afresh who they are: the link
/// is in the answer, so that otherwise a found session would be worth an account for ever.
fn may_invite_as(ctx: &Ctx, role: Role) -> Result<(), Problem> {
    may_handle(ctx, role)?;
    role.permissions().iter().try_for_each(|permission| ctx.require(permission))?;
    if role >= Role::Admin { ctx.require_step_up() } else { Ok(()) }
}

/// Owners' invitations are for owners to handle.
fn may_handle(ctx: &Ctx, role: Role) -> Result<(), Problem> {
    if role == Role::Owner { ctx.require(Permission::RolesOwner) } else { Ok(()) }
}

fn check_quota(open: i64, plan: Plan) -> Result<(), Problem> {
    match plan.quotas().pending_invitations {
        Some(most) if open >= i64::from(most) => Err(refusal::quota_reached("open invitations", most)),
        _ => Ok(()),
    }
}

fn already_invited(error: DbError) -> Problem {
    if !error.is_unique("invitation", "email") {
        return error.into();
    }
    Problem::conflict(
        "already_invited",
        "They are invited already",
        "There is an open invitation for this address.",
        "Send that one again, or revoke it first.",
    )
}

fn closed() -> Problem {
    Problem::conflict(
        "invitation_closed",
        "The invitation is closed",
        "The invitation was accepted or revoked.",
        "Invite them anew if they still should come in.",
    )
}

fn invalid() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "invitation_invalid",
        "This invitation does not count",
        "The link is wrong, was used, was revoked, or is older than seven days.",
        "Ask whoever invited you for a new one.",
    )
}
