//! Forgetting what has run out: links, ceremonies, flows, old mails.

use std::time::Duration;

use diwan_kernel::db::Unrecorded;
use diwan_kernel::{Ctx, DbError, TaskPolicy};

use crate::identity::Identity;
use crate::table::{magic_link, oidc_flow, outbox_mail, passkey_ceremony};

const PERIOD: Duration = Duration::from_secs(60);
/// A used link is remembered a little longer than the limit on new ones looks back.
const LINKS: Duration = Duration::from_secs(3600);
const MAILS: Duration = Duration::from_secs(30 * 24 * 3600);

/// Starts the task.
pub(super) fn spawn(identity: &Identity) {
    let identity = identity.clone();
    identity.supervisor().clone().spawn("factor sweep", TaskPolicy::Critical, async move {
        while identity.supervisor().pause(PERIOD).await {
            if let Err(e) = sweep(&identity).await {
                tracing::warn!(error = %e, "what has run out could not be forgotten; trying again");
            }
        }
    });
}

async fn sweep(identity: &Identity) -> Result<(), DbError> {
    let ctx = Ctx::system(identity.world(), "factor sweep");
    let now = ctx.now();
    let mut tx = identity.db().begin_freeing(&ctx).await?;
    passkey_ceremony::sweep(&mut tx, now).await?;
    oidc_flow::sweep(&mut tx, now).await?;
    magic_link::sweep(&mut tx, now.minus(LINKS)).await?;
    outbox_mail::sweep(&mut tx, now.minus(MAILS)).await?;
    tx.commit_unrecorded(Unrecorded::Bookkeeping).await
}
