//! The handle of this capability and what it is put together from.

use std::sync::Arc;

use axum::http::HeaderValue;
use axum::http::request;
use diwan_kernel::ctx::RequestFacts;
use diwan_kernel::{Ctx, Db, Problem, Sealer, Supervisor, World};
use url::Url;
use utoipa_axum::router::OpenApiRouter;

use crate::config::{IdentityConfig, MailConfig, OidcConfig};
use crate::error::StartError;
use crate::factor::Factors;
use crate::plan::Plan;

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
    pub config: IdentityConfig,
    /// How mail is sent.
    pub mail: MailConfig,
    /// Which identity providers are trusted.
    pub oidc: OidcConfig,
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
    inner: Arc<Parts>,
    factors: Arc<Factors>,
}

/// Who sent a request, as far as its credentials tell.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The context for the operation. Anonymous when there was no credential, or none that counts.
    pub ctx: Ctx,
    /// What limits hold for the caller.
    pub plan: Option<Plan>,
    /// Cookies to set with the answer, whatever it is.
    pub set_cookies: Vec<HeaderValue>,
    /// Why the credential that was sent does not count (`session_ended`, `token_expired`,
    /// `token_invalid`). Public operations still work; when one answers `sign_in_required`, this is
    /// the answer to give instead.
    pub refused: Option<Problem>,
}

impl Identity {
    /// Starts the capability: its keys, its memory, its background tasks.
    ///
    /// # Errors
    /// When the server's keys cannot be read or made.
    pub async fn start(parts: Parts) -> Result<Self, StartError> {
        let factors = Factors::start(&parts).await?;
        let this = Self { inner: Arc::new(parts), factors: Arc::new(factors) };
        crate::factor::spawn_tasks(&this);
        Ok(this)
    }

    /// Its operations, with paths relative to `/api/v1`.
    pub fn routes(&self) -> OpenApiRouter {
        crate::api::routes().with_state(self.clone())
    }

    /// Finds out who sent a request.
    ///
    /// # Errors
    /// When the database does not answer, or the address is not on the allow-list.
    #[expect(clippy::unused_async, reason = "sessions come next")]
    pub async fn authenticate(&self, _parts: &request::Parts, facts: Arc<RequestFacts>) -> Result<Caller, Problem> {
        let ctx = Ctx::anonymous(self.world(), facts);
        Ok(Caller { ctx, plan: None, set_cookies: vec![], refused: None })
    }

    pub(crate) fn factors(&self) -> &Factors {
        &self.factors
    }

    pub(crate) fn db(&self) -> &Db {
        &self.inner.db
    }

    pub(crate) fn world(&self) -> &World {
        self.inner.db.world()
    }

    pub(crate) fn sealer(&self) -> &Sealer {
        &self.inner.sealer
    }

    pub(crate) fn supervisor(&self) -> &Supervisor {
        &self.inner.supervisor
    }

    pub(crate) fn config(&self) -> &IdentityConfig {
        &self.inner.config
    }

    pub(crate) fn mail_config(&self) -> &MailConfig {
        &self.inner.mail
    }

    pub(crate) fn oidc_config(&self) -> &OidcConfig {
        &self.inner.oidc
    }

    pub(crate) fn public_url(&self) -> &Url {
        &self.inner.public_url
    }

    pub(crate) fn instance_name(&self) -> &str {
        &self.inner.instance_name
    }

    /// Whether people reach it under https, so that cookies can be bound to the host.
    pub(crate) fn is_https(&self) -> bool {
        self.inner.public_url.scheme() == "https"
    }

    /// A link into the dashboard: `link("sign-in/link#token=…")`.
    pub(crate) fn link(&self, path: &str) -> String {
        format!("{}/{path}", self.inner.public_url.as_str().trim_end_matches('/'))
    }
}
