//! Lists commands.

use axum::extract::State;
use diwan_kernel::answers::GuardedRead;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Query};
use diwan_kernel::{Page, PageQuery, Problem};
use serde::Deserialize;

use crate::commands::id::{BatchId, CommandId};
use crate::commands::state::CommandState;
use crate::commands::table::{self, Wanted};
use crate::commands::view::CommandView;
use crate::fleet::Fleet;
use crate::machine::MachineId;

/// Which commands are wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct CommandQuery {
    /// Those of this machine.
    machine: Option<MachineId>,
    /// Those that were wanted together.
    batch: Option<BatchId>,
    /// Those that stand so. `written`, `sent` and `running` find the same: what was sent and has not ended.
    state: Option<CommandState>,
    /// Those that this person or token wants: `usr_…`, `tok_…`.
    #[param(max_length = 64)]
    actor: Option<String>,
}

/// Commands, newest first.
#[utoipa::path(
    get,
    path = "/commands",
    operation_id = "list_commands",
    tag = "commands",
    params(PageQuery, CommandQuery),
    responses((status = 200, description = "Commands", body = Page<CommandView>), GuardedRead),
    extensions(("x-permission" = json!("commands.run"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn list_commands(
    _: Allowed<may::CommandsRun>,
    State(fleet): State<Fleet>,
    Query(page): Query<PageQuery>,
    Query(query): Query<CommandQuery>,
) -> Result<Json<Page<CommandView>>, Problem> {
    let (limit, before) = (page.limit()?, page.position::<CommandId>()?);
    if query.actor.as_ref().is_some_and(|actor| actor.len() > 64) {
        return Err(Problem::invalid_field("actor", "too_long", "It must not be longer than 64 characters."));
    }
    let CommandQuery { machine, batch, state, actor } = query;
    let found = table::list(fleet.db(), &Wanted { machine, batch, state, actor, before }, limit + 1).await?;
    let live = fleet.commands().live();
    Ok(Json(Page::cut(found, limit, |command| command.id).map(|command| CommandView::new(command, live).in_a_list())))
}
