//! The section `server` of the configuration: where the edge listens, whom it trusts and what it limits.

use std::net::SocketAddr;

use diwan_kernel::Secret;
use diwan_kernel::config::{Phrase, Section, Wrong, check_host, check_line};
use diwan_kernel::db::Location;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

mod network;
mod origin;
mod reasons;
pub use network::Network;
pub use origin::Origin;

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

/// Where the server listens, whom it trusts and what it limits.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// The address and port to listen at.
    #[schema(value_type = String)]
    pub listen: SocketAddr,
    /// The directory of keys, backups and the embedded database.
    pub data_dir: String,
    /// A SQLite path or a PostgreSQL URL; by default diwan.db in the data directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "password")]
    pub database_url: Option<Secret<String>>,
    /// The address that people open, like https://diwan.example.org: for links, cookies and passkeys.
    pub public_url: Option<String>,
    /// Further host names under which the server may be addressed, without a scheme or a port.
    pub allowed_hosts: Vec<String>,
    /// What this installation calls itself.
    #[schema(min_length = 1, max_length = 60)]
    pub instance_name: String,
    /// The file with the certificate chain to serve HTTPS with, in PEM; read again when it changes.
    pub tls_cert: Option<String>,
    /// The file with the certificate's private key, in PEM.
    pub tls_key: Option<String>,
    /// The address and port where Prometheus may fetch metrics; by default nowhere.
    #[schema(value_type = Option<String>)]
    pub metrics_listen: Option<SocketAddr>,
    /// The addresses or networks of proxies whose X-Forwarded-For and -Proto are believed.
    #[schema(value_type = Vec<String>)]
    pub trusted_proxies: Vec<Network>,
    /// Web origins, like https://tool.example.org, whose pages may call the API with a bearer token.
    #[schema(value_type = Vec<String>)]
    pub cors_origins: Vec<Origin>,
    /// How log lines are written: for people, or as one JSON object a line.
    pub log_format: LogFormat,
    /// How much is logged: error, warn, info, debug or trace, also per module (info,diwan_server=debug).
    pub log_level: String,
    /// How many seconds a shutdown waits for what is under way.
    #[schema(minimum = 1, maximum = 600)]
    pub shutdown_grace_s: u64,
    /// How many connections may be open at once.
    #[schema(minimum = 16, maximum = 1_000_000)]
    pub max_connections: usize,
    /// How many connections may be open from one address; trusted proxies are exempt.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub max_connections_per_address: usize,
    /// How many live connections one person may have open.
    #[schema(minimum = 1, maximum = 10_000)]
    pub max_live_connections_per_account: usize,
    /// How many machines may be connected at once.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub max_machine_connections: usize,
    /// How many machines may be connected from one address: many stand behind the router of one house.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub max_machine_connections_per_address: usize,
    /// How many bytes the body of a request may have, unless its operation says otherwise.
    #[schema(minimum = 1024, maximum = 67_108_864)]
    pub max_body_bytes: usize,
    /// How many seconds an operation may take until its answer begins.
    #[schema(minimum = 1, maximum = 600)]
    pub request_timeout_s: u64,
    /// How many requests may come at once from an address without signing in.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub rate_limit_burst: u32,
    /// How many requests an address may send each second without signing in, in the long run.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub rate_limit_per_s: u32,
    /// How many requests may come at once from an account, unless its plan allows more.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub account_rate_limit_burst: u32,
    /// How many requests an account may send each second in the long run, unless its plan allows more.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub account_rate_limit_per_s: u32,
    /// How many attempts to sign in may come at once from an address.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub sign_in_rate_limit_burst: u32,
    /// How many attempts to sign in an address may make each minute, in the long run.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
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
            max_machine_connections: 20_000,
            max_machine_connections_per_address: 2_000,
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

