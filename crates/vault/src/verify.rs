//! Verifying everything that is kept, so that what was edited, swapped, cut or put back from an older
//! copy is found before somebody needs it.

use std::collections::BTreeMap;

use diwan_kernel::{Ctx, Entry, Problem};
use serde::Serialize;

use crate::backend::Spot;
use crate::config::LOCAL;
use crate::envelope::Place;
use crate::master::Masters;
use crate::secret::SecretId;
use crate::table::secret::{Secret, Wanted};
use crate::table::{self, version};
use crate::vault::{LastMarks, Vault};

/// What was found.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct VaultVerification {
    /// Whether nothing is wrong.
    ok: bool,
    /// How many secrets were looked at.
    secrets: i64,
    /// How many values were opened.
    values: i64,
    /// How many values are kept by other vaults and were not fetched.
    elsewhere: i64,
    /// What is wrong, by secret.
    faults: Vec<VaultFault>,
}

/// What is wrong with a secret.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct VaultFault {
    /// Which secret.
    id: SecretId,
    /// What it is called, if that can be believed.
    name: String,
    /// Which version, when it is about one.
    version: Option<i64>,
    /// What is wrong.
    kind: FaultKind,
}

/// Kinds of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = VaultFaultKind)]
pub(crate) enum FaultKind {
    /// Its description was edited.
    Edited,
    /// A value does not open where it is: changed, cut, or moved from another row.
    DoesNotOpen,
    /// A version, or the value of one that nobody destroyed, is not there.
    Missing,
    /// It is older than what the audit trail last says of it.
    RolledBack,
    /// The audit trail speaks of a secret that is not there, and of nobody who removed it.
    Vanished,
}

const AT_ONCE: usize = 500;

impl Vault {
    /// Looks at every secret and opens every value that is kept here.
    ///
    /// # Errors
    /// 503 while the vault is sealed.
    pub(crate) async fn verify(&self, ctx: &Ctx) -> Result<VaultVerification, Problem> {
        let masters = self.current_masters().await?;
        let marks = self.trail().last_marks().await?;
        let mut report = VaultVerification { ok: true, secrets: 0, values: 0, elsewhere: 0, faults: vec![] };
        let mut seen = BTreeMap::new();
        let mut after: Option<String> = None;
        loop {
            let some = table::secret::list(self.db(), &Wanted::default(), after.as_deref(), AT_ONCE).await?;
            let Some(last) = some.last() else { break };
            after = Some(last.name.to_string());
            for secret in some {
                self.verify_one(&masters, &secret, &marks, &mut report).await?;
                seen.insert(secret.id.to_string(), ());
            }
        }
        for (id, mark) in &marks {
            if mark.mark.is_some() && !seen.contains_key(id) {
                report.blame(id.parse().ok(), &mark.name, None, FaultKind::Vanished);
            }
        }
        report.ok = report.faults.is_empty();
        let entry = match report.ok {
            true => Entry::done("vault.verify"),
            false => Entry::failed("vault.verify", "faults_found").with("faults", report.faults.len()),
        };
        self.db().begin(ctx).await?.commit(entry.with("secrets", report.secrets)).await?;
        Ok(report)
    }

    async fn verify_one(
        &self,
        masters: &Masters,
        secret: &Secret,
        marks: &LastMarks,
        report: &mut VaultVerification,
    ) -> Result<(), Problem> {
        report.secrets += 1;
        let (id, name) = (Some(secret.id), secret.name.as_str());
        if !secret.is_genuine(masters.vouching()) {
            report.blame(id, name, None, FaultKind::Edited);
        } else if marks.get(&secret.id.to_string()).and_then(|m| m.mark.as_ref()).is_some_and(|m| *m != secret.mark()) {
            report.blame(id, name, None, FaultKind::RolledBack);
        }
        // Every version has a row for ever, even when its value was destroyed.
        let versions = version::list(self.db(), secret.id).await?;
        for number in 1..=secret.latest_version {
            match versions.iter().find(|v| v.version == number) {
                None => report.blame(id, name, Some(number), FaultKind::Missing),
                Some(found) if !found.is_genuine(secret.id, masters.vouching()) => {
                    report.blame(id, name, Some(number), FaultKind::Edited);
                }
                Some(found) if found.destroyed_at.is_some() => {}
                Some(_) => self.verify_value(secret, number, report).await?,
            }
        }
        Ok(())
    }

    async fn verify_value(&self, secret: &Secret, number: i64, report: &mut VaultVerification) -> Result<(), Problem> {
        let (id, name) = (Some(secret.id), secret.name.as_str());
        let mut opened = self.opens(secret, number).await?;
        if opened == Some(false) {
            // Before anybody is alarmed: the master key may have been rotated between reading and opening.
            self.catch_up().await?;
            self.masters()?;
            opened = self.opens(secret, number).await?;
        }
        match opened {
            None => report.blame(id, name, Some(number), FaultKind::Missing),
            Some(_) if secret.backend != LOCAL => report.elsewhere += 1,
            Some(opened) => {
                report.values += 1;
                if !opened {
                    report.blame(id, name, Some(number), FaultKind::DoesNotOpen);
                }
            }
        }
        Ok(())
    }

    /// Whether a value opens; `None` when there is none. What other vaults keep is not fetched.
    async fn opens(&self, secret: &Secret, number: i64) -> Result<Option<bool>, Problem> {
        let stored = version::find(self.db(), secret.id, number).await?.and_then(|(_, stored)| stored);
        let Some(stored) = stored else { return Ok(None) };
        let spot = Spot { place: Place { secret: secret.id, version: number }, name: &secret.name };
        Ok(Some(match self.backend(LOCAL) {
            Some(local) if secret.backend == LOCAL => local.get(spot, &stored).await.is_ok(),
            _ => true,
        }))
    }
}

impl VaultVerification {
    fn blame(&mut self, id: Option<SecretId>, name: &str, version: Option<i64>, kind: FaultKind) {
        let id = id.unwrap_or_else(|| SecretId::from_bits(0));
        self.faults.push(VaultFault { id, name: name.to_owned(), version, kind });
    }
}
