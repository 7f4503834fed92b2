//! SSH keys in OpenSSH's own format, read as strictly as OpenSSH reads them. What is shown is the public half.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use diwan_kernel::World;
use ring::digest::{SHA256, digest};
use ring::signature::{Ed25519KeyPair, KeyPair};
use zeroize::Zeroizing;

use super::ssh_halves::{DAMAGED, Public, Reader};
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
    let lock = Lock::read(&mut reader)?;
    if reader.number()? != 1 {
        return Err("A file with several keys is not taken: bring each one by itself.");
    }
    let blob = reader.string()?;
    let public = Public::read(blob)?;
    let private = reader.string()?;
    if private.is_empty() || !private.len().is_multiple_of(lock.block) || reader.0.len() != lock.seal {
        return Err(DAMAGED);
    }
    let mut checked = Checked::with([
        ("algorithm", public.algorithm.to_owned()),
        ("public_key", format!("{} {}", public.algorithm, STANDARD.encode(blob))),
        ("fingerprint", format!("SHA256:{}", STANDARD_NO_PAD.encode(digest(&SHA256, blob)))),
    ]);
    if lock.is_open() {
        check_private(private, &public)?;
    } else {
        let said = format!("under a passphrase of its own ({}): it could not be checked", lock.cipher);
        checked.facts.insert("private_half".into(), said);
    }
    Ok(checked)
}

/// What stands in the file for its owner alone: two equal numbers, the private half, a comment, and padding.
fn check_private(private: &[u8], public: &Public<'_>) -> Result<(), Wrong> {
    let mut reader = Reader(private);
    if reader.number()? != reader.number()? {
        return Err(DAMAGED);
    }
    public.expect_private(&mut reader)?;
    let comment = reader.string()?;
    let is_padded = reader.0.len() < 256 && reader.0.iter().zip(1..=255u8).all(|(byte, n)| *byte == n);
    if is_padded && !comment.contains(&0) { Ok(()) } else { Err(DAMAGED) }
}

/// How the private half is encrypted, if it is.
struct Lock {
    cipher: &'static str,
    /// What its length is a multiple of.
    block: usize,
    /// How many bytes follow it that vouch for it.
    seal: usize,
}

impl Lock {
    const KNOWN: [Self; 10] = [
        Self::new("none", 8, 0),
        Self::new("aes256-ctr", 16, 0),
        Self::new("aes192-ctr", 16, 0),
        Self::new("aes128-ctr", 16, 0),
        Self::new("aes256-cbc", 16, 0),
        Self::new("aes192-cbc", 16, 0),
        Self::new("aes128-cbc", 16, 0),
        Self::new("aes256-gcm@openssh.com", 16, 16),
        Self::new("aes128-gcm@openssh.com", 16, 16),
        Self::new("chacha20-poly1305@openssh.com", 8, 16),
    ];

    const fn new(cipher: &'static str, block: usize, seal: usize) -> Self {
        Self { cipher, block, seal }
    }

    const fn is_open(&self) -> bool {
        self.block == 8 && self.seal == 0
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Wrong> {
        let (cipher, derivation, options) = (reader.string()?, reader.string()?, reader.string()?);
        let known = Self::KNOWN.into_iter().find(|known| known.cipher.as_bytes() == cipher);
        let lock = known.ok_or("The key is encrypted in a way that is not known here.")?;
        let mut options = Reader(options);
        match derivation {
            b"none" if lock.is_open() => {}
            b"bcrypt" if !lock.is_open() && !options.string()?.is_empty() && options.number()? > 0 => {}
            _ => return Err(DAMAGED),
        }
        options.end().map(|()| lock)
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
mod tests;
