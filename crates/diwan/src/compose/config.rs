//! The whole configuration, read from its layers and judged as one.

use std::path::Path;

use diwan_audit::AuditConfig;
use diwan_identity::{IdentityConfig, MailConfig, OidcConfig};
use diwan_kernel::config::{ConfigError, Key, Layers, Section, Source, nearest};
use diwan_server::{ServerConfig, Setting, settings_of};
use diwan_vault::VaultConfig;
use serde_json::Value;

/// Every section and its keys: what the file may hold.
pub const SECTIONS: &[(&str, &[Key])] = &[
    (ServerConfig::NAME, ServerConfig::KEYS),
    (IdentityConfig::NAME, IdentityConfig::KEYS),
    (MailConfig::NAME, MailConfig::KEYS),
    (OidcConfig::NAME, OidcConfig::KEYS),
    (AuditConfig::NAME, AuditConfig::KEYS),
    (VaultConfig::NAME, VaultConfig::KEYS),
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
    /// The vault.
    pub vault: VaultConfig,
    /// Where each value came from.
    pub layers: Layers,
    /// Variables that look like settings and are none, each with the setting that was probably meant.
    pub slips: Vec<(String, String)>,
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
        let environment: Vec<_> = environment.into_iter().collect();
        let slips = slips(environment.iter().map(|(name, _)| name.as_str()));
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
            vault: layers.section()?,
            layers,
            slips,
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
            settings_of(layers, &self.vault),
        ]
        .concat()
    }
}

/// What the program reads besides settings.
const OTHER_VARIABLES: &[&str] = &["DIWAN_CONFIG", "DIWAN_SERVER", "DIWAN_TOKEN"];

/// The variable that sets this; settings of the server have a short one.
pub fn variable(section: &str, key: &str) -> String {
    let name = if section == "server" { key.to_owned() } else { format!("{section}_{key}") };
    format!("DIWAN_{}", name.to_uppercase())
}

/// Variables that are nearly those of settings. What is not even near is left alone: others, like
/// Kubernetes for a service of this name, set `DIWAN_*` variables too.
fn slips<'a>(names: impl Iterator<Item = &'a str>) -> Vec<(String, String)> {
    let known = || SECTIONS.iter().flat_map(|(section, keys)| keys.iter().map(|key| (*section, key.name)));
    let long = |(section, key): (&str, &str)| format!("DIWAN_{section}_{key}").to_uppercase();
    let is_known = |name: &str| {
        OTHER_VARIABLES.contains(&name)
            || known().any(|(section, key)| name == variable(section, key) || name == long((section, key)))
    };
    let slips = names.filter(|name| name.starts_with("DIWAN_") && !is_known(name));
    let meant = |name: &str| nearest(name, known().map(|(section, key)| variable(section, key)));
    slips.filter_map(|name| Some((name.to_owned(), meant(name)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_variable_is_noticed_and_others_are_left_alone() {
        let names = ["DIWAN_LISTN", "DIWAN_LISTEN", "DIWAN_SERVER_LISTEN", "DIWAN_TOKEN", "DIWAN_SERVICE_HOST", "PATH"];
        assert_eq!(slips(names.into_iter()), [("DIWAN_LISTN".to_owned(), "DIWAN_LISTEN".to_owned())]);
    }
}
