//! Lists the policies.

use axum::extract::State;
use diwan_kernel::answers::GuardedRead;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::Json;
use diwan_kernel::{Page, Problem};

use super::policy_body::SecretPolicy;
use crate::vault::Vault;

/// The policies that say who may do what with which secret, by name.
#[utoipa::path(
    get,
    path = "/secret-policies",
    operation_id = "list_secret_policies",
    tag = "secrets",
    responses((status = 200, description = "The policies", body = Page<SecretPolicy>), GuardedRead),
    extensions(("x-permission" = json!("secrets.manage"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn list_secret_policies(
    _: Allowed<may::SecretsManage>,
    State(vault): State<Vault>,
) -> Result<Json<Page<SecretPolicy>>, Problem> {
    Ok(Json(Page::whole(vault.shown_rules().await?.into_iter().map(SecretPolicy::from).collect())))
}
