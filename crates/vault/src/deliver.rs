//! Telling hooks what they have to be told, again and again until they take it or a day has passed. It is
//! told at least once: a receiver that took it and was not heard is told again, with the same id.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diwan_kernel::config::Live;
use diwan_kernel::db::Unrecorded;
use diwan_kernel::{Ctx, Entry, Problem, Secret, TaskPolicy};
use futures::future::join_all;
use reqwest::redirect::Policy;
use ring::hmac;
use serde_json::json;
use tokio::sync::Notify;

use crate::config::VaultConfig;
use crate::event::HookChanged;
use crate::hook::{DeliveryState, SecretHook};
use crate::hook_address::{LookUp, safe_address};
use crate::master::Masters;
use crate::table::hook::{self, Delivery, Hook, Target};
use crate::vault::Vault;

/// Whole conversations take less.
const PATIENCE: Duration = Duration::from_secs(10);
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
/// What was taken in hand by somebody who died is tried again after this.
const CLAIM: Duration = Duration::from_secs(60);
/// What nobody took for so long is given up.
const GIVE_UP: Duration = Duration::from_secs(24 * 3600);
const FIRST_PAUSE: Duration = Duration::from_secs(15);
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// So many at once: one receiver that is slow keeps the others waiting for no longer than it may take.
const AT_ONCE: usize = 20;
/// Another server may have written something down without being able to wake this one.
const LOOK_ANYWAY: Duration = Duration::from_secs(30);
/// What was settled is shown for so long.
const SHOWN: Duration = Duration::from_secs(30 * 24 * 3600);

/// The parts of this process that want to be told, and what wakes the one who tells.
#[derive(Default)]
pub(crate) struct Listeners {
    hooks: Mutex<Vec<Arc<dyn SecretHook>>>,
    woken: Notify,
}

impl std::fmt::Debug for Listeners {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

impl Listeners {
    pub(crate) fn add(&self, hook: Arc<dyn SecretHook>) {
        self.hooks.lock().unwrap_or_else(PoisonError::into_inner).push(hook);
    }

    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.hooks.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|hook| hook.name()).collect()
    }

    fn named(&self, name: &str) -> Option<Arc<dyn SecretHook>> {
        let hooks = self.hooks.lock().unwrap_or_else(PoisonError::into_inner);
        hooks.iter().find(|hook| hook.name() == name).cloned()
    }
}

/// Why something was not taken.
#[derive(Debug)]
pub(crate) struct NotTaken {
    pub(crate) status: Option<i64>,
    pub(crate) why: String,
}

impl NotTaken {
    fn because(why: impl Into<String>) -> Self {
        Self { status: None, why: why.into() }
    }
}

/// The client for webhooks: it goes nowhere but where it is sent.
///
/// # Errors
/// When the certificates of this machine cannot be read.
pub(crate) fn client(config: Live<VaultConfig>) -> Result<reqwest::Client, String> {
    // Another part of the process may have chosen the same before: then this changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder()
        .redirect(Policy::none())
        .timeout(PATIENCE)
        .connect_timeout(CONNECT_PATIENCE)
        .pool_max_idle_per_host(0)
        .referer(false)
        .no_proxy()
        .dns_resolver(Arc::new(LookUp(config)))
        .user_agent(concat!("diwan/", env!("CARGO_PKG_VERSION")));
    builder.build().map_err(|e| e.to_string())
}

