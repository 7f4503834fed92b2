//! Gives a passkey another name.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path};
use serde::Deserialize;

use super::answers::GuardedWrite;
use super::list_passkeys::Passkey;
use crate::factor::{passkey, session_user};
use crate::identity::Identity;
use crate::table::passkey::PasskeyId;

/// How to call it.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RenamePasskey {
    /// The new name.
    #[schema(min_length = 1, max_length = 60)]
    name: String,
}

/// Give one of your passkeys another name.
#[utoipa::path(
    patch,
    path = "/me/passkeys/{id}",
    operation_id = "rename_passkey",
    tag = "identity",
    params(("id" = PasskeyId, Path, description = "Which one")),
    request_body = RenamePasskey,
    responses((status = 200, description = "The passkey", body = Passkey), GuardedWrite),
    extensions(("x-permission" = json!("profile.self"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(crate) async fn rename_passkey(
    ctx: Allowed<may::ProfileSelf>,
    State(identity): State<Identity>,
    Path(id): Path<PasskeyId>,
    Json(body): Json<RenamePasskey>,
) -> Result<Json<Passkey>, Problem> {
    let user = session_user(&ctx)?;
    Ok(Json(passkey::rename(&identity, &ctx, user, id, &body.name).await?.into()))
}
