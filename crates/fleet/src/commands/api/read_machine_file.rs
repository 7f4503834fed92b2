//! Reads a file of a machine.

use std::io::Write;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use bytes::Bytes;
use diwan_files::Meta;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Path, Query};
use diwan_kernel::{Problem, TaskPolicy};
use futures::StreamExt;
use tokio::sync::{mpsc, oneshot};

use super::list_machine_files::{PlaceQuery, command_header};
use super::range::{Range, dress, part_of, wanted_range};
use super::target;
use crate::commands::files::{Way, problem};
use crate::commands::operation::CommandOperation;
use crate::fleet::Fleet;
use crate::machine::MachineId;

/// So many pieces wait for whoever reads.
const MOST: usize = 16;

type Pieces = mpsc::Sender<Result<Bytes, std::io::Error>>;

/// A file of a machine as it is, to be saved. `Range` is understood if it names one part. What breaks off in the
/// middle is shorter than `Content-Length` says.
#[utoipa::path(
    get,
    path = "/machines/{id}/files/content",
    operation_id = "read_machine_file",
    tag = "files",
    params(("id" = MachineId, Path, description = "Which machine"), PlaceQuery),
    responses(
        (status = 200, description = "The file", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, description = "The part that was asked for", body = Vec<u8>, content_type = "application/octet-stream"),
        GuardedKept,
    ),
    extensions(("x-permission" = json!("commands.run")), ("x-time-limit-s" = json!(120))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn read_machine_file(
    ctx: Allowed<may::CommandsRun>,
    State(fleet): State<Fleet>,
    Path(id): Path<MachineId>,
    Query(place): Query<PlaceQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let target = target::of_path(&fleet, id).await?;
    let range = headers.get(header::RANGE).and_then(|range| wanted_range(range.to_str().ok()?));
    let name = place.path.rsplit('/').next().unwrap_or_default().to_owned();
    let operation = CommandOperation::FilesGet { root: place.root, path: place.path };
    let way = fleet.reach_files(&ctx, target, operation).await?;
    let command = way.command;
    let (begin, begun) = oneshot::channel();
    let (pieces, read) = mpsc::channel(MOST);
    let world = fleet.world().clone();
    fleet.supervisor().spawn("reader of a file", TaskPolicy::Once, async move {
        // What went wrong was told on the way.
        let _ = world.heavy(move || read_into(way, range, begin, &pieces)).await;
    });
    let meta = begun.await.map_err(|_| Problem::internal("a reader broke down"))??;
    let mut response = Response::new(body(read));
    response.headers_mut().extend(command_header(command));
    dress(&mut response, &name, meta.size, range);
    Ok(response)
}

fn read_into(way: Way, range: Option<Range>, begin: oneshot::Sender<Result<Meta, Problem>>, pieces: &Pieces) {
    let mut begin = Some(begin);
    let mut tell = |told: Result<Meta, Problem>| {
        // Whoever asked may have gone.
        begin.take().is_some_and(|begin| begin.send(told).is_ok())
    };
    let mut client = match way.client() {
        Ok(client) => client,
        Err(problem) => {
            tell(Err(problem));
            return;
        }
    };
    let part = match range {
        None => (0, None),
        Some(range) => match client.stat("") {
            Ok(Some(meta)) => part_of(meta.size, Some(range))
                .map_or((0, None), |part| (*part.start(), Some(part.end() - part.start() + 1))),
            Ok(None) => (0, None),
            Err(error) => {
                tell(Err(problem(&error)));
                return;
            }
        },
    };
    let read = client.read(
        "",
        part,
        &mut |meta| {
            tell(Ok(meta));
        },
        &mut Outwards(pieces),
    );
    if let Err(error) = read {
        let words = error.to_string();
        if !tell(Err(problem(&error))) {
            // The answer has begun: cutting it off is all that can be said.
            let _ = pieces.blocking_send(Err(std::io::Error::other(words)));
        }
    }
}

struct Outwards<'a>(&'a Pieces);

impl Write for Outwards<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes)));
        sent.map(|()| bytes.len()).map_err(|_| std::io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn body(mut pieces: mpsc::Receiver<Result<Bytes, std::io::Error>>) -> Body {
    Body::from_stream(futures::stream::poll_fn(move |cx| pieces.poll_recv(cx)).fuse())
}
