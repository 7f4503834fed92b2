//! The server's own keys: each for one purpose, made once, sealed in the database.

use diwan_kernel::keys::{KeyError, server_key};
use diwan_kernel::{Db, Sealer};
use ring::hmac;
use zeroize::Zeroizing;

/// What the server signs and checks with.
pub(crate) struct Keys {
    /// Signs access tokens.
    pub(crate) access: hmac::Key,
    /// Marks session cookies and browsers, and derives what a session's next secret is.
    pub(crate) session: hmac::Key,
    /// Turns API tokens into what is stored of them.
    pub(crate) api_token: hmac::Key,
    /// Goes into every password hash, so that a stolen database alone gives nothing to guess at.
    pub(crate) password: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(•••)")
    }
}

impl Keys {
    /// Reads the keys, making those that are not there yet.
    pub(crate) async fn load(db: &Db, sealer: &Sealer) -> Result<Self, KeyError> {
        let world = db.world().clone();
        let fresh = || Zeroizing::new(world.random::<32>().to_vec());
        let mac = |bytes: Zeroizing<Vec<u8>>| hmac::Key::new(hmac::HMAC_SHA256, &bytes);
        Ok(Self {
            access: mac(server_key(db, sealer, "identity.access_token", fresh).await?),
            session: mac(server_key(db, sealer, "identity.session", fresh).await?),
            api_token: mac(server_key(db, sealer, "identity.api_token", fresh).await?),
            password: server_key(db, sealer, "identity.password", fresh).await?,
        })
    }
}

/// The MAC of some parts under a key, for one stated purpose; parts cannot run into each other.
pub(crate) fn mac(key: &hmac::Key, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    for part in std::iter::once(purpose.as_bytes()).chain(parts.iter().copied()) {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(context.sign().as_ref());
    bytes
}

/// SHA-256: what is stored of a secret that has 256 bits of chance in it.
pub(crate) fn digest(bytes: &[u8]) -> [u8; 32] {
    let mut digest = [0; 32];
    digest.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref());
    digest
}

/// Compares two values without telling by the time where they differ.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    // Both sides are digested first, so that not even a length shows.
    digest(a).iter().zip(digest(b)).fold(0u8, |difference, (x, y)| difference | (x ^ y)) == 0
}
