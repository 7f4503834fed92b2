//! What everybody who manages secrets should see without looking for it: values that were read past the
//! policies, and secrets whose time has come.

use std::collections::BTreeMap;
use std::time::Duration;

use diwan_kernel::{Db, DbError};

use crate::config::VaultConfig;
use crate::table::secret::Pressing;
use crate::table::{glass, secret};
use crate::vault::Vault;

/// Something that needs somebody's attention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concern {
    /// What it is about, stable for programs.
    pub code: &'static str,
    /// What it is about, in a sentence.
    pub detail: String,
    /// What to do.
    pub next: &'static str,
    /// What the sentence speaks of, for whoever says it in another language.
    pub params: BTreeMap<&'static str, String>,
}

const DAY: Duration = Duration::from_secs(24 * 3600);
/// For so long everybody is reminded that a value was read past the policies.
pub(crate) const REMINDED: Duration = Duration::from_secs(7 * 24 * 3600);
/// What Diwan renews by itself and has not renewed for so long, it cannot renew.
const LATE: Duration = Duration::from_secs(3600);
/// More than these are told as these.
const COUNTED: usize = 1000;

/// What needs attention now.
///
/// # Errors
/// When the database does not answer.
pub async fn concerns(db: &Db, config: &VaultConfig) -> Result<Vec<Concern>, DbError> {
    let now = db.world().now();
    let broken = glass::list(db, now.minus(REMINDED), COUNTED).await?;
    let broken = broken.first().map(|last| Concern {
        code: "vault_glass_broken",
        detail: match broken.len() {
            1 => format!("{} read the secret {} past the policies at {}.", last.who, last.secret, last.at),
            n => format!(
                "{n} times within a week secrets were read past the policies, last {} by {} at {}.",
                last.secret, last.who, last.at
            ),
        },
        next: "The audit trail says why (`diwan audit list --action secret.break_glass`). If nobody knows of it, give the secret a new value.",
        params: BTreeMap::from([
            ("count", broken.len().to_string()),
            ("who", last.who.clone()),
            ("secret", last.secret.clone()),
            ("at", last.at.to_string()),
        ]),
    });
    let ended = secret::ended(db, now).await?.map(|ended| Concern {
        code: "secrets_ended",
        detail: match ended.count {
            1 => format!("The secret {} ended at {}.", ended.name, ended.at),
            n => format!("{n} secrets have ended, {} first, at {}.", ended.name, ended.at),
        },
        next: "Give them new values, or another end (`diwan secret list --due`).",
        params: params(&ended),
    });
    let soon = now.plus(DAY * u32::from(config.warn_days));
    let due = secret::due(db, now, soon, now.minus(LATE)).await?.map(|due| Concern {
        code: "secrets_due",
        detail: match due.count {
            1 => format!("The secret {} needs a new value by {}.", due.name, due.at),
            n => format!("{n} secrets need a new value, {} first, by {}.", due.name, due.at),
        },
        next: "Issue new values and set them (`diwan secret list --due`).",
        params: params(&due),
    });
    Ok(broken.into_iter().chain(ended).chain(due).collect())
}

fn params(pressing: &Pressing) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("count", pressing.count.to_string()),
        ("secret", pressing.name.clone()),
        ("at", pressing.at.to_string()),
    ])
}

impl Vault {
    /// What needs attention now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn concerns(&self) -> Result<Vec<Concern>, DbError> {
        concerns(self.db(), &self.config()).await
    }
}
