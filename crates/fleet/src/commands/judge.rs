//! Asks a machine's policy without doing anything.

use std::time::Duration;

use axum::http::StatusCode;
use diwan_kernel::Problem;
use diwan_link::Priority;
use diwan_protocol::command::Actor;
use diwan_protocol::opening::Judge;
use diwan_protocol::run::Verdict;
use diwan_protocol::{Opening, Operation, decode, encode};

use super::words::CommandVerdict;
use crate::connections::Connected;

/// A machine that is there answers sooner.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the policy of a machine says of an operation.
///
/// # Errors
/// 502 when the machine gives no answer that can be understood, or none in time.
pub(crate) async fn judge(
    connected: &Connected,
    operation: Operation,
    actor: Actor,
) -> Result<CommandVerdict, Problem> {
    let question = Judge { operation, actor };
    let asked = tokio::time::timeout(PATIENCE, ask(connected, &question));
    asked.await.ok().flatten().ok_or_else(no_answer)
}

async fn ask(connected: &Connected, question: &Judge) -> Option<CommandVerdict> {
    let mut stream = connected.link.open(Priority::Interactive, encode(&Opening::Judge).into()).ok()?;
    stream.send(encode(question).into()).await.ok()?;
    stream.finish();
    let answer = stream.receive().await.ok()??;
    decode::<Verdict>(&answer).ok()?.as_ref().map(CommandVerdict::from)
}

pub(crate) fn no_answer() -> Problem {
    Problem::new(
        StatusCode::BAD_GATEWAY,
        "machine_silent",
        "The machine gives no answer",
        "The machine is connected, but does not say what its policy thinks of this.",
        "Try again. If it stays so, look at the bridge's log on that machine.",
    )
}
