//! Signs in with a link that came by mail.

use axum::extract::State;
use axum::http::HeaderMap;
use diwan_kernel::Problem;
use diwan_kernel::ctx::{Allowed, Anyone};
use diwan_kernel::http::Json;
use serde::Deserialize;

use super::answers::OpenWrite;
use crate::factor::magic_link;
use crate::identity::Identity;
use crate::sign_in::{Deliver, SignInResponse, SignInResult};

/// A link.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RedeemMagicLink {
    /// What stands behind `#token=` in it.
    #[schema(min_length = 1, max_length = 128)]
    token: String,
    /// What the client wants to carry.
    #[serde(default)]
    #[schema(required = false)]
    deliver: Deliver,
}

/// Sign in with a link, in the browser that asked for it.
#[utoipa::path(
    post,
    path = "/auth/magic-link/redeem",
    operation_id = "redeem_magic_link",
    tag = "identity",
    request_body = RedeemMagicLink,
    responses((status = 200, description = "Signed in, or one more proof is needed", body = SignInResult), OpenWrite),
    extensions(("x-permission" = json!("none"))),
)]
pub(crate) async fn redeem_magic_link(
    ctx: Allowed<Anyone>,
    State(identity): State<Identity>,
    headers: HeaderMap,
    Json(body): Json<RedeemMagicLink>,
) -> Result<SignInResponse, Problem> {
    let candidate = magic_link::redeem(&identity, &ctx, &headers, &body.token).await?;
    identity.complete_sign_in(&ctx, candidate, body.deliver).await
}
