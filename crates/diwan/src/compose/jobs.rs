//! What jobs ask and identity knows.

use async_trait::async_trait;
use diwan_identity::Identity;
use diwan_jobs::Owners;
use diwan_kernel::{Permission, Problem};

/// Knows who answers for schedules.
pub(super) struct People(pub(super) Identity);

#[async_trait]
impl Owners for People {
    async fn may_run_jobs(&self, user: &str) -> Result<bool, Problem> {
        let members = self.0.members().await?;
        let found = members.iter().find(|member| member.id.to_string() == user);
        Ok(found.is_some_and(|member| member.role.permissions().has(Permission::JobsRun)))
    }
}
