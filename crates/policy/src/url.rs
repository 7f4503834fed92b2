//! Addresses of repositories, in a form so narrow that every program reads the same out of them.

use crate::rule_file::Scheme;
use crate::text::{Flaw, check_text, shown};

/// Hosts and schemes that addresses may have.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hosts {
    /// `github.com`, `*.example.org`, `*`, with a port where it is not the usual one.
    pub(crate) names: Vec<String>,
    /// How they may be reached.
    pub(crate) schemes: Vec<Scheme>,
}

impl Hosts {
    /// Whether an address leads to one of them.
    pub(crate) fn check(&self, text: &str) -> Result<(), Flaw> {
        check_text(text)?;
        let Some((scheme, host)) = taken_apart(text) else {
            return Flaw::of("not_an_address", format!("{} is no plain https or ssh address", shown(text)));
        };
        if !self.schemes.contains(&scheme) {
            return Flaw::of("scheme", format!("{} has a scheme that the rule does not name", shown(text)));
        }
        if self.names.iter().any(|name| is_host(name, &host)) {
            return Ok(());
        }
        Flaw::of("host", format!("{host} is not among the hosts of the rule"))
    }
}

/// Whether a host fits what a policy names.
fn is_host(named: &str, host: &str) -> bool {
    if named == "*" {
        return is_public_name(host);
    }
    match named.strip_prefix("*.") {
        Some(domain) => host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.') && rest.len() > 1),
        None => named.eq_ignore_ascii_case(host),
    }
}

/// Whether it is a name of the wide world: no address, nothing local, no port.
fn is_public_name(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    let local = ["localhost", "local", "internal", "lan", "home", "corp", "intranet", "localdomain", "arpa", "test"];
    host.contains('.') && last.len() > 1 && last.bytes().all(|b| b.is_ascii_alphabetic()) && !local.contains(&last)
}

/// The scheme, and the host in small letters with its port if it has one.
fn taken_apart(text: &str) -> Option<(Scheme, String)> {
    if let Some(rest) = text.strip_prefix("https://") {
        let (host, path) = rest.split_once('/')?;
        return (is_path(path) && is_authority(host)).then(|| (Scheme::Https, host.to_ascii_lowercase()));
    }
    let (rest, split) = match text.strip_prefix("ssh://") {
        Some(rest) => (rest, '/'),
        None => (text, ':'),
    };
    let (authority, path) = rest.split_once(split)?;
    let (user, host) = match authority.split_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    let needs_user = split == ':';
    let user_is_plain = user.map_or(!needs_user, is_user);
    let is_so = user_is_plain && is_path(path) && is_authority(host) && !(needs_user && host.contains(':'));
    is_so.then(|| (Scheme::Ssh, host.to_ascii_lowercase()))
}

fn is_user(user: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    !user.starts_with('-') && !user.is_empty() && user.len() <= 64 && user.bytes().all(is_plain)
}

/// A host name or an IPv4 address, perhaps with a port. IPv6 addresses have no place here.
fn is_authority(text: &str) -> bool {
    let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
    let is_label = |label: &str| {
        let plain = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        (1..=63).contains(&label.len()) && plain && !label.starts_with('-') && !label.ends_with('-')
    };
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|number| number != 0 && number.to_string() == port);
    host.len() <= 253 && host.split('.').all(is_label) && port.is_none_or(is_port)
}

/// A path without anything that is to be decoded, that leads upwards or that reads as a flag.
fn is_path(path: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'/' | b'+' | b'~');
    let parts = path.strip_suffix('/').unwrap_or(path);
    let is_part = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.starts_with('-');
    path.len() <= 1024 && path.bytes().all(is_plain) && parts.split('/').all(is_part)
}

/// Whether a policy may name this as a host.
pub(crate) fn is_nameable(named: &str) -> bool {
    named == "*" || is_authority(named.strip_prefix("*.").unwrap_or(named))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(names: &[&str]) -> Hosts {
        let names = names.iter().map(|&name| name.to_owned()).collect();
        Hosts { names, schemes: vec![Scheme::Https, Scheme::Ssh] }
    }

    #[test]
    fn f75_only_plain_addresses_of_named_hosts_pass() {
        let named = hosts(&["github.com", "*.example.org", "git.local:8443"]);
        for url in [
            "https://github.com/a/b.git",
            "https://GitHub.com/a/b",
            "git@github.com:a/b.git",
            "ssh://git@github.com/a/b",
            "https://x.example.org/r",
            "https://git.local:8443/r",
            "ssh://github.com/a/~b/c",
        ] {
            assert_eq!(named.check(url), Ok(()), "{url}");
        }
        for url in [
            "ext::sh -c id",
            "ext::x",
            "file:///etc",
            "/srv/x",
            "../x",
            "http://github.com/a",
            "git://github.com/a",
            "https://github.com",
            "https://github.com/",
            "https://user:pw@github.com/a",
            "https://github.com@evil.com/a",
            "https://evil.com/github.com",
            "https://github.com.evil.com/a",
            "https://example.org/a",
            "https://evilexample.org/a",
            "https://github.com:8443/a",
            "https://git.local/r",
            "-oProxyCommand=x:y",
            "ssh://-oProxyCommand=x/y",
            "git@-oProxyCommand=x:y",
            "-x@github.com:a",
            "github.com:a/b",
            "https://github.com/a%0ab",
            "https://github.com/../a",
            "https://github.com/a?x",
            "https://github.com/a#x",
            "https://github.com//a",
            "https://[::1]/a",
            "git@github.com:-x",
            "git@github.com::x",
            "ssh://git@github.com:22x/a",
            "https://github.com\\@evil.com/a",
            "https://githuƄ.com/a",
            "HTTPS://github.com/a",
            "fd::17",
            "https:github.com/a",
            "https://.github.com/a",
            "git@github.com:/a",
            "",
        ] {
            assert!(named.check(url).is_err(), "{url}");
        }
    }

    #[test]
    fn f85_a_star_is_no_way_into_the_local_network() {
        let any = hosts(&["*"]);
        assert_eq!(any.check("https://git.example.dev/a"), Ok(()));
        for host in [
            "localhost",
            "127.0.0.1",
            "169.254.169.254",
            "10.0.0.1",
            "2130706433",
            "0x7f.1",
            "metadata.google.internal",
            "printer.local",
            "router",
            "a.b:1",
        ] {
            assert!(any.check(&format!("https://{host}/a")).is_err(), "{host}");
        }
    }
}
