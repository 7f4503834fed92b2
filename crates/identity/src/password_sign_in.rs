//! Signing in with an address and a password, and changing the password.

use diwan_kernel::db::Unrecorded;
use diwan_kernel::{Actor, Ctx, Entry, Problem, Secret};

use crate::device_mark;
use crate::email::Email;
use crate::event::MeUpdated;
use crate::factor::mail;
use crate::factor::mail::template::Change;
use crate::identity::Identity;
use crate::password::Checked;
use crate::password::policy::{self, Owner};
use crate::sign_in::{Candidate, Deliver, Proof, SignInMethod, SignInResponse};
use crate::table::user::User;
use crate::table::{seen_from, user};
use crate::throttle::{Attempt, Tried};
use crate::{refusal, session};

impl Identity {
    /// Lets somebody in who knows an account's password. An unknown account, an account without a
    /// password and a wrong password take the same steps, the same time and give the same answer.
    ///
    /// # Errors
    /// 401 `credentials_wrong`, 429 `too_many_attempts`.
    pub(crate) async fn sign_in_with_password(
        &self,
        ctx: &Ctx,
        email: &Email,
        password: &Secret<String>,
        deliver: Deliver,
    ) -> Result<SignInResponse, Problem> {
        self.check_address(ctx.address())?;
        let attempt = self.begin_attempt(ctx, Tried::Password, email.as_str()).await?;
        let judged = async {
            let found = user::find_by_email(self.db(), email).await?;
            let nobody = diwan_kernel::id::UserId::from_bits(0);
            let stored = user::password_hash(self.db(), found.as_ref().map_or(nobody, |u| u.id)).await?;
            let checked = self.passwords().check(stored.as_deref(), password, attempt.standing()).await?;
            Ok((found, stored, checked))
        };
        let (found, stored, checked) = self.judged(&attempt, judged.await).await?;
        let (Some(person), Checked::Right | Checked::RightWith(_)) = (found.as_ref(), &checked) else {
            self.write_failure(ctx, found.as_ref(), &attempt).await?;
            return Err(refusal::credentials_wrong());
        };
        self.forgive_attempt(attempt).await?;
        if let Some(stored) = &stored {
            self.note_password(person, stored, password).await;
        }
        if let (Checked::RightWith(new), Some(old)) = (&checked, &stored) {
            self.renew_hash(person, old, new).await;
        }
        let candidate = Candidate { user: person.id, method: SignInMethod::Password, proves: Proof::OneFactor };
        self.complete_sign_in(ctx, candidate, deliver).await
    }

    /// A failed try. What was typed as an address is not written down: it may be a password.
    async fn write_failure(&self, ctx: &Ctx, found: Option<&User>, attempt: &Attempt) -> Result<(), Problem> {
        let entry = Entry::denied("sign_in.failed", "credentials_wrong").with("method", "password");
        let entry = entry.with("failures_on_account", attempt.account_failures);
        let entry = match found {
            Some(user) => entry.on("user", user.id),
            None => entry.with("unknown_account", true),
        };
        self.record(ctx, entry).await
    }

    /// A right password is there to be looked at for this moment only: whether it is too short to stand
    /// alone is noted once. A failure only means that it is noted next time.
    pub(crate) async fn note_password(&self, person: &User, hash: &str, password: &Secret<String>) {
        let needs = policy::needs_second_factor(password.expose());
        if person.password_needs_second_factor == Some(needs) {
            return;
        }
        let noted = async {
            let mut tx = self.db().begin(&Ctx::system(self.world(), "passwords")).await?;
            user::note_password(&mut tx, person.id, hash, needs).await?;
            tx.commit_unrecorded(Unrecorded::Bookkeeping).await
        };
        noted.await.unwrap_or_else(|error| tracing::warn!(%error, "the strength of a password was not noted"));
        self.forget_user(person.id);
    }

    /// The same password at the cost now in force. A failure only means that it is tried next time.
    async fn renew_hash(&self, person: &User, old: &str, new: &str) {
        let renewed = async {
            let mut tx = self.db().begin(&Ctx::system(self.world(), "passwords")).await?;
            user::renew_password_hash(&mut tx, person.id, old, new).await?;
            tx.commit_unrecorded(Unrecorded::Bookkeeping).await
        };
        renewed.await.unwrap_or_else(|error| tracing::warn!(%error, "a password hash was not renewed"));
    }

    /// Sets the caller's password and ends their other sessions. Whoever has a password proves it;
    /// whoever has none must have proved who they are lately.
    ///
    /// # Errors
    /// 401 `credentials_wrong`, 403 `step_up_required`, 422 `password_too_weak`.
    pub(crate) async fn change_password(
        &self,
        ctx: &Ctx,
        current: Option<&Secret<String>>,
        new: &Secret<String>,
    ) -> Result<(), Problem> {
        let Actor::User { id, session, .. } = ctx.actor else { return Err(Problem::session_required()) };
        let person = self.get_caller(ctx).await?;
        self.prove_before_change(ctx, &person, current).await?;
        let owner = Owner { email: &person.email, name: &person.name, second_factor: person.two_factor };
        policy::judge("new_password", new.expose(), owner).map_err(refusal::password_too_weak)?;
        let hash = self.passwords().hash(new).await?;
        let mut tx = self.db().begin(ctx).await?;
        user::set_password(&mut tx, id, &hash, policy::needs_second_factor(new.expose())).await?;
        // A thief's browser is no longer a known one.
        let device = ctx.device.map(device_mark::place).unwrap_or_default();
        seen_from::forget_devices(&mut tx, id, &device).await?;
        let ended = session::end_all(&mut tx, id, Some(session)).await?;
        mail::tell(self, ctx, &mut tx, id, Change::PasswordChanged).await?;
        tx.emit(&MeUpdated { user: id });
        tx.commit(Entry::done("user.change_password").on("user", id).with("ended_sessions", ended)).await?;
        mail::wake(self);
        self.forget_user(id);
        Ok(())
    }

    async fn prove_before_change(
        &self,
        ctx: &Ctx,
        person: &User,
        current: Option<&Secret<String>>,
    ) -> Result<(), Problem> {
        if !person.has_password {
            return ctx.require_step_up();
        }
        let missing = || Problem::invalid_field("current_password", "missing", "Your present password is needed.");
        let proved = self.prove_password(ctx, person, current.ok_or_else(missing)?).await;
        if let Err(problem) = &proved {
            self.record(ctx, Entry::denied("user.change_password", problem.code()).on("user", person.id)).await?;
        }
        proved
    }
}
