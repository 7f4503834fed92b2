//! Where the browser goes after a sign-in: only to a page of this dashboard, never elsewhere.

use std::fmt;

use diwan_kernel::Problem;
use url::Url;

/// The longest path that is kept.
pub(crate) const MAX_LENGTH: usize = 512;

/// A page of this dashboard, as a path with its query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReturnTo(String);

impl Default for ReturnTo {
    fn default() -> Self {
        Self("/".to_owned())
    }
}

impl fmt::Display for ReturnTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ReturnTo {
    /// Accepts a path that every browser reads as a page of this origin and nothing else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let path = text.split(['?', '#']).next().unwrap_or_default();
        let plain = text.len() <= MAX_LENGTH
            && text.starts_with('/')
            && text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'\\' | b'"' | b'<' | b'>' | b'`'))
            && !path.contains("//")
            // The API answers with data, not with pages.
            && !path.to_ascii_lowercase().starts_with("/api/");
        let known = Url::parse("https://diwan.invalid").ok()?;
        let read = known.join(text).ok()?;
        // A path with `.` or `..` in it means something else than it says.
        (plain && read.origin() == known.origin() && read.path() == path).then(|| Self(text.to_owned()))
    }

    /// The wish of a request: the start page when there is none.
    ///
    /// # Errors
    /// 422 when it leads anywhere but to a page of this dashboard.
    pub(crate) fn wished(text: Option<&str>) -> Result<Self, Problem> {
        let Some(text) = text else { return Ok(Self::default()) };
        Self::parse(text).ok_or_else(|| {
            let message = "It must be the path of a page of this dashboard, like /people?role=admin.";
            Problem::invalid_field("return_to", "not_a_page", message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pages_of_the_dashboard_pass() {
        for text in ["/", "/people", "/audit?actor=usr_1&since=2026-01-01T00:00:00Z", "/profile/security#totp"] {
            assert!(ReturnTo::parse(text).is_some(), "{text}");
        }
    }

    #[test]
    fn ways_out_are_refused() {
        for text in [
            "",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/\n/evil.example",
            "/a/../..//evil.example",
            "/.//evil.example",
            "/%2e%2e//evil.example",
            "/api/v1/audit/export",
            "/API/v1",
            "evil",
            "@evil.example",
            "/a b",
            "/\u{0}",
            "/é",
            "/\u{202e}",
            "/./a",
            "/a/..",
            "/<script>",
            "///",
            "/people//evil.example",
        ] {
            assert_eq!(ReturnTo::parse(text), None, "{text:?}");
        }
        assert_eq!(ReturnTo::parse(&format!("/{}", "a".repeat(MAX_LENGTH))), None);
    }

    proptest! {
        #[test]
        fn whatever_passes_stays_on_every_origin(text in "[/\\\\.:@?#a-zA-Z0-9%\\t\\n \u{e9}-]{0,40}") {
            if let Some(page) = ReturnTo::parse(&text) {
                for base in ["https://diwan.example:8443/sign-in", "http://127.0.0.1:7400/"] {
                    let base = Url::parse(base).unwrap();
                    prop_assert_eq!(base.join(&page.to_string()).unwrap().origin(), base.origin());
                }
            }
        }
    }
}