impl Section for ServerConfig {
    const NAME: &'static str = "server";
    const NEEDS_RESTART: &'static [&'static str] = &[
        "listen",
        "data_dir",
        "database_url",
        "public_url",
        "instance_name",
        "tls_cert",
        "tls_key",
        "metrics_listen",
        "log_format",
    ];

    const REASONS: &'static [Phrase] = reasons::REASONS;

    fn validate(&self) -> Result<(), Wrong> {
        if let Some(url) = &self.public_url {
            Origin::read(url).map_err(|why| why.at("public_url"))?;
        }
        for (at, host) in self.allowed_hosts.iter().enumerate() {
            check_host(host).map_err(|why| why.at(format!("allowed_hosts[{at}]")))?;
        }
        if let Some(url) = &self.database_url {
            check_database_url(url.expose()).map_err(|why| why.at("database_url"))?;
        }
        validate_log_level(&self.log_level)?;
        if self.tls_cert.is_some() != self.tls_key.is_some() {
            return Err(reasons::TLS_PAIR.at("tls_key"));
        }
        check_line(&self.instance_name, 60).map_err(|why| why.at("instance_name"))?;
        if self.metrics_listen.is_some_and(|at| at == self.listen && at.port() != 0) {
            return Err(reasons::SAME_ADDRESS.at("metrics_listen"));
        }
        Ok(())
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

    /// Whether others reach the server, directly or through a proxy.
    pub(crate) fn is_reached_by_others(&self) -> bool {
        !self.listen.ip().is_loopback() || !self.trusted_proxies.is_empty()
    }
}

/// Refuses what is no place of a database: a URL of another engine is not the path of a file. It may
/// hold a password, so it is not repeated.
///
/// # Errors
/// Says what it must be.
pub fn check_database_url(url: &str) -> Result<(), Phrase> {
    let is_known = ["postgres://", "postgresql://", "sqlite://"].iter().any(|known| url.starts_with(known));
    if url.contains("://") && !is_known {
        return Err(reasons::DATABASE);
    }
    if Location::parse(url).is_valid() { Ok(()) } else { Err(reasons::POSTGRES) }
}

