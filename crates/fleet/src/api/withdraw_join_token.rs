//! Withdraws a join token.

use axum::extract::State;
use diwan_kernel::answers::GuardedWrite;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Done, Path};
use diwan_kernel::{Entry, Problem};

use crate::event::JoinTokenChanged;
use crate::fleet::Fleet;
use crate::join_token::JoinTokenId;
use crate::table::join_token;

/// Withdraw a join token: no machine joins with it any more.
#[utoipa::path(
    delete,
    path = "/join-tokens/{id}",
    operation_id = "withdraw_join_token",
    tag = "machines",
    params(("id" = JoinTokenId, Path, description = "Which token")),
    responses((status = 204, description = "Done"), GuardedWrite),
    extensions(("x-permission" = json!("machines.manage"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn withdraw_join_token(
    ctx: Allowed<may::MachinesManage>,
    State(fleet): State<Fleet>,
    Path(id): Path<JoinTokenId>,
) -> Result<Done, Problem> {
    let token = join_token::find(fleet.db(), id).await?.ok_or_else(|| Problem::not_found("join token"))?;
    if token.withdrawn_at.is_some() {
        return Ok(Done);
    }
    let mut tx = fleet.db().begin(&ctx).await?;
    if !join_token::withdraw(&mut tx, id, ctx.now()).await? {
        return Err(used());
    }
    tx.emit(&JoinTokenChanged { id });
    tx.commit(Entry::done("join_token.withdraw").on("join_token", id).with("name", token.name)).await?;
    Ok(Done)
}

fn used() -> Problem {
    Problem::conflict(
        "join_token_used",
        "The token was used",
        "A machine has joined with this token already.",
        "Put the machine out if it should not be here.",
    )
}
