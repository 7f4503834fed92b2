//! Several servers on one database: what one of them changes about the seal and the master keys, the
//! others notice before they use what they have at hand. Nobody takes a row that another server wrapped
//! with a newer key for one that was tampered with.

use std::sync::Arc;

use diwan_kernel::{Ctx, DbError, Entry, Problem};

use crate::event::VaultChanged;
use crate::master::Masters;
use crate::seal::{Sealed, WhySealed};
use crate::table::master::Standing;
use crate::table::{master, switch};
use crate::vault::Vault;

impl Vault {
    /// The keys, as they must be at this moment.
    ///
    /// # Errors
    /// 503 while the vault is sealed, here or by another server.
    pub(crate) async fn current_masters(&self) -> Result<Arc<Masters>, Problem> {
        // A SQLite file has one server.
        if self.db().engine() != "sqlite" {
            self.catch_up().await?;
        }
        self.masters()
    }

    /// Whether the vault is sealed, for whoever looks after the server.
    pub fn sealed(&self) -> Option<Sealed> {
        let (why, detail) = self.seal().why()?;
        let next = match why {
            WhySealed::NotInitialised => {
                "Set the vault up: in the dashboard under Secrets, or with `diwan unseal --first`."
            }
            WhySealed::PassphraseNeeded | WhySealed::ByHand => {
                "An owner unseals it: in the dashboard under Secrets, or with `diwan unseal`."
            }
            WhySealed::KeyFile | WhySealed::WrongKey => {
                "Put back the key file that belongs to this database; `diwan doctor` says what is wrong with it."
            }
            WhySealed::Transit => {
                "Mend the key service or its settings (`vault.transit`); it is asked again every minute."
            }
        };
        Some(Sealed { detail, next })
    }

    /// Takes notice of what another server did: sealed or unsealed the vault, rotated its master key,
    /// or set it up. Where the new key cannot be had here, the vault is sealed here and says why.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn catch_up(&self) -> Result<(), DbError> {
        if self.knows(&master::standing(self.db()).await?) {
            return Ok(());
        }
        // It may be this very server that is in the middle of the change.
        let _changing = self.change_masters().await;
        let standing = master::standing(self.db()).await?;
        if self.knows(&standing) {
            return Ok(());
        }
        if standing.is_sealed {
            self.seal().close(WhySealed::ByHand, "Somebody sealed it.");
            return Ok(());
        }
        let rows = master::list_in_use(self.db()).await?;
        match self.masters_from(&rows, self.passphrase_from_file()).await {
            Ok(masters) => {
                self.open_unless_sealed(masters).await?;
                self.resume_rewrap().await;
            }
            Err(error) => {
                tracing::warn!(%error, "another server changed the master key, and this one cannot have the new one");
                self.seal().close(error.why(), error.sentence());
            }
        }
        Ok(())
    }

    /// Whether what is at hand is what the database says.
    fn knows(&self, standing: &Standing) -> bool {
        match (self.seal().masters(), self.seal().why()) {
            (Some(masters), _) => !standing.is_sealed && masters.are(&standing.keys),
            (None, Some((WhySealed::ByHand, _))) => standing.is_sealed,
            (None, Some((WhySealed::NotInitialised, _))) => standing.keys.is_empty(),
            // What is missing is missing here, whatever others do.
            (None, _) => true,
        }
    }

    /// Takes the keys in hand, unless somebody sealed the vault while they were fetched.
    pub(crate) async fn open_unless_sealed(&self, masters: Masters) -> Result<(), DbError> {
        self.seal().open(masters);
        // Looked at last: whoever seals it later than this closes it later than this.
        if switch::sealed_at(self.db()).await?.is_some() {
            self.seal().close(WhySealed::ByHand, "Somebody sealed it.");
            return Ok(());
        }
        self.take_up().await;
        Ok(())
    }

    /// Tries again what did not help at the start: the key file was put back, the key service answers.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn try_again(&self) -> Result<(), DbError> {
        if !matches!(self.seal().why(), Some((WhySealed::KeyFile | WhySealed::Transit, _))) {
            return Ok(());
        }
        let _changing = self.change_masters().await;
        if switch::sealed_at(self.db()).await?.is_some() {
            return Ok(());
        }
        let rows = master::list_in_use(self.db()).await?;
        let Ok(masters) = self.masters_from(&rows, self.passphrase_from_file()).await else { return Ok(()) };
        let mut tx = self.db().begin(&Ctx::system(self.world(), "vault")).await?;
        tx.emit(&VaultChanged {});
        tx.commit(Entry::done("vault.unseal")).await?;
        self.open_unless_sealed(masters).await?;
        tracing::info!("the vault is unsealed: what guards its master key is back");
        self.resume_rewrap().await;
        Ok(())
    }
}
