//! What jobs ask and identity knows.

use std::collections::BTreeSet;

use async_trait::async_trait;
use diwan_identity::Identity;
use diwan_jobs::Owners;
use diwan_kernel::{Permission, Problem};

/// Knows who answers for jobs and schedules.
pub(super) struct People(pub(super) Identity);

#[async_trait]
impl Owners for People {
    async fn who_may_run_jobs(&self) -> Result<BTreeSet<String>, Problem> {
        let members = self.0.members().await?;
        let may = members.iter().filter(|member| member.role.permissions().has(Permission::JobsRun));
        Ok(may.map(|member| member.id.to_string()).collect())
    }
}
