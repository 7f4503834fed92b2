//! Hosts, addresses and files, as settings name them: one rule for every section.

use std::net::IpAddr;
use std::path::Path;

use url::{Host, Url};

use super::reason::{ADDRESS, ADDRESS_BARE, FILE_PATH, HOST, Phrase};

/// A host: its name or its address, and nothing else.
///
/// # Errors
/// When it is anything else.
pub fn check_host(text: &str) -> Result<(), Phrase> {
    let is_label = |label: &str| {
        let letter = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_');
        (1..=63).contains(&label.len()) && label.bytes().all(letter) && !label.starts_with('-') && !label.ends_with('-')
    };
    // What ends in a number is an address or a slip.
    let is_number = |name: &str| name.rsplit('.').next().is_some_and(|last| last.bytes().all(|c| c.is_ascii_digit()));
    let is_name = text.len() <= 253 && text.split('.').all(is_label) && !is_number(text);
    if is_name || text.parse::<IpAddr>().is_ok() { Ok(()) } else { Err(HOST) }
}

/// An address that the server calls. Nothing of it is hidden from whoever may look at the settings, so
/// nothing in it may be a secret.
///
/// # Errors
/// When it is none, when others could read along, or when it holds more than where to call.
pub fn check_address(text: &str) -> Result<(), Phrase> {
    let url = Url::parse(text).map_err(|_| ADDRESS)?;
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    if url.scheme() != "https" && !(url.scheme() == "http" && is_here) {
        return Err(ADDRESS);
    }
    let is_bare = url.username().is_empty() && url.password().is_none();
    if is_bare && url.query().is_none() && url.fragment().is_none() { Ok(()) } else { Err(ADDRESS_BARE) }
}

/// Where a file is. A secret that was written here instead would be shown to whoever may look at the settings.
///
/// # Errors
/// When it is no whole path.
pub fn check_file(text: &str) -> Result<(), Phrase> {
    if Path::new(text).is_absolute() { Ok(()) } else { Err(FILE_PATH) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address() {
        for host in ["localhost", "smtp.example.org", "mail_1.internal", "127.0.0.1", "::1", "7.example", "EXAMPLE.org"]
        {
            assert_eq!(check_host(host), Ok(()), "{host}");
        }
        for other in
            ["", " ", "http://x", "x y", "a\nb", "a:25", "a/b", "-a", "a-", "a..b", ".a", "10.0.0.256", "[::1]", "a@b"]
        {
            assert_eq!(check_host(other), Err(HOST), "{other}");
        }
    }

    #[test]
    fn an_address_says_where_to_call_and_holds_no_secret() {
        for address in ["https://v.example:8200", "https://v.example/base/", "http://localhost:1", "http://[::1]:1"] {
            assert_eq!(check_address(address), Ok(()), "{address}");
        }
        for address in ["", "v.example", "ftp://v.example", "http://v.example", "http://10.0.0.1", "file:///etc"] {
            assert_eq!(check_address(address), Err(ADDRESS), "{address}");
        }
        for address in ["https://user:pw@v.example", "https://token@v.example", "https://v.example/?token=x"] {
            assert_eq!(check_address(address), Err(ADDRESS_BARE), "{address}");
        }
        assert_eq!(check_address("https://v.example/#x"), Err(ADDRESS_BARE));
    }

    #[test]
    fn a_file_is_named_by_its_whole_path() {
        assert_eq!(check_file("/etc/diwan/token"), Ok(()));
        for other in ["", "token", "./token", "hvs.CAESIJ2s", "s.1234567890"] {
            assert_eq!(check_file(other), Err(FILE_PATH), "{other}");
        }
    }
}
