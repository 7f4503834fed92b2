//! Lists the mails that could not be sent.

use axum::extract::State;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};
use diwan_kernel::http::{Json, Query};
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Page, PageQuery, Problem};
use serde::Serialize;

use super::answers::GuardedRead;
use crate::factor::{mail, session_user};
use crate::identity::Identity;
use crate::table::outbox_mail::{self, MailId};

/// A mail that stayed here.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct OutboxMail {
    /// Its id.
    id: MailId,
    /// To whom.
    to: String,
    /// About what.
    subject: String,
    /// The text, with its links.
    body_text: String,
    /// When it was written.
    created_at: Timestamp,
}

/// The mails that stayed here because they could not be sent, newest first. They hold links that
/// sign people in, so that only the owner sees them, after a fresh proof, and no API token.
#[utoipa::path(
    get,
    path = "/outbox",
    operation_id = "list_outbox_mails",
    tag = "identity",
    params(PageQuery),
    responses((status = 200, description = "The mails", body = Page<OutboxMail>), GuardedRead),
    extensions(("x-permission" = json!("mail.outbox")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn list_outbox_mails(
    ctx: Allowed<SteppedUp<may::MailOutbox>>,
    State(identity): State<Identity>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<OutboxMail>>, Problem> {
    session_user(&ctx)?;
    let limit = query.limit()?;
    let surplus = u32::try_from(limit + 1).unwrap_or(u32::MAX);
    let stored = outbox_mail::list_kept(identity.db(), query.position()?, surplus).await?;
    let page = Page::cut(stored, limit, |mail| mail.id);
    let opened = page.items.into_iter().map(|mail| {
        let body = mail::Body::open(&identity, &mail)?;
        let outbox_mail::Stored { id, recipient: to, created_at, .. } = mail;
        Ok(OutboxMail { id, to, subject: body.subject, body_text: body.text, created_at })
    });
    let items = opened.collect::<Result<Vec<_>, Problem>>()?;
    Ok(Json(Page { items, next_cursor: page.next_cursor }))
}
