//! Gives a secret a webhook.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};
use diwan_kernel::http::{Json, Path};
use serde::{Deserialize, Serialize};

use super::body::Exposed;
use crate::hook::HookView;
use crate::secret::SecretId;
use crate::vault::Vault;

/// A webhook that is wanted.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateSecretHook {
    /// Where it is: an https address; plain http is for this machine only.
    #[schema(min_length = 1, max_length = 2048)]
    url: String,
}

/// A new webhook.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct CreatedSecretHook {
    /// The webhook.
    hook: HookView,
    /// The key that its deliveries are signed with. It is shown this once.
    #[schema(value_type = String)]
    key: Exposed,
}

impl IntoResponse for CreatedSecretHook {
    fn into_response(self) -> Response {
        let mut response = (StatusCode::CREATED, axum::Json(self)).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// Have an address told whenever a secret has a new value or needs one, without the value. The key that
/// signs what it is told is shown once.
#[utoipa::path(
    post,
    path = "/secrets/{id}/hooks",
    operation_id = "create_secret_hook",
    tag = "secrets",
    params(("id" = SecretId, Path, description = "Which secret")),
    request_body = CreateSecretHook,
    responses((status = 201, description = "The webhook and its key", body = CreatedSecretHook), GuardedKept),
    extensions(("x-permission" = json!("secrets.manage")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn create_secret_hook(
    ctx: Allowed<SteppedUp<may::SecretsManage>>,
    State(vault): State<Vault>,
    Path(id): Path<SecretId>,
    Json(body): Json<CreateSecretHook>,
) -> Result<CreatedSecretHook, Problem> {
    let (hook, key) = vault.create_hook(&ctx, id, &body.url).await?;
    Ok(CreatedSecretHook { hook: HookView::new(hook, None), key: Exposed(key) })
}
