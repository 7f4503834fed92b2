//! Sealing and unsealing: how the master key comes into the process and leaves it.

use diwan_kernel::db::DbError;
use diwan_kernel::key_file::KeyBytes;
use diwan_kernel::{Ctx, Entry, Problem, Secret};

use crate::envelope::{MasterId, MasterKey};
use crate::error;
use crate::event::VaultChanged;
use crate::master::Masters;
use crate::rules;
use crate::seal::WhySealed;
use crate::table::{self, switch};
use crate::unseal::{self, Guard, Guarded, Guards, UnsealError, key_file, passphrase, transit};
use crate::vault::Vault;

impl UnsealError {
    pub(crate) const fn why(&self) -> WhySealed {
        match self {
            Self::NoKeyFile(_) | Self::NotInKeyFile { .. } | Self::KeyFile(_) => WhySealed::KeyFile,
            Self::PassphraseNeeded | Self::PassphraseFile { .. } => WhySealed::PassphraseNeeded,
            Self::Transit(_) => WhySealed::Transit,
            Self::WrongKey | Self::Malformed => WhySealed::WrongKey,
        }
    }

    pub(crate) fn sentence(&self) -> String {
        let text = self.to_string();
        let mut letters = text.chars();
        let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
        format!("{first}{}.", letters.as_str())
    }
}

/// What somebody gave to unseal with.
pub(crate) type Passphrase = Option<Secret<String>>;

impl Vault {
    /// At the start: brings the master key back if nobody is needed for it, or makes the first one.
    pub(crate) async fn bring_back(&self) -> Result<(), DbError> {
        let rows = table::master::list_in_use(self.db()).await?;
        if rows.is_empty() {
            let passphrase = self.passphrase_from_file();
            if self.config().guard != Guard::Passphrase || passphrase.is_some() {
                let ctx = Ctx::system(self.world(), "vault");
                let made = self.initialise(&ctx, self.config().guard, passphrase).await;
                made.unwrap_or_else(|problem| tracing::warn!(?problem, "the vault has no master key yet"));
            }
            return Ok(());
        }
        if switch::sealed_at(self.db()).await?.is_some() {
            self.seal().close(WhySealed::ByHand, "Somebody sealed it.");
            return Ok(());
        }
        match self.masters_from(&rows, self.passphrase_from_file()).await {
            Ok(masters) => {
                self.seal().open(masters);
                self.take_up().await;
            }
            Err(error) => {
                if !matches!(error, UnsealError::PassphraseNeeded) {
                    tracing::error!(%error, "the vault stays sealed");
                }
                self.seal().close(error.why(), error.sentence());
            }
        }
        Ok(())
    }

    /// Makes the first master key.
    ///
    /// # Errors
    /// 409 when there is one already; 422 for a guard that is not set up, or a passphrase that is missing or
    /// too short.
    pub(crate) async fn initialise(&self, ctx: &Ctx, guard: Guard, passphrase: Passphrase) -> Result<(), Problem> {
        let _changing = self.change_masters().await;
        // Before anything is made: another server may still be first, which the insertion decides.
        if !table::master::list_in_use(self.db()).await?.is_empty() {
            return Err(already_initialised());
        }
        let id = MasterId::new(self.world());
        let (master, memo) = self.make_master(id, guard, passphrase).await?;
        let vouching_key = KeyBytes::fresh(self.world());
        let vouching = master.wrap_vouching(self.world(), &vouching_key).map_err(Problem::internal)?;
        let row = table::master::Master::first(ctx, id, guard, memo, vouching);
        let masters = Masters::new(master, vec![], vouching_key);
        let mut tx = self.db().begin(ctx).await?;
        match table::master::insert(&mut tx, &row.sign(masters.vouching())).await {
            Err(DbError::Unique(_)) => return Err(already_initialised()),
            other => other?,
        }
        switch::set(&mut tx, None, None).await?;
        rules::add_first_rules(&mut tx, ctx).await?;
        self.begin_book(&mut tx, masters.vouching()).await?;
        tx.emit(&VaultChanged {});
        tx.commit(Entry::done("vault.initialise").on("master_key", id).with("guard", guard.as_str())).await?;
        self.seal().open(masters);
        Ok(())
    }

