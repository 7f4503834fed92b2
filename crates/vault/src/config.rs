//! What can be set about the vault.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use diwan_kernel::config::{Phrase, Section, TWICE, Wrong, check_address, check_file};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::hook_address::Range;
use crate::name::SecretName;
use crate::unseal::Guard;

/// How secrets are kept and how long they count.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct VaultConfig {
    /// What guards a new master key.
    pub guard: Guard,
    /// Where the key file is; keys/vault.key in the data directory by default.
    pub key_file: Option<String>,
    /// A file with the passphrase, for a vault that unseals by itself.
    pub passphrase_file: Option<String>,
    /// The key service (HashiCorp Vault or OpenBao transit).
    pub transit: Option<TransitConfig>,
    /// Other vaults that keep values.
    #[schema(max_items = 20)]
    pub backends: Vec<BackendConfig>,
    /// After how many days a value is replaced, unless its secret says otherwise.
    #[schema(minimum = 1, maximum = 3650)]
    pub rotation_days: u16,
    /// After how many days an SSH key is replaced, unless its secret says otherwise.
    #[schema(minimum = 1, maximum = 3650)]
    pub ssh_rotation_days: u16,
    /// For how many hours an old value stays usable after a rotation.
    #[schema(minimum = 0, maximum = 2160)]
    pub overlap_hours: u16,
    /// How many days before its end a secret is called due.
    #[schema(minimum = 0, maximum = 365)]
    pub warn_days: u16,
    /// How many versions of a secret keep their values.
    #[schema(minimum = 1, maximum = 1000)]
    pub keep_versions: u16,
    /// The longest a lease of a machine or job may last, with all its renewals, in hours.
    #[schema(minimum = 1, maximum = 720)]
    pub lease_hours: u16,
    /// Whether webhooks may go to private networks (10/8, 172.16/12, 192.168/16, 100.64/10, fc00::/7): for
    /// receivers at home or in an office.
    pub private_hooks: bool,
}

impl Default for VaultConfig {
    fn default() -> Self {
        Self {
            guard: Guard::KeyFile,
            key_file: None,
            passphrase_file: None,
            transit: None,
            backends: vec![],
            rotation_days: 90,
            ssh_rotation_days: 30,
            overlap_hours: 24,
            warn_days: 14,
            keep_versions: 10,
            lease_hours: 24,
            private_hooks: false,
        }
    }
}

/// The transit engine that guards the master key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransitConfig {
    /// Its address: `https://vault.example.org:8200`.
    pub address: String,
    /// Where the engine is mounted.
    #[serde(default = "TransitConfig::usual_mount")]
    pub mount: String,
    /// Which of its keys encrypts the master key.
    pub key: String,
    /// The file that holds the token.
    pub token_file: String,
    /// The certificate of its authority, when it is not a public one.
    #[serde(default)]
    pub ca_file: Option<String>,
}

impl TransitConfig {
    fn usual_mount() -> String {
        "transit".to_owned()
    }

    /// What is wrong with it, by its own keys.
    fn validate(&self) -> Result<(), Wrong> {
        check_address(&self.address).map_err(|why| why.at("address"))?;
        check_file(&self.token_file).map_err(|why| why.at("token_file"))?;
        check_files([("ca_file", &self.ca_file)])
    }
}

/// Which dialect of key-value store another vault speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// KV version 1: one value a path.
    Kv1,
    /// KV version 2: versions of its own.
    Kv2,
}

/// Another vault that keeps values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackendConfig {
    /// What it is called here.
    pub name: String,
    /// Its address.
    pub address: String,
    /// Where its key-value store is mounted.
    #[serde(default = "BackendConfig::usual_mount")]
    pub mount: String,
    /// What all paths begin with.
    #[serde(default)]
    pub prefix: String,
    /// Which dialect it speaks.
    #[serde(default = "BackendConfig::usual_dialect")]
    pub dialect: Dialect,
    /// The file that holds a token; or else `role_id` and `secret_id_file`.
    #[serde(default)]
    pub token_file: Option<String>,
    /// The role of an AppRole sign-in.
    #[serde(default)]
    pub role_id: Option<String>,
    /// The file that holds the secret of an AppRole sign-in.
    #[serde(default)]
    pub secret_id_file: Option<String>,
    /// The namespace, where there are some.
    #[serde(default)]
    pub namespace: Option<String>,
    /// The certificate of its authority, when it is not a public one.
    #[serde(default)]
    pub ca_file: Option<String>,
}

impl BackendConfig {
    fn usual_mount() -> String {
        "secret".to_owned()
    }

    const fn usual_dialect() -> Dialect {
        Dialect::Kv2
    }

    /// What is wrong with it, by its own keys.
    fn validate(&self) -> Result<(), Wrong> {
        let name = SecretName::parse(&self.name).filter(|n| !n.as_str().contains('/'));
        if name.is_none() || self.name == LOCAL {
            return Err(BACKEND_NAME.at("name"));
        }
        if self.token_file.is_some() == (self.role_id.is_some() && self.secret_id_file.is_some()) {
            return Err(SIGN_IN.at("token_file"));
        }
        check_address(&self.address).map_err(|why| why.at("address"))?;
        let files =
            [("token_file", &self.token_file), ("secret_id_file", &self.secret_id_file), ("ca_file", &self.ca_file)];
        check_files(files)
    }
}

/// What our own database is called among the back ends.
pub(crate) const LOCAL: &str = "local";

diwan_kernel::phrases! {
    /// What this section can say.
    pub(crate) REASONS:
    TRANSIT = "transit_needed", "the guard is transit, so it has to be set";
    BACKEND_NAME = "backend_name", "it must be a plain word other than `local`";
    SIGN_IN = "backend_sign_in", "it needs either token_file, or role_id and secret_id_file";
}

/// Checks those of these files that somebody named.
fn check_files<const N: usize>(files: [(&str, &Option<String>); N]) -> Result<(), Wrong> {
    let mut named = files.into_iter().filter_map(|(key, file)| Some((key, file.as_ref()?)));
    named.try_for_each(|(key, file)| check_file(file).map_err(|why| why.at(key)))
}

impl VaultConfig {
    /// How far hooks may go.
    pub(crate) fn hook_range(&self) -> Range {
        if self.private_hooks { Range::Private } else { Range::Outside }
    }

    /// Where the key file is.
    pub fn key_file_in(&self, data_dir: &Path) -> PathBuf {
        self.key_file.as_ref().map_or_else(|| data_dir.join("keys").join("vault.key"), PathBuf::from)
    }
}

impl Section for VaultConfig {
    const NAME: &'static str = "vault";
    const NEEDS_RESTART: &'static [&'static str] = &["key_file", "transit", "backends"];

    const REASONS: &'static [Phrase] = REASONS;

    fn validate(&self) -> Result<(), Wrong> {
        check_files([("key_file", &self.key_file), ("passphrase_file", &self.passphrase_file)])?;
        match (self.guard, &self.transit) {
            (Guard::Transit, None) => return Err(TRANSIT.at("transit")),
            (_, Some(transit)) => {
                transit.validate().map_err(|Wrong { path, reason }| reason.at(format!("transit.{path}")))?
            }
            _ => {}
        }
        let mut names = BTreeSet::new();
        for (at, backend) in self.backends.iter().enumerate() {
            let place = |Wrong { path, reason }| reason.at(format!("backends[{at}].{path}"));
            backend.validate().map_err(place)?;
            if !names.insert(&backend.name) {
                return Err(place(TWICE.at("name")));
            }
        }
        Ok(())
    }
}
