//! Reads a file of a machine.

use std::io::Write;
use std::ops::RangeInclusive;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use diwan_files::Meta;
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Path, Query};
use diwan_kernel::{Problem, TaskPolicy};
use futures::StreamExt;
use tokio::sync::{mpsc, oneshot};

use super::attachment::saved_as;
use super::list_machine_files::{PlaceQuery, command_header};
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
    let range = headers.get(header::RANGE).and_then(|range| wanted(range.to_str().ok()?));
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
    dress(&mut response, &name, &meta, range);
    Ok(response)
}

/// The first place, and the last one if it is said.
type Range = (u64, Option<u64>);

/// One part of a file: `bytes=3-` or `bytes=3-9`. Anything else is answered with all of it.
fn wanted(range: &str) -> Option<Range> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let first = first.parse().ok()?;
    let last = if last.is_empty() { None } else { Some(last.parse().ok().filter(|last| *last >= first)?) };
    Some((first, last))
}

/// What of a file of this length is meant; all of it, if the part lies outside.
fn part_of(size: u64, range: Option<Range>) -> Option<RangeInclusive<u64>> {
    let (first, last) = range.filter(|(first, _)| *first < size)?;
    Some(first..=last.unwrap_or(u64::MAX).min(size - 1))
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

fn dress(response: &mut Response, name: &str, meta: &Meta, range: Option<Range>) {
    let part = part_of(meta.size, range);
    let length = part.as_ref().map_or(meta.size, |part| part.end() - part.start() + 1);
    if let Some(part) = part {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let said = format!("bytes {}-{}/{}", part.start(), part.end(), meta.size);
        response.headers_mut().extend(said.parse().ok().map(|said: HeaderValue| (header::CONTENT_RANGE, said)));
    }
    let fixed = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::CONTENT_LENGTH, length.into()),
    ];
    response.headers_mut().extend(fixed);
    response.headers_mut().insert(header::CONTENT_DISPOSITION, saved_as(name));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_one_part_inside_of_the_file() {
        assert_eq!(wanted("bytes=3-9"), Some((3, Some(9))));
        assert_eq!(wanted("bytes=3-"), Some((3, None)));
        for odd in ["bytes=9-3", "bytes=-5", "bytes=1-2,4-5", "lines=1-2", "bytes=a-b"] {
            assert_eq!(wanted(odd), None, "{odd}");
        }
        assert_eq!(part_of(10, Some((3, Some(99)))), Some(3..=9));
        assert_eq!(part_of(10, Some((10, None))), None);
        assert_eq!(part_of(0, Some((0, None))), None);
    }
}
