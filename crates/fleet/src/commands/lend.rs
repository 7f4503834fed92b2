//! Secrets of the vault for commands: lent when a command is sent, as whoever wants it and as its machine, and given
//! back when it is over, or when nothing comes of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use diwan_kernel::{Ctx, Permission, Problem, TaskPolicy};
use diwan_protocol::control::{Hello, ability};
use diwan_protocol::environment::{Brought, Environment, Promised, SecretText, Variable};
use diwan_vault::{Asker, LeaseEnd, LeaseId, LeaseParams, SecretName, SubjectKind};
use futures::StreamExt;
use futures::stream::FuturesUnordered;

use super::limits::CommandLimits;
use super::operation::CommandOperation;
use super::table::CommandActor;
use super::variables::{SecretVariable, Variables};
use super::words::CommandProblem;
use crate::connections::Connected;
use crate::fleet::Fleet;
use crate::machine::MachineId;

/// As long as anything may run. The vault lends for less, if its settings say so.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);
/// What is lent for a command that may run so long is lent for a little longer: it has to get there, and to be told.
const A_LITTLE: Duration = Duration::from_secs(300);

/// For so many machines at once.
const AT_ONCE: usize = 16;

/// What is wanted, by whom, for what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Borrower<'a> {
    pub(crate) actor: &'a CommandActor,
    pub(crate) operation: &'a CommandOperation,
    pub(crate) timeout_ms: Option<u64>,
    pub(crate) variables: &'a Variables,
}

/// Values that were lent for one command; nothing to begin with. They are given back when this is let go of, unless
/// they were sent.
#[derive(Debug, Default)]
pub struct Lent {
    fleet: Option<Fleet>,
    leases: Vec<LeaseId>,
    brought: Option<Brought>,
}

/// Why nothing was lent.
#[derive(Debug, Clone)]
pub struct NotLent {
    /// For programs: `secret_denied`, `vault_sealed`, `secret_unknown`, `bridge_too_old`…
    pub code: String,
    /// For people.
    pub detail: String,
    /// Whether another try may find it otherwise, without anybody changing what is wanted.
    pub may_pass: bool,
    /// Whether it is this machine that cannot, and another may.
    pub is_of_machine: bool,
}

impl NotLent {
    /// Another try will not find it otherwise.
    pub fn never(code: &str, detail: impl Into<String>) -> Self {
        Self { code: code.to_owned(), detail: detail.into(), may_pass: false, is_of_machine: false }
    }

    /// What the vault says, and of which secret.
    fn because(problem: &Problem, secret: &str) -> Self {
        let is_away = matches!(problem.status(), StatusCode::SERVICE_UNAVAILABLE | StatusCode::BAD_GATEWAY);
        let may_pass = is_away || problem.code() == "internal";
        let (code, detail) = match problem.code() {
            "not_found" => ("secret_unknown", format!("The vault has no secret {secret}.")),
            "secret_denied" => (
                "secret_denied",
                format!("No policy of the vault lets this command have the secret {secret}, or one denies it."),
            ),
            code => (code, format!("{} ({secret})", problem.detail())),
        };
        Self { code: code.to_owned(), detail, may_pass, is_of_machine: false }
    }

    pub(crate) fn problem(&self) -> CommandProblem {
        CommandProblem::new(&self.code, self.detail.clone())
    }
}

/// What a bridge must be able to do for something. One from before it could is given nothing that it does not know.
///
/// # Errors
/// `bridge_too_old`.
pub(crate) fn must_be_able(
    hello: &Hello,
    operation: &CommandOperation,
    needs_variables: bool,
    limits: CommandLimits,
) -> Result<(), NotLent> {
    let needed = [
        (needs_variables, ability::VARIABLES, "to be given variables"),
        (operation.is_script_or_project(), ability::SCRIPTS, "for scripts and new projects"),
        (!limits.is_empty(), ability::LIMITS, "to keep limits of its own"),
    ];
    match needed.iter().find(|(is_needed, able, _)| *is_needed && !hello.is_able(able)) {
        None => Ok(()),
        Some((.., what)) => {
            let next = "put a new one there, with the line of `diwan machine add`";
            let detail = format!("The bridge there is too old {what}: {next}.");
            Err(NotLent { is_of_machine: true, ..NotLent::never("bridge_too_old", detail) })
        }
    }
}

impl Lent {
    /// Whether there is a value for each secret.
    pub(crate) fn is_for(&self, variables: &Variables) -> bool {
        self.brought.as_ref().map_or(0, |brought| brought.values.len()) == variables.secrets.len()
    }

    /// The leases, to be written down with the command.
    pub(super) fn leases(&self) -> Vec<LeaseId> {
        self.leases.clone()
    }

    /// What is signed of it.
    pub(super) fn environment(&self, variables: &Variables) -> Option<Environment> {
        if variables.is_empty() {
            return None;
        }
        let plain = variables.env.iter().map(|(name, value)| Variable { name: name.clone(), value: value.clone() });
        let names = || variables.secrets.iter().map(|variable| variable.env.clone()).collect();
        let secret = self.brought.as_ref().map(|brought| Promised::new(names(), brought));
        Some(Environment { plain: plain.collect(), secret })
    }

    /// The values, to be sent now: from here on it is the end of the command that gives them back.
    pub(super) fn sent(mut self) -> Option<Brought> {
        self.leases.clear();
        self.brought.take()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let leases = std::mem::take(&mut self.leases);
        if let Some(fleet) = self.fleet.take().filter(|_| !leases.is_empty()) {
            let this = fleet.clone();
            fleet.supervisor().spawn("secrets that were not sent", TaskPolicy::Once, async move {
                this.return_leases(&leases).await;
            });
        }
    }
}

