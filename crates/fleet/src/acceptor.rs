//! How the control plane meets machines: with a certificate of its own that is short-lived and lives in memory
//! only.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use diwan_kernel::world::Timestamp;
use diwan_kernel::{Problem, World};
use diwan_link::tls;
use rustls::ServerConfig;
use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;

use crate::fleet::Fleet;

/// How machines are met, and until when so.
#[derive(Debug, Clone)]
pub(crate) struct Acceptor {
    config: Arc<ServerConfig>,
    until: Timestamp,
}

/// The world's clock, for certificates.
struct WorldTime(World);

impl std::fmt::Debug for WorldTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WorldTime")
    }
}

impl TimeProvider for WorldTime {
    fn current_time(&self) -> Option<UnixTime> {
        let ms = u64::try_from(self.0.now().as_millis()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_millis(ms)))
    }
}

impl Fleet {
    /// How machines are met now.
    ///
    /// # Errors
    /// 503 while the vault is sealed.
    pub(crate) async fn acceptor(&self) -> Result<Arc<ServerConfig>, Problem> {
        let keys = self.keys().await?;
        let now = self.world().now();
        let mut slot = self.acceptor_slot().lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(acceptor) = slot.as_ref().filter(|acceptor| acceptor.until > now) {
            return Ok(Arc::clone(&acceptor.config));
        }
        let (identity, until) = keys.authority.vouch_for_control_plane(now).map_err(Problem::internal)?;
        let time = Arc::new(WorldTime(self.world().clone()));
        let config = tls::control_plane(identity, keys.authority.certificate(), time).map_err(Problem::internal)?;
        let config = Arc::new(config);
        *slot = Some(Acceptor { config: Arc::clone(&config), until });
        Ok(config)
    }

    /// The authority may be another one now.
    pub(crate) fn forget_acceptor(&self) {
        *self.acceptor_slot().lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
