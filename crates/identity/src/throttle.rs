//! Guessing made slow: every try at a secret is counted before it is judged.

use diwan_kernel::{Ctx, Problem};

use crate::identity::Identity;

/// What is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tried {
    /// A password.
    Password,
    /// A one-time code or recovery code.
    Code,
    /// To have a mail sent: every one counts, there is no success that forgives.
    Mail,
}

/// A try that was let through. Unless it is forgiven it stays counted as a failure.
#[derive(Debug)]
#[must_use]
pub(crate) struct Attempt {}

impl Identity {
    /// Counts a try at this account (an e-mail address or a user id), before it is judged.
    ///
    /// # Errors
    /// 429 `too_many_attempts` when there were too many.
    #[expect(clippy::unused_async, reason = "counters come next")]
    pub(crate) async fn begin_attempt(&self, _ctx: &Ctx, _what: Tried, _account: &str) -> Result<Attempt, Problem> {
        Ok(Attempt {})
    }

    /// The try was right: what was counted for it is forgotten.
    ///
    /// # Errors
    /// When the database does not answer.
    #[expect(clippy::unused_async, reason = "counters come next")]
    pub(crate) async fn forgive_attempt(&self, _attempt: Attempt) -> Result<(), Problem> {
        Ok(())
    }
}
