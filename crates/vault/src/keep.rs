//! How values go in: a new secret, a new version, a description, the end.

use std::time::Duration;

use diwan_kernel::db::DbError;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Ctx, Entry, Problem, Tx};
use zeroize::Zeroizing;

use crate::backend::{Backend, Spot, Stored};
use crate::envelope::Place;
use crate::error;
use crate::event::{SecretChanged, SecretDeleted, SecretRotated};
use crate::generate::Recipe;
use crate::hook::{HookEvent, HookNotice};
use crate::kind::{Checked, SecretKind, check};
use crate::master::Masters;
use crate::name::SecretName;
use crate::policy::Action;
use crate::sealing::actor;
use crate::secret::SecretId;
use crate::table::removal::Removal;
use crate::table::secret::Secret;
use crate::table::version::Version;
use crate::table::{self, lease, removal, secret, version};
use crate::vault::Vault;
use crate::version::Origin;
use crate::vouch::count_wraps;

const DAY: Duration = Duration::from_secs(24 * 3600);
const HOUR: Duration = Duration::from_secs(3600);
/// So many old values go with each new one: more have to go only after a setting was lowered.
const DROPPED_AT_ONCE: usize = 20;

/// Where a new value comes from.
#[derive(Debug)]
pub(crate) enum Source {
    /// Somebody gives it.
    Given(Zeroizing<String>),
    /// It is made.
    Made,
    /// It comes from an import.
    Imported(Zeroizing<String>),
    /// It is made because its time has come.
    Scheduled,
    /// It is an older value.
    Older(Zeroizing<String>),
}

impl Source {
    const fn origin(&self) -> Origin {
        match self {
            Self::Given(_) => Origin::Set,
            Self::Made => Origin::Generated,
            Self::Imported(_) => Origin::Imported,
            Self::Scheduled => Origin::Scheduled,
            Self::Older(_) => Origin::RolledBack,
        }
    }

    const fn is_made(&self) -> bool {
        matches!(self, Self::Made | Self::Scheduled)
    }
}

/// A secret that is about to be.
#[derive(Debug)]
pub(crate) struct NewSecret {
    pub(crate) name: SecretName,
    pub(crate) kind: SecretKind,
    pub(crate) description: String,
    pub(crate) provider: String,
    pub(crate) backend: String,
    pub(crate) recipe: Option<Recipe>,
    pub(crate) source: Source,
    /// `None` asks for the usual number of days, `Some(None)` for never.
    pub(crate) rotation_days: Option<Option<u16>>,
    pub(crate) overlap_hours: Option<u16>,
    pub(crate) expires_at: Option<Timestamp>,
}

/// What is changed about a secret. Its value is not among it.
#[derive(Debug, Default)]
pub(crate) struct Change {
    pub(crate) name: Option<SecretName>,
    pub(crate) description: Option<String>,
    pub(crate) provider: Option<String>,
    pub(crate) recipe: Option<Option<Recipe>>,
    pub(crate) rotation_days: Option<Option<u16>>,
    pub(crate) overlap_hours: Option<u16>,
    pub(crate) expires_at: Option<Option<Timestamp>>,
}

/// A value that was put into keeping but is not part of anything yet.
struct Kept {
    stored: Stored,
    checked: Checked,
}

