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
        let job = self.get(id).await?;
        let mut attempts: Vec<AttemptView> = attempt::of(self.db(), id).await?.into_iter().map(Into::into).collect();
        attempts.extend(AttemptView::last_of(&job));
        let found = match wanted {
            Some(number) => {
                let found = attempts.iter().find(|one| one.attempt == number);
                Some(found.ok_or_else(|| Problem::not_found("attempt"))?)
            }
            None => attempts.last(),
        };
        found.and_then(|one| one.command_id).ok_or_else(no_log)
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
