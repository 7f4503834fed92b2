//! What the settings ask and other capabilities know: whether a configuration is acceptable, who
//! stands on it, and where secrets are kept.

use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use diwan_identity::IdentityConfig;
use diwan_kernel::config::{Definition, Layers, Refused, SecretSource};
use diwan_kernel::{Ctx, Db, Problem, Sealer, Secret, Supervisor};
use diwan_settings::{House, Keeper, Parts, Settings, SettingsFile};
use diwan_vault::{Needs, Vault};

use super::config::{Publishers, SECTIONS, definition, judge};

/// What the settings stand on.
pub(super) fn parts(
    db: &Db,
    sealer: &Sealer,
    supervisor: &Supervisor,
    vault: &Vault,
    publishers: Publishers,
    (data_dir, file, layers): (&Path, SettingsFile, Layers),
) -> Parts {
    Parts {
        db: db.clone(),
        sealer: sealer.clone(),
        supervisor: supervisor.clone(),
        house: Arc::new(Rooms { publishers, file: file.clone() }),
        keeper: Arc::new(Vaulted(vault.clone())),
        file,
        layers,
        data_dir: data_dir.to_owned(),
    }
}

struct Rooms {
    publishers: Publishers,
    file: SettingsFile,
}

impl House for Rooms {
    fn sections(&self) -> &[Definition] {
        &SECTIONS
    }

    fn judge(&self, layers: &Layers) -> Result<(), Refused> {
        judge(layers, &self.file)
    }

    fn publish(&self, layers: &Layers, sections: &[&str]) {
        for section in sections {
            // What is new may fit only with what waits for the restart: then all of it waits.
            if let Err(faults) = self.publishers.publish(layers, section) {
                let why = Refused(faults);
                tracing::warn!(section, %why, "the settings take effect with the next start");
            }
        }
    }

    fn shuts_out(&self, layers: &Layers, address: Option<IpAddr>) -> bool {
        let rules = layers.section::<IdentityConfig>(definition::<IdentityConfig>());
        address.is_some() && rules.is_ok_and(|rules| !rules.admits(address))
    }
}

struct Vaulted(Vault);

#[async_trait]
impl Keeper for Vaulted {
    async fn require_referable(&self, ctx: &Ctx, name: &str) -> Result<(), Problem> {
        self.0.require_referable(ctx, name).await
    }

    async fn holds(&self, name: &str) -> Result<bool, Problem> {
        self.0.holds(name).await
    }

    async fn keep(&self, ctx: &Ctx, name: &str, setting: &str, value: Secret<String>) -> Result<(), Problem> {
        self.0.keep_setting(ctx, name, setting, value).await
    }
}

/// The settings for those who are there before them.
#[derive(Debug, Default)]
pub(super) struct LaterSettings(OnceLock<Settings>);

impl LaterSettings {
    pub(super) fn are_here(&self, settings: &Settings) {
        // Only the composition calls this, and once.
        let _ = self.0.set(settings.clone());
    }
}

impl Needs for LaterSettings {
    fn setting_that_needs(&self, secret: &str) -> Option<String> {
        self.0.get()?.setting_that_needs(secret)
    }
}

/// The vault for those who stand below it: it is there before they need it.
#[derive(Debug, Default)]
pub(super) struct LaterVault(OnceLock<Vault>);

impl LaterVault {
    pub(super) fn is_here(&self, vault: &Vault) {
        // Only the composition calls this, and once.
        let _ = self.0.set(vault.clone());
    }
}

#[async_trait]
impl SecretSource for LaterVault {
    async fn read(&self, name: &str, purpose: &'static str) -> Result<Secret<String>, Problem> {
        match self.0.get() {
            Some(vault) => vault.read(name, purpose).await,
            None => Err(Problem::unavailable("starting", "The server is starting.", Duration::from_secs(1))),
        }
    }
}