impl Fleet {
    /// Has the vault lend what a command needs on each of these machines.
    pub(crate) async fn lend_to_all(
        &self,
        ctx: &Ctx,
        borrower: Borrower<'_>,
        there: &BTreeMap<MachineId, Arc<Connected>>,
    ) -> BTreeMap<MachineId, Result<Lent, NotLent>> {
        let (mut all, mut under_way) = (BTreeMap::new(), FuturesUnordered::new());
        for (machine, connected) in there {
            if under_way.len() >= AT_ONCE {
                all.extend(under_way.next().await);
            }
            under_way.push(async move { (*machine, self.lend_to(ctx, borrower, connected).await) });
        }
        while let Some(lent) = under_way.next().await {
            all.extend([lent]);
        }
        all
    }

    /// Has the vault lend what a command needs on this machine: all of it, or nothing.
    pub(crate) async fn lend_to(
        &self,
        ctx: &Ctx,
        borrower: Borrower<'_>,
        connected: &Connected,
    ) -> Result<Lent, NotLent> {
        let variables = borrower.variables;
        // Only errands have limits of their own, and they asked about those.
        must_be_able(&connected.hello, borrower.operation, !variables.is_empty(), CommandLimits::default())?;
        if variables.secrets.is_empty() {
            return Ok(Lent::default());
        }
        let person = self.person_behind(borrower.actor).await?;
        let mut lent = Lent { fleet: Some(self.clone()), leases: vec![], brought: None };
        let mut values = vec![];
        for variable in &variables.secrets {
            let value = self.lend_one(ctx, borrower, (&person, connected.machine), &variable.secret, &mut lent).await;
            values.push(value.map_err(|problem| NotLent::because(&problem, &variable.secret))?);
        }
        let brought = Brought { salt: self.world().random().into(), values };
        if !brought.is_usable() {
            let detail = "A secret holds a NUL character, or all together are longer than what a program can be given.";
            return Err(NotLent::never("secret_unusable", detail));
        }
        lent.brought = Some(brought);
        Ok(lent)
    }

    async fn lend_one(
        &self,
        ctx: &Ctx,
        borrower: Borrower<'_>,
        (person, machine): (&Asker, MachineId),
        secret: &str,
        lent: &mut Lent,
    ) -> Result<SecretText, Problem> {
        let name = SecretName::parse(secret).ok_or_else(|| Problem::not_found("secret"))?;
        let asker = person.clone().and(SubjectKind::Machine, machine.to_string());
        let (holder_kind, holder) = match &borrower.variables.job {
            Some(job) => (SubjectKind::Job, job.clone()),
            None => (SubjectKind::Machine, machine.to_string()),
        };
        // A job goes on without whoever wanted it, so that no rule about something else stands in for them.
        let guarantor = borrower.variables.job.is_some().then(|| person.clone());
        let longest = borrower.timeout_ms.map_or(LONGEST, Duration::from_millis);
        let params = LeaseParams {
            secret: name,
            holder_kind,
            holder,
            asker,
            guarantor,
            purpose: borrower.operation.purpose(),
            ttl: longest + A_LITTLE,
        };
        let leased = self.vault().lend(ctx, params).await?;
        lent.leases.push(leased.id);
        Ok(SecretText::new(leased.value.expose().clone()))
    }

    /// Whether whoever acts may have these secrets lent for an operation, before it is known where. The vault is asked
    /// again when they are.
    ///
    /// # Errors
    /// 403 without the permission or a policy, 422 about a secret that is not there.
    pub async fn may_borrow(
        &self,
        ctx: &Ctx,
        operation: &CommandOperation,
        secrets: &[SecretVariable],
    ) -> Result<(), Problem> {
        if secrets.is_empty() {
            return Ok(());
        }
        ctx.require(Permission::SecretsUse)?;
        let (asker, purpose) = (Asker::from_actor(&ctx.actor), operation.purpose());
        for (at, variable) in secrets.iter().enumerate() {
            let unknown = || {
                let message = format!("The vault has no secret {}.", variable.secret);
                Problem::invalid_field(&format!("secrets[{at}].secret"), "secret_unknown", message)
            };
            let name = SecretName::parse(&variable.secret).ok_or_else(unknown)?;
            match self.vault().may_borrow(ctx, &asker, &name, &purpose).await {
                Err(problem) if problem.status() == StatusCode::NOT_FOUND => return Err(unknown()),
                allowed => allowed?,
            }
        }
        Ok(())
    }

    /// The person who wants it, as the vault's policies know them now.
    async fn person_behind(&self, actor: &CommandActor) -> Result<Asker, NotLent> {
        let Some(user) = &actor.user_id else { return Ok(Asker::default()) };
        match self.vault().asker(user).await {
            Ok(Some(asker)) => Ok(asker),
            Ok(None) => {
                Err(NotLent::never("secret_denied", "Whoever wanted this is not here any more, or may use no secrets."))
            }
            Err(problem) => Err(NotLent::because(&problem, "people")),
        }
    }

    /// Gives back what a command that is over was lent. What ran out before is over anyway.
    pub(crate) async fn return_leases(&self, leases: &[LeaseId]) {
        let ctx = Ctx::system(self.world(), "fleet");
        for lease in leases {
            match self.vault().end_lease(&ctx, *lease, LeaseEnd::Returned).await {
                Ok(()) => {}
                Err(problem) if matches!(problem.code(), "lease_ended" | "not_found") => {}
                Err(problem) => tracing::warn!(%lease, %problem, "a lease is not given back, and runs out by itself"),
            }
        }
    }
}
