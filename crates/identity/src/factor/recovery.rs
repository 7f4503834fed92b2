//! Recovery codes, for the day the phone is lost: ten, shown once, each good for once.

use diwan_kernel::id::User;
use diwan_kernel::{Ctx, Entry, Id, Problem, World};
use ring::hmac;

use super::mail::template::Change;
use super::{mail, totp};
use crate::event::MeUpdated;
use crate::identity::Identity;
use crate::refusal::code_wrong;
use crate::table;

/// How many there are.
pub(crate) const COUNT: usize = 10;
/// 12 letters of 5 bits: 60 bits each.
const LETTERS: usize = 12;
const GROUP: usize = 4;
/// Crockford's base 32: no i, l, o, u, so that nothing is misread.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Fresh codes, to be shown once.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Codes([String; COUNT]);

impl std::fmt::Debug for Codes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Codes(•••)")
    }
}

impl Codes {
    /// Ten new ones.
    pub(crate) fn fresh(world: &World) -> Self {
        Self(std::array::from_fn(|_| {
            let letters = world.random::<LETTERS>().map(|b| char::from(ALPHABET[usize::from(b & 31)]));
            let groups: Vec<String> = letters.chunks(GROUP).map(|g| g.iter().collect()).collect();
            groups.join("-")
        }))
    }

    /// What is kept of them.
    pub(crate) fn hashes(&self, key: &hmac::Key, user: Id<User>) -> Vec<[u8; 32]> {
        self.0.iter().filter_map(|code| hash(key, user, code)).collect()
    }

    /// Them, to be shown.
    pub(crate) fn into_texts(self) -> Vec<String> {
        self.0.into()
    }
}

/// What is kept of a code; `None` when the text cannot be one.
fn hash(key: &hmac::Key, user: Id<User>, code: &str) -> Option<[u8; 32]> {
    let mut message = user.to_string();
    message.push('\n');
    for letter in code.chars().filter(|c| !c.is_whitespace() && *c != '-') {
        message.push(match letter.to_ascii_lowercase() {
            // As they are misread and mistyped.
            'o' => '0',
            'i' | 'l' => '1',
            letter if letter.is_ascii() && ALPHABET.contains(&(letter as u8)) => letter,
            _ => return None,
        });
    }
    if message.len() != user.to_string().len() + 1 + LETTERS {
        return None;
    }
    hmac::sign(key, message.as_bytes()).as_ref().try_into().ok()
}

/// Uses a code up.
///
/// # Errors
/// `code_wrong`, whatever is wrong with it.
pub(crate) async fn verify(identity: &Identity, ctx: &Ctx, user: Id<User>, code: &str) -> Result<(), Problem> {
    let hash = hash(identity.factors().recovery_key(), user, code).ok_or_else(code_wrong)?;
    let mut tx = identity.db().begin(ctx).await?;
    if !table::recovery_code::use_up(&mut tx, user, hash, ctx.now()).await? {
        return Err(code_wrong());
    }
    tx.emit(&MeUpdated { user });
    tx.commit(Entry::done("recovery_code.use").on("user", user)).await?;
    Ok(())
}

/// Replaces all codes by fresh ones.
///
/// # Errors
/// 409 when there is no authenticator app that they could stand in for.
pub(crate) async fn regenerate(identity: &Identity, ctx: &Ctx, user: Id<User>) -> Result<Codes, Problem> {
    if !totp::is_enabled(identity, user).await? {
        return Err(Problem::conflict(
            "totp_not_enabled",
            "There is no authenticator app to stand in for",
            "Recovery codes stand in for an authenticator app, and none is set up on your account.",
            "Set up an authenticator app first.",
        ));
    }
    let codes = Codes::fresh(&ctx.world);
    let hashes = codes.hashes(identity.factors().recovery_key(), user);
    let mut tx = identity.db().begin(ctx).await?;
    table::user::lock(&mut tx, user).await?;
    table::recovery_code::replace(&mut tx, user, &hashes, ctx.now()).await?;
    tx.emit(&MeUpdated { user });
    mail::tell(identity, ctx, &mut tx, user, Change::RecoveryCodesReplaced).await?;
    tx.commit(Entry::done("recovery_code.regenerate").on("user", user)).await?;
    mail::wake(identity);
    Ok(codes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn key(byte: u8) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &[byte; 32])
    }

    #[test]
    fn codes_are_distinct_and_grouped() {
        let texts = Codes::fresh(&World::real()).into_texts();
        assert_eq!(texts.iter().collect::<BTreeSet<_>>().len(), COUNT);
        for code in texts {
            let groups: Vec<&str> = code.split('-').collect();
            assert!(groups.len() == 3 && groups.iter().all(|g| g.len() == 4), "{code}");
        }
    }

    #[test]
    fn a_code_is_known_however_it_is_typed() {
        let (key, user) = (key(1), Id::from_bits(7));
        let known = hash(&key, user, "0a1b-2c3d-4e5f");
        assert!(known.is_some());
        for typed in ["0A1B2C3D4E5F", " 0a1b 2c3d 4e5f ", "oaib-2c3d-4e5f", "OALB-2C3D-4E5F"] {
            assert_eq!(hash(&key, user, typed), known, "{typed}");
        }
        for other in ["", "0a1b-2c3d-4e5", "0a1b-2c3d-4e5ff", "0a1b-2c3d-4e5u", "0a1b-2c3d-4e5é", "' OR 1=1 --"] {
            assert_eq!(hash(&key, user, other), None, "{other}");
        }
    }

    #[test]
    fn a_code_is_worth_nothing_to_somebody_else_or_under_another_key() {
        let code = "0a1b-2c3d-4e5f";
        assert_ne!(hash(&key(1), Id::from_bits(7), code), hash(&key(1), Id::from_bits(8), code));
        assert_ne!(hash(&key(1), Id::from_bits(7), code), hash(&key(2), Id::from_bits(7), code));
    }
}
