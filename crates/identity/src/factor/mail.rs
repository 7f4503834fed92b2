//! Sending mail, or keeping it where the owner sees it. (Owner: identity factors; placeholder.)

use diwan_kernel::{Ctx, Problem};
use serde::Serialize;

use crate::identity::Identity;

/// A mail.
#[derive(Debug, Clone)]
pub(crate) struct Mail {
    /// To whom.
    pub(crate) to: String,
    /// About what.
    pub(crate) subject: String,
    /// The text.
    pub(crate) text: String,
    /// The same, formatted.
    pub(crate) html: Option<String>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Handed to the mail server.
    Sent,
    /// Kept in the outbox, because there is no mail server.
    Outbox,
}

/// Sends a mail.
#[expect(clippy::unused_async, reason = "placeholder")]
pub(crate) async fn send(_: &Identity, _: &Ctx, _: Mail) -> Result<Delivery, Problem> {
    Ok(Delivery::Outbox)
}
