//! Removing what other vaults keep. It is written down with the removal here and carried out there as
//! soon as the other vault does it, however long that is away.

use diwan_kernel::db::Unrecorded;
use diwan_kernel::{Ctx, Problem};

use crate::backend::{BackendError, Spot, Stored};
use crate::config::LOCAL;
use crate::envelope::Place;
use crate::name::SecretName;
use crate::table::removal::{self, Removal};
use crate::vault::Vault;

/// So many names at one look: the rest has its turn a minute later.
const AT_ONCE: usize = 50;

impl Vault {
    /// Has everything removed that another vault still has under this name.
    ///
    /// # Errors
    /// When it does not answer or refuses; what is left is tried again later.
    pub(crate) async fn finish_removals(&self, backend: &str, name: &SecretName) -> Result<(), Problem> {
        if backend == LOCAL {
            return Ok(());
        }
        for removal in removal::list_of(self.db(), backend, name).await? {
            self.carry_out(&removal).await.map_err(|e| e.into_problem(self.seal()))?;
            let mut tx = self.db().begin_freeing(&Ctx::system(self.world(), "vault")).await?;
            removal::delete(&mut tx, removal.id).await?;
            tx.commit_unrecorded(Unrecorded::Bookkeeping).await?;
        }
        Ok(())
    }

    async fn carry_out(&self, removal: &Removal) -> Result<(), BackendError> {
        let away = || BackendError::Away(format!("`vault.backends` does not name {} any more", removal.backend));
        let backend = self.backend(&removal.backend).ok_or_else(away)?;
        let spot = Spot { place: Place { secret: removal.secret, version: removal.version }, name: &removal.name };
        match &removal.remote {
            Some(remote) => backend.destroy(spot, &Stored::There(remote.clone())).await,
            None => backend.forget(spot).await,
        }
    }

    /// Tries everything that is left.
    pub(crate) async fn finish_all_removals(&self) -> Result<(), Problem> {
        let mut away: Vec<String> = vec![];
        for (backend, name) in removal::list_names(self.db(), AT_ONCE).await? {
            // One that does not answer is asked once, not once for each name.
            if away.contains(&backend) {
                continue;
            }
            if let Err(problem) = self.finish_removals(&backend, &name).await {
                tracing::warn!(backend, secret = %name, ?problem, "another vault still has what was removed");
                if problem.code() == "backend_away" {
                    away.push(backend);
                }
            }
        }
        Ok(())
    }
}
