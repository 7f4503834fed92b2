//! Takes in whom an identity provider sends back.
//!
//! It answers with a redirect to a page of the dashboard, whatever came of it. That page is public:
//! the browser leaves its `SameSite=Strict` session cookie out of a navigation that began at the
//! provider, but sends it with everything that the page then asks for by itself.

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, LOCATION, REFERRER_POLICY, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use diwan_kernel::Problem;
use diwan_kernel::ctx::{Allowed, Anyone};
use diwan_kernel::http::{Path, Query};
use url::form_urlencoded;

use super::answers::OpenReadOne;
use crate::factor::oidc::return_to::ReturnTo;
use crate::factor::oidc::{self, Answer, Arrival, Failure};
use crate::identity::Identity;
use crate::sign_in::{Candidate, Deliver, Proof, SignInMethod, SignInResponse, SignInResult};

/// Come back from an identity provider.
#[utoipa::path(
    get,
    path = "/auth/oidc/{provider}/callback",
    operation_id = "finish_oidc_sign_in",
    tag = "identity",
    params(("provider" = String, Path, description = "Its short name", max_length = 32), Answer),
    responses((status = 302, description = "To where the sign-in was begun, or to /sign-in?error=CODE"), OpenReadOne),
    extensions(("x-permission" = json!("none"))),
)]
pub(crate) async fn finish_oidc_sign_in(
    ctx: Allowed<Anyone>,
    State(identity): State<Identity>,
    Path(provider): Path<String>,
    Query(answer): Query<Answer>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let provider = identity.factors().oidc().provider(&provider)?;
    match oidc::finish(&identity, &ctx, &headers, &provider, answer).await {
        Ok(Arrival::Linked { return_to }) => redirect(&return_to.to_string(), vec![]),
        Ok(Arrival::SignIn { user, return_to }) => {
            let candidate = Candidate { user, method: SignInMethod::Oidc, proves: Proof::OneFactor };
            match identity.complete_sign_in(&ctx, candidate, Deliver::Cookie).await {
                Ok(response) => let_in(response, &return_to),
                Err(problem) => refuse("/sign-in", problem.code()),
            }
        }
        Err(Failure { while_linking: true, code, .. }) => refuse("/profile/security", code),
        Err(Failure { code, .. }) => refuse("/sign-in", code),
    }
}

fn let_in(response: SignInResponse, return_to: &ReturnTo) -> Result<Response, Problem> {
    let SignInResponse { result, cookies, .. } = response;
    let SignInResult::SecondFactorRequired { challenge, methods } = result else {
        return redirect(&return_to.to_string(), cookies);
    };
    // The challenge stands behind the `#`: the page reads it, and no server or log sees it.
    let methods = serde_json::to_value(methods).map_err(Problem::internal)?;
    let methods = methods.as_array().into_iter().flatten().filter_map(|m| m.as_str()).collect::<Vec<_>>().join(",");
    let asked = encode(&[("challenge", &challenge), ("methods", &methods)]);
    let back = encode(&[("return_to", &return_to.to_string())]);
    redirect(&format!("/sign-in?{back}#{asked}"), cookies)
}

fn refuse(page: &str, code: &str) -> Result<Response, Problem> {
    redirect(&format!("{page}?{}", encode(&[("error", code)])), vec![])
}

fn encode(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn redirect(to: &str, cookies: Vec<HeaderValue>) -> Result<Response, Problem> {
    let location = HeaderValue::from_str(to).map_err(Problem::internal)?;
    let headers = [
        (LOCATION, location),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // The address of this answer holds the provider's code.
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    let mut response = (StatusCode::FOUND, headers).into_response();
    for cookie in cookies {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}
