//! The handle of this capability and what it is put together from.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use diwan_fleet::{CommandId, Fleet, MachineId};
use diwan_kernel::config::Live;
use diwan_kernel::{Ctx, Db, Events, Problem, Sealer, Supervisor, World};
use tokio::sync::Notify;
use url::Url;
use utoipa_axum::router::OpenApiRouter;

use crate::board::Board;
use crate::config::JobsConfig;
use crate::flow::FlowId;
use crate::id::JobId;
use crate::job::Job;
use crate::light::{self, Ends, Lanes};
use crate::together::{self, Wishes};

/// What the capability stands on.
#[derive(Clone)]
pub struct Parts {
    /// The database, migrated.
    pub db: Db,
    /// The live feed.
    pub events: Events,
    /// Who owns the tasks.
    pub supervisor: Supervisor,
    /// Who carries work to machines.
    pub fleet: Fleet,
    /// What can be set.
    pub config: Live<JobsConfig>,
    /// Seals what signs calls.
    pub sealer: Sealer,
    /// Who people are.
    pub owners: Arc<dyn Owners>,
    /// What others reach the control plane by.
    pub public_url: Url,
}

/// What has to be known of those who answer for jobs and schedules.
#[async_trait]
pub trait Owners: Send + Sync {
    /// The people who are here and may run jobs, by their ids.
    ///
    /// # Errors
    /// What whoever knows says.
    async fn who_may_run_jobs(&self) -> Result<BTreeSet<String>, Problem>;

    /// Whether this person is here and may run jobs.
    ///
    /// # Errors
    /// What whoever knows says.
    async fn may_run_jobs(&self, user: &str) -> Result<bool, Problem> {
        Ok(self.who_may_run_jobs().await?.contains(user))
    }
}

/// The jobs. Cheap to clone.
#[derive(Clone)]
pub struct Jobs {
    inner: Arc<Inner>,
}

impl std::fmt::Debug for Jobs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jobs").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").finish_non_exhaustive()
    }
}

struct Inner {
    parts: Parts,
    board: Mutex<Board>,
    open: Mutex<Open>,
    lanes: Mutex<Lanes>,
    /// Whether schedules fire by the end of jobs.
    hears_ends: AtomicBool,
    /// The newest id.
    newest: Mutex<JobId>,
    /// Flows that are surely written down.
    noted: Mutex<HashSet<FlowId>>,
    /// Something may go that could not before.
    wake: Notify,
    wishes: Wishes,
    ends: Ends,
    /// Held while a schedule fires that must not overtake itself.
    firing: tokio::sync::Mutex<()>,
    /// Held while the board is told which machines there are.
    looking: tokio::sync::Mutex<()>,
}

/// Tries that are under way, as far as this server looks after them.
#[derive(Debug, Default)]
pub(crate) struct Open {
    pub(crate) by_command: BTreeMap<CommandId, JobId>,
    pub(crate) tries: BTreeMap<JobId, Try>,
    /// Since when machines are away, by the clock that nobody sets.
    pub(crate) away: HashMap<MachineId, Duration>,
}

/// A try that is under way.
#[derive(Debug, Clone)]
pub(crate) struct Try {
    pub(crate) fence: u64,
    pub(crate) machine: MachineId,
    pub(crate) command: Option<CommandId>,
    /// When it has run for as long as it may, once it runs.
    pub(crate) stop_at: Option<Duration>,
    /// Whether it was stopped because of that.
    pub(crate) was_too_long: bool,
    pub(crate) timeout: Option<Duration>,
    pub(crate) lost: crate::spec::JobLost,
}

