//! How values come out. Nothing comes out before it is written down that it did, to whom and why.

use diwan_kernel::{Actor, Ctx, Entry, Problem, Secret};

use crate::backend::Spot;
use crate::envelope::Place;
use crate::error;
use crate::event::GlassBroken;
use crate::policy::Action;
use crate::rules::NO_PURPOSE;
use crate::secret::SecretId;
use crate::table::{self, glass};
use crate::vault::{Broken, Vault};

/// A value that was taken out.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) secret: table::secret::Secret,
    pub(crate) version: i64,
    pub(crate) value: Secret<String>,
}

/// Which value is wanted, and why.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wish {
    /// Which version; the current one when none is named.
    pub(crate) version: Option<i64>,
    /// What for, in words that rules use: `git.clone`.
    pub(crate) purpose: Option<String>,
    /// Why, in somebody's own words.
    pub(crate) reason: Option<String>,
}

impl Vault {
    /// Takes a value out.
    ///
    /// # Errors
    /// 403 without a policy, 404, 409 when the version was destroyed, 503 while the vault is sealed.
    pub(crate) async fn take(&self, ctx: &Ctx, id: SecretId, wish: &Wish) -> Result<Taken, Problem> {
        self.current_masters().await?;
        let secret = self.get_secret(id).await?;
        let purpose = wish.purpose.as_deref().unwrap_or(NO_PURPOSE);
        self.require(ctx, Action::Read, &secret.name, Some(purpose)).await?;
        let taken = self.open(secret, wish.version).await?;
        self.db().begin(ctx).await?.commit(read_entry("secret.read", &taken, wish)).await?;
        Ok(taken)
    }

    /// Takes a value out past the policies, in an emergency. It is written down twice, and everybody
    /// who manages secrets is told: by mail, and for a week wherever they look.
    ///
    /// # Errors
    /// As for [`Vault::take`], but for the policies.
    pub(crate) async fn break_glass(&self, ctx: &Ctx, id: SecretId, wish: &Wish) -> Result<Taken, Problem> {
        self.current_masters().await?;
        let taken = self.open(self.get_secret(id).await?, wish.version).await?;
        let (secret, reason) = (taken.secret.name.to_string(), wish.reason.clone().unwrap_or_default());
        let broken = Broken { secret, who: who(ctx), reason, at: ctx.now() };
        let mut tx = self.db().begin(ctx).await?;
        tx.emit(&GlassBroken { id });
        glass::insert(&mut tx, self.world(), &broken).await?;
        self.alarm().raise(ctx, &mut tx, &broken).await?;
        tx.record(read_entry("secret.read", &taken, wish).with("past_policies", true)).await?;
        tx.commit(read_entry("secret.break_glass", &taken, wish)).await?;
        self.alarm().send();
        tracing::warn!(secret = %taken.secret.name, actor = ctx.actor.key(), "a secret was read past the policies");
        Ok(taken)
    }

    /// Opens a value for somebody who may have it. Whoever calls this writes it down.
    pub(crate) async fn open(&self, secret: table::secret::Secret, number: Option<i64>) -> Result<Taken, Problem> {
        match self.open_as_it_is(secret.clone(), number).await {
            // Before anybody is alarmed: the master key may have been rotated between reading and opening.
            Err(problem) if error::is_tampered(&problem) => {
                self.catch_up().await?;
                self.open_as_it_is(secret, number).await
            }
            opened => opened,
        }
    }

    async fn open_as_it_is(&self, secret: table::secret::Secret, number: Option<i64>) -> Result<Taken, Problem> {
        let masters = self.masters()?;
        if !secret.is_genuine(masters.vouching()) {
            return Err(error::tampered("the description was edited"));
        }
        let number = number.unwrap_or(secret.current_version);
        let (version, stored) = self.genuine_version(&masters, secret.id, number).await?;
        let stored = match stored {
            Some(stored) => stored,
            None if version.destroyed_at.is_some() => return Err(error::version_gone()),
            None => return Err(error::tampered("the value is missing")),
        };
        let backend = self.backend(&secret.backend).ok_or_else(|| backend_missing(&secret.backend))?;
        let spot = Spot { place: Place { secret: secret.id, version: number }, name: &secret.name };
        let plain = backend.get(spot, &stored).await.map_err(|e| e.into_problem(self.seal()))?;
        let text = std::str::from_utf8(&plain).map_err(|_| error::tampered("the value is not text"))?;
        Ok(Taken { secret, version: number, value: Secret::new(text.to_owned()) })
    }
}

/// What whoever acts is called.
fn who(ctx: &Ctx) -> String {
    match &ctx.actor {
        Actor::User { name, .. } | Actor::Token { name, .. } => name.to_string(),
        other => other.key(),
    }
}

pub(crate) fn read_entry(action: &'static str, taken: &Taken, wish: &Wish) -> Entry {
    let mut entry = Entry::done(action)
        .on("secret", &taken.secret.name)
        .with("id", taken.secret.id.to_string())
        .with("version", taken.version);
    if let Some(purpose) = &wish.purpose {
        entry = entry.with("purpose", purpose.as_str());
    }
    if let Some(reason) = &wish.reason {
        entry = entry.with("reason", reason.as_str());
    }
    entry
}

fn backend_missing(name: &str) -> Problem {
    Problem::conflict(
        "backend_missing",
        "The back end is not set up",
        format!("The values of this secret are kept by `{name}`, which the settings do not name any more."),
        "Put it back into `vault.backends`.",
    )
}
