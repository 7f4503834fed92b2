//! The section `server` of the configuration: where the edge listens, what it believes and what it limits.

use std::net::SocketAddr;

use diwan_kernel::Secret;
use diwan_kernel::config::{Key, Section};
use diwan_kernel::db::Location;
use serde::{Deserialize, Serialize};
use url::Url;

mod network;
pub use network::Network;

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

/// The settings of the edge.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where keys, backups and the embedded database live.
    pub data_dir: String,
    /// The database; none: `diwan.db` in the data directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_url: Option<Secret<String>>,
    /// The address that people open.
    pub public_url: Option<String>,
    /// Further names under which the server may be addressed.
    pub allowed_hosts: Vec<String>,
    /// What this installation calls itself.
    pub instance_name: String,
    /// The certificate chain, in PEM.
    pub tls_cert: Option<String>,
    /// Its private key, in PEM.
    pub tls_key: Option<String>,
    /// Where Prometheus may fetch metrics.
    pub metrics_listen: Option<SocketAddr>,
    /// The proxies that are believed about who the client is.
    pub trusted_proxies: Vec<Network>,
    /// Other web origins that may call the API with a bearer token.
    pub cors_origins: Vec<String>,
    /// How log lines are written.
    pub log_format: LogFormat,
    /// How much is logged.
    pub log_level: String,
    /// How long a shutdown waits for what is under way.
    pub shutdown_grace_s: u64,
    /// How many connections are open at once.
    pub max_connections: usize,
    /// How many of them from one address.
    pub max_connections_per_address: usize,
    /// How many live connections one person may have.
    pub max_live_connections_per_account: usize,
    /// How large a request's body may be.
    pub max_body_bytes: usize,
    /// How long an operation may take to begin its answer.
    pub request_timeout_s: u64,
    /// How many requests an address may send at once without signing in.
    pub rate_limit_burst: u32,
    /// How many of them come back each second.
    pub rate_limit_per_s: u32,
    /// How many requests an account may send at once.
    pub account_rate_limit_burst: u32,
    /// How many of them come back each second.
    pub account_rate_limit_per_s: u32,
    /// How many attempts to sign in an address may make at once.
    pub sign_in_rate_limit_burst: u32,
    /// How many of them come back each minute.
    pub sign_in_rate_limit_per_minute: u32,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7400)),
            data_dir: String::new(),
            database_url: None,
            public_url: None,
            allowed_hosts: vec![],
            instance_name: "Diwan".into(),
            tls_cert: None,
            tls_key: None,
            metrics_listen: None,
            trusted_proxies: vec![],
            cors_origins: vec![],
            log_format: LogFormat::Human,
            log_level: "info".into(),
            shutdown_grace_s: 20,
            max_connections: 10_000,
            max_connections_per_address: 200,
            max_live_connections_per_account: 16,
            max_body_bytes: 256 * 1024,
            request_timeout_s: 30,
            rate_limit_burst: 100,
            rate_limit_per_s: 10,
            account_rate_limit_burst: 400,
            account_rate_limit_per_s: 50,
            sign_in_rate_limit_burst: 30,
            sign_in_rate_limit_per_minute: 30,
        }
    }
}

const fn key(name: &'static str, about: &'static str) -> Key {
    Key { name, about, secret: false }
}

impl Section for ServerConfig {
    const NAME: &'static str = "server";
    const KEYS: &'static [Key] = &[
        key("listen", "The address and port to listen at."),
        key("data_dir", "The directory of keys, backups and the embedded database."),
        Key {
            name: "database_url",
            about: "A SQLite path or a PostgreSQL URL; by default diwan.db in the data directory.",
            secret: true,
        },
        key(
            "public_url",
            "The address that people open, like https://diwan.example.org: for links, cookies and passkeys.",
        ),
        key("allowed_hosts", "Further host names under which the server may be addressed."),
        key("instance_name", "What this installation calls itself."),
        key("tls_cert", "The file with the certificate chain to serve HTTPS with, in PEM; read again when it changes."),
        key("tls_key", "The file with the certificate's private key, in PEM."),
        key("metrics_listen", "The address and port where Prometheus may fetch metrics; by default nowhere."),
        key("trusted_proxies", "The addresses or networks of proxies whose X-Forwarded-For and -Proto are believed."),
        key(
            "cors_origins",
            "Web origins, like https://tool.example.org, whose pages may call the API with a bearer token.",
        ),
        key("log_format", "How log lines are written: human or json."),
        key(
            "log_level",
            "How much is logged: error, warn, info, debug or trace, also per module (info,diwan_server=debug).",
        ),
        key("shutdown_grace_s", "How many seconds a shutdown waits for what is under way."),
        key("max_connections", "How many connections may be open at once."),
        key(
            "max_connections_per_address",
            "How many connections may be open from one address; trusted proxies are exempt.",
        ),
        key("max_live_connections_per_account", "How many live connections one person may have open."),
        key("max_body_bytes", "How many bytes the body of a request may have, unless its operation says otherwise."),
        key("request_timeout_s", "How many seconds an operation may take until its answer begins."),
        key("rate_limit_burst", "How many requests an address may send at once without signing in."),
        key("rate_limit_per_s", "How many of these requests come back each second."),
        key(
            "account_rate_limit_burst",
            "How many requests an account may send at once, unless its plan says otherwise.",
        ),
        key("account_rate_limit_per_s", "How many of these requests come back each second."),
        key("sign_in_rate_limit_burst", "How many attempts to sign in an address may make at once."),
        key("sign_in_rate_limit_per_minute", "How many of these attempts come back each minute."),
    ];

    fn validate(&self) -> Result<(), (&'static str, String)> {
        self.validate_origins()?;
        if let Some(url) = &self.database_url {
            check_database_url(url.expose()).map_err(|why| ("database_url", why.to_owned()))?;
        }
        validate_log_level(&self.log_level)?;
        if self.tls_cert.is_some() != self.tls_key.is_some() {
            return Err(("tls_key", "a certificate and its key belong together: set tls_cert and tls_key".into()));
        }
        let name = diwan_kernel::text::line("instance_name", &self.instance_name, 60);
        name.map_err(|e| ("instance_name", e.message))?;
        if self.metrics_listen.is_some_and(|at| at == self.listen && at.port() != 0) {
            return Err(("metrics_listen", "it must differ from server.listen".into()));
        }
        self.validate_numbers()
    }
}

