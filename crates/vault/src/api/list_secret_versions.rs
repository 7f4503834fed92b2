//! Lists the versions of a secret.

use axum::extract::State;
use diwan_kernel::answers::GuardedReadOne;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path};
use diwan_kernel::{Page, Problem};

use crate::secret::SecretId;
use crate::vault::Vault;
use crate::version::SecretVersion;

/// The versions of a secret, newest first, without their values.
#[utoipa::path(
    get,
    path = "/secrets/{id}/versions",
    operation_id = "list_secret_versions",
    tag = "secrets",
    params(("id" = SecretId, Path, description = "Which secret")),
    responses((status = 200, description = "The versions", body = Page<SecretVersion>), GuardedReadOne),
    extensions(("x-permission" = json!("secrets.read"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn list_secret_versions(
    ctx: Allowed<may::SecretsRead>,
    State(vault): State<Vault>,
    Path(id): Path<SecretId>,
) -> Result<Json<Page<SecretVersion>>, Problem> {
    let secret = vault.known_secret(&ctx, id).await?;
    let versions = crate::table::version::list(vault.db(), id).await?;
    let shown = versions.into_iter().map(|v| SecretVersion::new(v, secret.current_version, ctx.now()));
    Ok(Json(Page::whole(shown.collect())))
}
