//! Shows the commands that were wanted together.

use axum::extract::State;
use diwan_kernel::Problem;
use diwan_kernel::answers::GuardedReadOne;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path};

use crate::commands::id::BatchId;
use crate::commands::table;
use crate::commands::view::{BatchView, CommandView};
use crate::fleet::Fleet;

/// The commands of one request, one a machine, as they stand now.
#[utoipa::path(
    get,
    path = "/command-batches/{id}",
    operation_id = "get_batch",
    tag = "commands",
    params(("id" = BatchId, Path, description = "Which batch")),
    responses((status = 200, description = "Its commands", body = BatchView), GuardedReadOne),
    extensions(("x-permission" = json!("commands.run"))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn get_batch(
    _: Allowed<may::CommandsRun>,
    State(fleet): State<Fleet>,
    Path(id): Path<BatchId>,
) -> Result<Json<BatchView>, Problem> {
    let commands = table::of_batch(fleet.db(), id).await?;
    if commands.is_empty() {
        return Err(Problem::not_found("batch"));
    }
    let live = fleet.commands().live();
    let commands = commands.into_iter().map(|command| CommandView::new(command, live).in_a_list()).collect();
    Ok(Json(BatchView::new(id, commands)))
}