impl Vault {
    /// Brings a secret in.
    ///
    /// # Errors
    /// 403 without a policy, 409 when the name is taken, 422 when the value has not the form of its
    /// kind, 503 while the vault is sealed.
    pub(crate) async fn create_secret(&self, ctx: &Ctx, new: NewSecret) -> Result<Secret, Problem> {
        let masters = self.current_masters().await?;
        self.require(ctx, Action::Write, &new.name, None).await?;
        if secret::find_named(self.db(), &new.name).await?.is_some() {
            return Err(error::name_taken(&new.name));
        }
        let now = ctx.now();
        let place = Place { secret: SecretId::new(self.world()), version: 1 };
        let origin = new.source.origin();
        let recipe = if new.source.is_made() { Some(new.recipe.unwrap_or_default()) } else { new.recipe };
        let value = self.value_of(new.kind, recipe.as_ref(), new.source)?;
        let backend = self.backend_named(&new.backend)?;
        // The name may have had another life there that the other vault has not forgotten yet.
        self.finish_removals(&new.backend, &new.name).await?;
        let kept = self.keep(backend, Spot { place, name: &new.name }, None, new.kind, &value).await?;
        let rotation_days = new.rotation_days.unwrap_or_else(|| Some(self.usual_days(new.kind)));
        let secret = Secret {
            id: place.secret,
            name: new.name,
            kind: new.kind,
            description: new.description,
            provider: new.provider,
            backend: new.backend,
            recipe,
            current_version: 1,
            latest_version: 1,
            facts: kept.checked.facts,
            signature: vec![],
            rotation_days: rotation_days.map(i64::from),
            overlap_hours: i64::from(new.overlap_hours.unwrap_or(self.config().overlap_hours)),
            rotate_at: rotation_days.map(|days| now.plus(DAY * u32::from(days))),
            rotated_at: now,
            expires_at: new.expires_at.or(kept.checked.expires_at),
            created_at: now,
            created_by: actor(ctx),
            changed_at: now,
        };
        let secret = secret.sign(masters.vouching());

        let mut tx = self.db().begin(ctx).await?;
        match table::secret::insert(&mut tx, &secret).await {
            Err(DbError::Unique(_)) => return Err(error::name_taken(&secret.name)),
            other => other?,
        }
        self.insert_version(&mut tx, ctx, &masters, &secret, &kept.stored, origin).await?;
        tx.emit(&SecretChanged { id: secret.id });
        tx.commit(entry("secret.create", &secret).with("kind", secret.kind.as_str()).with("origin", origin.as_str()))
            .await?;
        Ok(secret)
    }

    /// Gives a secret a new value. The one before stays usable during the overlap.
    ///
    /// # Errors
    /// As for [`Vault::create_secret`]; 404 when there is no such secret; 409 when somebody else was
    /// faster.
    pub(crate) async fn put_version(&self, ctx: &Ctx, id: SecretId, source: Source) -> Result<Secret, Problem> {
        let masters = self.current_masters().await?;
        let before = self.genuine(&masters, id).await?;
        let action = if source.is_made() { Action::Rotate } else { Action::Write };
        self.require(ctx, action, &before.name, None).await?;
        let now = ctx.now();
        let origin = source.origin();
        let (was_current, latest) = (before.current_version, before.latest_version);
        let place = Place { secret: id, version: latest + 1 };
        let value = self.value_of(before.kind, before.recipe.as_ref(), source)?;
        let backend = self.backend_named(&before.backend)?;
        let (older, older_stored) = self.genuine_version(&masters, id, was_current).await?;
        let spot = Spot { place, name: &before.name };
        let kept = self.keep(backend, spot, older_stored.as_ref(), before.kind, &value).await?;
        let overlap = HOUR * u32::try_from(before.overlap_hours).unwrap_or(0);
        let secret = Secret {
            current_version: place.version,
            latest_version: place.version,
            facts: kept.checked.facts,
            rotate_at: before.rotation_days.map(|days| now.plus(DAY * u32::try_from(days).unwrap_or(0))),
            rotated_at: now,
            // What a certificate says of itself goes before what was written down for the one before.
            expires_at: kept.checked.expires_at.or(before.expires_at.filter(|at| *at > now)),
            changed_at: now,
            ..before
        };
        let secret = secret.sign(masters.vouching());

        let mut tx = self.db().begin(ctx).await?;
        if !table::secret::update(&mut tx, &secret, latest).await? {
            drop(tx);
            let spot = Spot { place, name: &secret.name };
            // Nobody will ever ask for it; what cannot be removed there is only clutter.
            let _ = backend.destroy(spot, &kept.stored).await;
            return Err(error::changed_meanwhile());
        }
        let older = Version { valid_until: Some(now.plus(overlap)), ..older }.sign(id, masters.vouching());
        version::set_valid_until(&mut tx, id, &older).await?;
        self.insert_version(&mut tx, ctx, &masters, &secret, &kept.stored, origin).await?;
        tx.emit(&SecretChanged { id });
        let (action, event) = if matches!(origin, Origin::Generated | Origin::Scheduled) {
            tx.emit(&SecretRotated { id, version: place.version });
            ("secret.rotate", HookEvent::Rotated)
        } else {
            ("secret.write", HookEvent::Written)
        };
        let told = HookNotice { version_before_until: older.valid_until, ..HookNotice::new(event, &secret, now) };
        self.tell_hooks(&mut tx, &told).await?;
        let until = now.plus(overlap).to_string();
        tx.commit(entry(action, &secret).with("origin", origin.as_str()).with("version_before_until", until)).await?;
        self.wake_hooks();
        self.drop_oldest(ctx, &secret).await;
        Ok(secret)
    }

