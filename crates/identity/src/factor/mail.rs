//! Sending mail, or keeping it where the owner sees it.
//!
//! A mail is written down first, with its text sealed, and carried to the mail server by a task of
//! its own ([`sender`]): no request waits for a mail server, and a crash loses nothing. Without a
//! mail server it stays in the outbox.

mod message;
mod sender;
pub(crate) mod template;

use diwan_kernel::id::UserId;
use diwan_kernel::{Ctx, DbError, Id, Problem, Tx};
use serde::{Deserialize, Serialize};

pub(crate) use sender::{Mailer, REASONS, check, spawn};
use template::{Change, Letter};

use crate::identity::Identity;
use crate::table;
use crate::table::outbox_mail::{self, State, Stored};

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
#[schema(as = MailDelivery)]
pub(crate) enum Delivery {
    /// Given to the task that hands it to the mail server.
    Sent,
    /// Kept in the outbox, because there is no mail server.
    Outbox,
}

/// What is sealed of a mail.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Body {
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: Option<String>,
}

impl Body {
    /// Opens what was sealed.
    pub(crate) fn open(identity: &Identity, stored: &Stored) -> Result<Self, Problem> {
        let id = stored.id.to_string();
        let json = identity.sealer().unseal(&stored.body, outbox_mail::place(&id)).map_err(Problem::internal)?;
        serde_json::from_slice(&json).map_err(Problem::internal)
    }
}

/// A mail that is ready to be written down with the change that causes it.
#[derive(Debug)]
pub(crate) struct Prepared {
    stored: Stored,
    state: State,
}

/// Makes a mail ready. After the commit, call [`wake`].
///
/// # Errors
/// Never in practice: only when it cannot be sealed.
pub(crate) fn prepare(identity: &Identity, ctx: &Ctx, mail: Mail) -> Result<Prepared, Problem> {
    let id = Id::new(&ctx.world);
    let body = Body { subject: mail.subject, text: mail.text, html: mail.html };
    let json = zeroize::Zeroizing::new(serde_json::to_vec(&body).map_err(Problem::internal)?);
    let sealed = identity.sealer().seal(&json, outbox_mail::place(&id.to_string())).map_err(Problem::internal)?;
    let state = if identity.factors().mailer().is_set_up() { State::Queued } else { State::Kept };
    let stored = Stored { id, recipient: mail.to, body: sealed, attempts: 0, created_at: ctx.now() };
    Ok(Prepared { stored, state })
}

impl Prepared {
    /// Writes it down.
    ///
    /// # Errors
    /// When the database does not take it.
    pub(crate) async fn queue(self, tx: &mut Tx) -> Result<Delivery, DbError> {
        outbox_mail::insert(tx, &self.stored, self.state).await?;
        Ok(if self.state == State::Queued { Delivery::Sent } else { Delivery::Outbox })
    }
}

/// Tells somebody, with the change itself, that it became different how they sign in. Without a mail
/// server there is nobody to tell: the outbox is for what waits to be handed on. After the commit,
/// call [`wake`].
///
/// # Errors
/// When the database does not take it.
pub(crate) async fn tell(
    identity: &Identity,
    ctx: &Ctx,
    tx: &mut Tx,
    user: UserId,
    change: Change<'_>,
) -> Result<(), Problem> {
    if !identity.factors().mailer().is_set_up() {
        return Ok(());
    }
    let Some(person) = table::user::find_in(tx, user).await? else { return Ok(()) };
    let letter = Letter::Changed(change);
    let mail = template::write(letter, person.language.as_str(), identity.instance_name(), &person.email);
    prepare(identity, ctx, mail)?.queue(tx).await?;
    Ok(())
}

/// Says that there may be something to send.
pub(crate) fn wake(identity: &Identity) {
    identity.factors().mailer().wake();
}
