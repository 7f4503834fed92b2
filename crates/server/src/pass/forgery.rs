//! Whether a write was really asked for by our own page (cross-site request forgery). A browser adds
//! cookies by itself, so a cookie alone proves nothing; a bearer token is added by whoever holds it.

use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap};
use axum::http::request::Parts;
use diwan_kernel::Problem;

use super::host::{Authority, Hosts};
use crate::operation::is_unsafe;

/// The names a session cookie has.
const SESSION_COOKIES: [&str; 2] = ["diwan_session", "__Host-diwan_session"];

/// What proves who is calling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Credential {
    /// Nothing.
    None,
    /// A session cookie.
    Cookie,
    /// An `Authorization` header; cookies beside it count for nothing.
    Header,
}

impl Credential {
    /// What a request carries.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        if headers.contains_key(header::AUTHORIZATION) {
            return Self::Header;
        }
        // Byte by byte: a cookie that is no text must not hide the one beside it.
        let pairs = headers.get_all(header::COOKIE).iter().flat_map(|line| line.as_bytes().split(|b| *b == b';'));
        let mut names = pairs.filter_map(|pair| pair.split(|b| *b == b'=').next()).map(<[u8]>::trim_ascii);
        let is_session = |name: &[u8]| SESSION_COOKIES.iter().any(|cookie| cookie.as_bytes() == name);
        if names.any(is_session) { Self::Cookie } else { Self::None }
    }
}

/// Refuses a write that a foreign page may have caused.
///
/// # Errors
/// 403 `cross_site_refused` or `csrf_header_missing`.
pub(crate) fn check(
    parts: &Parts,
    credential: Credential,
    hosts: &Hosts,
    authority: &Authority,
    secure: bool,
) -> Result<(), Problem> {
    if !is_unsafe(&parts.method) || credential == Credential::Header {
        return Ok(());
    }
    if !is_from_own_page(&parts.headers, hosts, authority, secure) {
        return Err(cross_site());
    }
    // A form cannot set a header, and a script of another origin may not.
    let says_so = parts.headers.get("x-diwan-csrf").is_some_and(|v| v.as_bytes() == b"1");
    if credential == Credential::Cookie && !says_so {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "csrf_header_missing",
            "A header is missing",
            "Writes with a session cookie must carry the header X-Diwan-Csrf.",
            "Send the header `X-Diwan-Csrf: 1`.",
        ));
    }
    Ok(())
}

/// The refusal of what another site caused.
pub(crate) fn cross_site() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "cross_site_refused",
        "Requests from other sites are refused",
        "The request was sent by a page of another origin.",
        "Open Diwan at its own address. Behind a proxy, set server.public_url to the address that people open.",
    )
}

/// Browsers say where a request comes from; programs say nothing.
fn is_from_own_page(headers: &HeaderMap, hosts: &Hosts, authority: &Authority, secure: bool) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    match headers.get(header::ORIGIN) {
        Some(origin) => origin.to_str().is_ok_and(|o| hosts.is_own_origin(o, authority, secure)),
        None => true,
    }
}

/// Whether a WebSocket may be opened from where the request comes from: browsers apply no rule of
/// their own to them. Programs that bring a token of their own need not name an origin.
pub(crate) fn may_open_socket(
    headers: &HeaderMap,
    credential: Credential,
    hosts: &Hosts,
    authority: &Authority,
    secure: bool,
) -> bool {
    let cross = headers.get("sec-fetch-site").is_some_and(|site| site.as_bytes() != b"same-origin");
    match headers.get(header::ORIGIN) {
        _ if cross => false,
        Some(origin) => origin.to_str().is_ok_and(|o| hosts.is_own_origin(o, authority, secure)),
        None => credential == Credential::Header,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn a_session_cookie_is_found_among_others_however_they_look() {
        let of = |lines: &[&[u8]]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::COOKIE, HeaderValue::from_bytes(line).unwrap());
            }
            Credential::of(&headers)
        };
        assert_eq!(of(&[]), Credential::None);
        assert_eq!(of(&[b"a=1; xdiwan_session=2; diwan_sessions=3"]), Credential::None);
        assert_eq!(of(&[b"a=\xff\xfe; diwan_session=2"]), Credential::Cookie);
        assert_eq!(of(&[b"a=1", b"__Host-diwan_session=x=y"]), Credential::Cookie);
        assert_eq!(of(&[b"a=1;  diwan_session =2"]), Credential::Cookie);
    }
}
