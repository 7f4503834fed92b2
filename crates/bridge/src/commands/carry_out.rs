//! From a command that is believed to its end: the policy, the journal, the process, the journal. Nothing of it is
//! done on the event loop, since every step may wait for the disk or the process.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use diwan_protocol::environment::Brought;
use diwan_protocol::run::{Ended, Outcome};
use diwan_protocol::{Command, Operation};

use super::entry::Entry;
use super::open_terminals::Open;
use super::{Channel, Inner, Parts, Running, Size, given, verdict};
use crate::execute::gather::Wanted;
use crate::execute::{Finished, Streams};
use crate::journal::{Record, Started};
use crate::machine::Ready;

/// A command of which it is on the disk that it begins.
struct Begun {
    ready: Box<dyn Ready>,
    _open: Option<Open>,
}

/// Carries a command out. Its entry has an end afterwards.
pub(super) async fn carry_out(inner: &Arc<Inner>, entry: &Arc<Entry>, command: Command) {
    let brought = match given::needs_secrets(&command) {
        true => entry.secrets.take(entry.asks.cancelled()).await,
        false => None,
    };
    let wanted = Wanted::of(&command).map(Arc::new);
    let (of_thread, of_entry) = (Arc::clone(inner), Arc::clone(entry));
    let begun = inner.parts.world.heavy(move || match begin(&of_thread.parts, &of_entry, &command, brought) {
        Ok(begun) => Some(begun),
        Err(why) => {
            of_entry.never_began(&why, of_thread.parts.world.now().as_millis());
            None
        }
    });
    if let Ok(Some(begun)) = begun.await {
        let running = Running { inner: Arc::clone(inner), entry: Arc::clone(entry), wanted };
        begun.ready.run(running).await;
    }
    if !entry.is_over() {
        break_down(&inner.parts, entry);
    }
}

/// Everything until it is on the disk that it begins.
///
/// # Errors
/// Why it does not.
fn begin(parts: &Parts, entry: &Entry, command: &Command, brought: Option<Brought>) -> Result<Begun, String> {
    if given::needs_secrets(command) && brought.is_none() && !entry.asks.is_cancelled() {
        let words = "its secrets did not come behind it: the connection was lost";
        entry.judged(verdict::denied("secrets_missing", words));
        return Err(words.to_owned());
    }
    let policy = parts.policy.now();
    let opinion = verdict::judge(&policy, parts.policy.here(), &command.operation, &command.actor.id);
    let opinion = given::judge(opinion, command, streams(command));
    let objection = verdict::objection(&opinion.told, &command.actor, command.approval.as_ref());
    entry.judged(opinion.told.clone());
    if let Some(why) = objection {
        return Err(why);
    }
    let plan = opinion.plan.ok_or("this bridge cannot do that yet")?;
    let plan = match &command.limits {
        Some(own) => plan.within(own),
        None => plan,
    };
    // What is given lies in the room from here on, and nowhere else.
    let ready = parts.executor.prepare(&plan, streams(command), given::of(command, brought)?)?;
    let started_ms = parts.world.now().as_millis();
    if *command.policy != parts.policy.now().hash || command.expires_ms <= started_ms {
        return Err("the command expired, or the policy changed, before it began".to_owned());
    }
    if entry.asks.is_cancelled() {
        return Err("it was cancelled before it began".to_owned());
    }
    let open = parts.terminals.open(command, started_ms);
    let open = open.map_err(|error| format!("its owner could not be shown that: {error}"))?;
    let started = Started {
        command: command.id.clone(),
        sequence: command.sequence,
        expires_ms: command.expires_ms,
        at_ms: started_ms,
        verdict: opinion.told,
    };
    if let Err(error) = parts.journal.commit(Record::Started(started)) {
        tracing::error!("the journal cannot be written: {error}");
        return Err(format!("the journal of this machine cannot be written: {error}"));
    }
    entry.is_journaled.store(true, Ordering::Relaxed);
    entry.started(started_ms);
    tracing::info!(command = entry.id, actor = command.actor.id, "begins: {}", shown(&plan.argv));
    Ok(Begun { ready, _open: open })
}

/// It ended so.
pub(super) fn end(parts: &Parts, entry: &Entry, finished: Finished) {
    let [output, errors] = finished.lengths;
    let at_ms = parts.world.now().as_millis();
    let ended = Ended { outcome: finished.outcome, at_ms, output, errors, usage: finished.usage };
    tracing::info!(command = entry.id, "ended: {:?}", ended.outcome);
    conclude(parts, entry, ended);
}

/// Writes an end down and tells it. If the disk does not take it, a restart will not know it either; the
/// control plane does.
fn conclude(parts: &Parts, entry: &Entry, ended: Ended) {
    let record = Record::Ended { command: entry.id.clone(), ended: ended.clone() };
    if let Err(error) = parts.journal.append(record) {
        tracing::error!("the journal cannot be written: {error}");
    }
    entry.ended(ended);
}

/// What is told when carrying a command out broke down: whether it began, and what became of it, nobody knows.
fn break_down(parts: &Parts, entry: &Entry) {
    tracing::error!(command = entry.id, "carrying it out broke down");
    let [output, errors] = Channel::BOTH.map(|channel| parts.spool.length(&entry.id, channel));
    let (at_ms, usage) = (parts.world.now().as_millis(), Default::default());
    conclude(parts, entry, Ended { outcome: Outcome::Unknown, at_ms, output, errors, usage });
}

fn streams(command: &Command) -> Streams {
    match &command.operation {
        Operation::Terminal(terminal) => Streams::Terminal(Size { columns: terminal.columns, rows: terminal.rows }),
        Operation::Exec(exec) => Streams::Pipes { has_input: exec.has_input },
        Operation::Files(_) => Streams::Pipe,
        _ => Streams::Pipes { has_input: false },
    }
}

/// Arguments may hold secrets and may be long: the log has the program and the first word.
fn shown(argv: &[String]) -> String {
    let first: Vec<&str> = argv.iter().take(2).map(String::as_str).collect();
    first.join(" ").chars().filter(|c| !c.is_control()).take(80).collect()
}
