//! Operations about the keys that machines know the control plane by.

use reqwest::Method;
use serde::Deserialize;

use crate::call::Query;
use crate::client::Client;
use crate::operations::Answer;

/// The keys that machines know the control plane by.
#[derive(Debug, Clone, Deserialize)]
pub struct FleetKeys {
    /// How many times they were changed, and one.
    pub generation: u64,
    /// SHA-256 of the authority.
    pub fingerprint: String,
    /// When they were changed last.
    pub changed_at: Option<String>,
    /// Until when the keys before are still good.
    pub overlap_ends_at: Option<String>,
    /// How many machines there are.
    pub machines: u64,
    /// How many of them have not learned the newest keys.
    pub count_without: u64,
    /// The first of those.
    pub without: Vec<MachineWithoutKeys>,
}

/// A machine that has not learned the newest keys.
#[derive(Debug, Clone, Deserialize)]
pub struct MachineWithoutKeys {
    /// What it is called.
    pub name: String,
}

impl Client {
    /// The keys, and which machines have not learned the newest.
    ///
    /// # Errors
    /// When they may not be seen, or the vault is sealed.
    pub async fn get_fleet_keys(&self) -> Answer<FleetKeys> {
        self.get("/fleet/keys", Query::new()).await
    }

    /// Changes them.
    ///
    /// # Errors
    /// When the change before is not over, or the vault is sealed.
    pub async fn rotate_fleet_keys(&self) -> Answer<FleetKeys> {
        self.write(Method::POST, "/fleet/rotate-keys", None).await
    }
}
