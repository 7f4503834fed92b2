//! Verifying everything that is kept, so that what was edited, swapped, cut or put back from an older
//! copy is found before somebody needs it.

use std::collections::BTreeSet;

use diwan_kernel::{Ctx, Entry, Problem};
use serde::Serialize;

use crate::backend::Spot;
use crate::book::Book;
use crate::config::LOCAL;
use crate::envelope::Place;
use crate::master::Masters;
use crate::table::policy::{self, Found};
use crate::table::secret::Secret;
use crate::table::{self, master, version};
use crate::vault::{LastMarks, Vault};
use crate::vouch::mark;

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
    /// What is wrong: with policies and master keys, then secret by secret.
    faults: Vec<VaultFault>,
}

/// Something that is wrong.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct VaultFault {
    /// What it is wrong with.
    about: FaultAbout,
    /// Which one; empty for the list of policies as a whole.
    id: String,
    /// What it is called, if that can be believed.
    name: String,
    /// Which version, when it is about one.
    version: Option<i64>,
    /// What is wrong.
    kind: FaultKind,
}

/// What a fault is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = VaultFaultAbout)]
pub(crate) enum FaultAbout {
    /// A secret.
    Secret,
    /// A policy, or all of them.
    Policy,
    /// A master key.
    MasterKey,
    /// A key that the control plane made for itself.
    OwnKey,
}

/// Kinds of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = VaultFaultKind)]
pub(crate) enum FaultKind {
    /// What is known about it was edited, or nobody vouches for it.
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

impl Vault {
    /// Looks at every policy, master key and secret, and opens every value that is kept here.
    ///
    /// # Errors
    /// 503 while the vault is sealed.
    pub(crate) async fn verify(&self, ctx: &Ctx) -> Result<VaultVerification, Problem> {
        let masters = self.current_masters().await?;
        let marks = self.trail().last_marks().await?;
        let mut report = VaultVerification { ok: true, secrets: 0, values: 0, elsewhere: 0, faults: vec![] };
        self.verify_policies(&masters, &marks, &mut report).await?;
        self.verify_masters(&masters, &mut report).await?;
        for name in self.own_keys_that_do_not_open(&masters).await? {
            report.blame_for(FaultAbout::OwnKey, "", &name, FaultKind::DoesNotOpen);
        }
        let mut seen = BTreeSet::new();
        let mut last = None;
        loop {
            let some = table::secret::list_next(self.db(), &mut last).await?;
            if some.is_empty() {
                break;
            }
            for secret in some {
                self.verify_one(&masters, &secret, &marks, &mut report).await?;
                seen.insert(secret.id.to_string());
            }
        }
        for (id, mark) in &marks.secrets {
            if mark.mark.is_some() && !seen.contains(id) {
                report.blame(id, &mark.name, None, FaultKind::Vanished);
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

    async fn verify_policies(
        &self,
        masters: &Masters,
        marks: &LastMarks,
        report: &mut VaultVerification,
    ) -> Result<(), Problem> {
        let vouching = masters.vouching();
        let mut blame = |id: &str, name: &str, kind| report.blame_for(FaultAbout::Policy, id, name, kind);
        let (stored, found) = policy::list(self.db()).await?;
        let book = Book::open(stored.as_ref(), vouching);
        if book.is_none() {
            blame("", "", FaultKind::Edited);
        } else if stored.is_some_and(|s| marks.policies.as_ref().is_some_and(|m| *m != mark(&s.signature))) {
            blame("", "", FaultKind::RolledBack);
        }
        let book = book.unwrap_or_default();
        let mut rules = vec![];
        for found in found {
            match found {
                Found::Unreadable(name) => blame("", &name, FaultKind::Edited),
                Found::Rule(rule) => rules.push(rule),
            }
        }
        for rule in rules.iter().filter(|rule| !book.has(rule, vouching)) {
            blame(&rule.id.to_string(), &rule.name, FaultKind::Edited);
        }
        book.missing(&rules).for_each(|id| blame(id, "", FaultKind::Missing));
        Ok(())
    }

    async fn verify_masters(&self, masters: &Masters, report: &mut VaultVerification) -> Result<(), Problem> {
        let rows = master::list_in_use(self.db()).await?;
        let mut blame = |id: &str, kind| report.blame_for(FaultAbout::MasterKey, id, "", kind);
        if rows.iter().filter(|row| row.is_active).count() != 1 {
            blame("", FaultKind::Edited);
        }
        for row in rows {
            // None has wrapped less than what is there, and the vouching key.
            let is_too_low = row.is_active && row.wraps <= version::count_under(self.db(), row.id).await?;
            if is_too_low || !row.is_genuine(masters.vouching()) {
                blame(&row.id.to_string(), FaultKind::Edited);
            } else if row.id == masters.active().id() && masters.active().unwrap_vouching(&row.vouching).is_err() {
                blame(&row.id.to_string(), FaultKind::DoesNotOpen);
            }
        }
        Ok(())
    }

    async fn verify_one(
        &self,
        masters: &Masters,
        secret: &Secret,
        marks: &LastMarks,
        report: &mut VaultVerification,
    ) -> Result<(), Problem> {
        report.secrets += 1;
        let (id, name) = (&secret.id.to_string(), secret.name.as_str());
        if !secret.is_genuine(masters.vouching()) {
            report.blame(id, name, None, FaultKind::Edited);
        } else if marks.contradict(secret) {
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
        let (id, name) = (&secret.id.to_string(), secret.name.as_str());
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
    fn blame(&mut self, secret: &str, name: &str, version: Option<i64>, kind: FaultKind) {
        let (about, id, name) = (FaultAbout::Secret, secret.to_owned(), name.to_owned());
        self.faults.push(VaultFault { about, id, name, version, kind });
    }

    fn blame_for(&mut self, about: FaultAbout, id: &str, name: &str, kind: FaultKind) {
        self.faults.push(VaultFault { about, id: id.to_owned(), name: name.to_owned(), version: None, kind });
    }
}
