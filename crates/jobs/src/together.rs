//! Jobs that are wanted at the same moment are written down in one commit, each with the entry of whoever wants it.
//!
//! Commits wait for one another, since the trail is one line. So those who come while one is under way go together in
//! the next, and many clients get through in the time of a few.

use diwan_kernel::{Ctx, DbError, TaskPolicy};
use tokio::sync::{mpsc, oneshot};

use crate::create::{Cause, NotCreated, Owner, entry_of};
use crate::event::{JobChanged, JobsChanged};
use crate::job::Job;
use crate::jobs::Jobs;
use crate::spec::JobSpec;
use crate::table::job;

/// No more are written down in one commit.
const AT_ONCE: usize = 128;
/// No more wait for their turn: who comes then waits to be let in.
const ROOM: usize = 1024;

/// A job that somebody wants, and who waits for what comes of it.
pub(crate) struct Wish {
    ctx: Ctx,
    owner: Owner,
    spec: JobSpec,
    cause: Cause,
    answer: oneshot::Sender<Result<Job, NotCreated>>,
}

/// Where wishes are put.
pub(crate) type Wishes = mpsc::Sender<Wish>;

/// The two ends of the queue.
pub(crate) fn queue() -> (Wishes, mpsc::Receiver<Wish>) {
    mpsc::channel(ROOM)
}

/// Begins to write down what is wanted. What was put there before the end is written down to the last.
pub(crate) fn start(jobs: &Jobs, mut wishes: mpsc::Receiver<Wish>) {
    let this = jobs.clone();
    jobs.supervisor().spawn("jobs that are wanted", TaskPolicy::Critical, async move {
        loop {
            let mut some = vec![];
            let many = tokio::select! {
                biased;
                () = this.supervisor().stopping(), if !wishes.is_closed() => {
                    wishes.close();
                    continue;
                }
                many = wishes.recv_many(&mut some, AT_ONCE) => many,
            };
            if many == 0 {
                return;
            }
            this.write_down(some).await;
        }
    });
}

impl Jobs {
    /// Writes a job down, together with others that are wanted now.
    pub(crate) async fn create_beside_others(
        &self,
        ctx: &Ctx,
        owner: &Owner,
        spec: JobSpec,
        cause: Cause,
    ) -> Result<Job, NotCreated> {
        // What depends on others, may be known already or holds a key that they count is for itself.
        let has_key = spec.idempotency_key.is_some() || ctx.idempotency.is_some();
        if has_key || !spec.after.is_empty() || spec.concurrency.is_some() {
            return self.create_alone(ctx, owner, spec, cause).await;
        }
        let (answer, told) = oneshot::channel();
        let wish = Wish { ctx: ctx.clone(), owner: owner.clone(), spec, cause, answer };
        match self.wishes().send(wish).await {
            Ok(()) => told.await.unwrap_or(Err(NotCreated::Db(DbError::Busy))),
            // Everything stops: nobody is left to wait for.
            Err(mpsc::error::SendError(wish)) => self.create_alone(ctx, owner, wish.spec, cause).await,
        }
    }

    async fn create_alone(&self, ctx: &Ctx, owner: &Owner, spec: JobSpec, cause: Cause) -> Result<Job, NotCreated> {
        let mut created = self.create_all(ctx, owner, vec![spec], cause).await?;
        created.pop().ok_or_else(|| NotCreated::Problem(diwan_kernel::Problem::internal("no job was made")))
    }

    async fn write_down(&self, mut wishes: Vec<Wish>) {
        // Whoever has gone may want it again, and then it would be there twice.
        wishes.retain(|wish| !wish.answer.is_closed());
        if wishes.is_empty() {
            return;
        }
        match self.try_write_down(&wishes).await {
            Ok(jobs) => wishes.into_iter().zip(jobs).for_each(|(wish, job)| drop(wish.answer.send(Ok(job)))),
            Err(error) if is_of_all(&error) => {
                wishes.into_iter().for_each(|wish| drop(wish.answer.send(Err(NotCreated::Db(error.clone())))));
            }
            // One of them is to blame: the others are not to suffer from it.
            Err(_) => {
                for Wish { ctx, owner, spec, cause, answer } in wishes {
                    if !answer.is_closed() {
                        let _ = answer.send(self.create_alone(&ctx, &owner, spec, cause).await);
                    }
                }
            }
        }
    }

    async fn try_write_down(&self, wishes: &[Wish]) -> Result<Vec<Job>, DbError> {
        let new = |wish: &Wish| self.new_job(&wish.ctx, &wish.owner, wish.spec.clone(), wish.cause);
        let jobs: Vec<Job> = wishes.iter().map(new).collect();
        let mut tx = self.db().begin(&self.ctx()).await?;
        let noted = self.note_flows(&mut tx, &jobs).await?;
        job::insert_all(&mut tx, &jobs).await?;
        match &jobs[..] {
            [only] => tx.emit(&JobChanged::from(only)),
            several => tx.emit(&JobsChanged { count: several.len() }),
        }
        let entry =
            |(wish, job): (&Wish, &Job)| (wish.ctx.clone(), entry_of(std::slice::from_ref(job)).on("job", job.id));
        tx.commit_all(wishes.iter().zip(&jobs).map(entry).collect()).await?;
        self.are_written(&jobs, noted);
        Ok(jobs)
    }
}

/// Whether nobody's wish would fare better alone.
fn is_of_all(error: &DbError) -> bool {
    matches!(error, DbError::Full | DbError::ReadOnly | DbError::Busy | DbError::Unreachable(_) | DbError::Audit(_))
}
