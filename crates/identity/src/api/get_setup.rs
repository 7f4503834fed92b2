//! Tells what a sign-in page needs to know.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::ctx::{Allowed, Anyone};
use diwan_kernel::http::Json;
use serde::Serialize;

use super::answers::OpenRead;
use crate::identity::Identity;
use crate::person::Language;

/// A way to sign in through somebody else.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SignInProvider {
    /// Its name in addresses.
    id: String,
    /// What stands on its button.
    label: String,
}

/// The ways to sign in.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SignInWays {
    /// With a password.
    password: bool,
    /// With a link by e-mail.
    magic_link: bool,
    /// With a passkey.
    passkey: bool,
    /// Through identity providers.
    oidc: Vec<SignInProvider>,
}

/// Where mails go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MailRoute {
    /// To a mail server.
    Smtp,
    /// Into the outbox that owners see.
    Outbox,
}

/// What this installation is like to somebody who has not signed in.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Setup {
    /// Whether nobody owns it yet.
    needs_owner: bool,
    /// Which version it is.
    product_version: &'static str,
    /// What it is called.
    instance_name: String,
    /// How people sign in.
    sign_in: SignInWays,
    /// Where mails go.
    mail: MailRoute,
    /// The language of a page that knows nothing about its reader.
    default_language: Language,
}

/// What a sign-in page needs to know.
#[utoipa::path(
    get,
    path = "/setup",
    operation_id = "get_setup",
    tag = "identity",
    responses((status = 200, description = "What this installation is like", body = Setup), OpenRead),
    extensions(("x-permission" = json!("none"))),
)]
pub(crate) async fn get_setup(_: Allowed<Anyone>, State(identity): State<Identity>) -> Result<Json<Setup>, Problem> {
    let oidc = identity.oidc_config();
    let oidc = oidc.providers.iter().map(|p| SignInProvider { id: p.id.clone(), label: p.label.clone() }).collect();
    Ok(Json(Setup {
        needs_owner: !identity.has_owner().await?,
        product_version: identity.product_version(),
        instance_name: identity.instance_name().to_owned(),
        sign_in: SignInWays {
            password: true,
            magic_link: true,
            passkey: identity.factors().passkeys().is_named(),
            oidc,
        },
        mail: if identity.factors().mailer().is_set_up() { MailRoute::Smtp } else { MailRoute::Outbox },
        default_language: identity.config().default_language,
    }))
}
