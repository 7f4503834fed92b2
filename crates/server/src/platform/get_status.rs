//! `GET /status`: how the platform is doing.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use diwan_kernel::ctx::{Allowed, may};
use diwan_kernel::http::Json;
use diwan_kernel::problem::ProblemDocument;
use diwan_kernel::{Problem, Timestamp};
use serde::Serialize;

use super::{Mail, Platform, Warning};
use crate::table::schema;

/// A database that does not answer within this time is not healthy.
const PATIENCE: Duration = Duration::from_secs(2);

/// How the platform is doing.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Status {
    /// The version that runs.
    version: &'static str,
    /// When it was started.
    started_at: Timestamp,
    /// How long ago that was.
    uptime_s: u64,
    /// The database.
    database: Database,
    /// The people.
    people: People,
    /// How many sessions are open.
    sessions: i64,
    /// Where mails go.
    mail: Mail,
    /// What the operator should know.
    warnings: Vec<Warning>,
}

/// The database.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Database {
    /// Which engine it is.
    #[schema(value_type = Engine)]
    engine: &'static str,
    /// Whether it answers and can be written.
    healthy: bool,
    /// How many steps its schema has taken.
    schema_version: i64,
    /// How much room it takes.
    #[schema(required)]
    size_bytes: Option<i64>,
}

/// A database engine.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "it documents the names that the database gives itself")]
enum Engine {
    Sqlite,
    Postgresql,
}

/// The people.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct People {
    /// How many there are.
    total: i64,
    /// How many of them were seen within a day.
    active_today: i64,
}

/// Get how the platform is doing
#[utoipa::path(
    get,
    path = "/status",
    operation_id = "get_status",
    tag = "platform",
    responses(
        (status = 200, description = "How it is doing.", body = Status),
        (status = 401, description = "Nobody is signed in.", body = ProblemDocument<'static>, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed.", body = ProblemDocument<'static>, content_type = "application/problem+json"),
    ),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-permission" = json!("status.read")))
)]
pub(super) async fn get_status(
    ctx: Allowed<may::StatusRead>,
    State(platform): State<Arc<Platform>>,
) -> Result<Json<Status>, Problem> {
    let vitals = platform.vital_signs.vitals().await?;
    let database = database(&platform).await;
    let mut warnings = own_warnings(&platform);
    warnings.extend(vitals.warnings.into_iter().filter(|warning| ctx.permissions.has(warning.audience)));
    Ok(Json(Status {
        version: platform.version,
        started_at: platform.started_at,
        uptime_s: platform.world.monotonic().saturating_sub(platform.started).as_secs(),
        database,
        people: People { total: vitals.people, active_today: vitals.active_today },
        sessions: vitals.sessions,
        mail: vitals.mail,
        warnings,
    }))
}

async fn database(platform: &Platform) -> Database {
    let db = &platform.db;
    let version = tokio::time::timeout(PATIENCE, schema::version(db)).await;
    let version = version.ok().and_then(Result::ok);
    Database {
        engine: db.engine(),
        healthy: version.is_some() && !db.is_full(),
        schema_version: version.unwrap_or_default(),
        size_bytes: db.size_bytes().await,
    }
}

fn own_warnings(platform: &Platform) -> Vec<Warning> {
    let mut warnings = vec![];
    if platform.db.is_full() {
        warnings.push(Warning::new(
            "disk_full",
            "The disk that holds Diwan's data is full: nothing new can be saved.",
            "Free space on the server's disk; Diwan goes on by itself.",
        ));
    }
    if platform.is_exposed_in_clear() {
        warnings.push(Warning::new(
            "not_encrypted",
            "The server can be reached from other machines without encryption.",
            "Set server.tls_cert and server.tls_key, or put a proxy with https in front and set server.public_url.",
        ));
    }
    warnings
}
