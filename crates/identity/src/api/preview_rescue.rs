//! Shows a rescue link to whoever holds it.

use axum::extract::State;
use diwan_kernel::ctx::{Allowed, Anyone};
use diwan_kernel::http::Json;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Problem, Secret};
use serde::{Deserialize, Serialize};

use super::answers::OpenWrite;
use super::read::{Reading, bounded};
use crate::identity::Identity;
use crate::person::Language;

/// Which one.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewRescue {
    /// From the link.
    #[schema(value_type = String, min_length = 1, max_length = 128)]
    token: Secret<String>,
}

/// What a rescue link does.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RescuePreview {
    /// Whose password it sets.
    email: String,
    /// What they are called.
    name: String,
    /// Their language.
    language: Language,
    /// Whether it also removes the authenticator app, the recovery codes and the passkeys.
    drops_second_factor: bool,
    /// Whether signing in will ask for a second factor afterwards.
    second_factor_stays: bool,
    /// Until when it counts.
    expires_at: Timestamp,
}

/// See what a rescue link does before you use it. Nothing is used up.
#[utoipa::path(
    post,
    path = "/auth/rescue/preview",
    operation_id = "preview_rescue",
    tag = "identity",
    request_body = PreviewRescue,
    responses((status = 200, description = "Whom it is for", body = RescuePreview), OpenWrite),
    extensions(("x-permission" = json!("none"))),
)]
pub(crate) async fn preview_rescue(
    ctx: Allowed<Anyone>,
    State(identity): State<Identity>,
    Json(body): Json<PreviewRescue>,
) -> Result<Json<RescuePreview>, Problem> {
    let mut reading = Reading::default();
    reading.take(bounded("token", body.token.expose(), 128));
    reading.done()?;
    let (link, person) = identity.open_rescue(&ctx, body.token.expose()).await?;
    Ok(Json(RescuePreview {
        drops_second_factor: link.drops_second_factor,
        second_factor_stays: person.two_factor && !link.drops_second_factor,
        expires_at: link.expires_at,
        email: person.email,
        name: person.name,
        language: person.language,
    }))
}
