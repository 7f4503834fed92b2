//! A fresh proof of identity in a session that is already there.

use diwan_kernel::world::Timestamp;
use diwan_kernel::{Ctx, Problem};

use crate::identity::Identity;

impl Identity {
    /// Notes that the session's person has just proved again who they are, by `method`
    /// (`password`, `totp`, `recovery_code`, `passkey`), and says until when that counts.
    ///
    /// # Errors
    /// For callers without a session.
    #[expect(clippy::unused_async, reason = "sessions come next")]
    pub(crate) async fn record_step_up(&self, _ctx: &Ctx, _method: &'static str) -> Result<Timestamp, Problem> {
        Err(Problem::internal("not built yet"))
    }
}
