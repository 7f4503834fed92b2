//! The line of an SSH key of the vault in somebody's `authorized_keys`: one line, without options, that says whose
//! it is.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minicbor::{Decode, Encode};

/// What the comment of every line of ours begins with.
pub const OURS: &str = "diwan:";
/// The kinds of keys that are put on machines.
const KINDS: [&str; 5] =
    ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa"];
/// No key is longer: an RSA key of 16384 bits is half as long.
const LONGEST_KEY: usize = 4096;
const LONGEST_NAME: usize = 64;

/// A line of ours.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SshLine {
    /// Whose file it is in: a user of the machine.
    #[n(0)]
    pub user: String,
    /// Which secret of the vault: `sec_…`.
    #[n(1)]
    pub secret: String,
    /// Which version of it.
    #[n(2)]
    pub version: u64,
    /// Its public half: the kind and the key, in the form of OpenSSH.
    #[n(3)]
    pub key: String,
}

impl SshLine {
    /// What the line says of itself: so it is found again, and nobody else's is taken for it.
    pub fn tag(&self) -> String {
        format!("{OURS}{}:{}", self.secret, self.version)
    }

    /// The whole line, without its end.
    pub fn text(&self) -> String {
        format!("{} {}", self.key, self.tag())
    }

    /// What is wrong with it, if anything is: a line that holds more than one key without options is none.
    pub fn flaw(&self) -> Option<&'static str> {
        if !is_user(&self.user) {
            return Some("the name of the user is none");
        }
        if !is_id(&self.secret) {
            return Some("the id of the secret is none");
        }
        if blob_of(&self.key).is_none() {
            return Some("the key is not one public key in the form of OpenSSH");
        }
        None
    }
}

/// The bytes of a public key as OpenSSH writes it, if it is one and nothing besides.
pub fn blob_of(key: &str) -> Option<Vec<u8>> {
    let (kind, encoded) = key.split_once(' ')?;
    if !KINDS.contains(&kind) || key.len() > LONGEST_KEY {
        return None;
    }
    let blob = STANDARD.decode(encoded).ok()?;
    let (length, rest) = blob.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let says_the_same = rest.get(..length)? == kind.as_bytes() && rest.len() > length;
    says_the_same.then_some(blob)
}

/// A name of a user of a machine: nothing that a path, a shell or `ssh` would take for anything else.
fn is_user(name: &str) -> bool {
    let is_first = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let is_letter = |b: u8| is_first(b) || matches!(b, b'-' | b'.');
    name.len() <= LONGEST_NAME && name.bytes().next().is_some_and(is_first) && name.bytes().all(is_letter)
}

fn is_id(id: &str) -> bool {
    let is_letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    (1..=LONGEST_NAME).contains(&id.len()) && id.bytes().all(is_letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

    fn line(user: &str, secret: &str, key: &str) -> SshLine {
        SshLine { user: user.into(), secret: secret.into(), version: 3, key: key.into() }
    }

    #[test]
    fn a_line_is_one_key_and_says_whose_it_is() {
        let line = line("deploy", "sec_1", KEY);
        assert_eq!(line.flaw(), None);
        assert_eq!(line.text(), format!("{KEY} diwan:sec_1:3"));
    }

    #[test]
    fn what_would_be_more_than_a_key_is_none() {
        let (kind, encoded) = KEY.split_once(' ').unwrap_or_default();
        for key in [
            "".to_owned(),
            kind.to_owned(),
            format!("{KEY}\nssh-ed25519 AAAA"),
            format!("{KEY}\r"),
            format!("{KEY} comment"),
            format!("{KEY}\tx"),
            format!("command=\"id\" {KEY}"),
            format!("command=\"id\",{KEY}"),
            format!(" {KEY}"),
            format!("{kind}  {encoded}"),
            format!("ssh-rsa {encoded}"),
            format!("sk-ssh-ed25519@openssh.com {encoded}"),
            format!("cert-authority {encoded}"),
            format!("{kind} {}", &encoded[..20]),
            format!("{kind} {encoded}="),
            format!("{kind} AAAAC3NzaC1lZDI1NTE5"),
            format!("{kind} {}", "A".repeat(5000)),
            format!("{kind} \u{a0}{encoded}"),
        ] {
            assert!(line("deploy", "sec_1", &key).flaw().is_some(), "{key:?}");
        }
    }

    #[test]
    fn users_and_ids_are_plain_names() {
        for user in ["", "-x", "..", ".ssh", "a/b", "a b", "a\nb", "a:b", "a%u", "~", "é", "a@b", &"a".repeat(65)] {
            assert!(line(user, "sec_1", KEY).flaw().is_some(), "{user:?}");
        }
        for secret in ["", "a b", "a\n", "SEC", "a:1", &"a".repeat(65)] {
            assert!(line("deploy", secret, KEY).flaw().is_some(), "{secret:?}");
        }
    }
}
