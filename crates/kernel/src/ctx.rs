//! Who is calling, what they may do, and through which doors they reach the world.
//!
//! A handler cannot get a [`Ctx`] without stating what the caller must be allowed: it asks for an
//! [`Allowed<R>`], and the rule `R` is checked before anything else of the request is read.

use std::fmt;
use std::marker::PhantomData;
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};

use crate::id::{ApiToken, Id, Request, Session, User};
use crate::problem::Problem;
use crate::world::{Timestamp, World};

/// How long a fresh proof of identity opens dangerous actions.
pub const STEP_UP_WINDOW: Duration = Duration::from_secs(600);

/// What a person is in this installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees how the platform is doing.
    Viewer,
    /// Works with it.
    Developer,
    /// Manages people and watches the audit trail.
    Admin,
    /// May do everything.
    Owner,
}

impl Role {
    /// The name used in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Developer => "developer",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// Reads a role's name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Viewer, Self::Developer, Self::Admin, Self::Owner].into_iter().find(|r| r.as_str() == name)
    }

    /// Everything this role allows.
    pub fn permissions(self) -> Permissions {
        Permission::ALL.iter().copied().filter(|p| self >= p.least_role()).collect()
    }
}

macro_rules! permissions {
    ($($(#[$meta:meta])* $name:ident = $text:tt from $role:ident),+ $(,)?) => {
        /// One thing that a caller may do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        pub enum Permission {$(
            $(#[$meta])*
            #[serde(rename = $text)]
            $name
        ),+}

        impl Permission {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The name used in the API, in scopes and in the database.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }

            /// The least role that has it.
            pub const fn least_role(self) -> Role {
                match self { $(Self::$name => Role::$role),+ }
            }
        }

        /// The permissions as rules for [`Allowed`](super::Allowed).
        pub mod may {
            $(
                $(#[$meta])*
                #[derive(Debug, Clone, Copy)]
                pub enum $name {}
                impl super::Rule for $name {
                    const NEEDS: super::Needs = super::Needs::Permission(super::Permission::$name);
                }
            )+
        }
    };
}

permissions! {
    /// See and change one's own profile, sessions and credentials.
    ProfileSelf = "profile.self" from Viewer,
    /// See how the installation is doing.
    StatusRead = "status.read" from Viewer,
    /// See who is here.
    UsersRead = "users.read" from Developer,
    /// Change people: role, plan, status; end their sessions.
    UsersManage = "users.manage" from Admin,
    /// Invite people.
    InvitationsManage = "invitations.manage" from Admin,
    /// Read and verify the audit trail.
    AuditRead = "audit.read" from Admin,
    /// Take the audit trail away as a file.
    AuditExport = "audit.export" from Admin,
    /// See which secrets there are, as far as the vault's policies let one know of them.
    SecretsRead = "secrets.read" from Developer,
    /// Put values into the vault and take them out, as far as its policies allow.
    SecretsUse = "secrets.use" from Developer,
    /// See all secrets but their values; decide who may do what with them.
    SecretsManage = "secrets.manage" from Admin,
    /// Seal and unseal the vault, rotate its master key, read past its policies in an emergency.
    VaultManage = "vault.manage" from Owner,
    /// See the machines and how they are doing.
    MachinesRead = "machines.read" from Viewer,
    /// Let machines join, rename and remove them.
    MachinesManage = "machines.manage" from Admin,
    /// Have machines do what their owners' policies allow.
    CommandsRun = "commands.run" from Developer,
    /// See the jobs, their logs and their schedules.
    JobsRead = "jobs.read" from Developer,
    /// Have work done: jobs and schedules of one's own.
    JobsRun = "jobs.run" from Developer,
    /// Decide over the jobs of all: pause queues, set limits, cancel.
    JobsManage = "jobs.manage" from Admin,
    /// Open a terminal on a machine.
    TerminalsOpen = "terminals.open" from Admin,
    /// See the configuration in force.
    SettingsRead = "settings.read" from Admin,
    /// Change the configuration.
    SettingsManage = "settings.manage" from Owner,
    /// Make and unmake owners.
    RolesOwner = "roles.owner" from Owner,
    /// Read mails that could not be sent.
    MailOutbox = "mail.outbox" from Owner,
}

impl Permission {
    /// Reads a permission's name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|p| p.as_str() == name)
    }
}

/// A set of permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Permissions(u64);

impl Permissions {
    /// Whether the set has it.
    pub const fn has(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u64) != 0
    }

    /// What is in both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// One by one.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |p| self.has(*p))
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().fold(0, |set, p| set | (1 << p as u64)))
    }
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Nobody has proved who they are.
    Anonymous,
    /// A person, through a session.
    User {
        /// Who.
        id: Id<User>,
        /// Their name at that time.
        name: Arc<str>,
        /// Their role at that time.
        role: Role,
        /// Through which session.
        session: Id<Session>,
    },
    /// An API token of a person.
    Token {
        /// Which token.
        id: Id<ApiToken>,
        /// Its name.
        name: Arc<str>,
        /// Whose it is.
        owner: Id<User>,
        /// The owner's role at that time.
        role: Role,
    },
    /// A part of Diwan itself.
    System(&'static str),
}