    /// Makes the value of an older version current again, as a new version.
    ///
    /// # Errors
    /// As for [`Vault::put_version`]; 409 when that version was destroyed.
    pub(crate) async fn roll_back_secret(&self, ctx: &Ctx, id: SecretId, number: i64) -> Result<Secret, Problem> {
        let secret = self.get_secret(id).await?;
        self.require(ctx, Action::Write, &secret.name, None).await?;
        let older = self.open(secret, Some(number)).await?;
        self.put_version(ctx, id, Source::Older(Zeroizing::new(older.value.expose().clone()))).await
    }

    /// Changes what is known about a secret.
    ///
    /// # Errors
    /// As for [`Vault::put_version`].
    pub(crate) async fn change_secret(&self, ctx: &Ctx, id: SecretId, change: Change) -> Result<Secret, Problem> {
        let masters = self.current_masters().await?;
        let before = self.genuine(&masters, id).await?;
        self.require(ctx, Action::Write, &before.name, None).await?;
        if let Some(name) = change.name.as_ref().filter(|name| **name != before.name) {
            self.require_movable(ctx, &before.name, name).await?;
            self.require_not_needed(&before.name)?;
            if before.backend != crate::config::LOCAL {
                return Err(cannot_move());
            }
        }
        let old_name = before.name.clone();
        let latest = before.latest_version;
        let rotation_days = change.rotation_days.map_or(before.rotation_days, |days| days.map(i64::from));
        let secret = Secret {
            name: change.name.unwrap_or(before.name),
            description: change.description.unwrap_or(before.description),
            provider: change.provider.unwrap_or(before.provider),
            recipe: change.recipe.unwrap_or(before.recipe),
            rotate_at: rotation_days.map(|days| before.rotated_at.plus(DAY * u32::try_from(days).unwrap_or(0))),
            rotation_days,
            overlap_hours: change.overlap_hours.map_or(before.overlap_hours, i64::from),
            expires_at: change.expires_at.unwrap_or(before.expires_at),
            changed_at: ctx.now(),
            ..before
        };
        let secret = secret.sign(masters.vouching());
        let mut tx = self.db().begin(ctx).await?;
        match table::secret::update(&mut tx, &secret, latest).await {
            Err(DbError::Unique(_)) => return Err(error::name_taken(&secret.name)),
            other => other?.then_some(()).ok_or_else(error::changed_meanwhile)?,
        }
        tx.emit(&SecretChanged { id });
        let mut done = entry("secret.describe", &secret);
        if old_name != secret.name {
            done = done.with("name_before", old_name.as_str());
        }
        tx.commit(done).await?;
        Ok(secret)
    }

