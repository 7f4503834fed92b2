//! Where log lines go: standard error, for people or as JSON.

use std::io::IsTerminal;

use diwan_kernel::config::Live;
use diwan_server::{LogFormat, ServerConfig};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

/// Changes how much is logged.
#[derive(Debug)]
pub struct Volume(reload::Handle<EnvFilter, Registry>);

/// Starts logging as configured.
///
/// # Errors
/// When the level is not one.
pub fn start(config: &ServerConfig) -> Result<Volume, String> {
    let (filter, handle) = reload::Layer::new(filter(&config.log_level)?);
    // When nobody reads them any more, lines are lost and nothing else.
    let lines = fmt::layer().with_writer(std::io::stderr).with_target(false).with_ansi(wants_colours());
    let lines = lines.log_internal_errors(false);
    let lines = match config.log_format {
        LogFormat::Human => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    // A second start in one process (tests) keeps the first one's logging.
    drop(Registry::default().with(filter).with(lines).try_init());
    Ok(Volume(handle))
}

impl Volume {
    /// Follows the setting for as long as the server runs.
    pub async fn follow(self, mut server: Live<ServerConfig>) {
        let mut level = server.get().log_level.clone();
        loop {
            let next = server.changed().await.log_level.clone();
            if next == level {
                continue;
            }
            match filter(&next).map(|filter| self.0.reload(filter)) {
                Ok(Ok(())) => level = next,
                Ok(Err(error)) => tracing::error!(%error, "the log level cannot be changed"),
                Err(why) => tracing::error!(why, "the log level cannot be changed"),
            }
        }
    }
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