impl Actor {
    /// The person behind it, if there is one.
    pub const fn user_id(&self) -> Option<Id<User>> {
        match self {
            Self::User { id, .. } => Some(*id),
            Self::Token { owner, .. } => Some(*owner),
            Self::Anonymous | Self::System(_) => None,
        }
    }

    /// The role it acts with.
    pub const fn role(&self) -> Option<Role> {
        match self {
            Self::User { role, .. } | Self::Token { role, .. } => Some(*role),
            Self::Anonymous | Self::System(_) => None,
        }
    }

    /// A key that tells this actor from every other one.
    pub fn key(&self) -> String {
        match self {
            Self::Anonymous => "anonymous".to_owned(),
            Self::User { id, .. } => id.to_string(),
            Self::Token { id, .. } => id.to_string(),
            Self::System(name) => format!("system:{name}"),
        }
    }
}

/// What somebody must see to before they may do what their role allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// To set up a second factor, because the installation asks it of their role.
    SecondFactor,
    /// To choose a longer password, because no second factor stands beside the one they have.
    LongerPassword,
}

impl Duty {
    fn problem(self) -> Problem {
        match self {
            Self::SecondFactor => Problem::second_factor_needed(),
            Self::LongerPassword => Problem::longer_password_needed(),
        }
    }
}

/// What is known about the request behind a call.
#[derive(Debug, Clone)]
pub struct RequestFacts {
    /// Its id, also in the answer and in the logs.
    pub id: Id<Request>,
    /// The address it came from, after trusted proxies.
    pub address: Option<IpAddr>,
    /// What the client calls itself, cut to a sane length.
    pub user_agent: Option<Arc<str>>,
    /// When it arrived, by the monotonic clock.
    pub arrived: Duration,
}

/// The client's promise that a repeated write is the same write.
#[derive(Debug, Clone)]
pub struct Idempotency {
    /// The key that the client chose.
    pub key: Arc<str>,
    /// A digest of method, path and body.
    pub digest: [u8; 32],
    written: Arc<AtomicBool>,
}

impl Idempotency {
    /// A promise not yet written down.
    pub fn new(key: Arc<str>, digest: [u8; 32]) -> Self {
        Self { key, digest, written: Arc::default() }
    }

    /// True exactly once: for whoever writes it down.
    pub(crate) fn claim(&self) -> bool {
        !self.written.swap(true, Ordering::SeqCst)
    }

    /// Takes a claim back because its unit of work was undone.
    pub(crate) fn unclaim(&self) {
        self.written.store(false, Ordering::SeqCst);
    }

    /// Whether a unit of work wrote it down.
    pub fn is_written(&self) -> bool {
        self.written.load(Ordering::SeqCst)
    }
}

/// Everything that a call carries through the house. Cheap to clone.
#[derive(Clone)]
pub struct Ctx {
    /// The doors to the world.
    pub world: World,
    /// Who acts.
    pub actor: Actor,
    /// What they may do.
    pub permissions: Permissions,
    /// Why they may do less than their role allows, if that is so.
    pub duty: Option<Duty>,
    /// Until when the last fresh proof of identity counts; API tokens have none.
    pub stepped_up_until: Option<Timestamp>,
    /// The request behind it; background work has none.
    pub request: Option<Arc<RequestFacts>>,
    /// The client's idempotency key, on writes.
    pub idempotency: Option<Idempotency>,
    /// The mark of a browser that somebody signed in with before; it proves nothing about who it is.
    pub device: Option<[u8; 16]>,
}

impl fmt::Debug for Ctx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ctx").field("actor", &self.actor).field("request", &self.request).finish_non_exhaustive()
    }
}

impl Ctx {
    /// A part of Diwan acting by itself.
    pub fn system(world: &World, name: &'static str) -> Self {
        Self {
            world: world.clone(),
            actor: Actor::System(name),
            permissions: Permission::ALL.iter().copied().collect(),
            duty: None,
            stepped_up_until: None,
            request: None,
            idempotency: None,
            device: None,
        }
    }

    /// Somebody who has not proved who they are.
    pub fn anonymous(world: &World, request: Arc<RequestFacts>) -> Self {
        Self {
            world: world.clone(),
            actor: Actor::Anonymous,
            permissions: Permissions::default(),
            duty: None,
            stepped_up_until: None,
            request: Some(request),
            idempotency: None,
            device: None,
        }
    }

