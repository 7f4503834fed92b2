//! How a proof of identity becomes a session, whatever the proof was.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use diwan_kernel::id::UserId;
use diwan_kernel::{Ctx, Entry, Problem, Role};
use serde::{Deserialize, Serialize};

use crate::identity::Identity;
use crate::opaque::Opaque;
use crate::person::words;
use crate::table::challenge::Challenge;
use crate::table::user::{Status, User};
use crate::throttle::Tried;
use crate::{factor, refusal, table, view};

words! {
    /// How somebody signed in.
    pub(crate) SignInMethod {
        /// With a password.
        Password = "password",
        /// With a link that came by e-mail.
        MagicLink = "magic_link",
        /// With a passkey.
        Passkey = "passkey",
        /// Through an identity provider.
        Oidc = "oidc",
        /// By accepting an invitation.
        Invitation = "invitation",
        /// By claiming a fresh installation.
        Setup = "setup",
        /// From a command line, approved in the browser.
        Device = "device",
    }
}

/// How much a proof proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// One thing: a password, a mailbox, an account elsewhere.
    OneFactor,
    /// Two at once: a passkey that verified its user.
    TwoFactors,
}

/// Somebody who has proved who they are and is not signed in yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate {
    /// Who.
    pub(crate) user: UserId,
    /// How.
    pub(crate) method: SignInMethod,
    /// How well.
    pub(crate) proves: Proof,
}

/// What the client wants to carry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Deliver {
    /// A cookie: browsers.
    #[default]
    Cookie,
    /// An access and a refresh token: programs.
    Tokens,
}

/// A second thing that somebody can prove.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SecondFactorMethod {
    /// A code from an authenticator app.
    Totp,
    /// One of the codes on paper.
    RecoveryCode,
    /// A passkey (by signing in with it instead).
    Passkey,
}

/// What a program carries.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct TokenPair {
    /// For the Authorization header; short-lived.
    pub(crate) access_token: String,
    /// For the next pair; works once.
    pub(crate) refresh_token: String,
    /// Always `Bearer`.
    pub(crate) token_type: &'static str,
    /// How long the access token lives.
    pub(crate) expires_in_s: u64,
}

/// What came of a sign-in.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub(crate) enum SignInResult {
    /// Signed in.
    SignedIn {
        /// Who.
        user: Box<view::User>,
        /// The tokens, when they were asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        tokens: Option<TokenPair>,
    },
    /// One more proof is needed.
    SecondFactorRequired {
        /// To send along with it.
        challenge: String,
        /// What can be proved.
        methods: Vec<SecondFactorMethod>,
    },
}

/// The answer to a sign-in: the result and the cookies that go with it.
#[derive(Debug, Clone)]
pub(crate) struct SignInResponse {
    /// 200, or 201 when an account was made.
    pub(crate) status: StatusCode,
    /// The body.
    pub(crate) result: SignInResult,
    /// What the browser is to keep. Answers of another form (a redirect) must set them too.
    pub(crate) cookies: Vec<HeaderValue>,
}