    /// Removes a secret with all its versions. Its leases end.
    ///
    /// # Errors
    /// 404, 403, 503 while the vault is sealed.
    pub(crate) async fn delete_secret(&self, ctx: &Ctx, id: SecretId) -> Result<(), Problem> {
        self.current_masters().await?;
        let secret = self.get_secret(id).await?;
        self.require(ctx, Action::Write, &secret.name, None).await?;
        self.require_not_needed(&secret.name)?;
        let mut tx = self.db().begin_freeing(ctx).await?;
        if secret.backend != crate::config::LOCAL {
            for (number, remote) in version::list_remote(&mut tx, id).await? {
                removal::insert(&mut tx, &Removal::of(ctx, &secret, number, Some(remote))).await?;
            }
            removal::insert(&mut tx, &Removal::of(ctx, &secret, secret.latest_version, None)).await?;
        }
        if !table::secret::delete(&mut tx, id).await? {
            return Err(error::no_secret());
        }
        tx.emit(&SecretDeleted { id });
        tx.commit(Entry::done("secret.delete").on("secret", &secret.name).with("id", id.to_string())).await?;
        self.remove_there(&secret).await;
        self.forget_deleted().await;
        Ok(())
    }

    /// Destroys the value of one version that is not current.
    ///
    /// # Errors
    /// 404, 403, 409 for the current version.
    pub(crate) async fn destroy_version(&self, ctx: &Ctx, id: SecretId, number: i64) -> Result<(), Problem> {
        let masters = self.current_masters().await?;
        let secret = self.get_secret(id).await?;
        self.require(ctx, Action::Write, &secret.name, None).await?;
        if number == secret.current_version {
            return Err(still_current());
        }
        let (version, stored) = self.genuine_version(&masters, id, number).await?;
        let version = Version { destroyed_at: Some(ctx.now()), ..version }.sign(id, masters.vouching());
        let mut tx = self.db().begin_freeing(ctx).await?;
        if !version::destroy(&mut tx, id, &version).await? {
            return Err(error::version_gone());
        }
        if let Some(Stored::There(remote)) = stored {
            removal::insert(&mut tx, &Removal::of(ctx, &secret, number, Some(remote))).await?;
        }
        lease::end_of_secret(&mut tx, id, Some(number), "version_destroyed", ctx.now()).await?;
        tx.emit(&SecretChanged { id });
        let done = Entry::done("secret.destroy_version").on("secret", &secret.name).with("version", number);
        tx.commit(done).await?;
        self.remove_there(&secret).await;
        self.forget_deleted().await;
        Ok(())
    }

    /// Carries out at once what another vault has to remove; what it does not do now is done later.
    async fn remove_there(&self, secret: &Secret) {
        if secret.backend != crate::config::LOCAL
            && let Err(problem) = self.finish_removals(&secret.backend, &secret.name).await
        {
            tracing::warn!(secret = %secret.name, ?problem, "another vault still has what was removed; trying again later");
        }
    }

    /// Versions beyond the number that is kept lose their values, oldest first.
    async fn drop_oldest(&self, ctx: &Ctx, secret: &Secret) {
        // Every version has a row for ever, so the newest ones are the highest numbers.
        let up_to = secret.latest_version - i64::from(self.config().keep_versions);
        let Ok(spent) = version::list_spent(self.db(), secret.id, up_to, ctx.now(), DROPPED_AT_ONCE).await else {
            return;
        };
        let system = Ctx::system(self.world(), "vault");
        for old in spent.into_iter().filter(|old| *old != secret.current_version) {
            if let Err(problem) = self.destroy_version(&system, secret.id, old).await {
                tracing::warn!(secret = %secret.name, version = old, ?problem, "an old version is still there");
            }
        }
    }

    /// The secret with this id.
    ///
    /// # Errors
    /// 404 when there is none.
    pub(crate) async fn get_secret(&self, id: SecretId) -> Result<Secret, Problem> {
        secret::find(self.db(), id).await?.ok_or_else(error::no_secret)
    }

    /// The secret with this id, as it was signed.
    pub(crate) async fn genuine(&self, masters: &Masters, id: SecretId) -> Result<Secret, Problem> {
        let secret = self.get_secret(id).await?;
        if secret.is_genuine(masters.vouching()) {
            Ok(secret)
        } else {
            Err(error::tampered("the description was edited"))
        }
    }

