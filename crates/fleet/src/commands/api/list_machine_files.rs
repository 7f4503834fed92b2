//! Lists a directory of a machine.

use axum::extract::State;
use axum::http::HeaderMap;
use diwan_files::{Entry, Kind};
use diwan_kernel::answers::GuardedKept;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::{Json, Path, Query};
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Page, PageQuery, Problem};
use serde::{Deserialize, Serialize};

use super::target;
use crate::commands::files::problem;
use crate::commands::operation::CommandOperation;
use crate::fleet::Fleet;
use crate::machine::MachineId;

/// Where.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PlaceQuery {
    /// The root, by its name in the machine's policy.
    #[param(min_length = 1, max_length = 128)]
    pub(super) root: String,
    /// Below the root; empty is the root itself.
    #[serde(default)]
    #[param(max_length = 4096)]
    pub(super) path: String,
}

/// Something in a directory.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct MachineFile {
    /// Its name.
    #[schema(max_length = 255)]
    name: String,
    /// What it is.
    kind: MachineFileKind,
    /// How long it is; 0 for a directory.
    size_bytes: u64,
    /// When it was written last.
    modified_at: Timestamp,
    /// Who may read, write and execute it, in octal.
    #[schema(max_length = 4)]
    mode: String,
    /// Where it leads, if it is a link.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4096, nullable = false)]
    target: Option<String>,
}

/// What something in a directory is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum MachineFileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A link, which is not followed.
    Link,
    /// A device, a socket, a pipe.
    Other,
}

impl From<Entry> for MachineFile {
    fn from(entry: Entry) -> Self {
        let kind = match entry.meta.kind {
            Kind::File => MachineFileKind::File,
            Kind::Directory => MachineFileKind::Directory,
            Kind::Link => MachineFileKind::Link,
            Kind::Other => MachineFileKind::Other,
        };
        Self {
            name: entry.path,
            kind,
            size_bytes: entry.meta.size,
            modified_at: modified_at(&entry.meta),
            mode: mode(&entry.meta),
            target: entry.target.map(|target| crate::commands::words::plain(&target, 4096)),
        }
    }
}

/// When something was written last; what lies outside of every calendar is cut.
pub(super) fn modified_at(meta: &diwan_files::Meta) -> Timestamp {
    const LAST: i64 = 253_402_300_799;
    let ms =
        meta.seconds.clamp(-62_135_596_800, LAST) * 1000 + i64::from(meta.nanoseconds.min(999_999_999) / 1_000_000);
    Timestamp::from_millis(ms)
}

/// A mode as people write it.
pub(super) fn mode(meta: &diwan_files::Meta) -> String {
    format!("{:04o}", meta.mode & 0o777)
}

/// What is in a directory of a machine, in the order of the names. A command on the machine, as far as its owner's
/// policy lets it in; what has no plain name is left out.
#[utoipa::path(
    get,
    path = "/machines/{id}/files",
    operation_id = "list_machine_files",
    tag = "files",
    params(("id" = MachineId, Path, description = "Which machine"), PlaceQuery, PageQuery),
    responses((status = 200, description = "A page of the directory", body = Page<MachineFile>), GuardedKept),
    extensions(("x-permission" = json!("commands.run")), ("x-time-limit-s" = json!(120))),
    security(("session" = []), ("bearer" = [])),
)]
pub(super) async fn list_machine_files(
    ctx: Allowed<may::CommandsRun>,
    State(fleet): State<Fleet>,
    Path(id): Path<MachineId>,
    Query(place): Query<PlaceQuery>,
    Query(page): Query<PageQuery>,
) -> Result<(HeaderMap, Json<Page<MachineFile>>), Problem> {
    let (limit, after) = (page.limit()?, page.position::<String>()?);
    let target = target::of_path(&fleet, id).await?;
    let operation = CommandOperation::FilesList { root: place.root, path: place.path };
    let way = fleet.reach_files(&ctx, target, operation).await?;
    let headers = command_header(way.command);
    let listed = fleet.world().heavy(move || {
        let wanted = u32::try_from(limit + 1).unwrap_or(u32::MAX);
        way.client()?.list("", after.as_deref(), wanted).map_err(|error| problem(&error))
    });
    let (entries, _) = listed.await.map_err(Problem::internal)??;
    let page = Page::cut(entries, limit, |entry| entry.path.clone());
    Ok((headers, Json(page.map(MachineFile::from))))
}

/// Which command it was.
pub(super) fn command_header(command: crate::commands::id::CommandId) -> HeaderMap {
    let value = command.to_string().parse().ok();
    value.map(|value| (axum::http::HeaderName::from_static("x-command-id"), value)).into_iter().collect()
}