impl Jobs {
    /// Starts the capability: takes up what an earlier life has left, and goes on with it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn start(parts: Parts) -> Result<Self, diwan_kernel::DbError> {
        let (board, open, noted, wake, lanes, hears_ends, firing, looking) = Default::default();
        let newest = Mutex::new(JobId::from_bits(0));
        let (wishes, wanted) = together::queue();
        let (ends, done) = light::ends();
        let inner = Inner { parts, board, open, lanes, hears_ends, newest, noted, wake, wishes, ends, firing, looking };
        let this = Self { inner: Arc::new(inner) };
        // From here on nothing that machines tell is missed.
        let news = this.events().listen(None);
        this.take_up().await?;
        crate::news::start(&this, news);
        together::start(&this, wanted);
        light::start(&this, done);
        crate::dispatch::start(&this);
        crate::upkeep::start(&this);
        crate::schedules::start(&this);
        Ok(this)
    }

    /// Its operations, with paths relative to `/api/v1`.
    pub fn routes(&self) -> OpenApiRouter {
        crate::api::routes().with_state(self.clone())
    }

    pub(crate) fn wishes(&self) -> &Wishes {
        &self.inner.wishes
    }

    pub(crate) fn ends(&self) -> &Ends {
        &self.inner.ends
    }

    pub(crate) fn db(&self) -> &Db {
        &self.inner.parts.db
    }

    pub(crate) fn world(&self) -> &World {
        self.inner.parts.db.world()
    }

    pub(crate) fn events(&self) -> &Events {
        &self.inner.parts.events
    }

    pub(crate) fn supervisor(&self) -> &Supervisor {
        &self.inner.parts.supervisor
    }

    pub(crate) fn fleet(&self) -> &Fleet {
        &self.inner.parts.fleet
    }

    pub(crate) fn config(&self) -> Arc<JobsConfig> {
        self.inner.parts.config.get()
    }

    pub(crate) fn sealer(&self) -> &Sealer {
        &self.inner.parts.sealer
    }

    pub(crate) fn owners(&self) -> &dyn Owners {
        &*self.inner.parts.owners
    }

    pub(crate) fn public_url(&self) -> &Url {
        &self.inner.parts.public_url
    }

    pub(crate) fn ctx(&self) -> Ctx {
        Ctx::system(self.world(), "jobs")
    }

    pub(crate) fn board(&self) -> MutexGuard<'_, Board> {
        self.inner.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn open(&self) -> MutexGuard<'_, Open> {
        self.inner.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.inner.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether schedules fire by the end of jobs.
    pub(crate) fn hears_ends(&self) -> bool {
        self.inner.hears_ends.load(Ordering::Relaxed)
    }

    pub(crate) fn set_hears_ends(&self, hears: bool) {
        self.inner.hears_ends.store(hears, Ordering::Relaxed);
    }

    pub(crate) fn noted(&self) -> MutexGuard<'_, HashSet<FlowId>> {
        self.inner.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn firing(&self) -> &tokio::sync::Mutex<()> {
        &self.inner.firing
    }

    pub(crate) fn looking(&self) -> &tokio::sync::Mutex<()> {
        &self.inner.looking
    }

    /// Something may go that could not before.
    pub(crate) fn wake(&self) {
        self.inner.wake.notify_one();
    }

    pub(crate) async fn woken(&self) {
        self.inner.wake.notified().await;
    }

    /// An id above all before it, so that whoever was wanted first also goes first within a millisecond.
    pub(crate) fn new_id(&self) -> JobId {
        let mut newest = self.inner.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let step = 1 + u128::from(u32::from_be_bytes(self.world().random()));
        let id = JobId::new(self.world()).bits().max(newest.bits() + step);
        *newest = JobId::from_bits(id);
        *newest
    }

    /// A number from 0 to 1.
    pub(crate) fn chance(&self) -> f64 {
        f64::from(u32::from_be_bytes(self.world().random())) / f64::from(u32::MAX)
    }

    /// A job that is ready waits for its turn.
    pub(crate) fn let_wait(&self, job: &Job) {
        let now = self.world().monotonic();
        let mut board = self.board();
        if let Some(concurrency) = &job.spec.concurrency {
            board.set_key(&concurrency.key, concurrency.limit);
        }
        board.enter(&job.in_flow(), job.place(), now);
        drop(board);
        self.wake();
    }

    /// A try is under way.
    pub(crate) fn is_under_way(&self, job: &Job) {
        let Some((machine, _)) = job.machine else { return };
        let timeout = job.spec.timeout_ms.map(Duration::from_millis);
        // Its machine stops it in time. How long it ran before this life is not asked of a clock that may have been set.
        let left = timeout.filter(|_| job.started_at.is_some());
        let one = Try {
            fence: job.fence,
            machine,
            command: job.command,
            stop_at: left.map(|left| self.world().monotonic() + left),
            was_too_long: false,
            timeout,
            lost: job.spec.lost,
        };
        let mut open = self.open();
        open.by_command.extend(job.command.map(|command| (command, job.id)));
        open.tries.insert(job.id, one);
    }

    /// A try is over; what it took up is free.
    pub(crate) fn is_over(&self, job: JobId) {
        let mut open = self.open();
        if let Some(command) = open.tries.remove(&job).and_then(|one| one.command) {
            open.by_command.remove(&command);
        }
        drop(open);
        self.board().let_go(job);
        self.wake();
    }
}
