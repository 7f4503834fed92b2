//! Signs of life for whoever watches the process: `/healthz` says that it runs, `/readyz` that it can
//! do its work. Neither needs anybody to be signed in, and neither says more than that.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use diwan_kernel::{Db, Supervisor};
use serde_json::json;

/// A question to the database is not repeated within this time, whoever asks.
const FRESH: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(2);

/// What was found out last, and when.
#[derive(Debug, Default)]
pub(crate) struct Readiness(Mutex<Option<(Duration, bool)>>);

/// The process runs.
pub(crate) fn alive() -> Response {
    Json(json!({"status": "ok"})).into_response()
}

impl Readiness {
    /// Whether the server can do its work.
    pub(crate) async fn ready(&self, db: &Db, supervisor: &Supervisor) -> Response {
        if supervisor.is_stopping() {
            return not_ready("stopping");
        }
        if self.database_answers(db).await {
            return Json(json!({"status": "ready"})).into_response();
        }
        not_ready("database")
    }

    async fn database_answers(&self, db: &Db) -> bool {
        let now = db.world().monotonic();
        let known = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, answers)) = known.filter(|(at, _)| now.saturating_sub(*at) < FRESH) {
            return answers;
        }
        let answers = tokio::time::timeout(PATIENCE, db.ping()).await.is_ok_and(|pong| pong.is_ok());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, answers));
        answers
    }
}

fn not_ready(reason: &str) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"status": "not_ready", "reason": reason}))).into_response()
}
