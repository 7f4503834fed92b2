//! The data directory, the key file and the disk they are on.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use diwan_kernel::config::{Source, plain_secrets};
use diwan_kernel::{Sealer, World};
use rustix::fs::{Access, access, statvfs};

use super::super::installation::data_dir;
use super::super::screen::size;
use super::Findings;
use crate::compose::config::{Config, SECTIONS};

const TOO_LITTLE: u64 = 100 << 20;
const LITTLE: u64 = 1 << 30;

/// Looks at the files; false when there is no installation yet.
pub(super) fn look(config: &Config, world: &World, found: &mut Findings) -> bool {
    let data = data_dir(config);
    let shown = data.path().display().to_string();
    let Ok(metadata) = std::fs::metadata(data.path()) else {
        found.look(
            "data_dir",
            format!("There is no installation in {shown} yet."),
            "Start one with `diwan up`, or name its directory with --data-dir.",
        );
        return false;
    };
    let mode = metadata.permissions().mode() & 0o777;
    if !metadata.is_dir() {
        found.mend("data_dir", format!("{shown} is not a directory."), "Name a directory with --data-dir.");
        return false;
    }
    if access(data.path(), Access::WRITE_OK | Access::EXEC_OK).is_err() {
        found.mend(
            "data_dir",
            format!("This user cannot write to {shown}."),
            format!("Give it the directory: chown -R $(whoami) {shown}"),
        );
    } else if mode & 0o077 != 0 {
        found.mend("data_dir", format!("Others can look into {shown} (mode {mode:o})."), format!("chmod 700 {shown}"));
    } else {
        found.good("data_dir", format!("The data directory {shown} is this user's own."));
    }
    room(data.path(), found);
    key_file(&data.seal_key(), world, found);
    super::vault::place(&data.seal_key(), data.path(), found);
    true
}

/// Whether others can read secrets in the configuration file.
pub(super) fn configuration(config: &Config, found: &mut Findings) {
    let path = &config.file.path;
    let Ok(mode) = std::fs::metadata(path).map(|m| m.permissions().mode() & 0o777) else { return };
    let keys = SECTIONS.iter().flat_map(|section| section.keys.iter().map(move |key| (section.name, key)));
    let has_secrets = keys.into_iter().any(|(section, key)| {
        let said = config.layers.said_by(Source::File, section, &key.name);
        said.is_some_and(|value| !plain_secrets(&key.schema, value, "").is_empty())
    });
    if has_secrets && mode & 0o077 != 0 {
        let shown = path.display();
        found.mend(
            "config",
            format!("Secrets stand in {shown}, and others can read it (mode {mode:o})."),
            format!("chmod 600 {shown}, and move the secrets into the vault: `diwan config show` names them."),
        );
    }
}

fn room(dir: &Path, found: &mut Findings) {
    let Ok(disk) = statvfs(dir) else { return };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let detail = format!("{} are free on the disk of the data directory.", size(free));
    match free {
        0..TOO_LITTLE => found.mend("disk", detail, "Free some space: without any, nothing new can be saved."),
        TOO_LITTLE..LITTLE => found.look("disk", detail, "Free some space before it runs out."),
        _ => found.good("disk", detail),
    }
}

fn key_file(path: &Path, world: &World, found: &mut Findings) {
    let shown = path.display();
    if !path.exists() {
        found.mend(
            "key_file",
            format!("The key file {shown} is missing."),
            "Put back the copy that belongs to this database; without it what is sealed stays closed.",
        );
        return;
    }
    match Sealer::open(world, path) {
        Ok(_) => found.good("key_file", format!("The key file {shown} is usable and private.")),
        Err(error) => found.mend(
            "key_file",
            error.to_string(),
            format!("chmod 600 {shown}, or put back the copy that belongs to this database."),
        ),
    }
}
