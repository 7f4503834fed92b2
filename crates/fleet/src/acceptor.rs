//! How the control plane meets machines: with a certificate of its own that is short-lived and lives in memory
//! only.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use diwan_kernel::world::Timestamp;
use diwan_kernel::{Problem, World};
use diwan_link::tls::{self, Fingerprint};
use rustls::ServerConfig;
use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;

use crate::fleet::Fleet;
use crate::keys::Generation;

/// How machines are met that know one generation of the keys.
#[derive(Debug, Clone)]
pub(crate) struct Meeting {
    pub(crate) generation: u64,
    pub(crate) config: Arc<ServerConfig>,
}

/// How machines are met, and from when until when so.
#[derive(Debug, Clone)]
pub(crate) struct Acceptor {
    meetings: Vec<Meeting>,
    made_at: Timestamp,
    until: Timestamp,
}

impl Acceptor {
    /// Whether machines are still met so. What was made later than now was made while the clock was ahead, and the
    /// machines do not believe it yet.
    fn counts(&self, now: Timestamp) -> bool {
        self.made_at <= now && now < self.until
    }
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
    /// How a machine is met now that knows this authority.
    ///
    /// # Errors
    /// 503 while the vault is sealed.
    pub(crate) async fn meeting(&self, knows: Option<Fingerprint>) -> Result<Meeting, Problem> {
        let keys = self.keys().await?;
        let now = self.world().now();
        let wanted = keys.known_by(knows).number;
        let mut slot = self.acceptor_slot().lock().unwrap_or_else(PoisonError::into_inner);
        let known = slot.as_ref().filter(|acceptor| acceptor.counts(now));
        let known = known.and_then(|acceptor| acceptor.meetings.iter().find(|one| one.generation == wanted));
        if let Some(meeting) = known {
            return Ok(meeting.clone());
        }
        let (meetings, untils): (Vec<_>, Vec<_>) =
            keys.all().map(|one| self.meet_under(one, now)).collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
        let found = meetings.iter().find(|one| one.generation == wanted).cloned();
        *slot = untils.into_iter().min().map(|until| Acceptor { meetings, made_at: now, until });
        found.ok_or_else(|| Problem::internal("there are no keys to meet machines with"))
    }

    fn meet_under(&self, keys: &Generation, now: Timestamp) -> Result<(Meeting, Timestamp), Problem> {
        let (identity, until) = keys.authority.vouch_for_control_plane(now).map_err(Problem::internal)?;
        let time = Arc::new(WorldTime(self.world().clone()));
        let config = tls::control_plane(identity, keys.authority.certificate(), time).map_err(Problem::internal)?;
        Ok((Meeting { generation: keys.number, config: Arc::new(config) }, until))
    }

    /// The authority may be another one now.
    pub(crate) fn forget_acceptor(&self) {
        *self.acceptor_slot().lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
