//! The settings of this capability: `identity`, `mail` and `oidc`.

use std::net::IpAddr;
use std::time::Duration;

use diwan_kernel::Role;
use diwan_kernel::config::{Phrase, SecretValue, Section, Wrong};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::network::Network;
use crate::person::Language;
use crate::plan::Plan;

/// Who must have a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecondFactorFor {
    /// Nobody must; everybody can.
    #[default]
    Nobody,
    /// Owners and admins.
    Admins,
    /// Everybody.
    Everybody,
}

impl SecondFactorFor {
    /// Whether somebody with this role must have one.
    pub(crate) fn includes(self, role: Role) -> bool {
        match self {
            Self::Nobody => false,
            Self::Admins => role >= Role::Admin,
            Self::Everybody => true,
        }
    }
}

/// How people sign in and for how long.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IdentityConfig {
    /// Minutes without a request after which a session ends.
    #[schema(minimum = 5, maximum = 43_200)]
    pub session_idle_minutes: u32,
    /// Hours after which a session ends whatever happens.
    #[schema(minimum = 1, maximum = 8_760)]
    pub session_absolute_hours: u32,
    /// Addresses and networks (CIDR) that people may come from; none: from everywhere.
    #[schema(value_type = Vec<String>, max_items = 1000)]
    pub allowed_addresses: Vec<Network>,
    /// Who can do nothing but set up a second factor until they have one.
    pub second_factor_required_for: SecondFactorFor,
    /// The plan of people who join.
    pub default_plan: Plan,
    /// The language of pages and mails for people of whom none is known.
    pub default_language: Language,
    /// Memory of the password hash (argon2id), in KiB.
    #[schema(minimum = 19_456, maximum = 1_048_576)]
    pub password_memory_kib: u32,
    /// Passes of the password hash.
    #[schema(minimum = 2, maximum = 20)]
    pub password_passes: u32,
    /// Lanes of the password hash.
    #[schema(minimum = 1, maximum = 16)]
    pub password_lanes: u32,
}

impl Default for IdentityConfig {
    fn default() -> Self {
        Self {
            session_idle_minutes: 7 * 24 * 60,
            session_absolute_hours: 30 * 24,
            allowed_addresses: vec![],
            second_factor_required_for: SecondFactorFor::Nobody,
            default_plan: Plan::Pro,
            default_language: Language::En,
            password_memory_kib: 19 * 1024,
            password_passes: 2,
            password_lanes: 1,
        }
    }
}

impl IdentityConfig {
    pub(crate) fn session_idle(&self) -> Duration {
        Duration::from_secs(u64::from(self.session_idle_minutes) * 60)
    }

    pub(crate) fn session_absolute(&self) -> Duration {
        Duration::from_secs(u64::from(self.session_absolute_hours) * 3600)
    }

    /// Whether somebody at this address may come in.
    pub fn admits(&self, address: Option<IpAddr>) -> bool {
        let fits = |address| self.allowed_addresses.iter().any(|network| network.contains(address));
        self.allowed_addresses.is_empty() || address.is_some_and(fits)
    }
}

diwan_kernel::phrases! {
    /// What this section can say.
    pub(crate) REASONS:
    NETWORK = "network", "it must be an address or a network like 203.0.113.0/24";
}

impl Section for IdentityConfig {
    const NAME: &'static str = "identity";
    const NEEDS_RESTART: &'static [&'static str] = &["password_memory_kib", "password_passes", "password_lanes"];
    const REASONS: &'static [Phrase] = REASONS;
}

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailSecurity {
    /// It begins in clear and must switch to TLS.
    #[default]
    Starttls,
    /// TLS from the first byte.
    Tls,
    /// Not at all: for a mail server on the same machine.
    None,
}

/// How mail is sent. Without a host it is kept in the outbox.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MailConfig {
    /// The SMTP server; empty: mail is kept in the outbox.
    #[schema(max_length = 253)]
    pub host: String,
    /// Its port; 0: 587 for starttls, 465 for tls, 25 for none.
    #[schema(minimum = 0, maximum = 65_535)]
    pub port: u16,
    /// How the connection is protected: from its first moments (starttls), from its first byte (tls), or not at all.
    pub security: MailSecurity,
    /// The user name at the SMTP server; empty: none.
    pub username: String,
    /// The password at the SMTP server.
    pub password: SecretValue,
    /// The sender's address, like Diwan <diwan@example.org>.
    pub from: String,
}

impl Section for MailConfig {
    const NAME: &'static str = "mail";
    const REASONS: &'static [Phrase] = crate::factor::mail::REASONS;

    fn validate(&self) -> Result<(), Wrong> {
        crate::factor::mail::check(self)
    }
}

/// One identity provider.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OidcProvider {
    /// Its short name in addresses: lower-case letters, digits, dashes.
    #[schema(min_length = 1, max_length = 32)]
    pub id: String,
    /// What stands on the button.
    #[schema(min_length = 1, max_length = 40)]
    pub label: String,
    /// Its issuer URL.
    #[schema(min_length = 1)]
    pub issuer: String,
    /// Who we are to it.
    #[schema(min_length = 1)]
    pub client_id: String,
    /// The secret that goes with it; empty for a public client.
    #[serde(default)]
    pub client_secret: SecretValue,
    /// What is asked for; `openid` always is.
    #[serde(default = "usual_scopes")]
    pub scopes: Vec<String>,
    /// Whether somebody with a verified address of an allowed domain gets an account by signing in.
    #[serde(default)]
    pub auto_create: bool,
    /// The domains whose addresses get an account; none: nobody gets one.
    #[serde(default)]
    pub allowed_domains: Vec<String>,
    /// The role such an account has: viewer or developer.
    #[serde(default = "least_role")]
    pub role: Role,
}

fn usual_scopes() -> Vec<String> {
    ["openid", "email", "profile"].map(str::to_owned).to_vec()
}

const fn least_role() -> Role {
    Role::Viewer
}

/// Which identity providers (OpenID Connect) are trusted.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OidcConfig {
    /// The providers that people may sign in with.
    #[schema(max_items = 20)]
    pub providers: Vec<OidcProvider>,
}

impl Section for OidcConfig {
    const NAME: &'static str = "oidc";
    const REASONS: &'static [Phrase] = crate::factor::oidc::REASONS;

    fn validate(&self) -> Result<(), Wrong> {
        crate::factor::oidc::check_providers(&self.providers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use diwan_kernel::config::{Definition, Layers};

    #[test]
    fn a_cost_below_what_is_safe_is_refused() {
        let refused = |key: &str, value: i64| {
            let mut layers = Layers::default();
            let text = format!("identity:\n  {key}: {value}\n");
            layers.add_text("diwan.yaml", &text).unwrap();
            layers.section::<IdentityConfig>(&Definition::of::<IdentityConfig>()).is_err()
        };
        assert!(refused("password_memory_kib", 19_455) && !refused("password_memory_kib", 19_456));
        assert!(refused("password_passes", 1) && !refused("password_passes", 2));
        assert!(refused("password_lanes", 0) && refused("session_idle_minutes", 4));
    }
}
