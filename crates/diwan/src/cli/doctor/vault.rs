//! What guards the vault's master key: can this machine have the key that the database was sealed with?

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use diwan_kernel::Db;
use diwan_vault::{Examination, Guard, GuardFound, concerns, examine};

use super::super::installation::data_dir;
use super::Findings;
use crate::compose::config::Config;

/// Looks at the guard of the vault.
pub(super) async fn look(config: &Config, db: &Db, found: &mut Findings) {
    let data = data_dir(config);
    // A database from before the vault says so by its schema.
    let Ok(Examination { guard, key_file, retired_keys, is_sealed }) = examine(db, &config.vault, data.path()).await
    else {
        return;
    };
    let shown = key_file.display();
    let is_by_file = matches!(guard, GuardFound::Opens(Guard::KeyFile) | GuardFound::Missing(Guard::KeyFile, _));
    if retired_keys > 0 && !is_by_file {
        found.look(
            "vault",
            format!("{shown} holds {retired_keys} earlier master keys in clear, for backups made before the guard was changed."),
            "When no such backup is left: diwan vault forget-retired-keys",
        );
    }
    match guard {
        GuardFound::NotSetUp => found.look(
            "vault",
            "The vault has no master key yet.",
            "It is set up at the first start, or with `diwan unseal --first`.",
        ),
        GuardFound::Opens(Guard::KeyFile) => {
            found.good("vault", format!("The vault's key file {shown} is private and opens the vault."));
            place(&key_file, data.path(), found);
        }
        GuardFound::Opens(Guard::Passphrase) => found.good("vault", "The passphrase file opens the vault."),
        GuardFound::Opens(Guard::Transit) => found.good("vault", "The key service opens the vault."),
        GuardFound::Typed => found.good("vault", "The vault is opened by a passphrase after each start."),
        GuardFound::Missing(guard, why) => {
            found.mend("vault", format!("The vault cannot be opened. {why}"), next(guard, &key_file))
        }
    }
    if is_sealed {
        found.look("vault", "Somebody sealed the vault by hand.", "An owner unseals it with `diwan unseal`.");
    }
    // A database that has yet to be brought up to date says so by its schema, too.
    for concern in concerns(db, &config.vault).await.unwrap_or_default() {
        found.look("secrets", concern.detail, concern.next);
    }
}

/// A file that this user can read may still be closed to the user that the server runs as, or be one
/// that others can put another in the place of.
pub(super) fn place(file: &Path, data: &Path, found: &mut Findings) {
    let mode = |path: &Path| std::fs::metadata(path).map(|m| m.mode() & 0o777).ok();
    if let Some((dir, mode)) = file.parent().and_then(|dir| Some((dir, mode(dir)?))).filter(|(_, m)| m & 0o022 != 0) {
        let dir = dir.display();
        let detail =
            format!("Others can put another file in the place of {} (mode {mode:o} of {dir}).", file.display());
        found.mend("key_file", detail, format!("chmod 700 {dir}"));
    }
    let uid = |path: &Path| std::fs::metadata(path).map(|m| m.uid()).ok();
    if let Some((file_uid, data_uid)) = uid(file).zip(uid(data)).filter(|(file, data)| file != data) {
        found.mend(
            "key_file",
            format!("{} belongs to user {file_uid}, the data directory to user {data_uid}.", file.display()),
            format!("Give it to the user that the server runs as: chown {data_uid} {}", file.display()),
        );
    }
}

fn next(guard: Guard, file: &Path) -> String {
    match guard {
        Guard::KeyFile => format!(
            "chmod 600 {}, or put back the copy that belongs to this database. If the key is lost for good, docs/vault.md says how to start over.",
            file.display()
        ),
        Guard::Passphrase => "Correct the file that vault.passphrase_file names.".to_owned(),
        Guard::Transit => "Check the key service, its token and the setting vault.transit.".to_owned(),
    }
}
