//! Brings many secrets in at once.

use axum::extract::State;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::Json;
use diwan_kernel::{Problem, Secret};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::import::{Arrival, ImportedSecrets};
use crate::kind::SecretKind;
use crate::name::SecretName;
use crate::vault::Vault;

/// So many at once.
const MOST: usize = 500;

/// Secrets that are brought in.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ImportSecrets {
    /// The secrets.
    #[schema(min_items = 1, max_items = 500)]
    secrets: Vec<ImportedSecret>,
    /// Whether a secret that is there already gets a new version; otherwise it is refused.
    #[serde(default)]
    replace: bool,
}

/// One of them.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ImportedSecret {
    /// Its name.
    #[schema(max_length = 128, pattern = "^[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*$")]
    name: String,
    /// What it is.
    kind: SecretKind,
    /// The value.
    #[schema(value_type = String, min_length = 1, max_length = 65536)]
    value: Secret<String>,
}

/// Bring many secrets in at once. What is wrong with one is no reason to refuse the others.
#[utoipa::path(
    post,
    path = "/secrets/import",
    operation_id = "import_secrets",
    tag = "secrets",
    request_body = ImportSecrets,
    responses((status = 200, description = "What became of each", body = ImportedSecrets), GuardedKept),
    extensions(("x-permission" = json!("secrets.use")), ("x-max-body-bytes" = json!(8_388_608))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn import_secrets(
    ctx: Allowed<may::SecretsUse>,
    State(vault): State<Vault>,
    Json(body): Json<ImportSecrets>,
) -> Result<Json<ImportedSecrets>, Problem> {
    if body.secrets.is_empty() || body.secrets.len() > MOST {
        return Err(Problem::invalid_field("secrets", "out_of_range", "An import brings 1 to 500 secrets."));
    }
    let mut arrivals = Vec::with_capacity(body.secrets.len());
    for (at, secret) in body.secrets.into_iter().enumerate() {
        let name = SecretName::read(&format!("secrets[{at}].name"), &secret.name)?;
        let value = Zeroizing::new(secret.value.expose().clone());
        arrivals.push(Arrival { name, kind: secret.kind, value });
    }
    Ok(Json(vault.import(&ctx, arrivals, body.replace).await?))
}
