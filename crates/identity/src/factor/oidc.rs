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

use diwan_kernel::Problem;

pub(crate) use account::unlink;
pub(crate) use flow::{Answer, Arrival, Failure, finish, start};
pub(crate) use provider::Provider;
pub(crate) use settings::check_providers;

use crate::config::OidcConfig;
use crate::error::StartError;

/// The providers that are trusted.
#[derive(Debug)]
pub(crate) struct Oidc {
    providers: Vec<Provider>,
}

impl Oidc {
    /// Those in the settings.
    ///
    /// # Errors
    /// When a setting is wrong, or this machine trusts no certificates.
    pub(crate) fn new(config: &OidcConfig) -> Result<Self, StartError> {
        let wrong = |why: String| StartError::Setting { name: "oidc.providers", why };
        check_providers(&config.providers).map_err(wrong)?;
        if config.providers.is_empty() {
            return Ok(Self { providers: vec![] });
        }
        let client = client::Client::new().map_err(|e| wrong(e.to_string()))?;
        let providers = config.providers.iter().map(|settings| Provider::new(settings.clone(), client.clone()));
        Ok(Self { providers: providers.collect() })
    }

    /// The provider with this short name.
    ///
    /// # Errors
    /// 404 when there is none.
    pub(crate) fn provider(&self, id: &str) -> Result<&Provider, Problem> {
        self.providers.iter().find(|p| p.settings.id == id).ok_or_else(|| Problem::not_found("identity provider"))
    }

    /// The provider behind an issuer, as people know it: its short name and its label.
    pub(crate) fn known_as(&self, issuer: &str) -> Option<(&str, &str)> {
        let provider = self.providers.iter().find(|p| p.settings.issuer == issuer)?;
        Some((&provider.settings.id, &provider.settings.label))
    }
}
