//! What a try at a job says: that is what its command says.

use diwan_fleet::CommandId;
use diwan_kernel::Problem;

use crate::id::JobId;
use crate::jobs::Jobs;
use crate::table::attempt;
use crate::view::AttemptView;

impl Jobs {
    /// The command of a try, or of the last one that was begun.
    ///
    /// # Errors
    /// 404 where there is no such job or try, 409 where there is nothing that could have said something.
    pub(crate) async fn command_of(&self, id: JobId, wanted: Option<u32>) -> Result<CommandId, Problem> {
        let found = self.attempt_of(id, wanted).await?;
        found.and_then(|one| one.command_id).ok_or_else(no_log)
    }

    /// A try, or the last one that was begun; `None` when none was.
    ///
    /// # Errors
    /// 404 where there is no such job or try.
    pub(crate) async fn attempt_of(&self, id: JobId, wanted: Option<u32>) -> Result<Option<AttemptView>, Problem> {
        let job = self.get(id).await?;
        let mut attempts: Vec<AttemptView> = attempt::of(self.db(), id).await?.into_iter().map(Into::into).collect();
        attempts.extend(AttemptView::last_of(&job));
        match wanted {
            Some(number) => {
                let found = attempts.into_iter().find(|one| one.attempt == number);
                found.map(Some).ok_or_else(|| Problem::not_found("attempt"))
            }
            None => Ok(attempts.pop()),
        }
    }
}

fn no_log() -> Problem {
    Problem::conflict(
        "no_log",
        "There is no log",
        "The job was not begun on a machine, or nothing is run for it there.",
        "Look again when it has begun.",
    )
}
