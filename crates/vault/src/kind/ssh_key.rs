//! SSH keys in OpenSSH's own format. Only the public half is ever looked at, and it is what is shown.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use diwan_kernel::World;
use ring::digest::{SHA256, digest};
use ring::signature::{Ed25519KeyPair, KeyPair};
use zeroize::Zeroizing;

use super::{Checked, Wrong};

const MAGIC: &[u8] = b"openssh-key-v1\0";
const BEGIN: &str = "-----BEGIN OPENSSH PRIVATE KEY-----";
const END: &str = "-----END OPENSSH PRIVATE KEY-----";
const ED25519: &str = "ssh-ed25519";
const NOT_A_KEY: Wrong =
    "It is not a private key in the OpenSSH format: `ssh-keygen -p -f FILE` writes older ones anew.";

pub(super) fn check(value: &str) -> Result<Checked, Wrong> {
    let text = value.trim();
    let body = text.strip_prefix(BEGIN).and_then(|t| t.strip_suffix(END)).ok_or(NOT_A_KEY)?;
    let base64: Zeroizing<String> = Zeroizing::new(body.chars().filter(|c| !c.is_ascii_whitespace()).collect());
    let bytes = Zeroizing::new(STANDARD.decode(base64.as_bytes()).map_err(|_| NOT_A_KEY)?);
    let mut reader = Reader(bytes.strip_prefix(MAGIC).ok_or(NOT_A_KEY)?);
    let (cipher, derivation, options) = (reader.string()?, reader.string()?, reader.string()?);
    let keys = reader.number()?;
    let public = reader.string()?;
    let private = reader.string()?;
    if keys != 1 || !reader.0.is_empty() {
        return Err(NOT_A_KEY);
    }
    if cipher != b"none" || derivation != b"none" || !options.is_empty() {
        return Err(
            "The key is protected by a passphrase of its own. Remove it (`ssh-keygen -p`): the vault protects the key.",
        );
    }
    let algorithm = Reader(public).string()?;
    let algorithm = std::str::from_utf8(algorithm).map_err(|_| NOT_A_KEY)?;
    refuse_another_private_half(private, public)?;
    Ok(facts(algorithm, public))
}

/// Both halves have to belong together: a private key under another's public one would be shown as
/// something that it is not.
fn refuse_another_private_half(private: &[u8], public: &[u8]) -> Result<(), Wrong> {
    let mut reader = Reader(private);
    if reader.number()? != reader.number()? {
        return Err(NOT_A_KEY);
    }
    // The private half repeats the algorithm; Ed25519 and RSA repeat the public numbers too.
    let algorithm = reader.string()?;
    if algorithm != Reader(public).string()? {
        return Err("The private and the public half of the key do not belong together.");
    }
    if algorithm == ED25519.as_bytes() {
        let (repeated, pair) = (reader.string()?, reader.string()?);
        let mut of_public = Reader(public);
        of_public.string()?;
        let seed = pair.get(..32).ok_or(NOT_A_KEY)?;
        let derived = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| NOT_A_KEY)?;
        let shown = of_public.string()?;
        if shown != repeated || derived.public_key().as_ref() != shown || pair.get(32..) != Some(shown) {
            return Err("The private and the public half of the key do not belong together.");
        }
    }
    Ok(())
}

fn facts(algorithm: &str, public: &[u8]) -> Checked {
    Checked::with([
        ("algorithm", algorithm.to_owned()),
        ("public_key", format!("{algorithm} {}", STANDARD.encode(public))),
        ("fingerprint", format!("SHA256:{}", STANDARD_NO_PAD.encode(digest(&SHA256, public)))),
    ])
}

/// Reads the lengths and strings that the format is made of.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn number(&mut self) -> Result<u32, Wrong> {
        let (head, rest) = self.0.split_first_chunk::<4>().ok_or(NOT_A_KEY)?;
        self.0 = rest;
        Ok(u32::from_be_bytes(*head))
    }

    fn string(&mut self) -> Result<&'a [u8], Wrong> {
        let length = self.number()? as usize;
        let (head, rest) = self.0.split_at_checked(length).ok_or(NOT_A_KEY)?;
        self.0 = rest;
        Ok(head)
    }
}

