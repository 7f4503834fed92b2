//! `diwan server` and `diwan up`: the control plane in the foreground.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use diwan_heap::give_back;
use diwan_kernel::heap::keep_giving_back;
use diwan_kernel::{TaskPolicy, World};
use serde_json::Value;

use super::up::default_data_dir;
use crate::compose::config::Config;
use crate::compose::privacy::keep_memory_private;
use crate::compose::server::{self, Product};
use crate::compose::{StartError, logging};

/// One Ctrl-C may arrive several times: `timeout`, `npm` and others signal the program and then its whole
/// group. What follows within this time is no second request.
const ECHO: Duration = Duration::from_millis(250);

/// Exit code of a start that was refused.
const REFUSED: u8 = 2;

/// Flags of the server. Each is also a variable (DIWAN_LISTEN) and a key in the file (server.listen).
#[derive(Debug, Clone, Default, Args)]
pub struct ServerArgs {
    /// Where to listen [default: 127.0.0.1:7400] [env: DIWAN_LISTEN]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// Where everything is kept [default: ~/.local/share/diwan] [env: DIWAN_DATA_DIR]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<String>,
    /// A SQLite path or a PostgreSQL URL [default: diwan.db in the data directory] [env: DIWAN_DATABASE_URL]
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// The address people open, for links, cookies and passkeys [env: DIWAN_PUBLIC_URL]
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// The certificate chain to serve HTTPS with, in PEM [env: DIWAN_TLS_CERT]
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<String>,
    /// The private key of the certificate, in PEM [env: DIWAN_TLS_KEY]
    #[arg(long, value_name = "FILE")]
    tls_key: Option<String>,
    /// Where Prometheus may fetch metrics [default: nowhere] [env: DIWAN_METRICS_LISTEN]
    #[arg(long, value_name = "ADDRESS:PORT")]
    metrics_listen: Option<String>,
    /// How logs are written: human or json [default: human] [env: DIWAN_LOG_FORMAT]
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
    /// How much is logged: error, warn, info, debug or trace [default: info] [env: DIWAN_LOG_LEVEL]
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
    /// The configuration file, in YAML [env: DIWAN_CONFIG]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// The configuration file that was named: by the flag, or else by the variable. An empty variable
/// names none, as with every setting.
pub(super) fn config_file(flag: Option<&PathBuf>) -> Option<PathBuf> {
    flag.cloned().or_else(|| std::env::var_os("DIWAN_CONFIG").filter(|name| !name.is_empty()).map(PathBuf::from))
}

impl ServerArgs {
    /// The configuration that these flags, the environment and the file make.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn load(&self) -> Result<Config, StartError> {
        let flags = [
            ("listen", &self.listen),
            ("data_dir", &self.data_dir),
            ("database_url", &self.database_url),
            ("public_url", &self.public_url),
            ("tls_cert", &self.tls_cert),
            ("tls_key", &self.tls_key),
            ("metrics_listen", &self.metrics_listen),
            ("log_format", &self.log_format),
            ("log_level", &self.log_level),
        ];
        let flags = flags.into_iter().filter_map(|(key, value)| Some(("server", key, Value::from(value.clone()?))));
        let file = config_file(self.config.as_ref());
        Ok(Config::load(file.as_deref(), &default_data_dir(), std::env::vars(), flags)?)
    }
}

/// Runs the control plane, and what is to run beside it, until it is told to stop.
pub fn run(args: &ServerArgs, beside: impl FnOnce(&Product)) -> ExitCode {
    let config = match args.load() {
        Ok(config) => config,
        Err(error) => return refuse(&error),
    };
    let volume = match logging::start(&config.server) {
        Ok(volume) => volume,
        Err(error) => return refuse(&StartError::Part(error)),
    };
    for (name, meant) in &config.slips {
        tracing::warn!("the variable {name} is not a setting; did you mean {meant}?");
    }
    // Whatever is written from here on is this user's alone.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    raise_file_limit();
    keep_memory_private();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return refuse(&StartError::Part(format!("the runtime does not start: {error}"))),
    };
    runtime.block_on(async {
        match server::start(config, World::real()).await {
            Ok(product) => {
                give_back();
                let (supervisor, server) = (product.supervisor.clone(), product.server_settings.clone());
                let stopping = {
                    let supervisor = supervisor.clone();
                    async move { supervisor.stopping().await }
                };
                supervisor.spawn("log level", TaskPolicy::Once, async move {
                    tokio::select! {
                        () = volume.follow(server) => {}
                        () = stopping => {}
                    }
                });
                product.supervisor.spawn("memory", TaskPolicy::Once, keep_giving_back(product.supervisor.clone()));
                follow_hangups(&product);
                beside(&product);
                serve(product).await
            }
            Err(error) => refuse(&error),
        }
    })
}

