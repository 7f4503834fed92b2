//! The handle of the audit trail, and how it starts.

use std::path::Path;
use std::sync::Arc;

use diwan_kernel::config::Live;
use diwan_kernel::db::{Db, DbError, Unrecorded};
use diwan_kernel::{Ctx, Entry, Problem, Sealer, Supervisor, TaskPolicy, World};

use crate::anchor::{Anchor, AnchorFile};
use crate::canonical::GENESIS;
use crate::checkpoint::Checkpoint;
use crate::config::AuditConfig;
use crate::error::AuditError;
use crate::journal::Trail;
use crate::keys::{self, SigningKey, Vouching};
use crate::table::{audit_checkpoint, audit_head};
use crate::verify::{self, AuditFault, AuditVerification, FaultKind};
use crate::warning::{AuditWarning, Warnings};
use crate::{watch_checkpoints, watch_retention, watch_suspicions};

/// The audit trail. Cheap to clone.
#[derive(Clone)]
pub struct Audit {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) db: Db,
    pub(crate) world: World,
    pub(crate) supervisor: Supervisor,
    pub(crate) key: Arc<SigningKey>,
    pub(crate) anchor: AnchorFile,
    pub(crate) config: Live<AuditConfig>,
    pub(crate) warnings: Warnings,
    /// One checkpoint at a time.
    pub(crate) signing: tokio::sync::Mutex<()>,
    /// One look for suspicions at a time.
    pub(crate) looking: tokio::sync::Mutex<()>,
    verifying: tokio::sync::Mutex<()>,
}

impl Inner {
    /// Whether the database was found to be older than the anchor: then the anchor is evidence.
    pub(crate) fn is_rolled_back(&self) -> bool {
        self.warnings.all().iter().any(|w| w.code == "audit_rolled_back")
    }
}

impl std::fmt::Debug for Audit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Audit").field("key", self.vouching()).finish_non_exhaustive()
    }
}

impl Audit {
    /// Opens the trail, becomes the database's journal, compares the trail with the anchor outside the
    /// database, and begins to sign, to look for what is suspicious, and to remove what is too old.
    ///
    /// # Errors
    /// When the database does not answer or the signing key does not open.
    pub async fn start(
        db: &Db,
        sealer: &Sealer,
        supervisor: &Supervisor,
        world: &World,
        data_dir: &Path,
        config: impl Into<Live<AuditConfig>>,
    ) -> Result<Self, AuditError> {
        let key = Arc::new(SigningKey::open(db, sealer, world).await?);
        let is_emptied = begin_trail(db, &key).await?;
        db.set_journal(Arc::new(Trail { key: key.clone() }));
        let inner = Arc::new(Inner {
            db: db.clone(),
            world: world.clone(),
            supervisor: supervisor.clone(),
            key,
            anchor: AnchorFile::in_dir(data_dir),
            config: config.into(),
            warnings: Warnings::default(),
            signing: tokio::sync::Mutex::default(),
            looking: tokio::sync::Mutex::default(),
            verifying: tokio::sync::Mutex::default(),
        });
        let this = Self { inner };
        if is_emptied {
            let detail = verify::emptied().detail;
            this.note(AuditWarning::broken(&detail), "trail_missing").await;
        }
        this.compare_with_anchor().await?;
        // What the last run left unsigned is signed before anything new is written.
        watch_checkpoints::try_pass(&this.inner).await;
        let inner = || this.inner.clone();
        supervisor.spawn("audit checkpoints", TaskPolicy::Critical, watch_checkpoints::run(inner()));
        supervisor.spawn("audit suspicion watch", TaskPolicy::Once, watch_suspicions::run(inner()));
        supervisor.spawn("audit retention", TaskPolicy::Once, watch_retention::run(inner()));
        Ok(this)
    }

    /// What somebody must look after; empty when all is well.
    pub fn warnings(&self) -> Vec<AuditWarning> {
        self.inner.warnings.all()
    }

    /// The public half of the signing key, for whoever checks the trail elsewhere.
    pub fn vouching(&self) -> &Vouching {
        self.inner.key.vouching()
    }

    /// Verifies the whole trail and says so in it. One at a time.
    ///
    /// # Errors
    /// 409 while another verification runs; when the database does not answer.
    pub async fn verify(&self, ctx: &Ctx) -> Result<AuditVerification, Problem> {
        let Ok(_turn) = self.inner.verifying.try_lock() else {
            return Err(Problem::conflict(
                "verification_running",
                "The trail is being verified already",
                "Somebody else is having the audit trail verified at this moment.",
                "Wait until it is done, then try again.",
            ));
        };
        let anchor = self.inner.anchor.read(&self.inner.world, self.vouching());
        let report = verify::verify(&self.inner.db, self.vouching(), &anchor).await?;
        if let Some(fault) = &report.fault {
            self.warn_of(fault);
        }
        let entry = match &report.fault {
            None => Entry::done("audit.verify"),
            Some(fault) => Entry::failed("audit.verify", fault.kind.as_str()).with("seq", fault.seq),
        };
        let tx = self.inner.db.begin(ctx).await?;
        tx.commit(entry.with("entries", report.entries).with("last_seq", report.last_seq)).await?;
        Ok(report)
    }

