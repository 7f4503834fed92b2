//! The handle of this capability and what it is put together from.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use axum::http::HeaderValue;
use diwan_kernel::config::{Live, SecretSource};
use diwan_kernel::id::{SessionId, UserId};
use diwan_kernel::{Ctx, Db, Problem, Sealer, Supervisor, World};
use url::Url;
use utoipa_axum::router::OpenApiRouter;

use crate::config::{IdentityConfig, MailConfig, OidcConfig};
use crate::error::StartError;
use crate::factor::Factors;
use crate::keys::Keys;
use crate::known::{KnownSession, KnownToken};
use crate::memory::Memory;
use crate::password::Passwords;
use crate::plan::Plan;
use crate::touched::Touched;

/// What the capability stands on.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The database, migrated.
    pub db: Db,
    /// What seals secrets.
    pub sealer: Sealer,
    /// Who owns the background tasks.
    pub supervisor: Supervisor,
    /// The settings of this capability.
    pub config: Live<IdentityConfig>,
    /// How mail is sent.
    pub mail: Live<MailConfig>,
    /// Which identity providers are trusted.
    pub oidc: Live<OidcConfig>,
    /// Who reads the secrets that settings only name.
    pub secrets: Arc<dyn SecretSource>,
    /// Where people reach this installation: links begin with it, and its host is the passkeys' home.
    pub public_url: Url,
    /// What this installation is called.
    pub instance_name: String,
    /// Which version this is.
    pub product_version: &'static str,
}

/// Who people are and how they prove it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Identity {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    parts: Parts,
    factors: Factors,
    keys: Keys,
    passwords: Passwords,
    /// What signs access tokens, as it stands in them.
    issuer: String,
    sessions: Memory<SessionId, KnownSession>,
    tokens: Memory<[u8; 32], KnownToken>,
    touched: Touched,
    /// Once there is an owner there always is one.
    has_owner: AtomicBool,
}

/// So many sessions and tokens are kept in memory for a moment: about 20 MB when all are used.
const MOST_KNOWN: usize = 20_000;

/// What a request proved itself with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// Nothing that counts.
    None,
    /// The session cookie of a browser: other sites can make the browser send it.
    Cookie,
    /// An access token.
    AccessToken,
    /// An API token.
    ApiToken,
}

/// Who sent a request, as far as its credentials tell.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The context for the operation. Anonymous when there was no credential, or none that counts.
    pub ctx: Ctx,
    /// What the request proved itself with.
    pub credential: Credential,
    /// What limits hold for the caller.
    pub plan: Option<Plan>,
    /// Cookies to set with the answer, whatever it is.
    pub set_cookies: Vec<HeaderValue>,
    /// Why the credential that was sent does not count (`session_ended`, `token_expired`,
    /// `token_invalid`, `address_not_allowed`). Public operations still work; when one answers
    /// `sign_in_required`, this is the answer to give instead.
    pub refused: Option<Problem>,
}

impl Caller {
    pub(crate) const fn nobody(ctx: Ctx, refused: Option<Problem>) -> Self {
        Self { ctx, credential: Credential::None, plan: None, set_cookies: vec![], refused }
    }
}

impl Identity {
    /// Starts the capability: its keys, its memory, its background tasks.
    ///
    /// # Errors
    /// When the server's keys cannot be read or made, or a setting is not usable.
    pub async fn start(parts: Parts) -> Result<Self, StartError> {
        let keys = Keys::load(&parts.db, &parts.sealer).await?;
        let inner = Inner {
            factors: Factors::start(&parts).await?,
            passwords: Passwords::new(parts.db.world(), &parts.config.get(), keys.password.clone()),
            keys,
            issuer: parts.public_url.to_string(),
            sessions: Memory::new(MOST_KNOWN),
            tokens: Memory::new(MOST_KNOWN),
            touched: Touched::default(),
            has_owner: AtomicBool::new(false),
            parts,
        };
        let this = Self { inner: Arc::new(inner) };
        crate::factor::spawn_tasks(&this);
        this.spawn_upkeep();
        Ok(this)
    }

    /// Its operations, with paths relative to `/api/v1`.
    pub fn routes(&self) -> OpenApiRouter {
        crate::api::routes().with_state(self.clone())
    }

    /// A session changed or ended.
    pub(crate) fn forget_session(&self, id: SessionId) {
        self.inner.sessions.forget(|key, _| *key == id);
    }

    /// Something about a person changed that their sessions and tokens depend on.
    pub(crate) fn forget_user(&self, id: UserId) {
        self.inner.sessions.forget(|_, known| known.is_of(id));
        self.inner.tokens.forget(|_, known| known.is_of(id));
    }

    pub(crate) fn sessions(&self) -> &Memory<SessionId, KnownSession> {
        &self.inner.sessions
    }

    pub(crate) fn tokens(&self) -> &Memory<[u8; 32], KnownToken> {
        &self.inner.tokens
    }

    pub(crate) fn touched(&self) -> &Touched {
        &self.inner.touched
    }

    pub(crate) fn has_owner_flag(&self) -> &AtomicBool {
        &self.inner.has_owner
    }

    pub(crate) fn factors(&self) -> &Factors {
        &self.inner.factors
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.inner.keys
    }

    pub(crate) fn passwords(&self) -> &Passwords {
        &self.inner.passwords
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.inner.issuer
    }

    pub(crate) fn db(&self) -> &Db {
        &self.inner.parts.db
    }

    pub(crate) fn world(&self) -> &World {
        self.inner.parts.db.world()
    }

    pub(crate) fn sealer(&self) -> &Sealer {
        &self.inner.parts.sealer
    }

    pub(crate) fn supervisor(&self) -> &Supervisor {
        &self.inner.parts.supervisor
    }

    pub(crate) fn config(&self) -> Arc<IdentityConfig> {
        self.inner.parts.config.get()
    }

    pub(crate) fn oidc_config(&self) -> Arc<OidcConfig> {
        self.inner.parts.oidc.get()
    }

    pub(crate) fn secrets(&self) -> &dyn SecretSource {
        &*self.inner.parts.secrets
    }

    pub(crate) fn public_url(&self) -> &Url {
        &self.inner.parts.public_url
    }

    pub(crate) fn instance_name(&self) -> &str {
        &self.inner.parts.instance_name
    }

    pub(crate) fn product_version(&self) -> &'static str {
        self.inner.parts.product_version
    }

    /// Whether people reach it under https, so that cookies can be bound to the host.
    pub(crate) fn is_https(&self) -> bool {
        self.public_url().scheme() == "https"
    }

    /// A link into the dashboard: `link("sign-in/link#token=…")`.
    pub(crate) fn link(&self, path: &str) -> String {
        format!("{}/{path}", self.public_url().as_str().trim_end_matches('/'))
    }
}
