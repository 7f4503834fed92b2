//! What the edge asks and the capabilities know: who is calling, and how everything is doing.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::http::request::Parts;
use diwan_audit::Audit;
use diwan_fleet::Fleet;
use diwan_identity::{Identity, MailConfig, Plan};
use diwan_kernel::config::Live;
use diwan_kernel::ctx::RequestFacts;
use diwan_kernel::{Permission, Problem};
use diwan_server::{Authenticator, Caller, Mail, Rate, ServerConfig, VitalSigns, Vitals, Warning};
use diwan_settings::Settings;
use diwan_vault::Vault;

const SECOND: Duration = Duration::from_secs(1);

/// Lets identity say who is calling.
pub(super) struct Gate {
    identity: Identity,
    settings: Live<ServerConfig>,
}

impl Gate {
    pub(super) const fn new(identity: Identity, settings: Live<ServerConfig>) -> Self {
        Self { identity, settings }
    }

    /// What the plan allows, and never less than what the configuration gives every account.
    fn rate(&self, plan: Plan) -> Rate {
        let least = self.settings.get();
        let burst = plan.request_burst().max(least.account_rate_limit_burst);
        Rate::new(burst, plan.requests_per_s().max(least.account_rate_limit_per_s), SECOND)
    }
}

#[async_trait]
impl Authenticator for Gate {
    async fn authenticate(&self, parts: &Parts, facts: Arc<RequestFacts>) -> Result<Caller, Problem> {
        let known = self.identity.authenticate(parts, facts).await?;
        let rate = known.plan.map(|plan| self.rate(plan));
        Ok(Caller { ctx: known.ctx, rate, set_cookies: known.set_cookies, refused: known.refused })
    }
}

/// Gathers how the capabilities are doing.
pub(super) struct Pulse {
    pub(super) identity: Identity,
    pub(super) audit: Audit,
    pub(super) vault: Vault,
    pub(super) settings: Settings,
    pub(super) fleet: Fleet,
    pub(super) mail: Live<MailConfig>,
}

#[async_trait]
impl VitalSigns for Pulse {
    async fn vitals(&self) -> Result<Vitals, Problem> {
        let census = self.identity.census().await?;
        let warnings = self.audit.warnings().into_iter();
        let warnings = warnings.map(|w| Warning::new(w.code, w.detail, w.next));
        let sealed = self.vault.sealed().map(|sealed| {
            let detail = format!("The vault is sealed: no secret can be read or written. {}", sealed.detail);
            Warning::new("vault_sealed", detail, sealed.next)
        });
        // Which secrets there are is not everybody's business.
        let concerns = self.vault.concerns().await?.into_iter().map(|concern| Warning {
            audience: Permission::SecretsManage,
            params: concern.params,
            ..Warning::new(concern.code, concern.detail, concern.next)
        });
        let settings = self.settings.warnings().await?.into_iter();
        let settings = settings.map(|w| Warning {
            audience: Permission::SettingsRead,
            params: w.params,
            ..Warning::new(w.code, w.detail, w.next)
        });
        let machines = self.fleet.concerns().await?.into_iter().map(|concern| Warning {
            audience: Permission::MachinesManage,
            params: concern.params,
            ..Warning::new(concern.code, concern.detail, concern.next)
        });
        let warnings = warnings.chain(sealed).chain(concerns).chain(settings).chain(machines).collect();
        let mail = if self.mail.get().host.is_empty() { Mail::Outbox } else { Mail::Smtp };
        let (people, active_today, sessions) = (census.people, census.active_today, census.sessions);
        Ok(Vitals { people, active_today, sessions, mail, warnings })
    }
}
