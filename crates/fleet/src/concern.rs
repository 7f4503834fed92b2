//! What whoever manages machines should see without looking for it: identities that two places used.

use std::collections::BTreeMap;

use diwan_kernel::Problem;

use crate::fleet::Fleet;
use crate::table::machine;

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

impl Fleet {
    /// What needs attention now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn concerns(&self) -> Result<Vec<Concern>, Problem> {
        let locked = machine::list_locked(self.db()).await?;
        let Some(first) = locked.first() else { return Ok(vec![]) };
        let detail = match locked.len() {
            1 => format!("Two places used the identity of the machine {first}: it is locked."),
            count => {
                format!("Two places used the identity of {first} and of {} machines more: they are locked.", count - 1)
            }
        };
        let params = [("machine", first.clone()), ("count", locked.len().to_string())];
        Ok(vec![Concern {
            code: "machine_locked",
            detail,
            next: "Find out who copied its key, join the machine anew with a line of its own, then unlock it.",
            params: params.into(),
        }])
    }
}
