//! Exchanges a refresh token.

use axum::extract::State;
use diwan_kernel::ctx::{Allowed, Anyone};
use diwan_kernel::http::Json;
use diwan_kernel::{Problem, Secret};
use serde::Deserialize;

use super::answers::OpenWrite;
use super::no_store::NoStore;
use super::read::{Reading, bounded};
use crate::identity::Identity;
use crate::sign_in::TokenPair;

/// What is exchanged.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefreshTokens {
    /// The newest refresh token.
    #[schema(value_type = String, min_length = 1, max_length = 128)]
    refresh_token: Secret<String>,
}

/// Exchange a refresh token for the next pair of tokens. It works once.
#[utoipa::path(
    post,
    path = "/auth/refresh",
    operation_id = "refresh_tokens",
    tag = "identity",
    request_body = RefreshTokens,
    responses((status = 200, description = "The next pair", body = TokenPair), OpenWrite),
    extensions(("x-permission" = json!("none"))),
)]
pub(crate) async fn refresh_tokens(
    ctx: Allowed<Anyone>,
    State(identity): State<Identity>,
    Json(body): Json<RefreshTokens>,
) -> Result<NoStore<TokenPair>, Problem> {
    let mut reading = Reading::default();
    reading.take(bounded("refresh_token", body.refresh_token.expose(), 128));
    reading.done()?;
    identity.refresh(&ctx, body.refresh_token.expose()).await.map(NoStore)
}
