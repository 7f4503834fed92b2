//! Lists one's passkeys.

use axum::extract::State;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Query};
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Page, PageQuery, Problem};
use serde::Serialize;

use super::answers::GuardedRead;
use crate::identity::Identity;
use crate::table;
use crate::table::passkey::PasskeyId;

/// A passkey, as its owner sees it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct Passkey {
    /// Its id.
    id: PasskeyId,
    /// What it is called.
    name: String,
    /// When it was added.
    created_at: Timestamp,
    /// When it was last used.
    last_used_at: Option<Timestamp>,
}

impl From<table::passkey::Passkey> for Passkey {
    fn from(stored: table::passkey::Passkey) -> Self {
        let table::passkey::Passkey { id, name, created_at, last_used_at, .. } = stored;
        Self { id, name, created_at, last_used_at }
    }
}

/// Your passkeys, oldest first.
#[utoipa::path(
    get,
    path = "/me/passkeys",
    operation_id = "list_passkeys",
    tag = "identity",
    params(PageQuery),
    responses((status = 200, description = "The passkeys", body = Page<Passkey>), GuardedRead),
    extensions(("x-permission" = json!("profile.self"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn list_passkeys(
    ctx: Allowed<may::ProfileSelf>,
    State(identity): State<Identity>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Passkey>>, Problem> {
    let (limit, position) = (query.limit()?, query.position::<PasskeyId>()?);
    let all = table::passkey::list(identity.db(), ctx.user_id()?).await?;
    // There are at most twenty, so that they are read whole.
    let rest = all.into_iter().filter(|p| position.is_none_or(|position| p.id > position));
    let wanted: Vec<Passkey> = rest.take(limit + 1).map(Into::into).collect();
    Ok(Json(Page::cut(wanted, limit, |p| p.id)))
}
