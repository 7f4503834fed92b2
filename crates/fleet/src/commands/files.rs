//! Files of a machine for those who speak HTTP only: a command for each question, and the client of its pipe here.

use std::sync::Arc;

use axum::http::StatusCode;
use bytes::Bytes;
use diwan_files::channel::{self, Sink, Source};
use diwan_files::{Client, Code, FilesError};
use diwan_kernel::{Ctx, Problem, TaskPolicy};
use diwan_link::{Receiving, Sending, Stream};
use tokio::sync::mpsc;

use super::end::run_entry;
use super::id::{BatchId, CommandId};
use super::operation::{CommandOperation, Manner};
use super::pipe::{Taken, interrupted};
use super::run::{Begun, Target, Wish};
use super::table::CommandActor;
use super::variables::Variables;
use super::words::plain;
use crate::fleet::Fleet;

/// A pipe with an agent at its other end.
#[derive(Debug)]
pub(crate) struct Way {
    pub(crate) command: CommandId,
    source: Source,
    sink: Sink,
}

impl Way {
    /// Begins to talk, on a thread that may wait.
    ///
    /// # Errors
    /// 502.
    pub(crate) fn client(self) -> Result<Client<Source, Sink>, Problem> {
        Client::begin(self.source, self.sink).map_err(|error| problem(&error))
    }
}

impl Fleet {
    /// Has a machine begin with something about files, and takes up its pipe.
    ///
    /// # Errors
    /// What the machine's policy says, or what is in the way.
    pub(crate) async fn reach_files(
        &self,
        ctx: &Ctx,
        target: Target,
        operation: CommandOperation,
    ) -> Result<Way, Problem> {
        let manner = Manner::default();
        let wish = Wish {
            batch: BatchId::new(self.world()),
            actor: CommandActor::from_ctx(ctx),
            wire: operation.read(manner)?,
            operation,
            manner,
            retry_safe: false,
            retry_of: None,
            approval: None,
            wait: None,
            variables: Variables::default(),
            artifacts: vec![],
            limits: None,
        };
        if self.connections().find(target.id).is_none() {
            return Err(super::api::machine_offline(&target.name));
        }
        let (this, own) = (self.clone(), ctx.clone());
        let begun = self.to_the_end(async move {
            let targets = [target];
            let entry = run_entry(wish.batch, &wish, &targets);
            this.carry_out(&own, &wish, &targets, entry).await
        });
        let Some(Begun { command, live }) = begun.await?.into_iter().next() else {
            return Err(Problem::internal("a command was not made"));
        };
        let (taken, stream) = self.take_pipe(ctx, &command, &live).await?;
        Ok(self.carry(command.id, taken, stream))
    }

    fn carry(&self, command: CommandId, taken: Taken, stream: Stream) -> Way {
        let ((into, source), (sink, out)) = (channel::into_thread(), channel::out_of_thread());
        let (sending, receiving) = stream.split();
        let taken = Arc::new(taken);
        let held = Arc::clone(&taken);
        self.supervisor().spawn("files from a machine", TaskPolicy::Once, async move {
            let _held = held;
            from_machine(receiving, into).await;
        });
        self.supervisor().spawn("files to a machine", TaskPolicy::Once, async move {
            let _held = taken;
            to_machine(sending, out).await;
        });
        Way { command, source, sink }
    }
}

async fn from_machine(mut receiving: Receiving, into: mpsc::Sender<Bytes>) {
    // Until the machine said its last, or whoever listened has gone.
    while let Ok(Some(bytes)) = receiving.receive().await {
        if into.send(bytes).await.is_err() {
            return;
        }
    }
}

async fn to_machine(mut sending: Sending, mut out: mpsc::Receiver<Bytes>) {
    while let Some(bytes) = out.recv().await {
        if sending.send(bytes).await.is_err() {
            return;
        }
    }
    sending.finish();
}

/// What became of something with files, as it is told.
pub(crate) fn problem(error: &FilesError) -> Problem {
    let detail = plain(&error.to_string(), 500);
    let Some(code) = error.code() else { return interrupted(&detail) };
    let (status, code, title, next) = of_code(code);
    Problem::new(status, code, title, detail, next)
}

fn of_code(code: Code) -> (StatusCode, &'static str, &'static str, &'static str) {
    let again = "Look at the directory again.";
    match code {
        Code::Absent => (StatusCode::NOT_FOUND, "file_absent", "It is not there", again),
        Code::Exists => {
            (StatusCode::CONFLICT, "file_exists", "It is there already", "Say overwrite=true to replace it.")
        }
        Code::Changed => (StatusCode::CONFLICT, "file_changed", "It changed in the meantime", "Try again."),
        Code::Link => (
            StatusCode::CONFLICT,
            "file_link",
            "There is a link in the way",
            "Name the file itself: links are not followed.",
        ),
        Code::OtherKind => (StatusCode::CONFLICT, "file_other_kind", "It is of another kind", again),
        Code::Name => (StatusCode::UNPROCESSABLE_ENTITY, "file_name", "The name is not taken", "Choose another name."),
        Code::Denied => (
            StatusCode::FORBIDDEN,
            "file_denied",
            "The machine does not permit it",
            "Look at who owns it, and at the machine's policy.",
        ),
        Code::NoRoom => {
            (StatusCode::INSUFFICIENT_STORAGE, "disk_full", "The disk is full", "Make room on the machine.")
        }
        Code::Busy => {
            (StatusCode::CONFLICT, "file_busy", "It is being written", "Wait until the other transfer is over.")
        }
        Code::TooLarge => (
            StatusCode::PAYLOAD_TOO_LARGE,
            "file_too_large",
            "It is too large",
            "The machine's policy says how large a file may be.",
        ),
        Code::Corrupt | Code::Unknown | Code::Other => {
            (StatusCode::BAD_GATEWAY, "file_failed", "It did not work", "Try again.")
        }
    }
}
