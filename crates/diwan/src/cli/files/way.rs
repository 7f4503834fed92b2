//! The way to the files of a machine: a command there, its pipe, and a thread here that talks over it.

use diwan_client::{Client, Lost};
use diwan_files::Client as Files;
use diwan_files::channel::{self, Sink, Source};
use serde_json::json;

use super::super::failure::Failure;
use super::place::Spot;
use super::{Trouble, failed};

/// What talks.
pub(in crate::cli) type Agent = Files<Source, Sink>;

/// What is to be done, as the machine's policy knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Kind {
    Get,
    Put,
    Sync,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "files.get",
            Self::Put => "files.put",
            Self::Sync => "files.sync",
        }
    }
}

/// Has a machine begin, and talks with it.
pub(in crate::cli) async fn talk<T: Send + 'static>(
    client: &Client,
    spot: &Spot,
    kind: Kind,
    talk: impl FnOnce(&mut Agent) -> Result<T, Trouble> + Send + 'static,
) -> Result<T, Failure> {
    let operation = json!({"kind": kind.as_str(), "root": spot.root, "path": spot.path});
    let batch = client.run_command(json!({"machine": spot.id, "operation": operation})).await?.read()?;
    let Some(command) = batch.commands.first() else {
        return Err(Failure::refused("the server made no command of it", "Try again."));
    };
    let pipe = client.open_command_pipe(&command.id).await?;
    let ((into, source), (sink, out)) = (channel::into_thread(), channel::out_of_thread());
    // The agent is let go of when all is said: that is how the machine hears it.
    let talking = tokio::task::spawn_blocking(move || talk(&mut Files::begin(source, sink)?));
    let (talked, carried) = tokio::join!(talking, pipe.carry(into, out));
    match (talked, carried) {
        (Ok(Ok(done)), _) => Ok(done),
        (Ok(Err(Trouble::Here(failure))), _) => Err(failure),
        (Ok(Err(Trouble::There(error))), Err(lost)) if error.code().is_none() => Err(broken(&lost)),
        (Ok(Err(Trouble::There(error))), _) => Err(failed(&error)),
        (Err(error), _) => Err(Failure::refused(error.to_string(), "This is a fault of Diwan: please report it.")),
    }
}

fn broken(lost: &Lost) -> Failure {
    let why = match lost {
        Lost::Closed(4401) => "your session has ended".to_owned(),
        Lost::Closed(1011) => "the machine was lost, or stopped it".to_owned(),
        Lost::Closed(1001) => "the server is being stopped".to_owned(),
        Lost::Closed(code) => format!("the server ended it ({code})"),
        Lost::Broken(why) => why.clone(),
    };
    let next = "Try again: what has arrived already is not sent twice.";
    Failure::refused(format!("it broke off in the middle: {why}"), next)
}
