//! Changes a policy.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedWrite;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};
use diwan_kernel::http::{Json, Path};

use super::policy_body::{PolicyBody, SecretPolicy, expect_person};
use crate::policy::PolicyId;
use crate::vault::Vault;

/// Put another policy in the place of one. It holds from the next request on.
#[utoipa::path(
    put,
    path = "/secret-policies/{id}",
    operation_id = "update_secret_policy",
    tag = "secrets",
    params(("id" = PolicyId, Path, description = "Which policy")),
    request_body = PolicyBody,
    responses((status = 200, description = "The policy", body = SecretPolicy), GuardedWrite),
    extensions(("x-permission" = json!("secrets.manage")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn update_secret_policy(
    ctx: Allowed<SteppedUp<may::SecretsManage>>,
    State(vault): State<Vault>,
    Path(id): Path<PolicyId>,
    Json(body): Json<PolicyBody>,
) -> Result<Json<SecretPolicy>, Problem> {
    let before = vault.shown_rules().await?.into_iter().find(|rule| rule.id == id);
    let before = before.ok_or_else(|| Problem::not_found("policy"))?;
    let rule = body.read(&ctx, id, Some(&before))?;
    if rule.subject != before.subject {
        expect_person(&vault, &rule).await?;
    }
    Ok(Json(vault.put_policy(&ctx, rule).await?.into()))
}