    /// Makes a master key. Where something has to be kept for it, that is on the disk when this returns.
    pub(crate) async fn make_master(
        &self,
        id: MasterId,
        guard: Guard,
        passphrase: Passphrase,
    ) -> Result<(MasterKey, serde_json::Value), Problem> {
        let made = match guard {
            Guard::KeyFile => {
                let key = KeyBytes::fresh(self.world());
                key_file::add(self.world(), &self.key_file(), id, &key)
                    .map(|()| Guarded { key, memo: serde_json::Value::Null })
            }
            Guard::Passphrase => {
                let passphrase = self.judge_passphrase(passphrase)?;
                passphrase::derive_fresh(self.world(), &passphrase).await
            }
            Guard::Transit if self.config().transit.is_none() => return Err(no_key_service()),
            Guard::Transit => transit::guard_fresh(self.world(), self.config().transit.as_ref()).await,
        };
        let made = made.map_err(|e| guard_problem(&e))?;
        let master = MasterKey::new(id, &made.key).map_err(Problem::internal)?;
        Ok((master, made.memo))
    }

    fn judge_passphrase(&self, passphrase: Passphrase) -> Result<Secret<String>, Problem> {
        let wrong = |message: &str| Problem::invalid_field("passphrase", "passphrase_unfit", message);
        let passphrase = passphrase.ok_or_else(|| wrong("A passphrase is needed for this guard."))?;
        match passphrase.expose().chars().count() {
            n if n < passphrase::SHORTEST => {
                Err(wrong("The passphrase needs at least 15 characters; four or more words are good."))
            }
            n if n > passphrase::LONGEST => Err(wrong("The passphrase has at most 1024 characters.")),
            _ if self.is_guessed_early(passphrase.expose()) => {
                Err(wrong("The passphrase is one of those that are tried first; four or more words are good."))
            }
            _ => Ok(passphrase),
        }
    }

    /// Unseals with what is at hand, or with this passphrase.
    ///
    /// # Errors
    /// 409 when there is no master key yet, 403 for a wrong passphrase, 429 after too many of them.
    pub(crate) async fn unseal(&self, ctx: &Ctx, given: Passphrase) -> Result<(), Problem> {
        // Or a rotation that begins meanwhile would be forgotten.
        let _changing = self.change_masters().await;
        let rows = table::master::list_in_use(self.db()).await?;
        if rows.is_empty() {
            return Err(not_initialised());
        }
        let caller = caller(ctx);
        let needs_passphrase = rows.iter().any(|row| row.guard == Guard::Passphrase);
        if needs_passphrase {
            self.count_try(&caller)?;
        }
        let passphrase = given.or_else(|| self.passphrase_from_file());
        let masters = match self.masters_from(&rows, passphrase).await {
            Ok(masters) => masters,
            Err(error) => {
                let refused = Entry::denied("vault.unseal", format!("{:?}", error.why()));
                self.db().begin(ctx).await?.commit(refused).await?;
                return Err(unseal_problem(&error));
            }
        };
        if needs_passphrase {
            self.patience().forget(&caller);
        }
        let mut tx = self.db().begin(ctx).await?;
        switch::set(&mut tx, None, None).await?;
        tx.emit(&VaultChanged {});
        tx.commit(Entry::done("vault.unseal")).await?;
        self.open_unless_sealed(masters).await?;
        self.resume_rewrap().await;
        Ok(())
    }