impl IntoResponse for SignInResponse {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(self.result)).into_response();
        for cookie in self.cookies {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// How long somebody has for their second factor.
const CHALLENGE_LIFETIME: Duration = Duration::from_secs(600);

impl Identity {
    /// Lets a candidate in: checks the account and the address, asks for a second factor where one
    /// is due, otherwise makes a new session and says so in the audit trail.
    ///
    /// # Errors
    /// When the account may not sign in, or not this way.
    pub(crate) async fn complete_sign_in(
        &self,
        ctx: &Ctx,
        candidate: Candidate,
        deliver: Deliver,
    ) -> Result<SignInResponse, Problem> {
        let Candidate { user, method, proves } = candidate;
        let user = table::user::find(self.db(), user).await?.ok_or_else(refusal::credentials_wrong)?;
        if let Err(problem) = self.check_may_enter(ctx, &user) {
            return self.turn_away(ctx, &user, method, problem).await;
        }
        let methods = match proves {
            Proof::OneFactor => factor::available_second_factors(self, user.id).await?,
            Proof::TwoFactors => vec![],
        };
        if !methods.is_empty() {
            return self.ask_for_second_factor(ctx, &user, method, methods).await;
        }
        if method == SignInMethod::MagicLink && user.role >= Role::Admin {
            return self.turn_away(ctx, &user, method, refusal::stronger_sign_in_needed()).await;
        }
        self.enter(ctx, user, method, deliver, None).await
    }

    /// Lets somebody in who was asked for a second factor and proved it.
    ///
    /// # Errors
    /// 401 `challenge_expired` or `code_wrong`, 429 after too many tries.
    pub(crate) async fn finish_second_factor(
        &self,
        ctx: &Ctx,
        challenge: &str,
        proof: (SecondFactorMethod, &str),
        deliver: Deliver,
    ) -> Result<SignInResponse, Problem> {
        let hash = Opaque::parse(challenge).ok_or_else(refusal::challenge_expired)?.digest();
        let waiting = table::challenge::find(self.db(), hash, ctx.now()).await?;
        let waiting = waiting.ok_or_else(refusal::challenge_expired)?;
        let user = table::user::find(self.db(), waiting.user).await?.ok_or_else(refusal::challenge_expired)?;
        if let Err(problem) = self.check_may_enter(ctx, &user) {
            return self.turn_away(ctx, &user, waiting.method, problem).await;
        }
        let attempt = self.begin_attempt(ctx, Tried::Code, &user.id.to_string()).await?;
        let verified = factor::verify_second_factor(self, ctx, user.id, proof.0, proof.1).await;
        if let Err(problem) = self.judged(&attempt, verified).await {
            return self.turn_away(ctx, &user, waiting.method, problem).await;
        }
        self.forgive_attempt(attempt).await?;
        self.enter(ctx, user, waiting.method, deliver, Some(hash)).await
    }

    /// Whether somebody who proved who they are may come in, from where they are.
    fn check_may_enter(&self, ctx: &Ctx, user: &User) -> Result<(), Problem> {
        self.check_address(ctx.address())?;
        if user.status == Status::Active { Ok(()) } else { Err(refusal::account_disabled()) }
    }

    /// Says no to somebody whose account is known, and writes that down.
    async fn turn_away(
        &self,
        ctx: &Ctx,
        user: &User,
        method: SignInMethod,
        problem: Problem,
    ) -> Result<SignInResponse, Problem> {
        let entry = Entry::denied("sign_in.failed", problem.code()).on("user", user.id);
        self.record(ctx, entry.with("method", method.as_str())).await?;
        Err(problem)
    }

    async fn ask_for_second_factor(
        &self,
        ctx: &Ctx,
        user: &User,
        method: SignInMethod,
        methods: Vec<SecondFactorMethod>,
    ) -> Result<SignInResponse, Problem> {
        let secret = Opaque::fresh(&ctx.world);
        let waiting = Challenge { user: user.id, method };
        let mut tx = self.db().begin(ctx).await?;
        let expires_at = ctx.now().plus(CHALLENGE_LIFETIME);
        table::challenge::insert(&mut tx, secret.digest(), waiting, ctx.now(), expires_at).await?;
        tx.commit(Entry::done("sign_in.first_factor").on("user", user.id).with("method", method.as_str())).await?;
        let result = SignInResult::SecondFactorRequired { challenge: secret.text(), methods };
        Ok(SignInResponse { status: StatusCode::OK, result, cookies: vec![] })
    }

    /// Makes a session; `challenge` is used up with it.
    async fn enter(
        &self,
        ctx: &Ctx,
        user: User,
        method: SignInMethod,
        deliver: Deliver,
        challenge: Option<[u8; 32]>,
    ) -> Result<SignInResponse, Problem> {
        let opening = self.prepare_session(ctx, &user, method, deliver);
        let mut tx = self.db().begin(ctx).await?;
        // Whoever ends this person's sessions comes before or after.
        table::user::lock(&mut tx, user.id).await?;
        if let Some(hash) = challenge
            && !table::challenge::use_up(&mut tx, hash, ctx.now()).await?
        {
            return Err(refusal::challenge_expired());
        }
        let entry = self.save_session(&mut tx, ctx, &user, &opening).await?;
        tx.commit(entry.with("second_factor", challenge.is_some())).await?;
        Ok(self.welcome(user, &opening, StatusCode::OK))
    }

    /// Writes something down that changed nothing.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) async fn record(&self, ctx: &Ctx, entry: Entry) -> Result<(), Problem> {
        let tx = self.db().begin(ctx).await?;
        Ok(tx.commit(entry).await?)
    }
}
