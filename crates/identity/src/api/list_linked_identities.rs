//! Lists the accounts elsewhere that sign in to one's own.

use axum::extract::State;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Query};
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Page, PageQuery, Problem};
use serde::Serialize;

use super::answers::GuardedRead;
use crate::factor::oidc::Oidc;
use crate::identity::Identity;
use crate::table::oidc_identity::{self, Linked, LinkedId};

/// An account at an identity provider that signs in to one's own.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct LinkedIdentity {
    /// Its id.
    id: LinkedId,
    /// The provider's short name; null when it is no longer in the settings.
    provider: Option<String>,
    /// What stands on the provider's button, or its address.
    label: String,
    /// The address the account had when it was linked.
    email: Option<String>,
    /// When it was linked.
    created_at: Timestamp,
    /// When somebody last signed in with it.
    last_used_at: Option<Timestamp>,
}

impl LinkedIdentity {
    fn new(linked: Linked, oidc: &Oidc) -> Self {
        let Linked { id, issuer, email, created_at, last_used_at, .. } = linked;
        let known = oidc.known_as(&issuer).map(|(id, label)| (id.to_owned(), label.to_owned()));
        let (provider, label) = known.map_or((None, issuer), |(id, label)| (Some(id), label));
        Self { id, provider, label, email, created_at, last_used_at }
    }
}

/// The accounts at identity providers that sign in to yours, oldest first.
#[utoipa::path(
    get,
    path = "/me/identities",
    operation_id = "list_linked_identities",
    tag = "identity",
    params(PageQuery),
    responses((status = 200, description = "The accounts", body = Page<LinkedIdentity>), GuardedRead),
    extensions(("x-permission" = json!("profile.self"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn list_linked_identities(
    ctx: Allowed<may::ProfileSelf>,
    State(identity): State<Identity>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<LinkedIdentity>>, Problem> {
    let (limit, position) = (query.limit()?, query.position::<LinkedId>()?);
    let all = oidc_identity::list(identity.db(), ctx.user_id()?).await?;
    let rest = all.into_iter().filter(|linked| position.is_none_or(|position| linked.id > position));
    let wanted = rest.take(limit + 1).map(|linked| LinkedIdentity::new(linked, identity.factors().oidc()));
    Ok(Json(Page::cut(wanted.collect(), limit, |linked| linked.id)))
}
