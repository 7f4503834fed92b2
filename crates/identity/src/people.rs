//! People: how they come to be, change and go.

use std::time::Duration;

use diwan_kernel::id::UserId;
use diwan_kernel::{Ctx, DbError, Entry, Permission, Problem, Role, Secret, Tx};

use crate::email::Email;
use crate::event::{InvitationUpdated, MeUpdated, UserDeleted, UserUpdated};
use crate::identity::Identity;
use crate::password::policy::{self, Owner};
use crate::person::{Language, Status, Theme};
use crate::plan::Plan;
use crate::table::installation;
use crate::table::user::{self, User};
use crate::{factor, refusal, session, table};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Somebody who comes in.
#[derive(Debug)]
pub(crate) struct Newcomer {
    pub(crate) email: Email,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) plan: Plan,
    pub(crate) language: Language,
}

/// What an admin changes about somebody.
#[derive(Debug, Default)]
pub(crate) struct Change {
    pub(crate) name: Option<String>,
    pub(crate) role: Option<Role>,
    pub(crate) plan: Option<Plan>,
    pub(crate) status: Option<Status>,
}

/// What people change about themselves.
#[derive(Debug, Default)]
pub(crate) struct ProfileChange {
    pub(crate) name: Option<String>,
    pub(crate) language: Option<Language>,
    pub(crate) theme: Option<Theme>,
    pub(crate) time_zone: Option<String>,
}

/// How many people and sessions there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Census {
    /// Accounts.
    pub people: i64,
    /// Of these, who was here within the last day.
    pub active_today: i64,
    /// Sessions that are alive.
    pub sessions: i64,
}

impl Identity {
    /// How many people and sessions there are.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn census(&self) -> Result<Census, Problem> {
        let now = self.world().now();
        let (people, active_today) = user::count(self.db(), now.minus(DAY)).await?;
        let sessions = table::session::count(self.db(), now, self.idle_since(now)).await?;
        Ok(Census { people, active_today, sessions })
    }

    /// A person who is about to be added, and what is stored of their password.
    ///
    /// # Errors
    /// 422 `password_too_weak`.
    pub(crate) async fn prepare_person(
        &self,
        ctx: &Ctx,
        newcomer: Newcomer,
        password: &Secret<String>,
    ) -> Result<(User, String), Problem> {
        let owner = Owner { email: newcomer.email.as_str(), name: &newcomer.name, second_factor: false };
        policy::judge("password", password.expose(), owner).map_err(refusal::password_too_weak)?;
        let hash = self.passwords().hash(password).await?;
        let person = User::new(&ctx.world, &newcomer.email, newcomer.name, newcomer.role, newcomer.plan);
        let seen = Some(ctx.now());
        let needs = Some(policy::needs_second_factor(password.expose()));
        let person = User { has_password: true, password_needs_second_factor: needs, ..person };
        Ok((User { language: newcomer.language, last_seen_at: seen, ..person }, hash))
    }

    /// The person with this id.
    ///
    /// # Errors
    /// 404 when there is none.
    pub(crate) async fn get_user(&self, id: UserId) -> Result<User, Problem> {
        user::find(self.db(), id).await?.ok_or_else(|| Problem::not_found("person"))
    }

    /// The caller as they are now.
    ///
    /// # Errors
    /// 401 when they are gone.
    pub(crate) async fn get_caller(&self, ctx: &Ctx) -> Result<User, Problem> {
        user::find(self.db(), ctx.user_id()?).await?.ok_or_else(refusal::session_ended)
    }

    /// Changes somebody. Whoever gets another role or is disabled is signed out everywhere, at once.
    ///
    /// # Errors
    /// 404, 403 without the permission to make or unmake owners, 409 `last_owner`.
    pub(crate) async fn change_user(&self, ctx: &Ctx, id: UserId, change: Change) -> Result<User, Problem> {
        let mut tx = self.db().begin(ctx).await?;
        installation::take_turns_on_owners(&mut tx).await?;
        still_acts(&mut tx, ctx).await?;
        let before = user::find_in(&mut tx, id).await?.ok_or_else(|| Problem::not_found("person"))?;
        let after = User {
            name: change.name.unwrap_or_else(|| before.name.clone()),
            role: change.role.unwrap_or(before.role),
            plan: change.plan.unwrap_or(before.plan),
            status: change.status.unwrap_or(before.status),
            ..before.clone()
        };
        may_change_owner(ctx, &before, after.role)?;
        let stays_owner = after.role == Role::Owner && after.status == Status::Active;
        keep_an_owner(&mut tx, &before, stays_owner).await?;
        user::update(&mut tx, &after).await?;
        if after.role != before.role || after.status == Status::Disabled {
            session::end_all(&mut tx, id, None).await?;
        }
        let mut entry = entry_of_change("user.update", &before, &after);
        if after.role < before.role || after.status == Status::Disabled {
            entry = entry.with("revoked_invitations", revoke_invitations(&mut tx, ctx, id).await?);
        }
        announce_change(&mut tx, id);
        tx.commit(entry).await?;
        self.forget_user(id);
        Ok(after)
    }

    /// Removes somebody with everything that is theirs alone.
    ///
    /// # Errors
    /// 404, 403 without the permission to unmake owners, 409 `last_owner`.
    pub(crate) async fn remove_user(&self, ctx: &Ctx, id: UserId) -> Result<(), Problem> {
        let mut tx = self.db().begin(ctx).await?;
        installation::take_turns_on_owners(&mut tx).await?;
        still_acts(&mut tx, ctx).await?;
        let person = user::find_in(&mut tx, id).await?.ok_or_else(|| Problem::not_found("person"))?;
        may_change_owner(ctx, &person, person.role)?;
        keep_an_owner(&mut tx, &person, false).await?;
        session::end_all(&mut tx, id, None).await?;
        let revoked = revoke_invitations(&mut tx, ctx, id).await?;
        factor::delete_all_of(&mut tx, id).await?;
        user::delete(&mut tx, id).await?;
        tx.emit(&UserDeleted { id });
        let entry = Entry::done("user.delete").on("user", id).with("revoked_invitations", revoked);
        tx.commit(entry.with("name", person.name).with("role", person.role.as_str())).await?;
        self.forget_user(id);
        Ok(())
    }

    /// Changes the caller's own profile.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn change_profile(&self, ctx: &Ctx, change: ProfileChange) -> Result<User, Problem> {
        let mut tx = self.db().begin(ctx).await?;
        let before = user::find_in(&mut tx, ctx.user_id()?).await?.ok_or_else(refusal::session_ended)?;
        let after = User {
            name: change.name.unwrap_or_else(|| before.name.clone()),
            language: change.language.unwrap_or(before.language),
            theme: change.theme.unwrap_or(before.theme),
            time_zone: change.time_zone.unwrap_or_else(|| before.time_zone.clone()),
            ..before.clone()
        };
        user::update(&mut tx, &after).await?;
        announce_change(&mut tx, after.id);
        tx.commit(entry_of_change("user.update_profile", &before, &after)).await?;
        self.forget_user(after.id);
        Ok(after)
    }
}

