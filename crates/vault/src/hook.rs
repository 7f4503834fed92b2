//! Hooks: who is told when a secret has a new value or needs one. Never the value: whoever is told comes
//! and reads it, if the policies let them.
//!
//! What has to be told is written down with the change itself, and told until it was taken (`deliver`).

use std::sync::Arc;

use async_trait::async_trait;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Ctx, DbError, Entry, Id, Problem, Secret, Tx, id_kinds};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::error;
use crate::event::HookChanged;
use crate::hook_address::safe_address;
use crate::sealing::actor;
use crate::secret::SecretId;
use crate::table;
use crate::table::hook::{Delivery, Target};
use crate::vault::Vault;

id_kinds! {
    /// A hook of a secret.
    HookKind = "hok",
    /// Something that a hook has to be told.
    DeliveryKind = "hkd",
}

/// The id of a hook.
pub(crate) type HookId = Id<HookKind>;
/// The id of something that a hook has to be told.
pub(crate) type DeliveryId = Id<DeliveryKind>;

/// So many hooks a secret may have.
const MOST: usize = 10;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = SecretHookEvent)]
pub enum HookEvent {
    /// The secret has a new value that was made by rotation.
    #[serde(rename = "secret.rotated")]
    Rotated,
    /// The secret has a new value that somebody gave.
    #[serde(rename = "secret.written")]
    Written,
    /// A new value is due, and only people can give one; or the secret ends soon.
    #[serde(rename = "secret.due")]
    Due,
    /// Somebody tries the hook.
    #[serde(rename = "hook.test")]
    Test,
}

/// What hooks are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookNotice {
    /// What happened.
    pub event: HookEvent,
    /// To which secret.
    pub secret_id: SecretId,
    /// What it was called then.
    pub secret_name: String,
    /// Which version readers get from then on.
    pub version: i64,
    /// Until when the version before may still be used.
    pub version_before_until: Option<Timestamp>,
    /// When it happened.
    pub at: Timestamp,
}

impl HookNotice {
    pub(crate) fn new(event: HookEvent, secret: &table::secret::Secret, now: Timestamp) -> Self {
        Self {
            event,
            secret_id: secret.id,
            secret_name: secret.name.to_string(),
            version: secret.current_version,
            version_before_until: None,
            at: now,
        }
    }
}

/// A part of this process that is told of every secret's new values, at least once each.
#[async_trait]
pub trait SecretHook: Send + Sync {
    /// Its name, which stays the same over restarts: what it has not taken yet waits under it.
    fn name(&self) -> &'static str;

    /// Does its part.
    ///
    /// # Errors
    /// Then it is told again, later and later, for a day.
    async fn told(&self, ctx: &Ctx, notice: &HookNotice) -> Result<(), Problem>;
}

/// How far a delivery has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SecretHookDeliveryState)]
pub(crate) enum DeliveryState {
    /// It was not taken yet, and is tried again.
    Queued,
    /// It was taken.
    Delivered,
    /// It was not taken, and is not tried any more.
    GivenUp,
}

impl DeliveryState {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Delivered => "delivered",
            Self::GivenUp => "given_up",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Queued, Self::Delivered, Self::GivenUp].into_iter().find(|s| s.as_str() == text)
    }
}

/// Something that a hook was told or has to be told.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SecretHookDelivery {
    /// Its id; the receiver sees the same one at every try.
    id: DeliveryId,
    /// What happened.
    event: HookEvent,
    /// Which version it is about.
    version: i64,
    /// How far it has come.
    state: DeliveryState,
    /// How often it was tried.
    attempts: i64,
    /// When it happened.
    created_at: Timestamp,
    /// When it was tried last.
    tried_at: Option<Timestamp>,
    /// When it is tried next.
    next_try_at: Option<Timestamp>,
    /// The HTTP status that the receiver answered last.
    status: Option<i64>,
    /// Why it was not taken last.
    error: Option<String>,
}

impl From<Delivery> for SecretHookDelivery {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.id,
            event: delivery.notice.event,
            version: delivery.notice.version,
            state: delivery.state,
            attempts: delivery.attempts,
            created_at: delivery.created_at,
            tried_at: delivery.tried_at,
            next_try_at: (delivery.state == DeliveryState::Queued).then_some(delivery.due_at),
            status: delivery.status,
            error: delivery.error,
        }
    }
}

/// A webhook of a secret, without its key.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = SecretHook)]
pub(crate) struct HookView {
    /// Its id.
    id: HookId,
    /// Which secret.
    secret_id: SecretId,
    /// Where it is.
    url: String,
    /// Since when it is here.
    created_at: Timestamp,
    /// Who made it.
    created_by: Option<String>,
    /// What it was told last, or has to be told.
    last_delivery: Option<SecretHookDelivery>,
}

impl HookView {
    pub(crate) fn new(hook: table::hook::Hook, last: Option<Delivery>) -> Self {
        Self {
            id: hook.id,
            secret_id: hook.secret,
            url: hook.url,
            created_at: hook.created_at,
            created_by: hook.created_by,
            last_delivery: last.map(SecretHookDelivery::from),
        }
    }
}

/// Which server an address is at. The rest of it may be what lets one in, and is nobody else's business.
fn origin(url: &str) -> String {
    Url::parse(url).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}