impl ServerConfig {
    /// Where the database is.
    pub fn location(&self) -> Location {
        match &self.database_url {
            Some(url) if !url.expose().is_empty() => Location::parse(url.expose()),
            _ => Location::Sqlite(std::path::Path::new(&self.data_dir).join("diwan.db")),
        }
    }

    /// Whether people reach the server by https, as far as the configuration tells.
    pub fn is_https(&self) -> bool {
        self.tls_cert.is_some() || self.public_url.as_deref().is_some_and(|url| url.starts_with("https:"))
    }

    /// Whether others reach the server, directly or through a proxy, and it does not know that they do so
    /// by https: then its cookies and links are made for http.
    pub fn is_exposed_in_clear(&self) -> bool {
        let is_reached = !self.listen.ip().is_loopback() || !self.trusted_proxies.is_empty();
        is_reached && !self.is_https()
    }

    fn validate_origins(&self) -> Result<(), (&'static str, String)> {
        if let Some(url) = &self.public_url {
            origin_of(url).map_err(|why| ("public_url", why))?;
        }
        for origin in &self.cors_origins {
            origin_of(origin).map_err(|why| ("cors_origins", format!("{origin}: {why}")))?;
        }
        for host in &self.allowed_hosts {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
            if host.is_empty() || !host.chars().all(plain) {
                return Err(("allowed_hosts", format!("{host:?} is not a host name (no scheme, no port)")));
            }
        }
        Ok(())
    }

    fn validate_numbers(&self) -> Result<(), (&'static str, String)> {
        let ranges: [(&'static str, u64, std::ops::RangeInclusive<u64>); 12] = [
            ("shutdown_grace_s", self.shutdown_grace_s, 1..=600),
            ("max_connections", self.max_connections as u64, 16..=1_000_000),
            ("max_connections_per_address", self.max_connections_per_address as u64, 1..=1_000_000),
            ("max_live_connections_per_account", self.max_live_connections_per_account as u64, 1..=10_000),
            ("max_body_bytes", self.max_body_bytes as u64, 1024..=64 * 1024 * 1024),
            ("request_timeout_s", self.request_timeout_s, 1..=600),
            ("rate_limit_burst", self.rate_limit_burst.into(), 1..=1_000_000_000),
            ("rate_limit_per_s", self.rate_limit_per_s.into(), 1..=1_000_000_000),
            ("account_rate_limit_burst", self.account_rate_limit_burst.into(), 1..=1_000_000_000),
            ("account_rate_limit_per_s", self.account_rate_limit_per_s.into(), 1..=1_000_000_000),
            ("sign_in_rate_limit_burst", self.sign_in_rate_limit_burst.into(), 1..=1_000_000_000),
            ("sign_in_rate_limit_per_minute", self.sign_in_rate_limit_per_minute.into(), 1..=1_000_000_000),
        ];
        match ranges.iter().find(|(_, value, range)| !range.contains(value)) {
            Some((key, _, range)) => Err((key, format!("it must be {} to {}", range.start(), range.end()))),
            None => Ok(()),
        }
    }
}

/// Refuses what is no place of a database: a URL of another engine is not the path of a file. It may
/// hold a password, so it is not repeated.
///
/// # Errors
/// Says what it must be.
pub fn check_database_url(url: &str) -> Result<(), &'static str> {
    let is_known = ["postgres://", "postgresql://", "sqlite://"].iter().any(|known| url.starts_with(known));
    if url.contains("://") && !is_known {
        return Err("it must be a path, or a URL that begins with postgres:// or sqlite://");
    }
    Ok(())
}