    /// A version, as it was signed, and what is stored of its value.
    pub(crate) async fn genuine_version(
        &self,
        masters: &Masters,
        id: SecretId,
        number: i64,
    ) -> Result<(Version, Option<Stored>), Problem> {
        let found = version::find(self.db(), id, number).await?;
        let (version, stored) = found.ok_or_else(|| Problem::not_found("version"))?;
        if !version.is_genuine(id, masters.vouching()) {
            return Err(error::tampered("a version was edited"));
        }
        Ok((version, stored))
    }

    fn backend_named(&self, name: &str) -> Result<&dyn Backend, Problem> {
        self.backend(name).ok_or_else(|| {
            let known: Vec<&str> = self.backend_names().collect();
            let message = format!("There is no such back end. There are: {}.", known.join(", "));
            Problem::invalid_field("backend", "backend_unknown", message)
        })
    }

    fn value_of(
        &self,
        kind: SecretKind,
        recipe: Option<&Recipe>,
        source: Source,
    ) -> Result<Zeroizing<String>, Problem> {
        match source {
            Source::Given(value) | Source::Imported(value) | Source::Older(value) => Ok(value),
            Source::Made | Source::Scheduled => {
                recipe.and_then(|recipe| recipe.make(self.world(), kind)).ok_or_else(cannot_be_made)
            }
        }
    }

    async fn keep(
        &self,
        backend: &dyn Backend,
        spot: Spot<'_>,
        before: Option<&Stored>,
        kind: SecretKind,
        value: &Zeroizing<String>,
    ) -> Result<Kept, Problem> {
        let wrong = |message| Problem::invalid_field("value", "value_unfit", message);
        let checked = check(kind, value).map_err(wrong)?;
        let stored = backend.put(spot, before, value).await;
        Ok(Kept { stored: stored.map_err(|e| e.into_problem(self.seal()))?, checked })
    }

    /// Writes a version, and counts it under the master key that wrapped it.
    async fn insert_version(
        &self,
        tx: &mut Tx,
        ctx: &Ctx,
        masters: &Masters,
        secret: &Secret,
        stored: &Stored,
        origin: Origin,
    ) -> Result<(), Problem> {
        if let Stored::Here { master, .. } = stored
            && !count_wraps(tx, masters, *master, 1).await?
        {
            // The master key was rotated between the sealing and now, by another server perhaps.
            return Err(master_changed());
        }
        let row = Version {
            version: secret.latest_version,
            origin,
            created_at: ctx.now(),
            created_by: actor(ctx),
            valid_until: None,
            destroyed_at: None,
            remote: stored.remote().map(str::to_owned),
            signature: vec![],
        };
        let row = row.sign(secret.id, masters.vouching());
        Ok(version::insert(tx, secret.id, &row, stored).await?)
    }

    fn usual_days(&self, kind: SecretKind) -> u16 {
        match kind {
            SecretKind::SshKey => self.config().ssh_rotation_days,
            _ => self.config().rotation_days,
        }
    }
}

/// What every entry about a secret says: which one, which version, and what its row looks like now.
fn entry(action: &'static str, secret: &Secret) -> Entry {
    Entry::done(action)
        .on("secret", &secret.name)
        .with("id", secret.id.to_string())
        .with("version", secret.current_version)
        .with("mark", secret.mark())
}

fn cannot_be_made() -> Problem {
    Problem::conflict(
        "secret_not_generated",
        "The value cannot be generated",
        "Only whoever issues this value can make a new one.",
        "Give the new value yourself.",
    )
}

fn cannot_move() -> Problem {
    Problem::conflict(
        "secret_cannot_move",
        "The secret cannot be renamed",
        "Its values are kept by another vault under its name.",
        "Make a secret with the new name and remove this one.",
    )
}

fn still_current() -> Problem {
    Problem::conflict(
        "secret_version_current",
        "The version is current",
        "This is the version that readers get.",
        "Give the secret a new version first, or remove the secret.",
    )
}

fn master_changed() -> Problem {
    Problem::unavailable("vault_key_changing", "The master key was just rotated.", Duration::from_secs(1))
}
