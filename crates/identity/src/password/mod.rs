//! Passwords: which are good enough, and how they are kept and checked.

mod common;
mod hash;
pub(crate) mod policy;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use diwan_kernel::{Problem, Secret, World};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::config::IdentityConfig;
pub(crate) use hash::Cost;
pub use policy::is_guessed_early;

/// Who wants something hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Somebody of whom nothing is known.
    Stranger,
    /// Somebody with a session, an invitation, or a browser that the account was signed in to with.
    Known,
}

impl Standing {
    /// When so many wait, the next one is told that we are busy: they would wait for about a second.
    /// Strangers leave room for those who are known, so that a flood of guesses keeps nobody out.
    const fn most_waiting(self) -> usize {
        match self {
            Self::Stranger => 40,
            Self::Known => 64,
        }
    }
}

/// Hashes and checks passwords, a few at a time: as many as there are cores, so that a flood of
/// sign-ins neither takes all memory nor slows down whoever is signed in.
pub(crate) struct Passwords {
    world: World,
    cost: Cost,
    pepper: Zeroizing<Vec<u8>>,
    places: Semaphore,
    waiting: AtomicUsize,
    /// Checked when there is no account or no password, so that the time does not tell.
    dummy: String,
}

impl std::fmt::Debug for Passwords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Passwords").field("cost", &self.cost).finish_non_exhaustive()
    }
}

/// What a check says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Checked {
    /// It is not the password.
    Wrong,
    /// It is.
    Right,
    /// It is, and the hash was made at another cost: this one takes its place.
    RightWith(String),
}

impl Passwords {
    pub(crate) fn new(world: &World, config: &IdentityConfig, pepper: Zeroizing<Vec<u8>>) -> Self {
        let cost = Cost {
            memory_kib: config.password_memory_kib,
            passes: config.password_passes,
            lanes: config.password_lanes,
        };
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let dummy = hash::write(cost, &world.random(), &world.random());
        Self { world: world.clone(), cost, pepper, places: Semaphore::new(cores), waiting: AtomicUsize::new(0), dummy }
    }

    /// What is stored of a password.
    ///
    /// # Errors
    /// When too many are waiting.
    pub(crate) async fn hash(&self, password: &Secret<String>) -> Result<String, Problem> {
        let (salt, cost) = (self.world.random(), self.cost);
        let digest = self.compute(password, salt, cost, Standing::Known).await?;
        Ok(hash::write(cost, &salt, &digest))
    }

    /// Checks a password against what is stored. Without a stored one it takes as long and is wrong.
    ///
    /// # Errors
    /// When too many are waiting.
    pub(crate) async fn check(
        &self,
        stored: Option<&str>,
        password: &Secret<String>,
        standing: Standing,
    ) -> Result<Checked, Problem> {
        let known = stored.and_then(hash::read);
        let is_known = known.is_some();
        let Some(wanted) = known.or_else(|| hash::read(&self.dummy)) else { return Ok(Checked::Wrong) };
        let digest = self.compute(password, wanted.salt, wanted.cost, standing).await?;
        if !crate::keys::same(&digest, &wanted.digest) || !is_known {
            return Ok(Checked::Wrong);
        }
        if wanted.cost == self.cost {
            return Ok(Checked::Right);
        }
        self.hash(password).await.map(Checked::RightWith)
    }

    async fn compute(
        &self,
        password: &Secret<String>,
        salt: [u8; 16],
        cost: Cost,
        standing: Standing,
    ) -> Result<[u8; 32], Problem> {
        let _queued = Queued::enter(&self.waiting, standing)?;
        let _place = self.places.acquire().await.map_err(Problem::internal)?;
        let password: Zeroizing<String> = Zeroizing::new(password.expose().nfkc().collect());
        let pepper = self.pepper.clone();
        let digest = self.world.heavy(move || hash::compute(password.as_bytes(), &pepper, &salt, cost)).await;
        digest.map_err(Problem::internal)?.map_err(|e| Problem::internal(e.to_string()))
    }
}

/// A place in the queue, given back on drop.
struct Queued<'a>(&'a AtomicUsize);

impl<'a> Queued<'a> {
    fn enter(waiting: &'a AtomicUsize, standing: Standing) -> Result<Self, Problem> {
        let place = Self(waiting);
        if waiting.fetch_add(1, Ordering::SeqCst) >= standing.most_waiting() {
            let detail = "Very many people are signing in at this moment.";
            return Err(Problem::unavailable("sign_in_busy", detail, Duration::from_secs(2)));
        }
        Ok(place)
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passwords(memory_kib: u32) -> Passwords {
        let config = IdentityConfig { password_memory_kib: memory_kib, ..IdentityConfig::default() };
        Passwords::new(&World::real(), &config, Zeroizing::new(vec![1; 32]))
    }

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    #[tokio::test]
    async fn only_the_same_password_is_right() -> Result<(), Problem> {
        let passwords = passwords(64);
        let stored = passwords.hash(&secret("a long enough secret")).await?;
        assert_eq!(
            passwords.check(Some(&stored), &secret("a long enough secret"), Standing::Stranger).await?,
            Checked::Right
        );
        assert_eq!(
            passwords.check(Some(&stored), &secret("a long enough secreT"), Standing::Stranger).await?,
            Checked::Wrong
        );
        assert_eq!(passwords.check(None, &secret("a long enough secret"), Standing::Stranger).await?, Checked::Wrong);
        Ok(())
    }

    #[tokio::test]
    async fn letters_typed_in_another_form_are_the_same_password() -> Result<(), Problem> {
        let passwords = passwords(64);
        let stored = passwords.hash(&secret("cafe\u{301} \u{fb01}lm")).await?;
        assert_eq!(passwords.check(Some(&stored), &secret("café film"), Standing::Stranger).await?, Checked::Right);
        Ok(())
    }

    #[tokio::test]
    async fn an_old_hash_is_replaced_by_one_of_the_cost_in_force() -> Result<(), Problem> {
        let old = passwords(64).hash(&secret("a long enough secret")).await?;
        let now = passwords(128);
        let Checked::RightWith(new) =
            now.check(Some(&old), &secret("a long enough secret"), Standing::Stranger).await?
        else {
            panic!("the hash was kept");
        };
        assert_eq!(now.check(Some(&new), &secret("a long enough secret"), Standing::Stranger).await?, Checked::Right);
        assert_eq!(now.check(Some(&old), &secret("another secret"), Standing::Stranger).await?, Checked::Wrong);
        Ok(())
    }

    #[tokio::test]
    async fn the_hash_of_another_server_is_never_right() -> Result<(), Problem> {
        let ours = passwords(64);
        let theirs = Passwords { pepper: Zeroizing::new(vec![2; 32]), ..passwords(64) };
        let stored = theirs.hash(&secret("a long enough secret")).await?;
        assert_eq!(
            ours.check(Some(&stored), &secret("a long enough secret"), Standing::Stranger).await?,
            Checked::Wrong
        );
        Ok(())
    }

    #[test]
    fn a_flood_of_strangers_leaves_room_for_the_known_and_places_are_given_back() {
        let waiting = AtomicUsize::new(0);
        let enter = |standing| Queued::enter(&waiting, standing);
        let mut queue: Vec<_> =
            std::iter::repeat_with(|| enter(Standing::Stranger)).take_while(Result::is_ok).collect();
        assert_eq!(queue.len(), 40);
        queue.extend(std::iter::repeat_with(|| enter(Standing::Known)).take_while(Result::is_ok));
        assert_eq!(queue.len(), 64);
        drop(queue);
        assert_eq!(waiting.load(Ordering::SeqCst), 0);
    }
}
