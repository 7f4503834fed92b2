//! Settings that name secrets: are those in the vault?

use diwan_kernel::Db;
use diwan_settings::named_secrets;

use super::Findings;
use crate::compose::config::{Config, SECTIONS};

/// Looks for secrets that settings name and the vault does not hold.
pub(super) async fn look(config: &Config, db: &Db, found: &mut Findings) {
    for named in named_secrets(&SECTIONS, &config.layers) {
        // A database from before the vault says so by its schema.
        let Ok(false) = diwan_vault::holds(db, &named.secret).await else { continue };
        found.look(
            "settings",
            format!("The setting {} names the secret {}, which the vault does not hold.", named.setting, named.secret),
            "Bring the secret in under this name, or change the setting.",
        );
    }
}
