//! Writes a file of a machine.

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use diwan_files::channel::{self, Source};
use diwan_files::client::Arrival;
use diwan_files::{Meta, Over};
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path, Query};
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Problem, TaskPolicy};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::list_machine_files::{PlaceQuery, command_header, mode, modified_at};
use super::target;
use crate::commands::files::{Way, problem};
use crate::commands::operation::CommandOperation;
use crate::fleet::Fleet;
use crate::machine::MachineId;

/// What may become of a file that is there.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OverwriteQuery {
    /// Whether it is replaced.
    #[serde(default)]
    overwrite: bool,
}

/// A file as it is there now.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct WrittenFile {
    /// How long it is.
    size_bytes: u64,
    /// When it was written.
    modified_at: Timestamp,
    /// Who may read, write and execute it, in octal.
    #[schema(max_length = 4)]
    mode: String,
}

/// Write a file of a machine: the body is its content. It takes its place in one step, when all of it is there;
/// directories on the way are made. A file that is replaced keeps its mode.
#[utoipa::path(
    put,
    path = "/machines/{id}/files/content",
    operation_id = "write_machine_file",
    tag = "files",
    params(("id" = MachineId, Path, description = "Which machine"), PlaceQuery, OverwriteQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, description = "The file", body = WrittenFile), GuardedKept),
    extensions(
        ("x-permission" = json!("commands.run")),
        ("x-max-body-bytes" = json!(1_099_511_627_776u64)),
        ("x-time-limit-s" = json!(86_400)),
        ("x-streams-body" = json!(true))
    ),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn write_machine_file(
    ctx: Allowed<may::CommandsRun>,
    State(fleet): State<Fleet>,
    Path(id): Path<MachineId>,
    Query(place): Query<PlaceQuery>,
    Query(query): Query<OverwriteQuery>,
    body: Body,
) -> Result<(HeaderMap, Json<WrittenFile>), Problem> {
    let target = target::of_path(&fleet, id).await?;
    let operation = CommandOperation::FilesPut { root: place.root, path: place.path };
    let way = fleet.reach_files(&ctx, target, operation).await?;
    let headers = command_header(way.command);
    let over = if query.overwrite { Over::Anything } else { Over::Nothing };
    let uploaded = upload(&fleet, body);
    let written = fleet.world().heavy(move || write(way, over, uploaded));
    let meta = written.await.map_err(Problem::internal)??;
    let file = WrittenFile { size_bytes: meta.size, modified_at: modified_at(&meta), mode: mode(&meta) };
    Ok((headers, Json(file)))
}

/// What comes in, for a thread that waits; it fails where the body does.
struct Uploaded {
    source: Source,
    is_whole: Arc<AtomicBool>,
}

impl Read for Uploaded {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self.source.read(buffer)? {
            0 if !buffer.is_empty() && !self.is_whole.load(Ordering::Acquire) => {
                Err(std::io::Error::other("the upload broke off"))
            }
            length => Ok(length),
        }
    }
}

fn upload(fleet: &Fleet, body: Body) -> Uploaded {
    let (into, source) = channel::into_thread();
    let is_whole = Arc::new(AtomicBool::new(false));
    let done = Arc::clone(&is_whole);
    fleet.supervisor().spawn("upload of a file", TaskPolicy::Once, async move {
        let mut pieces = body.into_data_stream();
        while let Some(piece) = pieces.next().await {
            let Ok(piece) = piece else { return };
            if into.send(piece).await.is_err() {
                return;
            }
        }
        done.store(true, Ordering::Release);
    });
    Uploaded { source, is_whole }
}

fn write(way: Way, over: Over, mut uploaded: Uploaded) -> Result<Meta, Problem> {
    let arrival = Arrival { over, mode: None, modified: None, with_basis: true };
    let mut client = way.client()?;
    let written = client.put_stream(&mut uploaded, "", &arrival, &mut |_| {}).map_err(|error| problem(&error))?;
    written.ok_or_else(|| Problem::internal("a file was written and is not there"))
}
