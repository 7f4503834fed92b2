//! The settings of this capability: `identity`, `mail` and `oidc`.

use std::time::Duration;

use diwan_kernel::config::{Key, Section};
use diwan_kernel::{Role, Secret};
use serde::{Deserialize, Serialize};

use crate::network::Network;
use crate::person::Language;
use crate::plan::Plan;

/// Who must have a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityConfig {
    /// Minutes without a request after which a session ends.
    pub session_idle_minutes: u32,
    /// Hours after which a session ends whatever happens.
    pub session_absolute_hours: u32,
    /// Addresses and networks (CIDR) that people may come from; empty: from everywhere.
    pub allowed_addresses: Vec<String>,
    /// Who must have a second factor: until then they can do nothing but set one up.
    pub second_factor_required_for: SecondFactorFor,
    /// The plan of people who join.
    pub default_plan: Plan,
    /// The language of pages and mails for people of whom none is known.
    pub default_language: Language,
    /// Memory of the password hash, in KiB.
    pub password_memory_kib: u32,
    /// Passes of the password hash.
    pub password_passes: u32,
    /// Lanes of the password hash.
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

    /// The allowed networks.
    pub(crate) fn networks(&self) -> Result<Vec<Network>, (&'static str, String)> {
        let read = |text: &String| text.parse().map_err(|e| ("allowed_addresses", format!("{text} is {e}")));
        self.allowed_addresses.iter().map(read).collect()
    }
}

impl Section for IdentityConfig {
    const NAME: &'static str = "identity";
    const KEYS: &'static [Key] = &[
        Key {
            name: "session_idle_minutes",
            about: "Minutes without a request after which a session ends (5 to 43200).",
            secret: false,
        },
        Key {
            name: "session_absolute_hours",
            about: "Hours after which a session ends whatever happens (1 to 8760).",
            secret: false,
        },
        Key {
            name: "allowed_addresses",
            about: "Addresses and networks (CIDR) that people may come from; empty: everywhere.",
            secret: false,
        },
        Key {
            name: "second_factor_required_for",
            about: "Who can do nothing but set up a second factor until they have one: nobody, admins or everybody.",
            secret: false,
        },
        Key { name: "default_plan", about: "The plan of people who join: free, pro or enterprise.", secret: false },
        Key {
            name: "default_language",
            about: "The language of pages and mails for people of whom none is known: en or ar.",
            secret: false,
        },
        Key {
            name: "password_memory_kib",
            about: "Memory of the password hash (argon2id) in KiB, at least 19456.",
            secret: false,
        },
        Key { name: "password_passes", about: "Passes of the password hash, at least 2.", secret: false },
        Key { name: "password_lanes", about: "Lanes of the password hash.", secret: false },
    ];

    fn validate(&self) -> Result<(), (&'static str, String)> {
        let within = |key, value: u32, range: std::ops::RangeInclusive<u32>| {
            let why = || format!("it must be between {} and {}", range.start(), range.end());
            if range.contains(&value) { Ok(()) } else { Err((key, why())) }
        };
        within("session_idle_minutes", self.session_idle_minutes, 5..=43_200)?;
        within("session_absolute_hours", self.session_absolute_hours, 1..=8_760)?;
        within("password_memory_kib", self.password_memory_kib, 19_456..=1_048_576)?;
        within("password_passes", self.password_passes, 2..=20)?;
        within("password_lanes", self.password_lanes, 1..=16)?;
        self.networks().map(drop)
    }
}

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailConfig {
    /// The mail server; empty: none.
    pub host: String,
    /// Its port; 0: the usual one.
    pub port: u16,
    /// How the connection is protected.
    pub security: MailSecurity,
    /// Who we are to the mail server; empty: nobody in particular.
    pub username: String,
    /// The password that goes with it.
    #[serde(default)]
    pub password: Secret<String>,
    /// The sender's address.
    pub from: String,
}

impl Section for MailConfig {
    const NAME: &'static str = "mail";
    const KEYS: &'static [Key] = &[
        Key { name: "host", about: "The SMTP server; empty: mail is kept in the outbox.", secret: false },
        Key { name: "port", about: "Its port; 0: 587 for starttls, 465 for tls, 25 for none.", secret: false },
        Key { name: "security", about: "starttls, tls or none.", secret: false },
        Key { name: "username", about: "The user name at the SMTP server.", secret: false },
        Key { name: "password", about: "The password at the SMTP server.", secret: true },
        Key { name: "from", about: "The sender's address.", secret: false },
    ];

    fn validate(&self) -> Result<(), (&'static str, String)> {
        crate::factor::mail::Mailer::new(self, "Diwan").map(drop)
    }
}

/// One identity provider.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcProvider {
    /// Its short name in addresses: letters, digits, dashes.
    pub id: String,
    /// What stands on the button.
    pub label: String,
    /// Its issuer URL.
    pub issuer: String,
    /// Who we are to it.
    pub client_id: String,
    /// The secret that goes with it; empty for a public client.
    #[serde(default)]
    pub client_secret: Secret<String>,
    /// What is asked for; `openid` always is.
    #[serde(default = "usual_scopes")]
    pub scopes: Vec<String>,
    /// Whether somebody with a verified address of an allowed domain gets an account by signing in.
    #[serde(default)]
    pub auto_create: bool,
    /// The domains whose addresses get an account; empty: none.
    #[serde(default)]
    pub allowed_domains: Vec<String>,
    /// The role such an account has.
    #[serde(default = "least_role")]
    pub role: Role,
}

fn usual_scopes() -> Vec<String> {
    ["openid", "email", "profile"].map(str::to_owned).to_vec()
}

const fn least_role() -> Role {
    Role::Viewer
}

/// Which identity providers are trusted.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcConfig {
    /// Them.
    #[serde(default)]
    pub providers: Vec<OidcProvider>,
}

impl Section for OidcConfig {
    const NAME: &'static str = "oidc";
    // Secret as a whole: each provider holds its client secret.
    const KEYS: &'static [Key] = &[Key {
        name: "providers",
        about: "Identity providers: id, label, issuer, client_id, client_secret.",
        secret: true,
    }];
}

#[cfg(test)]
mod cost {
    use super::*;

    #[test]
    fn a_cost_below_what_is_safe_is_refused() {
        let with = |change: fn(&mut IdentityConfig)| {
            let mut config = IdentityConfig::default();
            change(&mut config);
            config.validate().err().map(|(key, _)| key)
        };
        assert_eq!(with(|_| {}), None);
        assert_eq!(with(|c| c.password_memory_kib = 19_455), Some("password_memory_kib"));
        assert_eq!(with(|c| c.password_passes = 1), Some("password_passes"));
        assert_eq!(with(|c| c.session_idle_minutes = 4), Some("session_idle_minutes"));
        assert_eq!(with(|c| c.allowed_addresses = vec!["everywhere".into()]), Some("allowed_addresses"));
    }
}
