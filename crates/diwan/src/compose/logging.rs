//! Where log lines go: standard error, for people or as JSON.

use diwan_server::{LogFormat, ServerConfig};
use tracing_subscriber::EnvFilter;

/// Starts logging as configured.
///
/// # Errors
/// When the level is not one.
pub fn start(config: &ServerConfig) -> Result<(), String> {
    let filter = EnvFilter::try_new(&config.log_level).map_err(|e| format!("the log level is not valid: {e}"))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    match config.log_format {
        LogFormat::Human => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    }
    // A second start in one process (tests) keeps the first one's logging.
    .or(Ok(()))
}
