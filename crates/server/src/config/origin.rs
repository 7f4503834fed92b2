//! A web origin, as browsers write it: `https://diwan.example.org`, `http://10.0.0.5:7400`.

use std::fmt;
use std::str::FromStr;

use diwan_kernel::config::Phrase;
use serde::{Deserialize, Serialize};
use url::Url;

use super::reasons::{URL, URL_BARE, URL_SCHEME};

/// Scheme, name and port of a web address that has nothing behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(String);

impl Origin {
    /// As browsers write it: in lower case, without a usual port and without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is reached by https.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https:")
    }

    /// Its name, and its port unless that is the usual one.
    pub(crate) fn authority(&self) -> &str {
        self.0.split_once("://").map_or("", |(_, authority)| authority)
    }
}

impl Origin {
    /// Reads what somebody wrote.
    pub(super) fn read(text: &str) -> Result<Self, Phrase> {
        let url = Url::parse(text).map_err(|_| URL)?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(URL_SCHEME);
        }
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !is_bare || !url.username().is_empty() || url.password().is_some() {
            return Err(URL_BARE);
        }
        Ok(Self(url.origin().ascii_serialization()))
    }
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::read(text).map_err(|why| why.text.to_owned())
    }
}

impl TryFrom<String> for Origin {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_as_browsers_write_it() {
        for (text, origin, authority, is_https) in [
            ("https://diwan.example.org:443/", "https://diwan.example.org", "diwan.example.org", true),
            ("HTTPS://Tool.Example.ORG", "https://tool.example.org", "tool.example.org", true),
            ("http://[::1]:8080", "http://[::1]:8080", "[::1]:8080", false),
        ] {
            let read: Origin = text.parse().unwrap();
            assert_eq!((read.as_str(), read.authority(), read.is_https()), (origin, authority, is_https));
        }
    }

    #[test]
    fn what_is_more_or_less_than_an_origin_is_refused() {
        for text in ["", "*", "diwan.example.org", "ftp://a", "https://a/b", "https://a?b", "https://u@a", "null"] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }
}
