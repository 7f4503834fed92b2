//! Begins to link an account at an identity provider to one's own.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Response};
use diwan_kernel::Problem;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};
use diwan_kernel::http::{Json, Path};
use serde::Serialize;

use super::answers::GuardedWrite;
use crate::factor::oidc::return_to::ReturnTo;
use crate::factor::{oidc, session_user};
use crate::identity::Identity;

/// The page that shows one's linked accounts.
const PAGE: &str = "/profile/security";

/// Where to go.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct OidcDeparture {
    /// The provider's page; open it in this browser.
    url: String,
}

/// Begin to link an account at an identity provider to yours.
#[utoipa::path(
    post,
    path = "/me/identities/{provider}/start",
    operation_id = "start_oidc_link",
    tag = "identity",
    params(("provider" = String, Path, description = "The provider's short name", max_length = 32)),
    responses((status = 200, description = "Where to go", body = OidcDeparture), GuardedWrite),
    extensions(("x-permission" = json!("profile.self")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn start_oidc_link(
    ctx: Allowed<SteppedUp<may::ProfileSelf>>,
    State(identity): State<Identity>,
    Path(provider): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let user = session_user(&ctx)?;
    let provider = identity.factors().oidc().provider(&provider)?;
    let back = ReturnTo::parse(PAGE).unwrap_or_default();
    let departure = oidc::start(&identity, &ctx, &headers, &provider, &back, Some(user)).await?;
    let body = Json(OidcDeparture { url: departure.url.into() });
    Ok(([(SET_COOKIE, departure.cookie)], body).into_response())
}
