//! How the vault is, for whoever asks.

use diwan_kernel::world::Timestamp;
use diwan_kernel::{Ctx, Permission, Problem};
use serde::Serialize;

use crate::master::MOST_WRAPS;
use crate::rewrap::MasterRotation;
use crate::seal::WhySealed;
use crate::table::{master, removal, rewrap, secret};
use crate::unseal::{Guard, key_file};
use crate::vault::Vault;

/// How the vault is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct VaultStatus {
    /// Whether no secret is to be had now.
    sealed: bool,
    /// Why it is sealed.
    why: Option<WhySealed>,
    /// Why, in a sentence.
    detail: Option<String>,
    /// The master key in use.
    master_key: Option<MasterKeyStatus>,
    /// How many earlier master keys the key file still holds, in clear, for backups that need them.
    retired_keys: usize,
    /// The rotation of the master key that is under way.
    rotation: Option<MasterRotation>,
    /// Where values can be kept.
    backends: Vec<String>,
    /// How many secrets were removed here while another vault still has something of them.
    removals_pending: i64,
    /// How many secrets there are; null for those who may not know.
    secrets: Option<i64>,
}

/// The master key in use, without the key.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct MasterKeyStatus {
    /// Its id.
    id: String,
    /// What guards it.
    guard: Guard,
    /// Since when it is in use.
    created_at: Timestamp,
    /// How many data keys it has wrapped.
    wraps: i64,
    /// How many it may wrap before it has to be rotated.
    most_wraps: i64,
}

impl Vault {
    /// How the vault is. Only those who manage secrets learn how many there are.
    pub(crate) async fn status(&self, ctx: &Ctx) -> Result<VaultStatus, Problem> {
        self.catch_up().await?;
        let rows = master::list_in_use(self.db()).await?;
        let (why, detail) = self.seal().why().unzip();
        let counted = ctx.permissions.has(Permission::SecretsManage);
        Ok(VaultStatus {
            sealed: why.is_some(),
            why,
            detail,
            master_key: rows.into_iter().find(|row| row.is_active).map(|row| MasterKeyStatus {
                id: row.id.to_string(),
                guard: row.guard,
                created_at: row.created_at,
                wraps: row.wraps,
                most_wraps: MOST_WRAPS,
            }),
            retired_keys: key_file::count_retired(self.world(), &self.key_file()),
            rotation: rewrap::find_open(self.db()).await?.map(MasterRotation::from),
            backends: self.backend_names().map(str::to_owned).collect(),
            removals_pending: removal::count(self.db()).await?,
            secrets: if counted { Some(secret::count(self.db()).await?) } else { None },
        })
    }
}
