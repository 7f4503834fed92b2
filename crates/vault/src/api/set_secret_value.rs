//! Gives a secret a new value.

use axum::extract::State;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Created, Json, Path};
use diwan_kernel::{Problem, Secret};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::keep::Source;
use crate::secret::{SecretId, SecretView};
use crate::vault::Vault;

/// A new value.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetSecretValue {
    /// The value.
    #[schema(value_type = String, min_length = 1, max_length = 65536)]
    value: Secret<String>,
}

/// Give a secret a new value. The one before still counts for the hours of the overlap.
#[utoipa::path(
    post,
    path = "/secrets/{id}/versions",
    operation_id = "set_secret_value",
    tag = "secrets",
    params(("id" = SecretId, Path, description = "Which secret")),
    request_body = SetSecretValue,
    responses((status = 201, description = "The secret, without its value", body = SecretView), GuardedKept),
    extensions(("x-permission" = json!("secrets.use"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn set_secret_value(
    ctx: Allowed<may::SecretsUse>,
    State(vault): State<Vault>,
    Path(id): Path<SecretId>,
    Json(body): Json<SetSecretValue>,
) -> Result<Created<SecretView>, Problem> {
    let value = Zeroizing::new(body.value.expose().clone());
    let secret = vault.put_version(&ctx, id, Source::Given(value)).await?;
    Ok(Created(vault.view(&ctx, secret).await?))
}
