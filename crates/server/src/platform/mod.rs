//! The platform about itself: how it is doing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use diwan_kernel::config::Live;
use diwan_kernel::{Db, Permission, Problem, Timestamp, World};
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::config::ServerConfig;

mod get_status;

/// Where mails go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mail {
    /// To a mail server.
    Smtp,
    /// Nowhere: they are kept for the owner to read.
    #[default]
    Outbox,
}

/// Something the operator should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Warning {
    /// What it is about, stable for programs.
    pub code: &'static str,
    /// What it is about, in a sentence.
    pub detail: String,
    /// What to do.
    pub next: String,
    /// What the sentences speak of, for whoever says them in another language.
    pub params: BTreeMap<&'static str, String>,
    /// Who is told: whoever may do this.
    #[serde(skip)]
    pub audience: Permission,
}

impl Warning {
    /// A warning for everybody who sees how the platform is doing.
    pub fn new(code: &'static str, detail: impl Into<String>, next: impl Into<String>) -> Self {
        let (detail, next) = (detail.into(), next.into());
        Self { code, detail, next, params: BTreeMap::new(), audience: Permission::StatusRead }
    }
}

/// What only the capabilities know about how the platform is doing.
#[derive(Debug, Clone, Default)]
pub struct Vitals {
    /// How many people there are.
    pub people: i64,
    /// How many of them were seen within a day.
    pub active_today: i64,
    /// How many sessions are open.
    pub sessions: i64,
    /// Where mails go.
    pub mail: Mail,
    /// What the operator should know.
    pub warnings: Vec<Warning>,
}

/// Knows how the platform is doing. The composition fills this in.
#[async_trait]
pub trait VitalSigns: Send + Sync {
    /// How it is doing now.
    ///
    /// # Errors
    /// When that cannot be found out.
    async fn vitals(&self) -> Result<Vitals, Problem>;
}

/// Knows nothing: what the edge stands on until it is told better.
pub(crate) struct NothingKnown;

#[async_trait]
impl VitalSigns for NothingKnown {
    async fn vitals(&self) -> Result<Vitals, Problem> {
        Ok(Vitals::default())
    }
}

/// What the platform's operations stand on.
pub(crate) struct Platform {
    pub world: World,
    pub db: Db,
    pub version: &'static str,
    pub started_at: Timestamp,
    pub started: Duration,
    pub settings: Live<ServerConfig>,
    pub is_https: bool,
    pub vital_signs: Arc<dyn VitalSigns>,
}

impl Platform {
    /// Its only operation.
    pub(crate) fn routes(self) -> OpenApiRouter {
        OpenApiRouter::default().routes(routes!(get_status::get_status)).with_state(Arc::new(self))
    }

    /// Whether others reach the server and it does not know that they do so by https: then its cookies
    /// and links are made for http.
    fn is_exposed_in_clear(&self) -> bool {
        !self.is_https && self.settings.get().is_reached_by_others()
    }
}