/// A word that is no level would be taken for the name of a module, and silence everything else.
fn validate_log_level(level: &str) -> Result<(), Wrong> {
    let is_level = |word: &str| {
        ["off", "error", "warn", "info", "debug", "trace"].iter().any(|known| word.trim().eq_ignore_ascii_case(known))
    };
    let is_part = |part: &str| part.split_once('=').map_or_else(|| is_level(part), |(_, level)| is_level(level));
    if level.split(',').all(is_part) {
        return Ok(());
    }
    Err(reasons::LOG_LEVEL.at("log_level"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use diwan_kernel::config::{Definition, Layers, Source};
    use serde_json::json;

    fn refused(change: impl FnOnce(&mut ServerConfig)) -> String {
        let mut config = ServerConfig::default();
        change(&mut config);
        config.validate().err().map_or_else(|| "accepted".to_owned(), |wrong| wrong.path)
    }

    #[test]
    fn the_defaults_are_acceptable() {
        assert_eq!(ServerConfig::default().validate(), Ok(()));
    }

    #[test]
    fn what_cannot_work_is_refused_by_name() {
        assert_eq!(refused(|c| c.public_url = Some("diwan.example.org".into())), "public_url");
        assert_eq!(refused(|c| c.public_url = Some("https://diwan.example.org/app".into())), "public_url");
        assert_eq!(refused(|c| c.public_url = Some("ftp://diwan.example.org".into())), "public_url");
        assert_eq!(refused(|c| c.tls_cert = Some("cert.pem".into())), "tls_key");
        assert_eq!(refused(|c| c.allowed_hosts = vec!["a".into(), "https://a".into()]), "allowed_hosts[1]");
        assert_eq!(refused(|c| c.instance_name = " ".into()), "instance_name");
        assert_eq!(refused(|c| c.metrics_listen = Some(c.listen)), "metrics_listen");
        assert_eq!(refused(|c| c.database_url = Some(Secret::new("mysql://a:b@host/d".into()))), "database_url");
        let unclear = "postgres://a:b@host/d?sslmode=maybe";
        assert_eq!(refused(|c| c.database_url = Some(Secret::new(unclear.into()))), "database_url");
        assert_eq!(refused(|c| c.database_url = Some(Secret::new("/var/lib/diwan/diwan.db".into()))), "accepted");
        assert_eq!(refused(|c| c.database_url = Some(Secret::new("postgres://a:b@host/d".into()))), "accepted");
        assert_eq!(refused(|c| c.public_url = Some("https://diwan.example.org/".into())), "accepted");
    }

    /// What is said of a value in a file: which setting, and why.
    fn said(key: &str, value: serde_json::Value) -> Result<(), (String, String)> {
        let mut layers = Layers::default();
        layers.set("server", key, value, Source::File);
        let read = layers.section::<ServerConfig>(&Definition::of::<ServerConfig>());
        read.map(drop).map_err(|mut faults| faults.pop().map(|fault| (fault.key, fault.reason)).unwrap())
    }

    #[test]
    fn a_number_is_within_its_range_and_says_so() {
        for (key, least, most) in [
            ("shutdown_grace_s", 1, 600),
            ("max_connections", 16, 1_000_000),
            ("max_connections_per_address", 1, 1_000_000),
            ("max_live_connections_per_account", 1, 10_000),
            ("max_machine_connections", 1, 1_000_000),
            ("max_machine_connections_per_address", 1, 1_000_000),
            ("max_body_bytes", 1024, 64 * 1024 * 1024),
            ("request_timeout_s", 1, 600),
            ("rate_limit_burst", 1, 1_000_000_000),
            ("rate_limit_per_s", 1, 1_000_000_000),
            ("account_rate_limit_burst", 1, 1_000_000_000),
            ("account_rate_limit_per_s", 1, 1_000_000_000),
            ("sign_in_rate_limit_burst", 1, 1_000_000_000),
            ("sign_in_rate_limit_per_minute", 1, 1_000_000_000),
        ] {
            assert_eq!((said(key, least.into()), said(key, most.into())), (Ok(()), Ok(())), "{key}");
            let reason = format!("it must be a whole number from {least} to {most}");
            for beyond in [least - 1, most + 1] {
                assert_eq!(said(key, beyond.into()), Err((format!("server.{key}"), reason.clone())));
            }
        }
    }

    #[test]
    fn of_many_the_one_is_named_that_does_not_fit() {
        let at = |key, value| said(key, value).map_err(|(key, _)| key);
        assert_eq!(at("trusted_proxies", json!(["10.0.0.0/8", "proxy"])), Err("server.trusted_proxies[1]".into()));
        assert_eq!(at("cors_origins", json!(["https://tool.example.org/", "*"])), Err("server.cors_origins[1]".into()));
        assert_eq!(at("cors_origins", json!(["https://tool.example.org/"])), Ok(()));
        assert_eq!(at("listen", json!("7400")), Err("server.listen".into()));
        assert_eq!(at("log_format", json!("yaml")), Err("server.log_format".into()));
    }

    #[test]
    fn every_setting_says_what_it_is_for_and_one_is_a_secret() {
        let definition = Definition::of::<ServerConfig>();
        assert!(definition.keys.iter().all(|key| key.about.ends_with('.')), "{definition:#?}");
        let secrets: Vec<&str> = definition.keys.iter().filter(|k| k.is_secret()).map(|k| &*k.name).collect();
        assert_eq!(secrets, ["database_url"]);
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
    fn a_proxy_brings_others_as_an_open_address_does() {
        let reached = |change: fn(&mut ServerConfig)| {
            let mut config = ServerConfig::default();
            change(&mut config);
            config.is_reached_by_others()
        };
        assert!(!reached(|_| {}) && reached(|c| c.listen = "0.0.0.0:7400".parse().unwrap()));
        assert!(reached(|c| c.trusted_proxies = vec!["127.0.0.1".parse().unwrap()]));
    }
}
