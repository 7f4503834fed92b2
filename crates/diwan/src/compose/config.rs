//! The whole configuration, read from its layers and judged as one.

use std::path::Path;

use diwan_audit::AuditConfig;
use diwan_identity::{IdentityConfig, MailConfig, OidcConfig};
use diwan_kernel::config::{ConfigError, Key, Layers, Section, Source};
use diwan_server::{ServerConfig, Setting, settings_of};
use serde_json::Value;

/// Every section and its keys: what the file may hold.
pub const SECTIONS: &[(&str, &[Key])] = &[
    (ServerConfig::NAME, ServerConfig::KEYS),
    (IdentityConfig::NAME, IdentityConfig::KEYS),
    (MailConfig::NAME, MailConfig::KEYS),
    (OidcConfig::NAME, OidcConfig::KEYS),
    (AuditConfig::NAME, AuditConfig::KEYS),
];

/// The configuration in force.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// The edge and where things are.
    pub server: ServerConfig,
    /// Sign-in.
    pub identity: IdentityConfig,
    /// Outgoing mail.
    pub mail: MailConfig,
    /// Trusted identity providers.
    pub oidc: OidcConfig,
    /// The audit trail.
    pub audit: AuditConfig,
    /// Where each value came from.
    pub layers: Layers,
}

impl Config {
    /// Reads the file (if any), the environment and the flags, and refuses all of it when one value
    /// is not acceptable.
    ///
    /// # Errors
    /// The first thing that is wrong, and where.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
        flags: impl IntoIterator<Item = (&'static str, &'static str, Value)>,
    ) -> Result<Self, ConfigError> {
        let mut layers = Layers::default();
        if let Some(file) = file {
            layers.add_file(file)?;
        }
        layers.add_environment(environment, SECTIONS);
        for (section, key, value) in flags {
            layers.set(section, key, value, Source::Flag);
        }
        layers.refuse_unknown(SECTIONS)?;
        Ok(Self {
            server: layers.section()?,
            identity: layers.section()?,
            mail: layers.section()?,
            oidc: layers.section()?,
            audit: layers.section()?,
            layers,
        })
    }

    /// Every setting in force, with where it came from; secrets stay hidden.
    pub fn settings(&self) -> Vec<Setting> {
        let layers = &self.layers;
        [
            settings_of(layers, &self.server),
            settings_of(layers, &self.identity),
            settings_of(layers, &self.mail),
            settings_of(layers, &self.oidc),
            settings_of(layers, &self.audit),
        ]
        .concat()
    }
}
