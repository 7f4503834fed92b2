//! Leases: a machine, a job or an agent holds a value for a while and for a purpose. This is the
//! door through which values reach them; who asks for whom is the matter of whoever carries it there.

use std::time::Duration;

use diwan_kernel::world::Timestamp;
use diwan_kernel::{Ctx, Entry, Id, Permission, Problem, Secret, id_kinds};
use serde::Serialize;

use crate::error;
use crate::event::LeaseChanged;
use crate::name::SecretName;
use crate::policy::{Action, Asker, Question, SubjectKind, judge};
use crate::secret::SecretId;
use crate::table;
use crate::vault::{Person, Vault};

id_kinds! {
    /// A lease on a secret.
    LeaseKind = "lea",
}

/// The id of a lease.
pub type LeaseId = Id<LeaseKind>;

/// Which value is wanted, for whom and what for.
#[derive(Debug, Clone)]
pub struct LeaseParams {
    /// The secret's name.
    pub secret: SecretName,
    /// What kind of thing will hold it.
    pub holder_kind: SubjectKind,
    /// Its id or name.
    pub holder: String,
    /// Everything that rules may know it by: the job, its agent and its machine at once.
    pub asker: Asker,
    /// Whoever answers for it, if somebody has to: the rules have to allow it to them alone besides.
    pub guarantor: Option<Asker>,
    /// What for: `git.clone`.
    pub purpose: String,
    /// For how long; it may be renewed.
    pub ttl: Duration,
}

/// A value on lease.
#[derive(Debug)]
pub struct Leased {
    /// The lease.
    pub id: LeaseId,
    /// Which version it is.
    pub version: i64,
    /// The value. It must stay in memory.
    pub value: Secret<String>,
    /// When it has to be forgotten unless it is renewed.
    pub expires_at: Timestamp,
}

/// A lease, without the value.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = SecretLease)]
pub(crate) struct Lease {
    /// Its id.
    id: LeaseId,
    /// Which secret.
    secret_id: SecretId,
    /// What the secret is called.
    secret_name: String,
    /// Which version of it.
    version: i64,
    /// What kind of thing holds it.
    holder_kind: SubjectKind,
    /// Its id or name.
    holder: String,
    /// What for.
    purpose: String,
    /// Since when.
    issued_at: Timestamp,
    /// Until when, unless it is renewed.
    expires_at: Timestamp,
    /// When it ended.
    ended_at: Option<Timestamp>,
    /// Why: `expired`, `returned`, `revoked`, `version_destroyed`.
    ended_why: Option<String>,
}

impl From<table::lease::Lease> for Lease {
    fn from(lease: table::lease::Lease) -> Self {
        Self {
            id: lease.id,
            secret_id: lease.secret,
            secret_name: lease.secret_name.to_string(),
            version: lease.version,
            holder_kind: lease.holder_kind,
            holder: lease.holder,
            purpose: lease.purpose,
            issued_at: lease.issued_at,
            expires_at: lease.expires_at,
            ended_at: lease.ended_at,
            ended_why: lease.ended_why,
        }
    }
}

/// No lease is shorter: whoever holds it has to have time to renew it.
const SHORTEST: Duration = Duration::from_secs(30);

impl Vault {
    /// Lends a value. The rules are asked as the holder, not as whoever carries the value there.
    ///
    /// # Errors
    /// 403 without a rule for the holder and its purpose, 404, 503 while the vault is sealed.
    pub async fn lend(&self, ctx: &Ctx, params: LeaseParams) -> Result<Leased, Problem> {
        self.current_masters().await?;
        let secret = table::secret::find_named(self.db(), &params.secret).await?.ok_or_else(error::no_secret)?;
        let (now, name) = (ctx.now(), secret.name.clone());
        // The rules about whoever will hold it, besides those about everything else that it is.
        let asker = params.asker.and(params.holder_kind, &params.holder);
        let holder = holder(params.holder_kind, &params.holder);
        let is_vouched_for = match &params.guarantor {
            Some(guarantor) => self.may_hold(ctx, guarantor, &name, &params.purpose).await?,
            None => true,
        };
        if !is_vouched_for || !self.may_hold(ctx, &asker, &name, &params.purpose).await? {
            let denied = Entry::denied("secret.lend", "secret_denied").on("secret", &name);
            self.db().begin(ctx).await?.commit(denied.with("holder", holder)).await?;
            return Err(error::denied(Action::Read.as_str(), &name));
        }
        let taken = self.open(secret, None).await?;
        let longest = Duration::from_secs(3600) * u32::from(self.config().lease_hours);
        let lease = table::lease::Lease {
            id: LeaseId::new(self.world()),
            secret: taken.secret.id,
            secret_name: name.clone(),
            version: taken.version,
            holder_kind: params.holder_kind,
            holder: params.holder,
            asker,
            purpose: params.purpose,
            issued_at: now,
            expires_at: now.plus(params.ttl.clamp(SHORTEST, longest)),
            ends_at: now.plus(longest),
            ended_at: None,
            ended_why: None,
        };
        let mut tx = self.db().begin(ctx).await?;
        table::lease::insert(&mut tx, &lease).await?;
        tx.emit(&LeaseChanged { id: lease.id });
        let entry = Entry::done("secret.lend").on("secret", &name).with("version", lease.version);
        let entry = entry.with("holder", holder).with("purpose", lease.purpose.as_str());
        tx.commit(entry.with("lease", lease.id.to_string()).with("until", lease.expires_at.to_string())).await?;
        Ok(Leased { id: lease.id, version: lease.version, value: taken.value, expires_at: lease.expires_at })
    }

