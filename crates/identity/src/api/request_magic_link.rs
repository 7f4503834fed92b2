//! Asks for a link to sign in with.

use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use diwan_kernel::Problem;
use diwan_kernel::ctx::{Allowed, Anyone};
use diwan_kernel::http::Json;
use serde::{Deserialize, Serialize};

use super::answers::OpenWrite;
use crate::email::Email;
use crate::factor::magic_link;
use crate::factor::oidc::return_to::ReturnTo;
use crate::identity::Identity;

/// Who wants a link.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestMagicLink {
    /// Their address.
    #[schema(min_length = 3, max_length = 254, format = "email")]
    email: String,
    /// Where to go after signing in: the path of a page of the dashboard.
    #[schema(max_length = 512)]
    return_to: Option<String>,
}

/// That it was asked for, and nothing about whether there is such an account.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct MagicLinkRequested {
    /// Always true.
    sent: bool,
}

/// Ask for a link to sign in with. The answer is the same whether or not there is such an account.
#[utoipa::path(
    post,
    path = "/auth/magic-link",
    operation_id = "request_magic_link",
    tag = "identity",
    request_body = RequestMagicLink,
    responses((status = 202, description = "If there is such an account, a mail is on its way", body = MagicLinkRequested), OpenWrite),
    extensions(("x-permission" = json!("none"))),
)]
pub(crate) async fn request_magic_link(
    ctx: Allowed<Anyone>,
    State(identity): State<Identity>,
    headers: HeaderMap,
    Json(body): Json<RequestMagicLink>,
) -> Result<Response, Problem> {
    let email = Email::parse("email", &body.email).map_err(|e| Problem::invalid_fields(vec![e]))?;
    let return_to = ReturnTo::wished(body.return_to.as_deref())?;
    let cookie = magic_link::request(&identity, &ctx, &headers, email, return_to).await?;
    Ok((StatusCode::ACCEPTED, [(SET_COOKIE, cookie)], Json(MagicLinkRequested { sent: true })).into_response())
}
