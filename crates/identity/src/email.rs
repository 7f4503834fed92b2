//! E-mail addresses, as far as they tell people apart.

use std::fmt;

use diwan_kernel::problem::FieldError;
use unicode_normalization::UnicodeNormalization;

/// The longest address that can be delivered to.
pub(crate) const MAX_EMAIL: usize = 254;

/// An address in the one form under which it is stored and compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Email(String);

impl Email {
    /// Reads an address: composed, lower case, one `@`, no blanks or control characters.
    ///
    /// # Errors
    /// When it cannot be an address.
    pub(crate) fn parse(field: &str, text: &str) -> Result<Self, FieldError> {
        Self::read(text).ok_or_else(|| FieldError {
            field: field.to_owned(),
            code: "email_invalid",
            message: "It is not an e-mail address like name@example.org.".into(),
        })
    }

    fn read(text: &str) -> Option<Self> {
        let address: String = text.trim().nfc().collect::<String>().to_lowercase();
        let (name, host) = address.rsplit_once('@')?;
        let host = ascii_form(host)?;
        let address = format!("{name}@{host}");
        let fits = address.len() <= MAX_EMAIL && (1..=64).contains(&name.len());
        let name_ok = !name.starts_with('.')
            && !name.ends_with('.')
            && !name.contains("..")
            && name.chars().all(|c| c.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c));
        let label_ok = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        };
        (fits && name_ok && host.split('.').all(label_ok)).then_some(Self(address))
    }

    /// The address.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A domain as the DNS knows it: `bücher.example` and `xn--bcher-kva.example` are one.
fn ascii_form(host: &str) -> Option<String> {
    if host.is_ascii() {
        return Some(host.to_owned());
    }
    match url::Host::parse(host) {
        Ok(url::Host::Domain(domain)) => Some(domain),
        _ => None,
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_same_mailbox_is_the_same_text() {
        for text in ["Amina@Example.ORG", " amina@example.org ", "AMINA@EXAMPLE.ORG"] {
            assert_eq!(Email::read(text).map(|e| e.0).as_deref(), Some("amina@example.org"), "{text}");
        }
    }

    #[test]
    fn a_domain_is_one_in_either_of_its_forms() {
        for text in [
            "amina@bücher.example",
            "amina@BÜCHER.example",
            "amina@xn--bcher-kva.example",
            "amina@bu\u{308}cher.example",
        ] {
            assert_eq!(Email::read(text).map(|e| e.0).as_deref(), Some("amina@xn--bcher-kva.example"), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_an_address_is_refused() {
        for text in [
            "",
            "@",
            "a@",
            "@b",
            "a b@c.d",
            "a@b c",
            "a@b..c",
            "a@-b.c",
            "a@b-.c",
            ".a@b.c",
            "a.@b.c",
            "a..b@c.d",
            "a@b.c\r\nBcc: x@y.z",
            "a@b.c\0",
            "<a@b.c>",
            "a@[127.0.0.1]",
            "a\u{202e}@b.c",
            "a,b@c.d",
            "\"a\"@b.c",
        ] {
            assert_eq!(Email::read(text), None, "{text:?}");
        }
        assert_eq!(Email::read(&format!("{}@b.c", "a".repeat(65))), None);
        assert_eq!(Email::read(&format!("a@{}", "b.".repeat(130))), None);
    }

    proptest! {
        #[test]
        fn reading_twice_changes_nothing_more(text in "\\PC{1,12}@\\PC{1,12}") {
            if let Some(once) = Email::read(&text) {
                prop_assert_eq!(Email::read(once.as_str()), Some(once));
            }
        }
    }
}
