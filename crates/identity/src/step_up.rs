//! A fresh proof of identity in a session that is already there.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use diwan_kernel::ctx::STEP_UP_WINDOW;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Actor, Ctx, Entry, Problem, Secret};
use serde::{Deserialize, Serialize};

use crate::cookie_value::CookieValue;
use crate::identity::Identity;
use crate::password::{Checked, Standing};
use crate::sign_in::SecondFactorMethod;
use crate::table::user::User;
use crate::throttle::Tried;
use crate::{factor, refusal, table};

/// What can be proved again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StepUpMethod {
    /// The password: for those who have no authenticator app.
    Password,
    /// A code from an authenticator app.
    Totp,
    /// One of the codes on paper.
    RecoveryCode,
}

/// Until when a fresh proof counts, and the session's next cookie.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct SteppedUp {
    /// Until then dangerous actions are open.
    pub(crate) valid_until: Timestamp,
    /// The browser's next value: an older one does not carry the proof.
    #[serde(skip)]
    cookie: Option<HeaderValue>,
}

impl IntoResponse for SteppedUp {
    fn into_response(mut self) -> Response {
        let cookie = self.cookie.take();
        let mut response = axum::Json(self).into_response();
        if let Some(cookie) = cookie {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }
}

impl Identity {
    /// Takes a fresh proof of who the caller is. Who has a second factor proves that one.
    ///
    /// # Errors
    /// 401 when it is wrong, 403 `second_factor_required`, 429 after too many tries.
    pub(crate) async fn step_up(
        &self,
        ctx: &Ctx,
        method: StepUpMethod,
        secret: &Secret<String>,
    ) -> Result<SteppedUp, Problem> {
        // An API token is no person who could prove anything.
        let Actor::User { id, .. } = ctx.actor else { return Err(Problem::session_required()) };
        let user = table::user::find(self.db(), id).await?.ok_or_else(refusal::session_ended)?;
        let proved = match method {
            // Otherwise a found session and the password alone would take the second factor away.
            StepUpMethod::Password if user.two_factor => Err(refusal::second_factor_required()),
            StepUpMethod::Password => self.prove_password(ctx, &user, secret).await,
            StepUpMethod::Totp => self.prove_code(ctx, &user, SecondFactorMethod::Totp, secret).await,
            StepUpMethod::RecoveryCode => self.prove_code(ctx, &user, SecondFactorMethod::RecoveryCode, secret).await,
        };
        let name = match method {
            StepUpMethod::Password => "password",
            StepUpMethod::Totp => "totp",
            StepUpMethod::RecoveryCode => "recovery_code",
        };
        if let Err(problem) = proved {
            let entry = Entry::denied("session.step_up", problem.code()).on("user", id).with("method", name);
            self.record(ctx, entry).await?;
            return Err(problem);
        }
        self.record_step_up(ctx, name).await
    }

    /// Checks the password of somebody who is signed in.
    ///
    /// # Errors
    /// 401 `credentials_wrong`, 429 after too many tries.
    pub(crate) async fn prove_password(
        &self,
        ctx: &Ctx,
        user: &User,
        password: &Secret<String>,
    ) -> Result<(), Problem> {
        let attempt = self.begin_attempt(ctx, Tried::Password, &user.email).await?;
        let judged = async {
            let stored = table::user::password_hash(self.db(), user.id).await?;
            let checked = self.passwords().check(stored.as_deref(), password, Standing::Known).await?;
            Ok((stored, checked))
        };
        let (stored, checked) = self.judged(&attempt, judged.await).await?;
        match checked {
            Checked::Wrong => Err(refusal::credentials_wrong()),
            Checked::Right | Checked::RightWith(_) => {
                if let Some(stored) = &stored {
                    self.note_password(user, stored, password).await;
                }
                self.forgive_attempt(attempt).await
            }
        }
    }

    async fn prove_code(
        &self,
        ctx: &Ctx,
        user: &User,
        method: SecondFactorMethod,
        code: &Secret<String>,
    ) -> Result<(), Problem> {
        let attempt = self.begin_attempt(ctx, Tried::Code, &user.id.to_string()).await?;
        let verified = factor::verify_second_factor(self, ctx, user.id, method, code.expose()).await;
        self.judged(&attempt, verified).await?;
        self.forgive_attempt(attempt).await
    }

    /// Notes that the session's person has just proved again who they are, by `method`
    /// (`password`, `totp`, `recovery_code`, `passkey`), and says until when that counts.
    ///
    /// # Errors
    /// For callers without a session.
    pub(crate) async fn record_step_up(&self, ctx: &Ctx, method: &'static str) -> Result<SteppedUp, Problem> {
        let Actor::User { session, .. } = ctx.actor else { return Err(Problem::session_required()) };
        let valid_until = ctx.now().plus(STEP_UP_WINDOW);
        let mut tx = self.db().begin(ctx).await?;
        let stepped = table::session::step_up(&mut tx, session, ctx.now(), valid_until).await?;
        let stepped = stepped.ok_or_else(refusal::session_ended)?;
        tx.commit(Entry::done("session.step_up").on("session", session).with("method", method)).await?;
        self.forget_session(session);
        let lives_for = stepped.expires_at.since(ctx.now());
        let value = CookieValue { session, generation: stepped.generation };
        let cookie = stepped.is_browser.then(|| self.session_cookie(value, lives_for));
        Ok(SteppedUp { valid_until, cookie })
    }
}
