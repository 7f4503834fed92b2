//! API tokens: for automation, with fewer rights than their owner.

use std::time::Duration;

use diwan_kernel::ctx::Permissions;
use diwan_kernel::id::ApiTokenId;
use diwan_kernel::{Ctx, Entry, Id, Problem};

use crate::event::{ApiTokenCreated, ApiTokenRevoked};
use crate::identity::Identity;
use crate::network::Network;
use crate::refusal;
use crate::table::api_token::{self, ApiToken};
use crate::table::user;
use crate::token_secret::TokenSecret;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A token that somebody wants.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) name: String,
    pub(crate) scopes: Permissions,
    pub(crate) expires_in_days: Option<u32>,
    pub(crate) allowed_addresses: Vec<Network>,
}

impl Identity {
    /// Makes a token for the caller. Its secret is known only now.
    ///
    /// # Errors
    /// 403 for a scope that the caller does not have, 409 `quota_reached`.
    pub(crate) async fn make_api_token(&self, ctx: &Ctx, wanted: Wanted) -> Result<(ApiToken, TokenSecret), Problem> {
        let owner = self.get_caller(ctx).await?;
        for scope in wanted.scopes.iter() {
            ctx.require(scope)?;
        }
        let (secret, now) = (TokenSecret::fresh(&ctx.world), ctx.now());
        let token = ApiToken {
            id: Id::new(&ctx.world),
            user: owner.id,
            name: wanted.name,
            prefix: secret.prefix(),
            scopes: wanted.scopes,
            allowed_addresses: wanted.allowed_addresses,
            created_at: now,
            expires_at: wanted.expires_in_days.map(|days| now.plus(DAY * days)),
            last_used_at: None,
        };
        let mut tx = self.db().begin(ctx).await?;
        user::lock(&mut tx, owner.id).await?;
        let held = api_token::count(&mut tx, owner.id, now).await?;
        if let Some(most) = owner.plan.quotas().api_tokens.filter(|most| held >= i64::from(*most)) {
            return Err(refusal::quota_reached("API tokens", most));
        }
        api_token::insert(&mut tx, &token, secret.hash(&self.keys().api_token)).await?;
        tx.emit(&ApiTokenCreated { id: token.id, user: owner.id });
        let scopes: Vec<&str> = token.scopes.iter().map(diwan_kernel::Permission::as_str).collect();
        let entry = Entry::done("api_token.create").on("api_token", token.id);
        tx.commit(entry.with("name", token.name.as_str()).with("scopes", scopes)).await?;
        Ok((token, secret))
    }

    /// Revokes one of the caller's tokens.
    ///
    /// # Errors
    /// 404 when it is not there or somebody else's.
    pub(crate) async fn revoke_api_token(&self, ctx: &Ctx, id: ApiTokenId) -> Result<(), Problem> {
        let owner = ctx.user_id()?;
        let mut tx = self.db().begin(ctx).await?;
        let name = api_token::delete(&mut tx, owner, id).await?.ok_or_else(|| Problem::not_found("API token"))?;
        tx.emit(&ApiTokenRevoked { id, user: owner });
        tx.commit(Entry::done("api_token.revoke").on("api_token", id).with("name", name)).await?;
        self.forget_user(owner);
        Ok(())
    }
}
