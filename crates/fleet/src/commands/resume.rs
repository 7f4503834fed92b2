//! What is done when a machine comes back: what was sent to it is asked for, what waited for it is sent, and
//! it is told what it need not remember any longer.

use std::sync::Arc;
use std::time::Duration;

use diwan_kernel::{DbError, TaskPolicy};

use super::follow::{self, Begins};
use super::run::Begun;
use super::state::CommandState;
use super::table::{self, Command};
use super::{end, forget};
use crate::connections::Connected;
use crate::fleet::Fleet;

/// So many commands are let go of in one message.
const AT_ONCE: usize = 500;
/// A database that does not answer is asked again.
const AGAIN: Duration = Duration::from_secs(2);

/// Goes on with the commands of a machine that has just connected.
pub(crate) fn on_connected(fleet: &Fleet, connected: &Arc<Connected>) {
    fleet.commands().to_copy().look();
    let (this, connected) = (fleet.clone(), Arc::clone(connected));
    fleet.supervisor().spawn("commands of a machine", TaskPolicy::Once, async move {
        while let Err(error) = Box::pin(this.go_on(&connected)).await {
            tracing::error!(machine = %connected.machine, %error, "the commands of a machine cannot be looked up");
            let is_here = this.connections().find(connected.machine).is_some_and(|here| Arc::ptr_eq(&here, &connected));
            if !is_here || !this.supervisor().pause(AGAIN).await {
                return;
            }
        }
    });
}

impl Fleet {
    /// Follows what a machine was sent, and sends what waited for it.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn go_on(&self, connected: &Arc<Connected>) -> Result<(), DbError> {
        self.commands().get_ready(self, connected).await?;
        for command in table::open_on(self.db(), connected.machine).await? {
            if command.state == CommandState::Waiting {
                self.send_or_wait(connected, command).await;
            } else {
                self.follow_again(connected, command);
            }
        }
        self.forget_ended(connected).await
    }

    async fn send_or_wait(&self, connected: &Arc<Connected>, command: Command) {
        if command.expires_at <= self.world().now() {
            return;
        }
        let id = command.id;
        if let Err(problem) = self.send_waiting(connected, command).await {
            tracing::warn!(command = %id, %problem, "a command that waits for its machine cannot be sent yet");
        }
    }

    fn follow_again(&self, connected: &Arc<Connected>, command: Command) {
        let live = self.commands().live().enter(command.id);
        if live.is_bound_to(connected) {
            return;
        }
        live.bind(connected);
        live.progress.send_modify(|progress| {
            progress.state.get_or_insert(CommandState::Sent);
        });
        follow::spawn(self, Arc::clone(connected), Begun { command, live }, Begins::Again);
    }

    /// What the machine still remembers although all of it is here, and what never was a command of its own.
    async fn forget_ended(&self, connected: &Arc<Connected>) -> Result<(), DbError> {
        let mut ended = vec![];
        for named in &connected.hello.commands {
            let is_open = match end::parse(named) {
                Some(id) => table::is_open(self.db(), id, connected.machine).await?,
                None => false,
            };
            if !is_open {
                ended.push(named.clone());
            }
        }
        for some in ended.chunks(AT_ONCE) {
            forget(connected, some.to_vec()).await;
        }
        Ok(())
    }
}
