//! Under which name the server was addressed. A name that is not its own is refused: a web page can
//! make a browser send requests to any address under a name of the page's choice (DNS rebinding),
//! but it can neither choose an address as the name nor `localhost`.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::header::{self, HeaderMap};
use axum::http::request::Parts;
use axum::http::{StatusCode, Version};
use diwan_kernel::Problem;

use crate::config::Origin;

/// The names of the server that do not change while it runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hosts {
    /// The origin that people open, if that is known.
    public: Option<Origin>,
}

/// The name a request was addressed to: host and port as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Authority(String);

impl Hosts {
    /// The server's names by where people open it.
    pub(crate) const fn new(public: Option<Origin>) -> Self {
        Self { public }
    }

    /// The name that this request was addressed to: one of these further ones, or its own.
    ///
    /// # Errors
    /// 400 when there is none or more than one; 421 when it is not one of the server's.
    pub(crate) fn check(&self, parts: &Parts, further: &[String]) -> Result<Authority, Problem> {
        let authority = addressed(parts)?;
        let (name, _) = split_port(&authority.0);
        let public = self.public.as_ref().map(|origin| split_port(origin.authority()).0);
        let mut names = public.into_iter().chain(further.iter().map(String::as_str));
        if is_address(name) || is_localhost(name) || names.any(|n| n.eq_ignore_ascii_case(name)) {
            return Ok(authority);
        }
        Err(Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "host_unknown",
            "This server does not go by that name",
            "The request was addressed to a name that this server was not told is its own.",
            "Set server.public_url (DIWAN_PUBLIC_URL) to the address that people open, or add the name to server.allowed_hosts.",
        ))
    }

    /// Whether an `Origin` is the server's own, as addressed by this request.
    pub(crate) fn is_own_origin(&self, origin: &str, authority: &Authority, secure: bool) -> bool {
        if self.public.as_ref().is_some_and(|public| public.as_str() == origin) {
            return true;
        }
        match origin.split_once("://") {
            // A proxy may speak https for us without saying so; the other way round would let a page
            // that came unprotected speak for one that did not.
            Some(("https", at)) => at.eq_ignore_ascii_case(&authority.0),
            Some(("http", at)) => !secure && at.eq_ignore_ascii_case(&authority.0),
            _ => false,
        }
    }
}

fn addressed(parts: &Parts) -> Result<Authority, Problem> {
    let headers: &HeaderMap = &parts.headers;
    let mut lines = headers.get_all(header::HOST).iter();
    let from_header = lines.next().map(|line| line.to_str().unwrap_or_default());
    if lines.next().is_some() {
        return Err(host_invalid("The request names more than one host."));
    }
    let from_target = parts.uri.authority().map(axum::http::uri::Authority::as_str);
    let name = match (from_target, from_header) {
        (Some(target), Some(header)) if !target.eq_ignore_ascii_case(header) => {
            return Err(host_invalid("The request names one host in its target and another in its Host header."));
        }
        // Before HTTP/2 the header must be there even when the target says it all.
        (Some(_), None) if parts.version < Version::HTTP_2 => None,
        (Some(name), _) | (None, Some(name)) => Some(name),
        (None, None) => None,
    };
    match name {
        Some(name) if is_plain(name) && has_plain_port(name) => Ok(Authority(name.to_owned())),
        Some(_) => Err(host_invalid("The Host header is not a host name.")),
        None => Err(host_invalid("The request does not say which host it is for.")),
    }
}

fn host_invalid(detail: &str) -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "host_invalid",
        "The host is not valid",
        detail,
        "Send exactly one Host header with the address of this server.",
    )
}

/// Letters that a host and port can have; nothing that reads as a user, a path or a header.
fn is_plain(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'[' | b']');
    !name.is_empty() && name.len() <= 255 && name.bytes().all(fits)
}

/// What stands behind the colon must be a port: `127.0.0.1:80.evil.example` is no address of ours.
fn has_plain_port(authority: &str) -> bool {
    let behind_name = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((_, rest)) => rest,
        None => authority.find(':').map_or("", |at| &authority[at..]),
    };
    let is_port = |port: &str| port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit());
    behind_name.is_empty() || behind_name.strip_prefix(':').is_some_and(is_port)
}

