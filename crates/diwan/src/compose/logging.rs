//! Where log lines go: standard error, for people or as JSON.

use std::io::IsTerminal;

use diwan_server::{LogFormat, ServerConfig};
use tracing_subscriber::EnvFilter;

/// Starts logging as configured.
///
/// # Errors
/// When the level is not one.
pub fn start(config: &ServerConfig) -> Result<(), String> {
    let filter = filter(&config.log_level)?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    let lines = lines.with_ansi(wants_colours());
    match config.log_format {
        LogFormat::Human => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    }
    // A second start in one process (tests) keeps the first one's logging.
    .or(Ok(()))
}

/// Colours are for a terminal, and for who did not refuse them.
fn wants_colours() -> bool {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let refused = set("NO_COLOR").is_some() || set("TERM").is_some_and(|term| term == "dumb");
    !refused && std::io::stderr().is_terminal()
}

/// What is logged: a level, or levels by module.
fn filter(level: &str) -> Result<EnvFilter, String> {
    // What the database remarks upon is for whoever asks for it by name.
    let quieter = if level.contains("tokio_postgres") { "" } else { "tokio_postgres=warn," };
    EnvFilter::try_new(format!("{quieter}{level}")).map_err(|e| format!("the log level is not valid: {e}"))
}
