//! Finding secrets: what each caller may know of.

use std::time::Duration;

use diwan_kernel::{Ctx, Page, Problem};

use crate::error;
use crate::rules::{allowed_actions, knows};
use crate::secret::{SecretId, SecretView};
use crate::table::secret::{self, Secret, Wanted};
use crate::vault::Vault;

/// So many are looked at for each page of those who may not know of all.
const AT_ONCE: usize = 500;

impl Vault {
    /// How long before its end a secret is called due.
    pub(crate) fn warn_before(&self) -> Duration {
        Duration::from_secs(24 * 3600) * u32::from(self.config().warn_days)
    }

    /// A secret as this caller sees it.
    pub(crate) async fn view(&self, ctx: &Ctx, secret: Secret) -> Result<SecretView, Problem> {
        let may = allowed_actions(&self.rules_at_hand().await?, ctx, &secret.name);
        Ok(SecretView::new(secret, may, self.warn_before(), ctx.now()))
    }

    /// The secret with this id, if the caller may know of it.
    ///
    /// # Errors
    /// 404 when there is none, or it is none of the caller's business.
    pub(crate) async fn known_secret(&self, ctx: &Ctx, id: SecretId) -> Result<Secret, Problem> {
        let secret = self.get_secret(id).await?;
        if self.may_know(ctx, &secret.name).await? { Ok(secret) } else { Err(error::no_secret()) }
    }

    /// The secrets that the caller may know of, by name.
    pub(crate) async fn list_secrets(
        &self,
        ctx: &Ctx,
        wanted: &Wanted,
        after: Option<String>,
        limit: usize,
    ) -> Result<Page<SecretView>, Problem> {
        let rules = self.rules_at_hand().await?;
        let mut after = after;
        let mut found: Vec<Secret> = vec![];
        while found.len() <= limit {
            let some = secret::list(self.db(), wanted, after.as_deref(), AT_ONCE.max(limit + 1)).await?;
            let was_last = some.len() < AT_ONCE.max(limit + 1);
            after = some.last().map(|s| s.name.to_string());
            found.extend(some.into_iter().filter(|s| knows(&rules, ctx, &s.name)));
            if was_last {
                break;
            }
        }
        let (warn, now) = (self.warn_before(), ctx.now());
        found.truncate(limit + 1);
        let page = Page::cut(found, limit, |s| s.name.to_string());
        Ok(page.map(|s| {
            let may = allowed_actions(&rules, ctx, &s.name);
            SecretView::new(s, may, warn, now)
        }))
    }
}
