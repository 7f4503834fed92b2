//! What the hosts of a run log, for whoever looks into a seed: `RUST_LOG=diwan=debug`.

use std::fmt::Result;
use std::io::stderr;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

/// The time of turmoil.
struct SimTime;

impl FormatTime for SimTime {
    fn format_time(&self, to: &mut Writer<'_>) -> Result {
        write!(to, "{:>9.3}", turmoil::sim_elapsed().unwrap_or_default().as_secs_f64())
    }
}

/// Begins, if somebody wants to see it.
pub(crate) fn begin() {
    if let Ok(filter) = EnvFilter::try_from_default_env() {
        let log = tracing_subscriber::fmt().with_env_filter(filter).with_timer(SimTime).with_ansi(false);
        log.with_writer(stderr).try_init().ok();
    }
}