impl Vault {
    /// Gives a secret a webhook; says the key that its deliveries are signed with. It is shown this once.
    ///
    /// # Errors
    /// 404, 409 when the secret has as many as it may, 422 for an address that is not fit, 503 while sealed.
    pub(crate) async fn create_hook(
        &self,
        ctx: &Ctx,
        secret: SecretId,
        url: &str,
    ) -> Result<(table::hook::Hook, Secret<String>), Problem> {
        let masters = self.current_masters().await?;
        let secret = self.get_secret(secret).await?;
        let url = safe_address(url, self.config().hook_range()).ok_or_else(unfit_address)?;
        if table::hook::list(self.db(), secret.id).await?.len() >= MOST {
            return Err(too_many());
        }
        let hook = table::hook::Hook {
            id: HookId::new(self.world()),
            secret: secret.id,
            url: url.to_string(),
            created_at: ctx.now(),
            created_by: actor(ctx),
        };
        let mut tx = self.db().begin(ctx).await?;
        match table::hook::insert(&mut tx, &hook).await {
            Err(DbError::Reference) => return Err(error::no_secret()),
            other => other?,
        }
        tx.emit(&HookChanged { id: hook.id });
        let entry = Entry::done("secret_hook.create").on("secret", &secret.name).with("hook", hook.id.to_string());
        tx.commit(entry.with("to", origin(&hook.url))).await?;
        let key = masters.vouching().hook_key(hook.id);
        Ok((hook, key))
    }

    /// The webhooks of a secret, and how each is doing.
    pub(crate) async fn list_hooks(&self, secret: SecretId) -> Result<Vec<HookView>, Problem> {
        self.get_secret(secret).await?;
        let mut shown = vec![];
        for hook in table::hook::list(self.db(), secret).await? {
            let last = table::hook::newest(self.db(), hook.id).await?;
            shown.push(HookView::new(hook, last));
        }
        Ok(shown)
    }

    /// Removes a webhook, with what it still had to be told.
    ///
    /// # Errors
    /// 404.
    pub(crate) async fn delete_hook(&self, ctx: &Ctx, id: HookId) -> Result<(), Problem> {
        let hook = self.get_hook(id).await?;
        let secret = self.get_secret(hook.secret).await?;
        let mut tx = self.db().begin_freeing(ctx).await?;
        if !table::hook::delete(&mut tx, id).await? {
            return Err(Problem::not_found("hook"));
        }
        tx.emit(&HookChanged { id });
        let entry = Entry::done("secret_hook.delete").on("secret", &secret.name).with("hook", id.to_string());
        Ok(tx.commit(entry.with("to", origin(&hook.url))).await?)
    }

    /// Tries a webhook at once. Says how that went; it is not tried again.
    ///
    /// # Errors
    /// 404, 503 while sealed.
    pub(crate) async fn test_hook(&self, ctx: &Ctx, id: HookId) -> Result<SecretHookDelivery, Problem> {
        let masters = self.current_masters().await?;
        let hook = self.get_hook(id).await?;
        let secret = self.get_secret(hook.secret).await?;
        let notice = HookNotice::new(HookEvent::Test, &secret, ctx.now());
        let mut delivery = self.delivery(Target::Web(id), notice);
        delivery.attempts = 1;
        delivery.tried_at = Some(ctx.now());
        let tried = self.post(&masters, &hook, &delivery).await;
        delivery.state = if tried.is_ok() { DeliveryState::Delivered } else { DeliveryState::GivenUp };
        (delivery.status, delivery.error) =
            tried.map_or_else(|e| (e.status, Some(e.why)), |status| (Some(status), None));
        let mut tx = self.db().begin(ctx).await?;
        match table::hook::insert_delivery(&mut tx, &delivery).await {
            Err(DbError::Reference) => return Err(Problem::not_found("hook")),
            other => other?,
        }
        tx.emit(&HookChanged { id });
        let entry = Entry::done("secret_hook.test").on("secret", &secret.name).with("hook", id.to_string());
        tx.commit(entry.with("outcome", delivery.state.as_str())).await?;
        Ok(delivery.into())
    }

    /// From here on this part of the process is told too.
    pub fn add_hook(&self, hook: Arc<dyn SecretHook>) {
        self.listeners().add(hook);
        self.wake_hooks();
    }

    /// Writes down, with the change itself, who has to be told of it.
    pub(crate) async fn tell_hooks(&self, tx: &mut Tx, notice: &HookNotice) -> Result<(), DbError> {
        let webhooks = table::hook::list_ids(tx, notice.secret_id).await?.into_iter().map(Target::Web);
        let own = self.listeners().names().into_iter().map(|name| Target::Own(name.to_owned()));
        for target in webhooks.chain(own) {
            table::hook::insert_delivery(tx, &self.delivery(target, notice.clone())).await?;
        }
        Ok(())
    }

    fn delivery(&self, target: Target, notice: HookNotice) -> Delivery {
        let at = notice.at;
        Delivery {
            id: DeliveryId::new(self.world()),
            target,
            notice,
            state: DeliveryState::Queued,
            attempts: 0,
            due_at: at,
            created_at: at,
            tried_at: None,
            status: None,
            error: None,
        }
    }

    async fn get_hook(&self, id: HookId) -> Result<table::hook::Hook, Problem> {
        table::hook::find(self.db(), id).await?.ok_or_else(|| Problem::not_found("hook"))
    }
}

fn unfit_address() -> Problem {
    let message = "It must be an https address without a user name, outside of private networks; plain http is for this machine only.";
    Problem::invalid_field("url", "hook_url_unfit", message)
}

fn too_many() -> Problem {
    Problem::conflict(
        "secret_hooks_full",
        "The secret has as many hooks as it may",
        format!("A secret has at most {MOST} hooks."),
        "Remove one that is not needed any more.",
    )
}
