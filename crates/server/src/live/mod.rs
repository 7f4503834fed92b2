//! The live feed: one WebSocket a browser, over which it learns what happened as it happens.
//!
//! A connection belongs to the session that opened it. It shows only what its owner may see, ends
//! when the session ends, and is dropped when its reader is gone or too slow.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Extension, Request, State};
use axum::response::Response;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::problem::ProblemDocument;
use diwan_kernel::{Events, Permission, Problem, Supervisor, TaskPolicy, World};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::authenticator::Authenticator;
use crate::config::ServerConfig;
use crate::listen::Slot;
use crate::metrics::Gauge;

pub(crate) mod handshake;
mod message;
mod outbox;
mod places;
mod session;
mod window;

pub(crate) use places::Places;

/// How often the server asks whether the client is still there.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// A topic of the feed and what a caller must be allowed to listen to it. What they hear on it is
/// decided event by event.
pub type Topic = (&'static str, Permission);

/// The topics of the spine.
pub(crate) const TOPICS: [Topic; 6] = [
    ("users", Permission::UsersRead),
    ("sessions", Permission::ProfileSelf),
    ("audit", Permission::AuditRead),
    ("invitations", Permission::InvitationsManage),
    ("status", Permission::StatusRead),
    ("me", Permission::ProfileSelf),
];

/// What the live connections share.
pub(crate) struct Live {
    pub world: World,
    pub events: Events,
    pub supervisor: Supervisor,
    pub authenticator: Arc<dyn Authenticator>,
    pub open: Arc<Gauge>,
    pub topics: Vec<Topic>,
    pub places: Arc<Places>,
}

impl Live {
    /// Its only operation.
    pub(crate) fn routes(self: Arc<Self>) -> OpenApiRouter {
        OpenApiRouter::default().routes(routes!(open_live)).with_state(self)
    }
}

/// Opens the live feed.
///
/// A WebSocket of JSON texts. The server greets with `hello {epoch, seq, heartbeat_s}`. Send
/// `subscribe {topics, resume?: {epoch, seq}}`; the answer is `subscribed {topics, refused}`, then
/// come `event {seq, at, topic, name, data}`. `gap` says that events were missed: fetch anew.
/// Answer each `ping` with `pong`. Close codes: 4401 the session has ended, 4408 nothing was heard from you,
/// 1013 you read too slowly.
#[utoipa::path(
    get,
    path = "/live",
    operation_id = "open_live",
    tag = "platform",
    responses(
        (status = 101, description = "The feed begins."),
        (status = 401, description = "Nobody is signed in.", body = ProblemDocument<'static>, content_type = "application/problem+json"),
        (status = 403, description = "The page is of another origin.", body = ProblemDocument<'static>, content_type = "application/problem+json"),
        (status = 426, description = "This is no WebSocket.", body = ProblemDocument<'static>, content_type = "application/problem+json"),
        (status = 429, description = "There are too many.", body = ProblemDocument<'static>, content_type = "application/problem+json"),
    ),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-permission" = json!("profile.self")), ("x-socket" = json!(true)))
)]
async fn open_live(
    ctx: Allowed<may::ProfileSelf>,
    State(live): State<Arc<Live>>,
    Extension(settings): Extension<Arc<ServerConfig>>,
    mut request: Request,
) -> Result<Response, Problem> {
    let user = ctx.user_id()?;
    let (answer, upgrade) = handshake::accept(&mut request)?;
    let place = live.places.take(user, settings.max_live_connections_per_account)?;
    // The connection keeps its slot at the door for as long as the feed lasts.
    let slot = request.extensions().get::<Option<Slot>>().cloned();
    let credential = handshake::credential_of(&request);
    let (ctx, feed) = ((*ctx).clone(), live.clone());
    live.supervisor.spawn("live feed", TaskPolicy::Once, async move {
        let _held = (slot, place, feed.open.mark());
        match upgrade.await {
            Ok(socket) => session::Session::new(feed, ctx, credential, socket).await.run().await,
            Err(error) => tracing::debug!(%error, "a live feed did not begin"),
        }
    });
    Ok(answer)
}
