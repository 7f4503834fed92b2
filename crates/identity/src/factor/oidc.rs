//! Signing in through an identity provider (OpenID Connect, authorization code with PKCE).
//!
//! A client of our own, small and bounded: the usual one brings a second HTTP client and an RSA
//! library with an open advisory, and reads the clock by itself. Start at [`flow`] for the way there
//! and back, at [`account`] for what an account elsewhere means here.

mod account;
mod client;
mod exchange;
mod flow;
mod id_token;
mod jwks;
mod provider;
pub(crate) mod return_to;
mod settings;

#[cfg(test)]
mod test_provider;

use std::sync::{Arc, Mutex, PoisonError};

use diwan_kernel::Problem;
use diwan_kernel::config::Live;

pub(crate) use account::unlink;
pub(crate) use flow::{Answer, Arrival, Failure, finish, start};
pub(crate) use provider::Provider;
pub(crate) use settings::{REASONS, check_providers};

use crate::config::{OidcConfig, OidcProvider};

/// The providers that are trusted, as the settings say at each moment.
#[derive(Debug)]
pub(crate) struct Oidc {
    settings: Live<OidcConfig>,
    made: Mutex<Option<Made>>,
}

/// What was made of which settings.
type Made = (Arc<OidcConfig>, Vec<Arc<Provider>>);

impl Oidc {
    pub(crate) fn new(settings: Live<OidcConfig>) -> Self {
        Self { settings, made: Mutex::default() }
    }

    /// The provider with this short name.
    ///
    /// # Errors
    /// 404 when there is none; when this machine trusts no certificates.
    pub(crate) fn provider(&self, id: &str) -> Result<Arc<Provider>, Problem> {
        let found = self.providers()?.into_iter().find(|p| p.settings.id == id);
        found.ok_or_else(|| Problem::not_found("identity provider"))
    }

    /// The provider behind an issuer, as people know it: its short name and its label.
    pub(crate) fn known_as(&self, issuer: &str) -> Option<(String, String)> {
        let settings = self.settings.get();
        let provider = settings.providers.iter().find(|p| p.issuer == issuer)?;
        Some((provider.id.clone(), provider.label.clone()))
    }

    /// Made anew whenever the settings are others; what is known of a provider is kept until then.
    fn providers(&self) -> Result<Vec<Arc<Provider>>, Problem> {
        let settings = self.settings.get();
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, providers)) = &*made
            && Arc::ptr_eq(of, &settings)
        {
            return Ok(providers.clone());
        }
        let mut providers = vec![];
        if !settings.providers.is_empty() {
            let client = client::Client::new().map_err(Problem::internal)?;
            let new = |settings: &OidcProvider| Arc::new(Provider::new(settings.clone(), client.clone()));
            providers.extend(settings.providers.iter().map(new));
        }
        *made = Some((settings, providers.clone()));
        Ok(providers)
    }
}