/// Tells everybody who sees people, and the person, that something about them changed.
pub(crate) fn announce_change(tx: &mut Tx, id: UserId) {
    tx.emit(&UserUpdated { id });
    tx.emit(&MeUpdated { user: id });
}

/// Takes the invitations back that somebody made and that are still open: with the link of one they
/// would come in again. How many there were.
async fn revoke_invitations(tx: &mut Tx, ctx: &Ctx, by: UserId) -> Result<usize, DbError> {
    let revoked = table::invitation::revoke_all_of(tx, by, ctx.now()).await?;
    for id in &revoked {
        tx.emit(&InvitationUpdated { id: *id });
    }
    Ok(revoked.len())
}

/// Refuses when the caller lost their account or their role since the request came in. They are locked
/// with it, so that whoever disables or demotes them comes before or after.
///
/// # Errors
/// 401 `session_ended`.
pub(crate) async fn still_acts(tx: &mut Tx, ctx: &Ctx) -> Result<(), Problem> {
    let Some(id) = ctx.actor.user_id() else { return Ok(()) };
    user::lock(tx, id).await?;
    let caller = user::find_in(tx, id).await?.filter(|caller| caller.status == Status::Active);
    let is_same = caller.is_some_and(|caller| ctx.actor.role() == Some(caller.role));
    if is_same { Ok(()) } else { Err(refusal::session_ended()) }
}

/// An address that somebody else has.
pub(crate) fn taken(error: DbError) -> Problem {
    if !error.is_unique("users", "email") {
        return error.into();
    }
    Problem::conflict(
        "email_taken",
        "There is an account with this address",
        "Somebody with this e-mail address is here already.",
        "Sign in with it, or use another address.",
    )
}

/// Only owners make and unmake owners, or change one.
fn may_change_owner(ctx: &Ctx, before: &User, role_after: Role) -> Result<(), Problem> {
    if before.role == Role::Owner || role_after == Role::Owner { ctx.require(Permission::RolesOwner) } else { Ok(()) }
}

/// Refuses to leave the installation without an owner who can sign in. Asked inside the unit of
/// work, after it is nobody else's turn.
async fn keep_an_owner(tx: &mut Tx, before: &User, stays_owner: bool) -> Result<(), Problem> {
    let was_owner = before.role == Role::Owner && before.status == Status::Active;
    if was_owner && !stays_owner && !installation::has_other_owner(tx, before.id).await? {
        return Err(refusal::last_owner());
    }
    Ok(())
}

/// What is different afterwards, each with what it was. Nothing of it is a secret.
fn entry_of_change(action: &'static str, before: &User, after: &User) -> Entry {
    let mut entry = Entry::done(action).on("user", after.id);
    let mut note = |what: &str, from: &str, to: &str| {
        if from != to {
            entry.metadata.insert(what.to_owned(), serde_json::json!({ "from": from, "to": to }));
        }
    };
    note("role", before.role.as_str(), after.role.as_str());
    note("plan", before.plan.as_str(), after.plan.as_str());
    note("status", before.status.as_str(), after.status.as_str());
    note("name", &before.name, &after.name);
    note("language", before.language.as_str(), after.language.as_str());
    note("theme", before.theme.as_str(), after.theme.as_str());
    note("time_zone", &before.time_zone, &after.time_zone);
    entry
}
