//! From a command that is believed to its end: the policy, the journal, the process, the journal. Runs on a
//! thread of the command's own, since every step may wait for the disk or the process.

use std::sync::atomic::Ordering;

use diwan_protocol::run::{Ended, Outcome};
use diwan_protocol::{Command, Operation};

use super::entry::Entry;
use super::{Channel, Parts, Size, verdict};
use crate::execute::{Finished, Streams};
use crate::journal::{Record, Started};

/// Carries a command out. Its entry has an end afterwards.
pub(super) fn carry_out(parts: &Parts, entry: &Entry, command: &Command) {
    let now_ms = || parts.world.now().as_millis();
    let policy = parts.policy.now();
    let opinion = verdict::judge(&policy, parts.policy.here(), &command.operation, &command.actor.id);
    let objection = verdict::objection(&opinion.told, &command.actor, command.approval.as_ref());
    entry.judged(opinion.told.clone());
    let plan = match (objection, opinion.plan) {
        (Some(why), _) => return entry.never_began(&why, now_ms()),
        (None, None) => return entry.never_began("this bridge cannot do that yet", now_ms()),
        (None, Some(plan)) => plan,
    };
    let ready = match parts.executor.prepare(&plan, streams(command)) {
        Ok(ready) => ready,
        Err(why) => return entry.never_began(&why, now_ms()),
    };
    if *command.policy != parts.policy.now().hash || command.expires_ms <= now_ms() {
        return entry.never_began("the command expired, or the policy changed, before it began", now_ms());
    }
    if entry.asks.is_cancelled() {
        return entry.never_began("it was cancelled before it began", now_ms());
    }
    let started_ms = now_ms();
    let _open = match parts.terminals.open(command, started_ms) {
        Ok(open) => open,
        Err(error) => return entry.never_began(&format!("its owner could not be shown that: {error}"), now_ms()),
    };
    let started = Started {
        command: command.id.clone(),
        sequence: command.sequence,
        expires_ms: command.expires_ms,
        at_ms: started_ms,
        verdict: opinion.told,
    };
    if let Err(error) = parts.journal.commit(Record::Started(started)) {
        tracing::error!("the journal cannot be written: {error}");
        return entry.never_began(&format!("the journal of this machine cannot be written: {error}"), now_ms());
    }
    entry.is_journaled.store(true, Ordering::Relaxed);
    entry.started(started_ms);
    tracing::info!(command = entry.id, actor = command.actor.id, "begins: {}", shown(&plan.argv));
    let finished = ready.run(parts, entry);
    end(parts, entry, finished);
}

fn end(parts: &Parts, entry: &Entry, finished: Finished) {
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

/// What is told when the thread of a command broke down: whether it began, and what became of it, nobody knows.
pub(super) fn break_down(parts: &Parts, entry: &Entry) {
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