async fn serve(product: Product) -> ExitCode {
    // Before anybody can know that it runs: a signal that comes with the greeting ends it properly too.
    let mut signals = Signals::listen();
    println!("{}", greeting(&product));
    tokio::select! {
        () = signals.next() => {
            tracing::info!("stopping: finishing what is under way; signal again to stop at once");
            product.supervisor.stop();
        }
        () = product.supervisor.stopping() => {}
    }
    let hurry = async {
        signals.pass_over_echoes().await;
        signals.next().await;
        tracing::warn!("stopping at once");
    };
    let farewell = tokio::select! {
        farewell = product.shut_down() => farewell,
        () = hurry => return ExitCode::FAILURE,
    };
    if farewell.failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// A hangup has the configuration file read now, as operators expect of a service. Where a terminal is
/// what hung up, nobody is left who could stop the server, so it stops.
fn follow_hangups(product: &Product) {
    use tokio::signal::unix::{SignalKind, signal};
    let had_terminal = std::io::stdin().is_terminal();
    let mut hangups = match signal(SignalKind::hangup()) {
        Ok(hangups) => hangups,
        Err(error) => return tracing::warn!(%error, "SIGHUP cannot be heard"),
    };
    let (supervisor, settings) = (product.supervisor.clone(), product.settings.clone());
    supervisor.clone().spawn("hangups", TaskPolicy::Once, async move {
        loop {
            tokio::select! {
                _ = hangups.recv() => {}
                () = supervisor.stopping() => return,
            }
            if had_terminal && !std::io::stdin().is_terminal() {
                tracing::info!("stopping: the terminal is gone");
                return supervisor.stop();
            }
            tracing::info!("SIGHUP: looking at the configuration file");
            settings.look_at_file().await;
        }
    });
}

/// Every connection is an open file: the usual 1024 would be the limit long before ours is.
pub(super) fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        tracing::warn!(%error, "the limit of open files cannot be raised; fewer connections are possible");
    }
}

/// What a person reads when the server is up.
fn greeting(product: &Product) -> String {
    let mut lines = vec![String::new(), format!("  Diwan is ready at {}", product.open_url)];
    if let Some(link) = &product.setup_link {
        lines.push(String::new());
        lines.push("  Nobody owns this installation yet. Open this link to become its owner".into());
        lines.push("  (valid for 15 minutes, once; a restart prints a new one):".into());
        lines.push(String::new());
        lines.push(format!("  {}", link.expose()));
    }
    if product.mail_goes_to_outbox {
        lines.push(String::new());
        lines.push("  No SMTP server is configured: mails are kept in the outbox, which the owner".into());
        lines.push("  sees in the dashboard under Settings. Set mail.host to send them.".into());
    }
    lines.push(String::new());
    lines.join("\n")
}

/// Ctrl-C and the request to terminate, heard from the moment it is made.
#[cfg(unix)]
struct Signals(Option<(tokio::signal::unix::Signal, tokio::signal::unix::Signal)>);

#[cfg(unix)]
impl Signals {
    fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self(signal(SignalKind::interrupt()).ok().zip(signal(SignalKind::terminate()).ok()))
    }

    /// Takes the signals that come with the first one for the same signal.
    async fn pass_over_echoes(&mut self) {
        let echoes = async {
            loop {
                self.next().await;
            }
        };
        let _ = tokio::time::timeout(ECHO, echoes).await;
    }

    async fn next(&mut self) {
        let Some((interrupt, terminate)) = &mut self.0 else { return std::future::pending().await };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}

fn refuse(error: &StartError) -> ExitCode {
    eprintln!("error: {error}");
    eprintln!("next: {}", error.next());
    ExitCode::from(REFUSED)
}