/// A new Ed25519 key pair in OpenSSH's format.
pub(crate) struct SshKeyPair;

impl SshKeyPair {
    /// The private key's file.
    pub(crate) fn generate(world: &World, comment: &str) -> Option<Zeroizing<String>> {
        let seed = Zeroizing::new(world.random::<32>());
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed[..]).ok()?;
        let public_key = pair.public_key().as_ref();
        let mut public = vec![];
        put(&mut public, ED25519.as_bytes());
        put(&mut public, public_key);

        let check: [u8; 4] = world.random();
        let mut private = Zeroizing::new(Vec::with_capacity(256 + comment.len()));
        private.extend(check);
        private.extend(check);
        put(&mut private, ED25519.as_bytes());
        put(&mut private, public_key);
        let both = Zeroizing::new([&seed[..], public_key].concat());
        put(&mut private, &both);
        put(&mut private, comment.as_bytes());
        let padding = private.len().next_multiple_of(8) - private.len();
        private.extend((1..=padding).filter_map(|n| u8::try_from(n).ok()));

        let mut file = Zeroizing::new(Vec::with_capacity(private.len() + 256));
        file.extend(MAGIC);
        put(&mut file, b"none");
        put(&mut file, b"none");
        put(&mut file, b"");
        file.extend(1u32.to_be_bytes());
        put(&mut file, &public);
        put(&mut file, &private);
        Some(armoured(&file))
    }
}

fn put(out: &mut Vec<u8>, part: &[u8]) {
    out.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend(part);
}

fn armoured(file: &[u8]) -> Zeroizing<String> {
    let base64 = Zeroizing::new(STANDARD.encode(file));
    let mut text = Zeroizing::new(String::with_capacity(base64.len() * 2 + 128));
    text.push_str(BEGIN);
    text.push('\n');
    for line in base64.as_bytes().chunks(70) {
        text.push_str(std::str::from_utf8(line).unwrap_or_default());
        text.push('\n');
    }
    text.push_str(END);
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_generated_key_is_one_that_the_check_accepts() -> Result<(), Wrong> {
        let key = SshKeyPair::generate(&World::real(), "diwan").ok_or("no key")?;
        let facts = check(&key)?.facts;
        assert_eq!(facts.get("algorithm").map(String::as_str), Some(ED25519));
        assert!(facts.get("fingerprint").is_some_and(|f| f.starts_with("SHA256:") && f.len() == 50));
        Ok(())
    }

    #[test]
    fn halves_that_do_not_belong_together_are_refused() -> Result<(), Wrong> {
        let (one, other) = (SshKeyPair::generate(&World::real(), ""), SshKeyPair::generate(&World::real(), ""));
        let (one, other) = (one.ok_or("no key")?, other.ok_or("no key")?);
        let file = |text: &str| -> Option<Vec<u8>> {
            let body: String = text.strip_prefix(BEGIN)?.trim_end().strip_suffix(END)?.split_whitespace().collect();
            STANDARD.decode(body).ok()
        };
        let (mut mixed, other) = (file(&one).ok_or("no body")?, file(&other).ok_or("no body")?);
        // The public half ends after the magic, three short strings, the count and its own 55 bytes.
        let public_end = MAGIC.len() + 8 + 8 + 4 + 4 + 4 + 51;
        mixed[public_end..].copy_from_slice(&other[public_end..]);
        assert_eq!(
            check(&armoured(&mixed)).err(),
            Some("The private and the public half of the key do not belong together.")
        );
        Ok(())
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut file = MAGIC.to_vec();
            file.extend(bytes);
            prop_assert!(check(&armoured(&file)).is_err());
        }
    }
}