/// A key as it is shown and as it signs: the text itself.
pub(crate) fn key_text(bytes: &[u8]) -> Secret<String> {
    Secret::new(format!("dwh_{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// `t=SECONDS,v1=HEX`: HMAC-SHA-256 over the seconds, a dot and the body.
fn signature(key: &Secret<String>, seconds: i64, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose().as_bytes());
    let tag = hmac::sign(&key, format!("{seconds}.{body}").as_bytes());
    let hex: String = tag.as_ref().iter().map(|b| format!("{b:02x}")).collect();
    format!("t={seconds},v1={hex}")
}

impl Vault {
    pub(crate) fn spawn_delivery(&self) {
        let this = self.clone();
        self.supervisor().spawn("vault hooks", TaskPolicy::Critical, async move {
            while !this.supervisor().is_stopping() {
                let pause = this.deliver_due().await.unwrap_or_else(|problem| {
                    tracing::warn!(?problem, "what hooks have to be told is not known; trying again");
                    LOOK_ANYWAY
                });
                tokio::select! {
                    biased;
                    () = this.listeners().woken.notified() => {}
                    _ = this.supervisor().pause(pause) => {}
                }
            }
        });
    }

    /// Says that there may be something to tell.
    pub(crate) fn wake_hooks(&self) {
        self.listeners().woken.notify_one();
    }

    /// Tells what is due; says how long there is nothing to do. Without its keys the vault cannot sign, and
    /// whoever is told could not read the value: everything waits until it is unsealed.
    pub(crate) async fn deliver_due(&self) -> Result<Duration, Problem> {
        let ctx = Ctx::system(self.world(), "vault");
        if self.seal().masters().is_none() {
            return Ok(LOOK_ANYWAY);
        }
        let due = hook::list_due(self.db(), ctx.now(), AT_ONCE).await?;
        let is_full = due.len() == AT_ONCE;
        for told in join_all(due.into_iter().map(|delivery| self.carry(&ctx, delivery))).await {
            told?;
        }
        if is_full {
            return Ok(Duration::ZERO);
        }
        let next = hook::next_due(self.db()).await?;
        Ok(next.map_or(LOOK_ANYWAY, |next| next.since(ctx.now()).min(LOOK_ANYWAY)))
    }

    /// Tries one delivery, and writes down how that went.
    async fn carry(&self, ctx: &Ctx, mut delivery: Delivery) -> Result<(), Problem> {
        let mut tx = self.db().begin(ctx).await?;
        let claimed = hook::claim(&mut tx, &delivery, ctx.now().plus(CLAIM), ctx.now()).await?;
        tx.commit_unrecorded(Unrecorded::Bookkeeping).await?;
        if !claimed {
            return Ok(());
        }
        match self.hand_over(ctx, &delivery).await {
            Ok(status) => {
                (delivery.state, delivery.status, delivery.error) = (DeliveryState::Delivered, status, None);
            }
            Err(NotTaken { status, why }) => {
                let (id, attempts) = (delivery.id, delivery.attempts + 1);
                tracing::warn!(delivery = %id, attempts, error = why, "a hook did not take what it was told");
                (delivery.status, delivery.error) = (status, Some(why));
                if ctx.now().since(delivery.created_at) >= GIVE_UP {
                    delivery.state = DeliveryState::GivenUp;
                }
                delivery.due_at = ctx.now().plus(pause_after(ctx, delivery.attempts));
            }
        }
        let mut tx = self.db().begin(ctx).await?;
        hook::settle(&mut tx, &delivery).await?;
        let target = match &delivery.target {
            Target::Web(id) => {
                tx.emit(&HookChanged { id: *id });
                id.to_string()
            }
            Target::Own(name) => name.clone(),
        };
        if delivery.state != DeliveryState::GivenUp {
            return Ok(tx.commit_unrecorded(Unrecorded::Bookkeeping).await?);
        }
        let entry = Entry::failed("secret_hook.deliver", "hook_not_taken").on("secret", &delivery.notice.secret_name);
        Ok(tx.commit(entry.with("hook", target).with("version", delivery.notice.version)).await?)
    }

    async fn hand_over(&self, ctx: &Ctx, delivery: &Delivery) -> Result<Option<i64>, NotTaken> {
        match &delivery.target {
            Target::Own(name) => {
                let listener = self.listeners().named(name);
                let listener = listener.ok_or_else(|| NotTaken::because(format!("{name} is not here")))?;
                let told = listener.told(ctx, &delivery.notice).await;
                told.map(|()| None).map_err(|problem| NotTaken::because(problem.detail()))
            }
            Target::Web(id) => {
                let found = hook::find(self.db(), *id).await.map_err(|e| NotTaken::because(e.to_string()))?;
                let hook = found.ok_or_else(|| NotTaken::because("the hook was removed"))?;
                let masters = self.masters().map_err(|_| NotTaken::because("the vault was sealed"))?;
                self.post(&masters, &hook, delivery).await.map(Some)
            }
        }
    }

    /// Posts a delivery to a webhook, signed; says what it answered.
    pub(crate) async fn post(&self, masters: &Masters, hook: &Hook, delivery: &Delivery) -> Result<i64, NotTaken> {
        let url = safe_address(&hook.url, self.config().hook_range())
            .ok_or_else(|| NotTaken::because("its address is not fit"))?;
        let mut body = json!(delivery.notice);
        body["id"] = json!(delivery.id);
        let body = body.to_string();
        let sign = signature(&masters.vouching().hook_key(hook.id), self.world().now().as_secs(), &body);
        let client = self.webhooks().map_err(NotTaken::because)?;
        let request = client.post(url).header("content-type", "application/json");
        let request = request.header("diwan-signature", sign).header("diwan-delivery", delivery.id.to_string());
        // The address is left out of what is told: a part of it may be what lets one in.
        let answer = request.body(body).send().await;
        let answer = answer.map_err(|e| NotTaken::because(chain(&e.without_url())))?;
        // What it answers besides the status is not read.
        match answer.status() {
            status if status.is_success() => Ok(status.as_u16().into()),
            status => Err(NotTaken { status: Some(status.as_u16().into()), why: format!("it answered {status}") }),
        }
    }

    /// What was settled long ago is forgotten.
    pub(crate) async fn sweep_deliveries(&self) -> Result<(), Problem> {
        let ctx = Ctx::system(self.world(), "vault");
        let mut tx = self.db().begin_freeing(&ctx).await?;
        hook::sweep(&mut tx, ctx.now().minus(SHOWN)).await?;
        Ok(tx.commit_unrecorded(Unrecorded::Bookkeeping).await?)
    }
}

/// An error with its causes, no longer than a line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string);
    causes.collect::<Vec<_>>().join(": ").chars().filter(|c| !c.is_control()).take(200).collect()
}

/// Longer and longer, and never the same for all.
fn pause_after(ctx: &Ctx, attempts: i64) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(1 << attempts.clamp(0, 10)).min(LONGEST_PAUSE);
    let part = u32::from_be_bytes(ctx.world.random());
    doubled / 2 + (doubled / 2).mul_f64(f64::from(part) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected text comes from `openssl dgst -sha256 -hmac`.
    #[test]
    fn the_signature_is_hmac_over_time_and_body() {
        let key = Secret::new("dwh_key".to_owned());
        assert_eq!(
            signature(&key, 1_700_000_000, r#"{"a":1}"#),
            "t=1700000000,v1=f9091b73b2f4651f3db6de2bb5ecef4a8a1e90a49520157e8272368823c0f843"
        );
    }

    #[test]
    fn pauses_grow_and_stay_bounded() {
        let ctx = Ctx::system(&diwan_kernel::World::real(), "test");
        for attempts in [0, 1, 5, 40, i64::MAX] {
            let pause = pause_after(&ctx, attempts);
            assert!(pause >= FIRST_PAUSE / 2 && pause <= LONGEST_PAUSE, "{attempts}: {pause:?}");
        }
    }
}