fn split_port(authority: &str) -> (&str, Option<&str>) {
    if let Some((name, rest)) = authority.strip_prefix('[').and_then(|a| a.split_once(']')) {
        return (name, rest.strip_prefix(':'));
    }
    authority.rsplit_once(':').map_or((authority, None), |(name, port)| (name, Some(port)))
}

fn is_address(name: &str) -> bool {
    name.parse::<IpAddr>().is_ok() || name.parse::<Ipv6Addr>().is_ok()
}

fn is_localhost(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let tail = name.len().checked_sub("localhost".len()).and_then(|at| Some((name.get(..at)?, name.get(at..)?)));
    tail.is_some_and(|(head, tail)| tail.eq_ignore_ascii_case("localhost") && (head.is_empty() || head.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn hosts() -> Hosts {
        Hosts::new("https://diwan.example.org".parse().ok())
    }

    fn check(target: &str, hosts_written: &[&str]) -> Result<String, &'static str> {
        let mut request = Request::builder().uri(target);
        for host in hosts_written {
            request = request.header("host", *host);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        hosts().check(&parts, &["spare.example.org".into()]).map(|a| a.0).map_err(|p| p.code())
    }

    #[test]
    fn own_names_addresses_and_localhost_are_answered() {
        for host in [
            "diwan.example.org",
            "DIWAN.example.org:443",
            "spare.example.org",
            "127.0.0.1:7400",
            "[::1]:7400",
            "203.0.113.9",
            "localhost:7400",
            "app.localhost",
        ] {
            assert_eq!(check("/", &[host]), Ok(host.to_owned()));
        }
    }

    #[test]
    fn foreign_names_are_refused() {
        for host in ["evil.example", "diwan.example.org.evil.example", "notlocalhost", "xlocalhost:80", "0x7f000001"] {
            assert_eq!(check("/", &[host]), Err("host_unknown"), "{host}");
        }
    }

    #[test]
    fn a_request_says_once_and_clearly_whom_it_is_for() {
        assert_eq!(check("/", &[]), Err("host_invalid"));
        assert_eq!(check("/", &[""]), Err("host_invalid"));
        assert_eq!(check("/", &["localhost", "localhost"]), Err("host_invalid"));
        assert_eq!(check("/", &["user@localhost"]), Err("host_invalid"));
        assert_eq!(check("/", &["localhost/x"]), Err("host_invalid"));
        for host in ["127.0.0.1:7400.evil.example", "localhost:80:80", "[::1]evil", "[::1]:80.evil", "127.0.0.1:port"] {
            assert_eq!(check("/", &[host]), Err("host_invalid"), "{host}");
        }
        assert_eq!(check("http://evil.example/", &["localhost"]), Err("host_invalid"));
        assert_eq!(check("http://localhost/", &[]), Err("host_invalid"));
        assert!(check("http://localhost/", &["localhost"]).is_ok());
    }

    proptest::proptest! {
        /// A name passes only if it is an address, localhost or configured.
        #[test]
        fn no_other_name_passes(name in "[a-z0-9.-]{1,40}(:[0-9]{1,5})?") {
            let bare = name.split(':').next().unwrap_or_default();
            let own = ["localhost", "diwan.example.org", "spare.example.org"].contains(&bare)
                || bare.trim_end_matches('.').ends_with(".localhost")
                || bare.trim_end_matches('.') == "localhost"
                || bare.parse::<IpAddr>().is_ok();
            proptest::prop_assert_eq!(check("/", &[&name]).is_ok(), own);
        }
    }

    #[test]
    fn an_origin_is_its_own_only_when_it_is_exactly_that() {
        let at = Authority("10.0.0.5:7400".into());
        for (origin, secure, own) in [
            ("http://10.0.0.5:7400", false, true),
            ("http://10.0.0.5:7400", true, false),
            ("https://10.0.0.5:7400", true, true),
            ("https://diwan.example.org", false, true),
            ("http://diwan.example.org", false, false),
            ("http://10.0.0.5", false, false),
            ("https://evil.example", true, false),
            ("null", false, false),
            ("", false, false),
        ] {
            assert_eq!(hosts().is_own_origin(origin, &at, secure), own, "{origin} {secure}");
        }
    }
}
