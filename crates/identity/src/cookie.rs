//! Reading and setting cookies, with the attributes that keep them where they belong.

use std::time::Duration;

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

use crate::identity::Identity;

/// The browser session.
pub(crate) const SESSION: &str = "diwan_session";

/// Whether a cookie goes along when somebody comes from another site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SameSite {
    /// Never.
    Strict,
    /// When they follow a link or a redirect (an identity provider sends them back).
    Lax,
}

impl Identity {
    /// The cookie's name as browsers see it: bound to this host under https.
    pub(crate) fn cookie_name(&self, name: &str) -> String {
        full_name(self.is_https(), name)
    }

    /// The value of a cookie of ours, if the request carries it exactly once.
    pub(crate) fn read_cookie<'a>(&self, headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
        let wanted = self.cookie_name(name);
        let mut values = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(found, _)| *found == wanted)
            .map(|(_, value)| value);
        let value = values.next()?;
        // Two of the same name: somebody planted one (from a sibling host or path). Neither counts.
        values.next().is_none().then_some(value)
    }

    /// A `Set-Cookie` header. Without an age the cookie goes when the browser closes.
    pub(crate) fn set_cookie(
        &self,
        name: &str,
        value: &str,
        same_site: SameSite,
        max_age: Option<Duration>,
    ) -> HeaderValue {
        header(self.is_https(), (name, value), same_site, max_age)
    }

    /// A `Set-Cookie` header that takes the cookie away.
    pub(crate) fn clear_cookie(&self, name: &str, same_site: SameSite) -> HeaderValue {
        self.set_cookie(name, "", same_site, Some(Duration::ZERO))
    }
}

fn full_name(is_https: bool, name: &str) -> String {
    if is_https { format!("__Host-{name}") } else { name.to_owned() }
}

fn header(is_https: bool, (name, value): (&str, &str), same_site: SameSite, max_age: Option<Duration>) -> HeaderValue {
    let mut text = format!("{}={value}; Path=/; HttpOnly; SameSite={same_site:?}", full_name(is_https, name));
    if is_https {
        text.push_str("; Secure");
    }
    if let Some(age) = max_age {
        text.push_str(&format!("; Max-Age={}", age.as_secs()));
    }
    // Values are base64 or hex: they always make a header.
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn under_https_a_cookie_is_bound_to_the_host() {
        let session = (SESSION, "value");
        assert_eq!(
            header(true, session, SameSite::Strict, Some(Duration::from_secs(60))),
            "__Host-diwan_session=value; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=60"
        );
        assert_eq!(header(false, session, SameSite::Lax, None), "diwan_session=value; Path=/; HttpOnly; SameSite=Lax");
    }
}
