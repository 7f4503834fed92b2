//! Once, at the first unsealing after a release that vouches for more than the one before: everything
//! that the one before vouched for and that still holds is signed anew, with all that is vouched for now.
//!
//! Nobody can bring this about again to have forgeries signed: what says that it has not been done yet is
//! the form of the wrapped vouching key, which needs the master key, and for whoever kept an old copy of
//! that, the audit trail remembers.

use diwan_kernel::world::Timestamp;
use diwan_kernel::{Ctx, DbError, Entry, Problem, Tx};

use crate::envelope::Vouching;
use crate::error;
use crate::event::PoliciesChanged;
use crate::master::Masters;
use crate::secret::SecretId;
use crate::table::secret::Secret;
use crate::table::version::Version;
use crate::table::{self, master, policy, version};
use crate::vault::{LastMarks, Vault};

/// What was signed of a secret.
fn said_of(secret: &Secret) -> [Vec<u8>; 7] {
    [
        secret.id.bits().to_be_bytes().to_vec(),
        secret.name.as_str().as_bytes().to_vec(),
        secret.kind.as_str().as_bytes().to_vec(),
        secret.backend.as_bytes().to_vec(),
        secret.current_version.to_be_bytes().to_vec(),
        secret.latest_version.to_be_bytes().to_vec(),
        serde_json::json!(secret.facts).to_string().into_bytes(),
    ]
}

/// What was signed of a version.
fn said_of_version(version: &Version, secret: SecretId) -> [Vec<u8>; 6] {
    let moment = |at: Option<Timestamp>| at.map_or_else(Vec::new, |at| at.as_millis().to_be_bytes().to_vec());
    [
        b"version".to_vec(),
        secret.bits().to_be_bytes().to_vec(),
        version.version.to_be_bytes().to_vec(),
        version.origin.as_str().as_bytes().to_vec(),
        moment(version.valid_until),
        moment(version.destroyed_at),
    ]
}

fn was_genuine<const N: usize>(said: &[Vec<u8>; N], signature: &[u8], vouching: &Vouching) -> bool {
    vouching.holds(&said.each_ref().map(Vec::as_slice), signature)
}

impl Vault {
    /// Vouches for what an older release left without, if that was not done yet.
    pub(crate) async fn take_up(&self) {
        if let Err(problem) = self.take_up_once().await {
            tracing::error!(?problem, "what an older release left is not vouched for yet; trying again");
        }
    }

    async fn take_up_once(&self) -> Result<(), Problem> {
        if policy::has_book(self.db()).await? {
            return Ok(());
        }
        let masters = self.masters()?;
        let rows = master::list_in_use(self.db()).await?;
        let active =
            rows.iter().find(|row| row.id == masters.active().id()).ok_or_else(|| error::sealed(self.seal()))?;
        let marks = self.trail().last_marks().await?;
        if !masters.active().is_first_vouching(&active.vouching) || marks.policies.is_some() {
            return Err(error::tampered("the list of policies was removed"));
        }
        let ctx = Ctx::system(self.world(), "vault");
        let mut tx = self.db().begin(&ctx).await?;
        let anew = masters.vouching_under(self.world(), masters.active()).map_err(Problem::internal)?;
        if !master::set_vouching(&mut tx, active.id, anew, &active.vouching).await? {
            // Another server was faster.
            return Ok(());
        }
        for row in rows {
            master::set_signature(&mut tx, &row.sign(masters.vouching())).await?;
        }
        let mut last = None;
        loop {
            let some = table::secret::list_next(self.db(), &mut last).await?;
            if some.is_empty() {
                break;
            }
            for secret in some {
                self.take_up_secret(&mut tx, &masters, secret, &marks).await?;
            }
        }
        self.begin_book(&mut tx, masters.vouching()).await?;
        tx.emit(&PoliciesChanged {});
        tx.commit(Entry::done("vault.vouch").on("master_key", masters.active().id())).await?;
        tracing::info!("policies and everything known about secrets are vouched for from here on");
        Ok(())
    }

    /// What is not as it was signed, or older than what was written down of it, stays as it is and is found.
    async fn take_up_secret(
        &self,
        tx: &mut Tx,
        masters: &Masters,
        secret: Secret,
        marks: &LastMarks,
    ) -> Result<(), DbError> {
        let vouching = masters.vouching();
        for version in version::list(self.db(), secret.id).await? {
            if was_genuine(&said_of_version(&version, secret.id), &version.signature, vouching) {
                version::set_valid_until(tx, secret.id, &version.sign(secret.id, vouching)).await?;
            }
        }
        if !was_genuine(&said_of(&secret), &secret.signature, vouching) || marks.contradict(&secret) {
            return Ok(());
        }
        let secret = secret.sign(vouching);
        table::secret::set_signature(tx, &secret).await?;
        let entry = Entry::done("secret.vouch").on("secret", &secret.name).with("id", secret.id.to_string());
        tx.record(entry.with("mark", secret.mark())).await
    }
}

#[cfg(test)]
mod tests;
