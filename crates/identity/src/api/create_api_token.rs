//! Makes an API token.

use axum::extract::State;
use axum::http::StatusCode;
use diwan_kernel::ctx::{Allowed, SteppedUp, may};
use diwan_kernel::http::Json;
use diwan_kernel::problem::FieldError;
use diwan_kernel::{Permission, Problem};
use serde::{Deserialize, Serialize};

use super::answers::GuardedWrite;
use super::no_store::NoStore;
use super::read::Reading;
use crate::api_tokens::Wanted;
use crate::identity::Identity;
use crate::network::Network;
use crate::person::read_line;
use crate::view::ApiToken;

/// What the token is to be like.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateApiToken {
    /// What it is for.
    #[schema(min_length = 1, max_length = 80)]
    name: String,
    /// What it allows; never more than you may do yourself.
    #[schema(min_items = 1, max_items = 64)]
    scopes: Vec<Permission>,
    /// After how many days it stops counting; null: never.
    #[schema(minimum = 1, maximum = 3650)]
    expires_in_days: Option<u32>,
    /// Addresses and networks (CIDR) that it may be used from; empty: all.
    #[serde(default)]
    #[schema(max_items = 50)]
    allowed_addresses: Vec<String>,
}

/// A new token.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CreatedApiToken {
    /// The token.
    token: ApiToken,
    /// Its secret. It is shown this once.
    secret: String,
}

/// Make an API token for automation. Its secret is shown once.
#[utoipa::path(
    post,
    path = "/me/tokens",
    operation_id = "create_api_token",
    tag = "identity",
    request_body = CreateApiToken,
    responses((status = 201, description = "The token and its secret", body = CreatedApiToken), GuardedWrite),
    extensions(("x-permission" = json!("profile.self")), ("x-step-up" = json!(true))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn create_api_token(
    ctx: Allowed<SteppedUp<may::ProfileSelf>>,
    State(identity): State<Identity>,
    Json(body): Json<CreateApiToken>,
) -> Result<(StatusCode, NoStore<CreatedApiToken>), Problem> {
    let wanted = read(body)?;
    let (token, secret) = identity.make_api_token(&ctx, wanted).await?;
    let made = CreatedApiToken { token: token.into(), secret: secret.text().to_owned() };
    Ok((StatusCode::CREATED, NoStore(made)))
}

fn read(body: CreateApiToken) -> Result<Wanted, Problem> {
    let mut reading = Reading::default();
    let name = reading.take(read_line("name", &body.name, 80)).unwrap_or_default();
    let within = |field: &str, fits: bool, message: &str| {
        let error = || FieldError { field: field.to_owned(), code: "out_of_range", message: message.to_owned() };
        fits.then_some(()).ok_or_else(error)
    };
    reading.take(within("scopes", (1..=64).contains(&body.scopes.len()), "It needs 1 to 64 scopes."));
    let days_fit = body.expires_in_days.is_none_or(|days| (1..=3650).contains(&days));
    reading.take(within("expires_in_days", days_fit, "It must be between 1 and 3650 days."));
    reading.take(within("allowed_addresses", body.allowed_addresses.len() <= 50, "There can be at most 50."));
    let networks = body.allowed_addresses.iter().enumerate().map(|(at, text)| {
        text.parse::<Network>().map_err(|e| FieldError {
            field: format!("allowed_addresses[{at}]"),
            code: "network_invalid",
            message: format!("It is {e}."),
        })
    });
    let allowed_addresses = networks.filter_map(|network| reading.take(network)).collect();
    reading.done()?;
    let scopes = body.scopes.into_iter().collect();
    Ok(Wanted { name, scopes, expires_in_days: body.expires_in_days, allowed_addresses })
}
