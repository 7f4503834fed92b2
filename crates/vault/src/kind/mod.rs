//! Kinds of secrets: what a value of each must look like, and what may be known of it.

mod certificate;
mod ssh_halves;
mod ssh_key;
mod totp_seed;

use std::collections::BTreeMap;

use diwan_kernel::world::Timestamp;
use serde::{Deserialize, Serialize};

pub(crate) use ssh_key::SshKeyPair;
pub(crate) use totp_seed::base32;

/// What a secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecretKind {
    /// A password.
    Password,
    /// A key or token of some service.
    ApiKey,
    /// A private SSH key. Its public half is shown.
    SshKey,
    /// A certificate, with its private key or without.
    Certificate,
    /// The seed of one-time codes.
    Totp,
    /// Any text.
    Free,
}

impl SecretKind {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Password, Self::ApiKey, Self::SshKey, Self::Certificate, Self::Totp, Self::Free];

    /// The name used in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::ApiKey => "api_key",
            Self::SshKey => "ssh_key",
            Self::Certificate => "certificate",
            Self::Totp => "totp",
            Self::Free => "free",
        }
    }

    /// Reads a kind's name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == text)
    }
}

/// What may be known of a value by everybody who may know that the secret is there.
pub(crate) type Facts = BTreeMap<String, String>;

/// The largest value.
pub(crate) const LONGEST_VALUE: usize = 64 * 1024;

/// A value that has the form of its kind.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Checked {
    /// What may be known of it.
    pub(crate) facts: Facts,
    /// When it ends by itself.
    pub(crate) expires_at: Option<Timestamp>,
}

impl Checked {
    fn with(facts: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        Self { facts: facts.into_iter().map(|(k, v)| (k.to_owned(), v)).collect(), expires_at: None }
    }
}

/// What is wrong with a value, in a sentence that says nothing of the value itself.
pub(crate) type Wrong = &'static str;

/// Checks the form of a value.
pub(crate) fn check(kind: SecretKind, value: &str) -> Result<Checked, Wrong> {
    if value.is_empty() {
        return Err("The value is empty.");
    }
    if value.len() > LONGEST_VALUE {
        return Err("The value is longer than 64 KiB.");
    }
    match kind {
        SecretKind::Password => check_password(value),
        SecretKind::ApiKey => check_api_key(value),
        SecretKind::SshKey => ssh_key::check(value),
        SecretKind::Certificate => certificate::check(value),
        SecretKind::Totp => totp_seed::check(value),
        SecretKind::Free => Ok(Checked::default()),
    }
}

fn check_password(value: &str) -> Result<Checked, Wrong> {
    if value.contains('\u{feff}') {
        return Err("There is a byte order mark in it, which nobody sees or types. Save the file without it.");
    }
    if value.trim().is_empty() {
        return Err("A password is not made of blanks alone.");
    }
    if value.chars().any(char::is_control) {
        return Err("A password has no line breaks and no other control characters.");
    }
    if value.chars().count() > 1024 {
        return Err("A password has at most 1024 characters.");
    }
    Ok(Checked::default())
}

fn check_api_key(value: &str) -> Result<Checked, Wrong> {
    if !value.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("A key has only letters, digits and signs, without blanks or line breaks.");
    }
    if value.len() < 8 {
        return Err("A key has at least 8 characters.");
    }
    Ok(Checked::default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_kind_knows_its_form() {
        for (kind, good) in [
            (SecretKind::Password, "correct horse battery staple"),
            (SecretKind::Password, "كلمة سر طويلة"),
            (SecretKind::ApiKey, "ghp_0123456789abcdef"),
            (SecretKind::Free, "any\ntext\u{0}"),
        ] {
            assert_eq!(check(kind, good), Ok(Checked::default()), "{good}");
        }
        for (kind, bad) in [
            (SecretKind::Password, "two\nlines"),
            (SecretKind::Password, ""),
            (SecretKind::Password, "   "),
            (SecretKind::Password, "\u{feff}a long word"),
            (SecretKind::ApiKey, "short"),
            (SecretKind::ApiKey, "with a blank in it"),
            (SecretKind::ApiKey, "key-with-é-in-it"),
            (SecretKind::SshKey, "ssh-ed25519 AAAA"),
            (SecretKind::Certificate, "-----BEGIN CERTIFICATE-----"),
            (SecretKind::Totp, "not base32!"),
            (SecretKind::Free, ""),
        ] {
            assert!(check(kind, bad).is_err(), "{kind:?} {bad}");
        }
        assert!(check(SecretKind::Free, &"x".repeat(LONGEST_VALUE + 1)).is_err());
    }

    proptest! {
        #[test]
        fn no_value_makes_a_check_panic(value in "\\PC{0,300}", kind in proptest::sample::select(SecretKind::ALL.to_vec())) {
            let _ = check(kind, &value);
        }
    }
}
