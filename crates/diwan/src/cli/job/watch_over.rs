//! Looks on while a job runs that was just wanted: what it says is what we say, and its exit code is ours.

use clap::Args;
use diwan_client::{Client, ClientError, Job, Reply};

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::run::{Collected, Interrupts, Writer, code};
use super::super::screen::safe;
use super::ending::ending_of;
use super::follow::{Followed, Follower, Listens};
use super::teller::{Teller, aside};

/// What comes of the first Ctrl-C.
const STOPPING: &str =
    "cancelling it: what runs is asked to end, and killed after 5 s; Ctrl-C again only stops watching";

/// How it is looked on.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Manner {
    /// Do not wait for the end: print the id of the job
    #[arg(short, long)]
    detach: bool,
    /// Say nothing beside the log
    #[arg(short, long, conflicts_with = "detach")]
    quiet: bool,
}

/// How it went.
enum Went {
    Over(Box<Job>, serde_json::Value),
    Unheard(String),
}

/// Begins a job and looks on until it has ended.
pub(super) async fn watch_over(
    door: &Door<'_>,
    client: &Client,
    manner: Manner,
    begin: impl Future<Output = Result<Reply<Job>, Failure>>,
) -> Result<Done, Failure> {
    let mut interrupts = Interrupts::listen().map_err(|e| Failure::unwritable(&e))?;
    let reply = tokio::select! {
        reply = begin => reply?,
        () = interrupts.reach(2) => {
            let next = "`diwan job list` shows whether there is one.";
            return Err(Failure::of(code::STOPPED, "left", "the server had not answered yet", next));
        }
    };
    let job = reply.read()?;
    if manner.detach {
        match door.screen.is_json() {
            true => door.screen.json(reply.text())?,
            false => door.screen.line(&safe(&job.id))?,
        }
        return Ok(Done::Well);
    }
    let teller = Teller::new(manner.quiet);
    if door.screen.is_json() {
        let mut collected = Collected::default();
        return match attend(client, &job, &mut collected, teller, &mut interrupts).await? {
            Went::Over(job, raw) => {
                door.screen.json(&collected.report(raw).to_string())?;
                Ok(Done::Status(ending_of(&job).unwrap_or_else(|failure| failure.code())))
            }
            Went::Unheard(_) => Ok(Done::Status(code::UNHEARD)),
        };
    }
    let mut writer = Writer::begin().map_err(|e| Failure::unwritable(&e))?;
    let went = attend(client, &job, &mut writer, teller, &mut interrupts).await?;
    let written = tokio::select! {
        written = writer.finish() => written,
        () = interrupts.another() => return Ok(Done::Status(code::STOPPED)),
    };
    match (went, written) {
        (_, Err(error)) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::unwritable(&error)),
        (Went::Over(job, _), Ok(())) => ending_of(&job).map(Done::Status),
        (Went::Over(..), Err(_)) => Ok(Done::Status(code::UNHEARD)),
        (Went::Unheard(id), _) => {
            // It was written down to be done, whoever reads what it says.
            aside(&format!("nobody reads what {id} says any more; it goes on"));
            Ok(Done::Status(code::UNHEARD))
        }
    }
}

/// Follows the job; Ctrl-C cancels it, another Ctrl-C does not wait for that.
async fn attend(
    client: &Client,
    job: &Job,
    listens: &mut impl Listens,
    teller: Teller,
    interrupts: &mut Interrupts,
) -> Result<Went, Failure> {
    // The same key gives the same job again, which may have been tried before.
    let follower = Follower::new(client, &job.id, listens, teller, job.attempt.max(1)).await;
    let mut following = std::pin::pin!(follower.run());
    let mut stopping = std::pin::pin!(async {
        interrupts.reach(1).await;
        aside(STOPPING);
        match client.cancel_job(&job.id, false).await {
            // One that is over already needs no stopping.
            Ok(_) | Err(ClientError::Refused(_)) => {}
            Err(error) => aside(&format!("it could not be cancelled: {error}")),
        }
        interrupts.reach(2).await;
    });
    let followed = tokio::select! {
        followed = &mut following => followed?,
        () = &mut stopping => return Err(left(&job.id)),
    };
    Ok(match followed {
        Followed::Over(detail, raw) => Went::Over(Box::new(detail.job), raw),
        Followed::Unheard => Went::Unheard(job.id.clone()),
    })
}

fn left(id: &str) -> Failure {
    let next = format!("What it says is kept: diwan job logs {id}");
    Failure::of(code::STOPPED, "left", "it is being cancelled, and nobody watches any more", &next)
}
