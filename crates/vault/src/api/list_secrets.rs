//! Lists secrets.

use axum::extract::State;
use diwan_kernel::answers::GuardedRead;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Query};
use diwan_kernel::{Page, PageQuery, Problem};
use serde::Deserialize;

use crate::kind::SecretKind;
use crate::secret::SecretView;
use crate::table::secret::Wanted;
use crate::vault::Vault;

/// Which secrets are wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SecretQuery {
    /// A part of the name, the description or the provider.
    #[param(max_length = 200)]
    search: Option<String>,
    /// Exactly this name.
    #[param(max_length = 128)]
    name: Option<String>,
    /// What they are.
    kind: Option<SecretKind>,
    /// Where their values are kept.
    #[param(max_length = 128)]
    backend: Option<String>,
    /// Only those that end or need a new value soon, or should have had one.
    due: Option<bool>,
}

/// The secrets that you may know of, by name. Never their values.
#[utoipa::path(
    get,
    path = "/secrets",
    operation_id = "list_secrets",
    tag = "secrets",
    params(PageQuery, SecretQuery),
    responses((status = 200, description = "Secrets", body = Page<SecretView>), GuardedRead),
    extensions(("x-permission" = json!("secrets.read"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn list_secrets(
    ctx: Allowed<may::SecretsRead>,
    State(vault): State<Vault>,
    Query(page): Query<PageQuery>,
    Query(wanted): Query<SecretQuery>,
) -> Result<Json<Page<SecretView>>, Problem> {
    let (limit, after) = (page.limit()?, page.position::<String>()?);
    for (field, text, longest) in
        [("search", &wanted.search, 200), ("name", &wanted.name, 128), ("backend", &wanted.backend, 128)]
    {
        if text.as_ref().is_some_and(|text| text.chars().count() > longest) {
            let message = format!("It must not be longer than {longest} characters.");
            return Err(Problem::invalid_field(field, "too_long", message));
        }
    }
    let due_before = wanted.due.unwrap_or_default().then(|| ctx.now().plus(vault.warn_before()));
    let wanted =
        Wanted { search: wanted.search, name: wanted.name, kind: wanted.kind, backend: wanted.backend, due_before };
    Ok(Json(vault.list_secrets(&ctx, &wanted, after, limit).await?))
}
