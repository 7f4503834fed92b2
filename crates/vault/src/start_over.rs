//! Starting over when the master key is lost for good: nothing that it guarded can be brought back, so
//! it is removed, and written down secret by secret.

use axum::http::StatusCode;
use diwan_kernel::key_file::KeyBytes;
use diwan_kernel::{Ctx, Entry, Problem};

use crate::envelope::MasterId;
use crate::event::VaultChanged;
use crate::master::Masters;
use crate::sealing::Passphrase;
use crate::table::{master, own_key, secret, switch};
use crate::unseal::Guard;
use crate::vault::Vault;

impl Vault {
    /// Removes every secret and begins again with a new master key. Only a sealed vault is given up:
    /// whoever can unseal it does not need this. Policies stay.
    ///
    /// # Errors
    /// 409 while the vault is unsealed; 422 for an unfit passphrase. Says how many secrets were removed.
    pub(crate) async fn start_over(&self, ctx: &Ctx, guard: Guard, passphrase: Passphrase) -> Result<usize, Problem> {
        if self.seal().masters().is_some() {
            return Err(still_unsealed());
        }
        let id = MasterId::new(self.world());
        let (key, memo) = self.make_master(id, guard, passphrase).await?;
        let vouching_key = KeyBytes::fresh(self.world());
        let vouching = key.wrap_vouching(self.world(), &vouching_key).map_err(Problem::internal)?;
        let row = master::Master::first(ctx, id, guard, memo, vouching);
        let masters = Masters::new(key, vec![], vouching_key);
        let mut names = vec![];
        let mut last = None;
        loop {
            let some = secret::list_next(self.db(), &mut last).await?;
            if some.is_empty() {
                break;
            }
            names.extend(some.into_iter().map(|s| (s.id, s.name)));
        }

        let mut tx = self.db().begin_freeing(ctx).await?;
        for (id, name) in &names {
            secret::delete(&mut tx, *id).await?;
            tx.record(Entry::done("secret.delete").on("secret", name).with("id", id.to_string())).await?;
        }
        own_key::delete_all(&mut tx).await?;
        master::abandon_all(&mut tx, ctx.now()).await?;
        master::insert(&mut tx, &row.sign(masters.vouching())).await?;
        self.begin_book(&mut tx, masters.vouching()).await?;
        switch::set(&mut tx, None, None).await?;
        tx.emit(&VaultChanged {});
        let entry = Entry::done("vault.start_over").on("master_key", id).with("guard", guard.as_str());
        tx.commit(entry.with("secrets_removed", names.len())).await?;
        self.seal().open(masters);
        self.forget_deleted().await;
        tracing::warn!(secrets = names.len(), "the vault was started over: what its lost key guarded is gone");
        Ok(names.len())
    }
}

fn still_unsealed() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "vault_not_lost",
        "The vault is unsealed",
        "Its master key is at hand, so nothing has to be given up.",
        "To have another master key, rotate it.",
    )
}
