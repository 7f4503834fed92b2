//! What is looked up about jobs, beyond the rows.

use diwan_kernel::Problem;

use crate::board::Obstacle;
use crate::id::JobId;
use crate::job::Job;
use crate::jobs::Jobs;
use crate::state::{JobHold, JobState};
use crate::table::{attempt, dependency, job};
use crate::view::{AttemptView, JobDetails, JobNeighbour, JobWait};

impl Jobs {
    /// A job with everything around it.
    ///
    /// # Errors
    /// 404.
    pub(crate) async fn details(&self, id: JobId) -> Result<JobDetails, Problem> {
        let found = self.get(id).await?;
        let mut attempts: Vec<AttemptView> = attempt::of(self.db(), id).await?.into_iter().map(Into::into).collect();
        attempts.extend(AttemptView::last_of(&found));
        let mut dependencies = vec![];
        for on in found.spec.after.iter().filter_map(|after| after.job_id) {
            dependencies.extend(self.neighbour(on).await?);
        }
        let mut dependents = vec![];
        for id in dependency::dependents(self.db(), id).await? {
            dependents.extend(self.neighbour(id).await?);
        }
        Ok(JobDetails { waits_for: self.waits_for(&found), job: found.into(), attempts, dependencies, dependents })
    }

    async fn neighbour(&self, id: JobId) -> Result<Option<JobNeighbour>, Problem> {
        let found = job::find(self.db(), id).await?;
        Ok(found.map(|job| JobNeighbour { id, title: job.name, state: job.state }))
    }

    fn waits_for(&self, job: &Job) -> Option<JobWait> {
        let board = self.board();
        if job.state != JobState::Queued || board.is_under_way(job.id) {
            return None;
        }
        let obstacle = board.obstacle_to(&job.in_flow());
        Some(match (job.hold, obstacle) {
            (JobHold::Time, _) => JobWait::Time,
            (JobHold::Dependencies, _) => JobWait::Dependencies,
            (JobHold::None, Some(Obstacle::QueuePaused)) => JobWait::QueuePaused,
            (JobHold::None, Some(Obstacle::QueueFull)) => JobWait::QueueFull,
            (JobHold::None, Some(Obstacle::KeyFull)) => JobWait::KeyFull,
            (JobHold::None, Some(Obstacle::NoMachine)) => JobWait::NoMachine,
            (JobHold::None, Some(Obstacle::MachinesFull)) => JobWait::MachinesFull,
            (JobHold::None, None) => JobWait::Turn,
        })
    }
}
