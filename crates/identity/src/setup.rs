//! How a fresh installation gets its first owner: a link that is printed where it was started.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::http::StatusCode;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Ctx, Entry, Problem, Role, Secret};

use crate::email::Email;
use crate::event::UserCreated;
use crate::identity::Identity;
use crate::opaque::Opaque;
use crate::people::Newcomer;
use crate::person::Language;
use crate::plan::Plan;
use crate::sign_in::{Deliver, SignInMethod, SignInResponse};
use crate::table::{installation, user};

/// How long a setup link counts.
const LIFETIME: Duration = Duration::from_secs(15 * 60);

/// The link with which the first person becomes owner.
#[derive(Debug, Clone)]
pub struct SetupLink {
    /// The link. Whoever has it becomes owner.
    pub url: Secret<String>,
    /// Until when it counts.
    pub expires_at: Timestamp,
}

/// Who wants to be the owner.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) token: Secret<String>,
    pub(crate) email: Email,
    pub(crate) name: String,
    pub(crate) password: Secret<String>,
    pub(crate) language: Language,
}

impl Identity {
    /// A new setup link, as long as nobody owns this installation. The one before is void: only its
    /// digest was kept, so it could not be shown again.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn setup_link(&self) -> Result<Option<SetupLink>, Problem> {
        if self.has_owner().await? {
            return Ok(None);
        }
        let ctx = Ctx::system(self.world(), "setup");
        let (secret, expires_at) = (Opaque::fresh(&ctx.world), ctx.now().plus(LIFETIME));
        let mut tx = self.db().begin(&ctx).await?;
        installation::put_setup_link(&mut tx, secret.digest(), expires_at).await?;
        tx.commit(Entry::done("setup.link")).await?;
        let url = Secret::new(self.link(&format!("welcome#token={}", secret.text())));
        Ok(Some(SetupLink { url, expires_at }))
    }

    /// Whether anybody owns this installation.
    pub(crate) async fn has_owner(&self) -> Result<bool, Problem> {
        if self.has_owner_flag().load(Ordering::Relaxed) {
            return Ok(true);
        }
        let has = installation::has_owner(self.db()).await?;
        self.has_owner_flag().store(has, Ordering::Relaxed);
        Ok(has)
    }

    /// Makes the first owner and signs them in.
    ///
    /// # Errors
    /// 409 `setup_already_done`, 403 `setup_link_invalid`, 422 `password_too_weak`.
    pub(crate) async fn claim(&self, ctx: &Ctx, claim: Claim) -> Result<SignInResponse, Problem> {
        self.check_address(ctx.address())?;
        if self.has_owner().await? {
            return Err(already_done());
        }
        let hash = Opaque::parse(claim.token.expose()).ok_or_else(link_invalid)?.digest();
        // Before the expensive hash: a stranger without the link must not keep the machine busy.
        if !installation::is_setup_link(self.db(), hash, ctx.now()).await? {
            return Err(link_invalid());
        }
        let newcomer = Newcomer {
            email: claim.email,
            name: claim.name,
            role: Role::Owner,
            plan: Plan::Enterprise,
            language: claim.language,
        };
        let (person, password_hash) = self.prepare_person(ctx, newcomer, &claim.password).await?;
        let opening = self.prepare_session(ctx, &person, SignInMethod::Setup, Deliver::Cookie);
        let mut tx = self.db().begin(ctx).await?;
        if !installation::use_setup_link(&mut tx, hash, ctx.now()).await? {
            return Err(link_invalid());
        }
        user::insert(&mut tx, &person, Some(&password_hash)).await.map_err(crate::people::taken)?;
        tx.emit(&UserCreated { id: person.id });
        let entry = self.save_session(&mut tx, ctx, &person, &opening).await?;
        let by = entry.actor.clone();
        tx.record(Entry { actor: by, ..Entry::done("setup.claim").on("user", person.id) }).await?;
        tx.commit(entry).await?;
        self.has_owner_flag().store(true, Ordering::Relaxed);
        Ok(self.welcome(person, &opening, StatusCode::CREATED))
    }
}

fn already_done() -> Problem {
    Problem::conflict(
        "setup_already_done",
        "This installation has an owner",
        "The setup was done already.",
        "Sign in, or ask the owner for an invitation.",
    )
}

fn link_invalid() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "setup_link_invalid",
        "This setup link does not count",
        "The link is wrong, was used, is older than 15 minutes, or a newer one was printed.",
        "Start Diwan again: it prints a new link.",
    )
}
