//! `diwan up`: everything on this machine, for trying Diwan out or for one person's own use.

use std::process::ExitCode;

use super::server::{self, ServerArgs};
use crate::compose::this_machine;

/// Runs the control plane with its data under the user's home, unless told otherwise, and a bridge for this
/// machine beside it.
pub fn run(args: &ServerArgs) -> ExitCode {
    server::run(args, this_machine::run)
}

/// Where an installation is kept when nobody says where: `$XDG_DATA_HOME/diwan`, which is `~/.local/share/diwan` unless set.
pub fn default_data_dir() -> String {
    let set = |name| std::env::var(name).ok().filter(|v| !v.is_empty());
    let share = set("XDG_DATA_HOME").or_else(|| set("HOME").map(|home| format!("{home}/.local/share")));
    share.map_or_else(|| "diwan-data".to_owned(), |share| format!("{share}/diwan"))
}
