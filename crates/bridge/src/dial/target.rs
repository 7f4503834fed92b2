//! Where the control plane is: `https://host:port/below`.

use std::fmt;
use std::str::FromStr;

use tokio_tungstenite::tungstenite::http::Uri;

/// An address to dial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// Whether there is TLS around it all, as in front of a reverse proxy.
    pub(crate) is_secure: bool,
    /// A name or an address, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// What stands before `/bridge`; empty or with a leading slash.
    below: String,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let uri: Uri = text.trim().parse().map_err(|_| format!("{text:?} is no address"))?;
        let is_secure = match uri.scheme_str() {
            Some("https" | "wss") => true,
            Some("http" | "ws") => false,
            _ => return Err(format!("{text:?} begins with neither https:// nor http://")),
        };
        let authority = uri.authority().ok_or_else(|| format!("{text:?} names no host"))?;
        if authority.as_str().contains('@') || uri.query().is_some() {
            return Err(format!("{text:?} has a user or a query, which an address of a control plane has not"));
        }
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        if host.is_empty() {
            return Err(format!("{text:?} names no host"));
        }
        let port = uri.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
        Ok(Self { is_secure, host, port, below: uri.path().trim_end_matches('/').to_owned() })
    }
}

impl Target {
    /// Host and port as one writes them.
    pub(crate) fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// What the WebSocket is asked for.
    pub(crate) fn websocket(&self) -> String {
        format!("{}://{}{}/bridge", if self.is_secure { "wss" } else { "ws" }, self.authority(), self.below)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", if self.is_secure { "https" } else { "http" }, self.authority(), self.below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        for (given, dialled) in [
            ("https://diwan.example", "wss://diwan.example:443/bridge"),
            ("http://127.0.0.1:7540/", "ws://127.0.0.1:7540/bridge"),
            ("https://example.org:8443/tools/diwan/", "wss://example.org:8443/tools/diwan/bridge"),
            ("http://[::1]:7540", "ws://[::1]:7540/bridge"),
        ] {
            assert_eq!(given.parse::<Target>().unwrap().websocket(), dialled);
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for given in
            ["", "diwan.example", "ftp://x", "https://", "https://me:pass@x", "https://x/?a=b", "https://:7540"]
        {
            assert!(given.parse::<Target>().is_err(), "{given}");
        }
    }
}
