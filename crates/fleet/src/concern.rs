//! What whoever manages machines should see without looking for it: identities that two places used, SSH
//! keys that are not as they should be.

use std::collections::BTreeMap;

use diwan_kernel::Problem;

use crate::fleet::Fleet;
use crate::ssh_keys::table;
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
        let concerns = [self.locked().await?, self.troubled_keys().await?];
        Ok(concerns.into_iter().flatten().collect())
    }

    async fn troubled_keys(&self) -> Result<Option<Concern>, Problem> {
        let Some((count, machine, secret)) = table::troubled(self.db()).await? else { return Ok(None) };
        let detail = match count {
            1 => format!("The SSH key {secret} is not as it should be on the machine {machine}."),
            count => format!(
                "The SSH key {secret} is not as it should be on the machine {machine}, and {} more are not.",
                count - 1
            ),
        };
        let params = [("machine", machine), ("secret", secret), ("count", count.to_string())];
        Ok(Some(Concern {
            code: "ssh_key_troubled",
            detail,
            next: "Look at the machine's page: whatever opened the door still does until this is seen to.",
            params: params.into(),
        }))
    }

    async fn locked(&self) -> Result<Option<Concern>, Problem> {
        let locked = machine::list_locked(self.db()).await?;
        let Some(first) = locked.first() else { return Ok(None) };
        let detail = match locked.len() {
            1 => format!("Two places used the identity of the machine {first}: it is locked."),
            count => {
                format!("Two places used the identity of {first} and of {} machines more: they are locked.", count - 1)
            }
        };
        let params = [("machine", first.clone()), ("count", locked.len().to_string())];
        Ok(Some(Concern {
            code: "machine_locked",
            detail,
            next: "Find out who copied its key, join the machine anew with a line of its own, then unlock it.",
            params: params.into(),
        }))
    }
}