    /// Whether the rules allow somebody this value for this purpose, as they are now. Nothing comes out, so that it can
    /// be asked while the vault is sealed too.
    ///
    /// # Errors
    /// 403 without a rule, which is written down; 404.
    pub async fn may_borrow(
        &self,
        ctx: &Ctx,
        asker: &Asker,
        secret: &SecretName,
        purpose: &str,
    ) -> Result<(), Problem> {
        let secret = table::secret::find_named(self.db(), secret).await?.ok_or_else(error::no_secret)?;
        if self.may_hold(ctx, asker, &secret.name, purpose).await? {
            return Ok(());
        }
        let denied = Entry::denied("secret.lend", "secret_denied").on("secret", &secret.name).with("purpose", purpose);
        self.db().begin(ctx).await?.commit(denied).await?;
        Err(error::denied(Action::Read.as_str(), &secret.name))
    }

    /// A person in the terms that policies use, as they are now; `None` for somebody who is not here any more, or may
    /// use no secrets any more, whatever the policies say.
    ///
    /// # Errors
    /// When it cannot be found out who is here.
    pub async fn asker(&self, user: &str) -> Result<Option<Asker>, Problem> {
        let people = self.people().list().await?;
        let may_use = |person: &Person| person.role.permissions().has(Permission::SecretsUse);
        let found = people.into_iter().find(|person| person.id.to_string() == user && may_use(person));
        Ok(found.map(|person| Asker::person(user, person.role)))
    }

    /// Makes a lease last longer, up to the longest that is allowed. Says until when. The rules are asked
    /// again: what they no longer allow ends when its time is over.
    ///
    /// # Errors
    /// 403 when no rule allows it any more, 404, 409 when it ended.
    pub async fn renew_lease(&self, ctx: &Ctx, id: LeaseId, ttl: Duration) -> Result<Timestamp, Problem> {
        let lease = self.get_lease(id).await?;
        if lease.has_ended(ctx.now()) {
            return Err(lease_ended());
        }
        if !self.may_hold(ctx, &lease.asker, &lease.secret_name, &lease.purpose).await? {
            let denied = Entry::denied("secret.renew_lease", "secret_denied").on("secret", &lease.secret_name);
            let denied = denied.with("lease", id.to_string()).with("holder", holder(lease.holder_kind, &lease.holder));
            self.db().begin(ctx).await?.commit(denied).await?;
            return Err(error::denied(Action::Read.as_str(), &lease.secret_name));
        }
        let until = ctx.now().plus(ttl.max(SHORTEST)).min(lease.ends_at);
        let mut tx = self.db().begin(ctx).await?;
        if !table::lease::renew(&mut tx, id, until, ctx.now()).await? {
            return Err(lease_ended());
        }
        tx.emit(&LeaseChanged { id });
        let entry = Entry::done("secret.renew_lease").on("secret", &lease.secret_name).with("lease", id.to_string());
        tx.commit(entry.with("until", until.to_string())).await?;
        Ok(until)
    }

    /// Ends a lease: it was given back, or somebody took it away.
    ///
    /// # Errors
    /// 404, 409 when it ended before.
    pub async fn end_lease(&self, ctx: &Ctx, id: LeaseId, why: LeaseEnd) -> Result<(), Problem> {
        let lease = self.get_lease(id).await?;
        let mut tx = self.db().begin(ctx).await?;
        if !table::lease::end(&mut tx, id, why.as_str(), ctx.now()).await? {
            return Err(lease_ended());
        }
        tx.emit(&LeaseChanged { id });
        let entry = Entry::done("secret.end_lease").on("secret", &lease.secret_name).with("lease", id.to_string());
        Ok(tx.commit(entry.with("why", why.as_str())).await?)
    }

    async fn may_hold(&self, ctx: &Ctx, asker: &Asker, secret: &SecretName, purpose: &str) -> Result<bool, Problem> {
        // A renewal gives nothing out, so that what is lent goes on while nobody can say what is vouched for.
        let is_sealed = self.seal().masters().is_none();
        let rules = if is_sealed { self.shown_rules().await? } else { self.rules().await? };
        let asked = Question { asker, action: Action::Read, secret, now: ctx.now() };
        Ok(judge(&rules, asked, Some(purpose)))
    }

    async fn get_lease(&self, id: LeaseId) -> Result<table::lease::Lease, Problem> {
        table::lease::find(self.db(), id).await?.ok_or_else(|| Problem::not_found("lease"))
    }
}

/// Why a lease ends before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseEnd {
    /// The holder needs it no more.
    Returned,
    /// Somebody took it away.
    Revoked,
}

impl LeaseEnd {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Returned => "returned",
            Self::Revoked => "revoked",
        }
    }
}

fn holder(kind: SubjectKind, name: &str) -> String {
    format!("{}:{name}", kind.as_str())
}

fn lease_ended() -> Problem {
    Problem::conflict(
        "lease_ended",
        "The lease has ended",
        "It ran out, was given back or was revoked.",
        "Ask for the secret again.",
    )
}
