//! How a proof of identity becomes a session, whatever the proof was.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use diwan_kernel::id::UserId;
use diwan_kernel::{Ctx, Problem};
use serde::{Deserialize, Serialize};

use crate::identity::Identity;

/// How somebody signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SignInMethod {
    /// With a password.
    Password,
    /// With a link that came by e-mail.
    MagicLink,
    /// With a passkey.
    Passkey,
    /// Through an identity provider.
    Oidc,
    /// By accepting an invitation.
    Invitation,
    /// By claiming a fresh installation.
    Setup,
    /// From a command line, approved in the browser.
    Device,
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
    pub access_token: String,
    /// For the next pair; works once.
    pub refresh_token: String,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// How long the access token lives.
    pub expires_in_s: u64,
}

/// What came of a sign-in.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub(crate) enum SignInResult {
    /// Signed in.
    SignedIn {
        /// The id of who.
        user: UserId,
        /// The tokens, when they were asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
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

impl Identity {
    /// Lets a candidate in: checks the account and the address, asks for a second factor where one
    /// is due, otherwise makes a new session and says so in the audit trail.
    ///
    /// # Errors
    /// When the account may not sign in, or not this way.
    #[expect(clippy::unused_async, reason = "sessions come next")]
    pub(crate) async fn complete_sign_in(
        &self,
        _ctx: &Ctx,
        _candidate: Candidate,
        _deliver: Deliver,
    ) -> Result<SignInResponse, Problem> {
        Err(Problem::internal("not built yet"))
    }
}
