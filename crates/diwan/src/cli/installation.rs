//! The installation on this machine: its configuration as a server would read it.

use std::path::PathBuf;

use clap::Args;
use diwan_kernel::config::Refused;
use serde_json::Value;

use super::failure::Failure;
use super::server::config_file;
use super::up::default_data_dir;
use crate::compose::config::Config;
use crate::compose::server::DataDir;

/// Which installation is meant.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Installation")]
pub(super) struct Installation {
    /// Its data directory [default: that of `diwan up`] [env: DIWAN_DATA_DIR]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<String>,
    /// Its database: a SQLite path or a PostgreSQL URL [env: DIWAN_DATABASE_URL]
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Its configuration file [env: DIWAN_CONFIG]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Installation {
    /// Its configuration, judged as a whole.
    pub(super) fn load(&self) -> Result<Config, Failure> {
        let next = "Correct the setting; `diwan config reference` lists them all.";
        self.read().map_err(|refused| Failure::usage(refused.to_string(), next))
    }

    /// Its configuration, or everything that is wrong with it.
    pub(super) fn read(&self) -> Result<Config, Refused> {
        let flags = [("data_dir", &self.data_dir), ("database_url", &self.database_url)];
        let flags = flags.into_iter().filter_map(|(key, value)| Some(("server", key, Value::from(value.clone()?))));
        let file = config_file(self.config.as_ref());
        Config::load(file.as_deref(), &default_data_dir(), std::env::vars(), flags)
    }
}

/// Its directories.
pub(super) fn data_dir(config: &Config) -> DataDir {
    DataDir::at(&config.server.data_dir)
}
