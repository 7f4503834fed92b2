//! Sends somebody to an identity provider to sign in.

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use diwan_kernel::Problem;
use diwan_kernel::ctx::{Allowed, Anyone};
use diwan_kernel::http::{Path, Query};
use serde::Deserialize;

use super::answers::OpenReadOne;
use crate::factor::oidc;
use crate::factor::oidc::return_to::ReturnTo;
use crate::identity::Identity;

/// Where to come back to.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StartOidcQuery {
    /// Where to go after signing in: the path of a page of the dashboard.
    #[param(max_length = 512)]
    return_to: Option<String>,
}

/// Go to an identity provider to sign in.
#[utoipa::path(
    get,
    path = "/auth/oidc/{provider}/start",
    operation_id = "start_oidc_sign_in",
    tag = "identity",
    params(("provider" = String, Path, description = "Its short name", max_length = 32), StartOidcQuery),
    responses((status = 302, description = "To the provider"), OpenReadOne),
    extensions(("x-permission" = json!("none"))),
)]
pub(crate) async fn start_oidc_sign_in(
    ctx: Allowed<Anyone>,
    State(identity): State<Identity>,
    Path(provider): Path<String>,
    Query(query): Query<StartOidcQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let return_to = ReturnTo::wished(query.return_to.as_deref())?;
    let provider = identity.factors().oidc().provider(&provider)?;
    let departure = oidc::start(&identity, &ctx, &headers, &provider, &return_to, None).await?;
    let location = HeaderValue::from_str(departure.url.as_str()).map_err(Problem::internal)?;
    let headers =
        [(LOCATION, location), (SET_COOKIE, departure.cookie), (CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((StatusCode::FOUND, headers).into_response())
}