    /// The moment now.
    pub fn now(&self) -> Timestamp {
        self.world.now()
    }

    /// The address the request came from.
    pub fn address(&self) -> Option<IpAddr> {
        self.request.as_ref().and_then(|r| r.address)
    }

    /// The person behind the call.
    ///
    /// # Errors
    /// 401 when nobody signed in.
    pub fn user_id(&self) -> Result<Id<User>, Problem> {
        self.actor.user_id().ok_or_else(Problem::sign_in_required)
    }

    /// Refuses unless the caller has this permission: for decisions inside an operation.
    ///
    /// # Errors
    /// 401 or 403.
    pub fn require(&self, permission: Permission) -> Result<(), Problem> {
        Needs::Permission(permission).check(self)
    }

    /// Refuses unless the caller proved who they are within the last minutes.
    ///
    /// # Errors
    /// 403 `step_up_required`, or 403 `session_required` for an API token.
    pub fn require_step_up(&self) -> Result<(), Problem> {
        match (&self.actor, self.stepped_up_until) {
            (Actor::System(_), _) => Ok(()),
            (Actor::User { .. }, Some(until)) if until > self.now() => Ok(()),
            (Actor::User { .. }, _) => Err(Problem::step_up_required()),
            (Actor::Token { .. }, _) => Err(Problem::session_required()),
            (Actor::Anonymous, _) => Err(Problem::sign_in_required()),
        }
    }
}

/// What an operation needs of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: it is open to everybody.
    Nothing,
    /// To be somebody.
    SignedIn,
    /// A permission.
    Permission(Permission),
}

impl Needs {
    fn check(self, ctx: &Ctx) -> Result<(), Problem> {
        match (self, &ctx.actor) {
            (Self::Nothing, _) | (_, Actor::System(_)) => Ok(()),
            (_, Actor::Anonymous) => Err(Problem::sign_in_required()),
            (Self::SignedIn, _) => Ok(()),
            (Self::Permission(p), _) if ctx.permissions.has(p) => Ok(()),
            (Self::Permission(p), actor) => Err(match ctx.duty {
                Some(duty) if actor.role().is_some_and(|role| role >= p.least_role()) => duty.problem(),
                _ => Problem::not_allowed(p.as_str()),
            }),
        }
    }
}

/// A rule that a caller must satisfy, as a type.
pub trait Rule: Send + Sync + 'static {
    /// What it needs.
    const NEEDS: Needs;
    /// Whether a fresh proof of identity is needed too.
    const STEP_UP: bool = false;
}

/// Open to everybody.
#[derive(Debug, Clone, Copy)]
pub enum Anyone {}
impl Rule for Anyone {
    const NEEDS: Needs = Needs::Nothing;
}

/// The rule `R`, and a fresh proof of identity.
#[derive(Debug, Clone, Copy)]
pub struct SteppedUp<R>(PhantomData<R>);
impl<R: Rule> Rule for SteppedUp<R> {
    const NEEDS: Needs = R::NEEDS;
    const STEP_UP: bool = true;
}

/// A [`Ctx`] whose caller satisfies `R`. Ask for it as the first argument of a handler.
#[derive(Debug, Clone)]
pub struct Allowed<R> {
    ctx: Ctx,
    rule: PhantomData<R>,
}

impl<R> Deref for Allowed<R> {
    type Target = Ctx;

    fn deref(&self) -> &Ctx {
        &self.ctx
    }
}

impl<R: Rule, S: Sync> FromRequestParts<S> for Allowed<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let ctx = parts.extensions.get::<Ctx>().cloned();
        let ctx = ctx.ok_or_else(|| Problem::internal("the edge did not say who is calling"))?;
        R::NEEDS.check(&ctx)?;
        if R::STEP_UP {
            ctx.require_step_up()?;
        }
        Ok(Self { ctx, rule: PhantomData })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_allows_what_the_role_below_allows() {
        for pair in [Role::Viewer, Role::Developer, Role::Admin, Role::Owner].windows(2) {
            let (below, above) = (pair[0].permissions(), pair[1].permissions());
            assert_eq!(below.and(above), below);
        }
    }

    #[test]
    fn names_of_permissions_and_roles_read_back() {
        for p in Permission::ALL {
            assert_eq!(Permission::parse(p.as_str()), Some(*p));
        }
        assert_eq!(Role::parse("owner"), Some(Role::Owner));
        assert_eq!(Role::parse("Owner"), None);
    }

    #[test]
    fn an_api_token_cannot_step_up() {
        let mut ctx = Ctx::system(&World::real(), "test");
        ctx.actor =
            Actor::Token { id: Id::from_bits(1), name: "ci".into(), owner: Id::from_bits(2), role: Role::Owner };
        assert_eq!(ctx.require_step_up().map_err(|p| p.code()), Err("session_required"));
    }
}
