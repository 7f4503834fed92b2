//! Adds a policy.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedWrite;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};
use diwan_kernel::http::{Created, Json};

use super::policy_body::{PolicyBody, SecretPolicy, expect_person};
use crate::policy::PolicyId;
use crate::vault::Vault;

/// Add a policy. It holds from the next request on.
#[utoipa::path(
    post,
    path = "/secret-policies",
    operation_id = "create_secret_policy",
    tag = "secrets",
    request_body = PolicyBody,
    responses((status = 201, description = "The policy", body = SecretPolicy), GuardedWrite),
    extensions(("x-permission" = json!("secrets.manage")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn create_secret_policy(
    ctx: Allowed<SteppedUp<may::SecretsManage>>,
    State(vault): State<Vault>,
    Json(body): Json<PolicyBody>,
) -> Result<Created<SecretPolicy>, Problem> {
    let rule = body.read(&ctx, PolicyId::new(&ctx.world), None)?;
    expect_person(&vault, &rule).await?;
    Ok(Created(vault.put_policy(&ctx, rule).await?.into()))
}