    /// Signs where the trail stands now, unless that is signed already.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sign_checkpoint(&self) -> Result<Option<Checkpoint>, DbError> {
        watch_checkpoints::pass(&self.inner).await
    }

    /// Looks now for what is suspicious in what was appended since the last look.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn look_for_suspicions(&self) -> Result<(), DbError> {
        watch_suspicions::pass(&self.inner).await
    }

    /// Removes now what is older than the operator wants to keep; says how many entries that were.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn remove_old_entries(&self) -> Result<u64, DbError> {
        watch_retention::pass(&self.inner).await
    }

    pub(crate) fn db(&self) -> &Db {
        &self.inner.db
    }

    fn warn_of(&self, fault: &AuditFault) {
        self.inner.warnings.raise(match fault.kind {
            FaultKind::RolledBack => AuditWarning::rolled_back(&fault.detail, self.inner.anchor.path()),
            _ => AuditWarning::broken(&fault.detail),
        });
    }

    /// Whether the database is the one that was left, as far as the anchor can tell. What is found is
    /// also written into the trail: the warning ends with the process, the entry does not.
    async fn compare_with_anchor(&self) -> Result<(), AuditError> {
        let Inner { db, world, anchor, .. } = &*self.inner;
        let found = match anchor.read(world, self.vouching()) {
            Anchor::At(signed) => {
                let strayed = verify::stray(db, &signed, None).await?;
                strayed.map(|fault| (AuditWarning::rolled_back(&fault.detail, anchor.path()), "rolled_back"))
            }
            Anchor::Damaged(why) => Some((AuditWarning::anchor_lost(&why), "anchor_damaged")),
            Anchor::Missing if audit_checkpoint::find_latest(db).await?.is_none() => None,
            Anchor::Missing => Some((AuditWarning::anchor_lost("the file is missing"), "anchor_missing")),
        };
        if let Some((warning, code)) = found {
            self.note(warning, code).await;
        }
        Ok(())
    }

    /// Raises a warning and writes into the trail why.
    async fn note(&self, warning: AuditWarning, code: &'static str) {
        let Inner { db, world, warnings, .. } = &*self.inner;
        let entry = Entry::failed("audit.check", code).with("detail", warning.detail.clone());
        warnings.raise(warning);
        let ctx = Ctx::system(world, "audit");
        let noted = async { db.begin(&ctx).await?.commit(entry).await };
        if let Err(error) = noted.await {
            tracing::error!(%error, "what was found could not be written into the trail");
        }
    }
}

/// Begins the trail of a fresh installation. Whether there should have been one: then somebody threw it
/// away, and another begins.
async fn begin_trail(db: &Db, key: &SigningKey) -> Result<bool, DbError> {
    // Asked first: another node that begins the trail at this moment makes its other keys afterwards.
    let was_started = keys::was_started(db).await?;
    if audit_head::find(db).await?.is_some() {
        return Ok(false);
    }
    let ctx = Ctx::system(db.world(), "audit");
    let mut tx = db.begin(&ctx).await?;
    let begun = audit_head::begin_trail(&mut tx, &GENESIS, &key.seal_head(0, &GENESIS)).await?;
    tx.commit_unrecorded(Unrecorded::AuditItself).await?;
    Ok(begun && was_started)
}

/// Lets a command that runs beside the server, or without it, write into the trail of an installation
/// that has one: every change that it commits leaves its entry like any other. Nothing is begun.
///
/// # Errors
/// When the database does not answer, or holds no trail that these keys belong to.
pub async fn write_offline(db: &Db, sealer: &Sealer) -> Result<(), AuditError> {
    let key = SigningKey::find(db, sealer).await?.ok_or(AuditError::NoTrail)?;
    db.set_journal(Arc::new(Trail { key: Arc::new(key) }));
    Ok(())
}

/// Verifies a trail without a running server: over a database opened for reading, with the anchor in
/// the data directory.
///
/// With the server's sealing key everything is checked; with nothing but the public key, the entries
/// after the last checkpoint are checked for being a chain, but nothing vouches for them.
///
/// # Errors
/// When the database does not answer, or holds no trail that this key belongs to.
pub async fn verify_offline(
    db: &Db,
    key: OfflineKey<'_>,
    data_dir: Option<&Path>,
) -> Result<AuditVerification, AuditError> {
    let vouching = match key {
        OfflineKey::Sealed(sealer) => {
            SigningKey::find(db, sealer).await?.ok_or(AuditError::NoTrail)?.vouching().clone()
        }
        OfflineKey::Public(vouching) => vouching.clone(),
    };
    let anchor = data_dir.map_or(Anchor::Missing, |dir| AnchorFile::in_dir(dir).read(db.world(), &vouching));
    Ok(verify::verify(db, &vouching, &anchor).await?)
}

/// What an offline verification has to check signatures with.
#[derive(Debug, Clone, Copy)]
pub enum OfflineKey<'a> {
    /// The installation's sealing keys, which open the signing key in the database.
    Sealed(&'a Sealer),
    /// The public key alone.
    Public(&'a Vouching),
}
