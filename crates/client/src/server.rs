//! Where a server is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Url;

/// The address of a server: scheme, host and port, nothing else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServerUrl(Url);

const NO_SCHEME: &str = "it must begin with https:// or http://";

/// Why a text is not the address of a server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is not the address of a server: {why}")]
pub struct ServerUrlError {
    given: String,
    why: String,
}

impl ServerUrl {
    /// The address of an operation: `path` begins with a slash.
    pub(crate) fn operation(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(path);
        url
    }

    /// Whether what is sent there can be read on the way.
    pub fn is_in_clear(&self) -> bool {
        self.0.scheme() == "http" && !self.is_here()
    }

    /// Whether it is this machine.
    pub(crate) fn is_here(&self) -> bool {
        match self.0.host() {
            Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }
}

impl FromStr for ServerUrl {
    type Err = ServerUrlError;

    fn from_str(given: &str) -> Result<Self, ServerUrlError> {
        let wrong = |why: &str| ServerUrlError { given: given.to_owned(), why: why.to_owned() };
        let url = Url::parse(given.trim()).map_err(|e| match e {
            url::ParseError::RelativeUrlWithoutBase => wrong(NO_SCHEME),
            other => wrong(&other.to_string()),
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong(NO_SCHEME));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("it must not have anything behind the host and port"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("it must not hold a name or a password; use `diwan login`"));
        }
        Ok(Self(url))
    }
}

impl TryFrom<String> for ServerUrl {
    type Error = ServerUrlError;

    fn try_from(given: String) -> Result<Self, ServerUrlError> {
        given.parse()
    }
}

impl From<ServerUrl> for String {
    fn from(server: ServerUrl) -> Self {
        server.to_string()
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_in_one_form() {
        for given in ["HTTP://Example.org:80/", "http://example.org", " http://example.org "] {
            assert_eq!(given.parse::<ServerUrl>().map(|s| s.to_string()).as_deref(), Ok("http://example.org"));
        }
    }

    #[test]
    fn what_is_not_an_address_is_refused() {
        for given in ["", "example.org", "ftp://example.org", "http://example.org/app", "https://a:b@example.org"] {
            assert!(given.parse::<ServerUrl>().is_err(), "{given}");
        }
    }

    #[test]
    fn only_what_leaves_the_machine_unencrypted_is_in_clear() {
        for (given, expected) in [
            ("http://127.0.0.1:7400", false),
            ("http://[::1]:7400", false),
            ("http://localhost:7400", false),
            ("https://diwan.example", false),
            ("http://diwan.example", true),
            ("http://192.168.1.5", true),
        ] {
            assert_eq!(given.parse::<ServerUrl>().map(|s| s.is_in_clear()), Ok(expected), "{given}");
        }
    }
}
