//! Makes the line that joins a machine.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Created, Json};
use diwan_kernel::world::Timestamp;
use serde::{Deserialize, Serialize};

use crate::fleet::Fleet;
use crate::invite::{Invitation, Invited};
use crate::join_token::{JoinTokenId, MachinePolicy};
use crate::label::Labels;
use crate::line::Lines;
use crate::machine::{MachineId, Standing, check_name};
use crate::table::machine;

/// Which machine is to join.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateJoinToken {
    /// What it will be called. Not needed for one that joins anew.
    #[schema(max_length = 63, pattern = "^[a-z0-9][a-z0-9.-]*$")]
    name: Option<String>,
    /// Its labels, like `env=prod` or `gpu`.
    #[serde(default)]
    #[schema(max_items = 32)]
    labels: Vec<String>,
    /// The policy that it begins with. It is written on the machine by whoever joins it, and only changed there.
    #[serde(default)]
    policy: MachinePolicy,
    /// A machine that joins anew: its state was lost, it was away for more than 30 days, or it is locked. It gets
    /// another key, and keeps its name and labels.
    rejoins: Option<MachineId>,
}

/// What joins the machine. The token is in it, and is shown this once.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct NewJoinToken {
    /// The id of the token: to ask what became of it.
    id: JoinTokenId,
    /// The token.
    token: String,
    /// SHA-256 of the control plane's authority: what the machine knows it by.
    fingerprint: String,
    /// Until when it may be used.
    expires_at: Timestamp,
    /// The lines to choose from.
    lines: Lines,
}

/// Make a line that joins one machine, within 15 minutes.
#[utoipa::path(
    post,
    path = "/join-tokens",
    operation_id = "create_join_token",
    tag = "machines",
    request_body = CreateJoinToken,
    responses((status = 201, description = "The line", body = NewJoinToken), GuardedKept),
    extensions(("x-permission" = json!("machines.manage"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn create_join_token(
    ctx: Allowed<may::MachinesManage>,
    State(fleet): State<Fleet>,
    Json(body): Json<CreateJoinToken>,
) -> Result<Created<NewJoinToken>, Problem> {
    let policy = body.policy;
    let (name, labels, rejoins) = subject(&fleet, body).await?;
    let (script, is_again) = (fleet.script().await?, rejoins.is_some());
    let Invitation { token, text, fingerprint } = fleet.invite(&ctx, Invited { name, labels, policy, rejoins }).await?;
    Ok(Created(NewJoinToken {
        id: token.id,
        token: text.text().to_owned(),
        fingerprint: fingerprint.to_string(),
        expires_at: token.expires_at,
        lines: Lines::new(fleet.public_url(), fingerprint, &script.checksum, &text, policy, is_again),
    }))
}

/// What the machine will be called, its labels, and which one it is if it joins anew.
async fn subject(fleet: &Fleet, body: CreateJoinToken) -> Result<(String, Labels, Option<MachineId>), Problem> {
    if let Some(id) = body.rejoins {
        let known = fleet.require_machine(id).await?;
        if known.standing == Standing::Revoked {
            return Err(put_out());
        }
        return Ok((known.name, known.labels, Some(id)));
    }
    let name = body.name.ok_or_else(|| Problem::invalid_field("name", "missing", "The machine needs a name."))?;
    let name = check_name(&name)?;
    if machine::find_named(fleet.db(), &name).await?.is_some() {
        return Err(super::update_machine::name_taken(&name));
    }
    Ok((name, Labels::read("labels", body.labels)?, None))
}

/// A machine that was put out stays out.
pub(super) fn put_out() -> Problem {
    Problem::conflict(
        "machine_revoked",
        "The machine was put out",
        "A machine that was put out of the fleet never comes back under its old identity.",
        "Join it as a new machine.",
    )
}
