//! The clock that certificates are judged by: the world's, as everywhere.

use std::time::Duration;

use diwan_kernel::World;
use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;

#[derive(Debug)]
pub(crate) struct WorldTime(pub(crate) World);

impl TimeProvider for WorldTime {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(self.0.now().as_secs()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}
