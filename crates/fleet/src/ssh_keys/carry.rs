//! One step on a machine, as a command like any other: written down, signed, judged by the machine's policy, and
//! wanted by whoever wants the key there.

use std::sync::Arc;
use std::time::Duration;

use diwan_kernel::{Ctx, Problem};

use super::step::Step;
use super::table::{Line, SshKey};
use crate::commands::{
    BatchId, Begun, Command, CommandId, CommandOperation, Manner, Target, Variables, Wish, run_entry,
};
use crate::fleet::Fleet;
use crate::table::machine;

/// A step is over by then, or nobody knows. Longer than any machine takes for one.
const PATIENCE: Duration = Duration::from_secs(300);

/// What a machine is asked for.
pub(super) fn operation(key: &SshKey, step: &Step) -> Option<CommandOperation> {
    let parts = |line: &Line| {
        let version = u64::try_from(line.version).unwrap_or_default();
        (key.user.clone(), key.secret.to_string(), version, line.public_key.clone())
    };
    match step {
        Step::Install(line) => {
            let (user, secret, version, key) = parts(line);
            Some(CommandOperation::SshKeyInstall { user, secret, version, key })
        }
        Step::Prove(line) => {
            let ((user, secret, version, public), port) = (parts(line), key.port);
            Some(CommandOperation::SshKeyProve { user, secret, version, key: public, port })
        }
        Step::Remove(line) => {
            let (user, secret, version, key) = parts(line);
            Some(CommandOperation::SshKeyRemove { user, secret, version, key })
        }
        Step::Forget | Step::Orphaned | Step::Rest => None,
    }
}

impl Fleet {
    /// Has the machine do it. `None` when nobody knows what became of it in time.
    ///
    /// # Errors
    /// What is in the way before anything is sent.
    pub(super) async fn do_step(
        &self,
        key: &SshKey,
        operation: CommandOperation,
    ) -> Result<Option<Arc<Command>>, Problem> {
        let known = machine::find(self.db(), key.machine).await?.ok_or_else(|| Problem::not_found("machine"))?;
        let (ctx, manner) = (Ctx::system(self.world(), "fleet"), Manner::default());
        let wish = Wish {
            batch: BatchId::new(self.world()),
            actor: key.wanted_by.clone(),
            wire: operation.read(manner)?,
            operation,
            manner,
            // One that comes late must not undo what was done since: it is this plan that tries again.
            retry_safe: false,
            retry_of: None,
            approval: None,
            wait: None,
            variables: Variables::default(),
            artifacts: vec![],
            limits: None,
        };
        let targets = [Target { id: known.id, name: known.name }];
        let entry = run_entry(wish.batch, &wish, &targets).with("ssh_key", key.id.to_string());
        let begun = self.carry_out(&ctx, &wish, &targets, entry).await?;
        let Some(Begun { live, .. }) = begun.into_iter().next() else { return Ok(None) };
        let mut progress = live.progress.subscribe();
        self.over_in_time(async move { progress.wait_for(|now| now.over.is_some()).await.ok()?.over.clone() }).await
    }

    /// What became of a command that somebody said yes to.
    pub(super) async fn approved(&self, id: CommandId) -> Result<Option<Arc<Command>>, Problem> {
        // Entered first: an end that is written down after the look into the table is told there.
        let live = self.commands().live().enter(id);
        let command = self.get_command(id).await?;
        if !command.state.is_open() {
            return Ok(Some(Arc::new(command)));
        }
        let mut progress = live.progress.subscribe();
        self.over_in_time(async move { progress.wait_for(|now| now.over.is_some()).await.ok()?.over.clone() }).await
    }

    async fn over_in_time(
        &self,
        over: impl Future<Output = Option<Arc<Command>>>,
    ) -> Result<Option<Arc<Command>>, Problem> {
        tokio::select! {
            biased;
            over = tokio::time::timeout(PATIENCE, over) => Ok(over.unwrap_or_default()),
            () = self.supervisor().stopping() => Ok(None),
        }
    }
}