    /// Seals the vault: until somebody unseals it, over restarts too, no secret is to be had.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub(crate) async fn seal_by_hand(&self, ctx: &Ctx) -> Result<(), Problem> {
        let mut tx = self.db().begin(ctx).await?;
        switch::set(&mut tx, Some(ctx.now()), actor(ctx)).await?;
        tx.emit(&VaultChanged {});
        tx.commit(Entry::done("vault.seal")).await?;
        self.seal().close(WhySealed::ByHand, "Somebody sealed it.");
        Ok(())
    }

    /// Brings the keys of these rows back, and proves that they are the right ones.
    pub(crate) async fn masters_from(
        &self,
        rows: &[table::master::Master],
        passphrase: Passphrase,
    ) -> Result<Masters, UnsealError> {
        let key_file = self.key_file();
        Guards { world: self.world(), config: &self.config(), key_file: &key_file }.bring_back(rows, passphrase).await
    }

    fn count_try(&self, caller: &str) -> Result<(), Problem> {
        let now = self.world().monotonic();
        if let Some(wait) = self.patience().wait(caller, now) {
            return Err(Problem::too_many("too_many_passphrases", "The passphrase was wrong too often.", wait));
        }
        self.patience().begin(caller, now);
        Ok(())
    }

    pub(crate) fn passphrase_from_file(&self) -> Passphrase {
        let read = unseal::passphrase_in_file(self.world(), &self.config());
        read.inspect_err(|error| tracing::error!(%error, "the vault does not unseal by itself")).ok().flatten()
    }
}

/// Who acts, for the column of a row: the person, also when it is a token of theirs that was used.
pub(crate) fn actor(ctx: &Ctx) -> Option<String> {
    Some(ctx.actor.user_id().map_or_else(|| ctx.actor.key(), |person| person.to_string()))
}

/// Who tries, as far as tries are counted: the account, whichever of its tokens it uses, and from where.
fn caller(ctx: &Ctx) -> String {
    let who = ctx.actor.user_id().map_or_else(|| ctx.actor.key(), |id| id.to_string());
    let address = ctx.request.as_ref().and_then(|request| request.address);
    address.map_or_else(|| who.clone(), |address| format!("{who} {address}"))
}

fn no_key_service() -> Problem {
    let message = "No key service is set up: its address, key and token belong into the setting vault.transit.";
    Problem::invalid_field("guard", "guard_not_set_up", message)
}

pub(crate) fn guard_problem(error: &UnsealError) -> Problem {
    Problem::unavailable(
        "vault_guard_failed",
        format!("The new master key could not be put under guard. {}", error.sentence()),
        std::time::Duration::from_secs(5),
    )
    .because(error.to_string())
}

fn unseal_problem(error: &UnsealError) -> Problem {
    match error {
        UnsealError::PassphraseNeeded => {
            Problem::invalid_field("passphrase", "passphrase_needed", "The passphrase is needed to unseal this vault.")
        }
        UnsealError::WrongKey => Problem::new(
            axum::http::StatusCode::FORBIDDEN,
            "unseal_failed",
            "The vault stays sealed",
            "This is not the key that the vault was sealed with.",
            "Check the passphrase or the key file and try again.",
        ),
        other => Problem::new(
            axum::http::StatusCode::SERVICE_UNAVAILABLE,
            "unseal_failed",
            "The vault stays sealed",
            other.sentence(),
            "Mend what is missing, then unseal again. The documentation says what to do when a key is lost.",
        ),
    }
}

fn already_initialised() -> Problem {
    Problem::conflict(
        "vault_initialised_already",
        "There is a master key already",
        "The vault was set up before, perhaps by another server on the same database.",
        "Unseal it. To guard it differently, rotate the master key.",
    )
}

fn not_initialised() -> Problem {
    Problem::conflict(
        "vault_not_initialised",
        "There is no master key yet",
        "Nobody has said yet what guards the master key.",
        "Set the vault up first: in the dashboard under Secrets, or with `diwan unseal --first`.",
    )
}

impl Vault {
    /// The keys, or why there are none.
    pub(crate) fn masters(&self) -> Result<std::sync::Arc<Masters>, Problem> {
        self.seal().masters().ok_or_else(|| error::sealed(self.seal()))
    }
}