/// A word that is no level would be taken for the name of a module, and silence everything else.
fn validate_log_level(level: &str) -> Result<(), (&'static str, String)> {
    let is_level = |word: &str| {
        ["off", "error", "warn", "info", "debug", "trace"].iter().any(|known| word.trim().eq_ignore_ascii_case(known))
    };
    let is_part = |part: &str| part.split_once('=').map_or_else(|| is_level(part), |(_, level)| is_level(level));
    if level.split(',').all(is_part) {
        return Ok(());
    }
    Err(("log_level", "it must be error, warn, info, debug or trace, or by module like info,diwan_server=debug".into()))
}

/// The origin (`https://name:port`) of a URL that has nothing behind it.
pub(crate) fn origin_of(url: &str) -> Result<String, String> {
    let parsed = Url::parse(url).map_err(|e| format!("it is not a URL like https://diwan.example.org ({e})"))?;
    if !matches!(parsed.scheme(), "http" | "https") || parsed.host_str().is_none() {
        return Err("it must begin with https:// or http:// and name a host".into());
    }
    let bare = parsed.path() == "/" && parsed.query().is_none() && parsed.fragment().is_none();
    if !bare || !parsed.username().is_empty() || parsed.password().is_some() {
        return Err("it must not have a path, a query or a user: Diwan is served at the root of its address".into());
    }
    Ok(parsed.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: impl FnOnce(&mut ServerConfig)) -> &'static str {
        let mut config = ServerConfig::default();
        change(&mut config);
        config.validate().err().map_or("accepted", |(key, _)| key)
    }

    #[test]
    fn the_defaults_are_acceptable() {
        assert_eq!(ServerConfig::default().validate(), Ok(()));
    }

    #[test]
    fn every_field_is_a_documented_key_and_the_other_way_round() {
        let config = ServerConfig { database_url: Some(Secret::default()), ..Default::default() };
        let tree = serde_json::to_value(config).unwrap();
        let mut fields: Vec<_> = tree.as_object().unwrap().keys().map(String::as_str).collect();
        let mut keys: Vec<_> = ServerConfig::KEYS.iter().map(|k| k.name).collect();
        fields.sort_unstable();
        keys.sort_unstable();
        assert_eq!(fields, keys);
    }

    #[test]
    fn what_cannot_work_is_refused_by_name() {
        assert_eq!(refused(|c| c.public_url = Some("diwan.example.org".into())), "public_url");
        assert_eq!(refused(|c| c.public_url = Some("https://diwan.example.org/app".into())), "public_url");
        assert_eq!(refused(|c| c.public_url = Some("ftp://diwan.example.org".into())), "public_url");
        assert_eq!(refused(|c| c.cors_origins = vec!["*".into()]), "cors_origins");
        assert_eq!(refused(|c| c.tls_cert = Some("cert.pem".into())), "tls_key");
        assert_eq!(refused(|c| c.allowed_hosts = vec!["https://a".into()]), "allowed_hosts");
        assert_eq!(refused(|c| c.instance_name = " ".into()), "instance_name");
        assert_eq!(refused(|c| c.rate_limit_per_s = 0), "rate_limit_per_s");
        assert_eq!(refused(|c| c.metrics_listen = Some(c.listen)), "metrics_listen");
        assert_eq!(refused(|c| c.database_url = Some(Secret::new("mysql://a:b@host/d".into()))), "database_url");
        assert_eq!(refused(|c| c.database_url = Some(Secret::new("/var/lib/diwan/diwan.db".into()))), "accepted");
        assert_eq!(refused(|c| c.database_url = Some(Secret::new("postgres://a:b@host/d".into()))), "accepted");
        assert_eq!(refused(|c| c.public_url = Some("https://diwan.example.org/".into())), "accepted");
    }

    #[test]
    fn a_log_level_is_one_of_five_or_given_by_module() {
        for level in ["info", "WARN", "off", "info,diwan_server=debug", "diwan_kernel::db=trace, warn"] {
            assert_eq!(refused(|c| c.log_level = level.into()), "accepted", "{level}");
        }
        for level in ["", "loud", "info,loud", "diwan_server=loud", ",", "info,"] {
            assert_eq!(refused(|c| c.log_level = level.into()), "log_level", "{level}");
        }
    }

    #[test]
    fn a_proxy_without_an_https_address_is_told_of() {
        let exposed = |change: fn(&mut ServerConfig)| {
            let mut config = ServerConfig::default();
            change(&mut config);
            config.is_exposed_in_clear()
        };
        let proxied: fn(&mut ServerConfig) = |c| c.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        assert!(!exposed(|_| {}) && exposed(proxied) && exposed(|c| c.listen = "0.0.0.0:7400".parse().unwrap()));
        assert!(!exposed(|c| {
            c.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
            c.public_url = Some("https://diwan.example.org".into());
        }));
    }

    #[test]
    fn default_ports_are_left_out_of_origins() {
        assert_eq!(origin_of("https://diwan.example.org:443/").as_deref(), Ok("https://diwan.example.org"));
        assert_eq!(origin_of("http://[::1]:8080").as_deref(), Ok("http://[::1]:8080"));
    }
}
