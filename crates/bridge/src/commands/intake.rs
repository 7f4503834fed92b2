//! How commands come in: one after the other, in the order in which their streams were opened, so that their
//! numbers only grow.

use std::sync::Arc;
use std::time::Duration;

use diwan_link::Stream;
use diwan_protocol::run::{Ended, FromCommand, Outcome, Usage, Verdict};
use diwan_protocol::signed::Standing;
use diwan_protocol::{Command, Operation, SignedCommand, decode, encode};
use tokio::sync::mpsc;

use super::carry_out::carry_out;
use super::entry::Entry;
use super::{Commands, MOST_REMEMBERED, ONCE, given, serve, verdict};

/// A stream that was opened for a command brings it soon.
const PATIENCE: Duration = Duration::from_secs(10);
/// So many wait to be read. The link allows no more streams anyway.
const WAITING: usize = 256;
/// No id of a command is longer.
const LONGEST_ID: usize = 64;

/// Where streams with commands are put.
#[derive(Debug, Clone)]
pub(crate) struct Intake {
    waiting: mpsc::Sender<Stream>,
}

impl Intake {
    /// Takes commands in until it is dropped.
    pub(crate) fn begin(commands: &Commands) -> Self {
        let (waiting, mut streams) = mpsc::channel::<Stream>(WAITING);
        let intake = commands.clone();
        let supervisor = &commands.inner.parts.supervisor;
        let leaving = supervisor.clone();
        supervisor.spawn("intake of commands", ONCE, async move {
            loop {
                tokio::select! {
                    biased;
                    () = leaving.stopping() => return,
                    Some(stream) = streams.recv() => intake.take_in(stream).await,
                }
            }
        });
        Self { waiting }
    }

    /// The next one.
    pub(crate) async fn put(&self, stream: Stream) {
        // Whoever takes them in has ended only if everything has.
        let _ = self.waiting.send(stream).await;
    }
}

impl Commands {
    async fn take_in(&self, mut stream: Stream) {
        let message = match tokio::time::timeout(PATIENCE, stream.receive()).await {
            Ok(Ok(Some(message))) => message,
            Ok(_) => return,
            Err(_) => return serve::refuse(stream, "no command came"),
        };
        let Ok(Some(signed)) = decode::<SignedCommand>(&message) else {
            return serve::refuse(stream, "what came is no command");
        };
        let inner = Arc::clone(&self.inner);
        match self.accept(&signed) {
            Err(verdict) => {
                let now_ms = inner.parts.world.now().as_millis();
                inner.parts.supervisor.spawn("refusal", ONCE, refuse(stream, verdict, now_ms));
            }
            Ok((command, entry)) => {
                let (commands, served) = (self.clone(), Arc::clone(&entry));
                inner.parts.supervisor.spawn("command", ONCE, async move {
                    commands.serve(served, stream, [0, 0]).await;
                });
                match command.operation {
                    Operation::Noop if command.environment.is_none() => self.do_nothing(&command, &entry),
                    _ => self.begin(command, entry),
                }
            }
        }
    }

    /// Believes a command or not. From here on its number is used.
    fn accept(&self, signed: &SignedCommand) -> Result<(Command, Arc<Entry>), Verdict> {
        let parts = &self.inner.parts;
        let keys = parts.keys.borrow().clone();
        let policy = parts.policy.now();
        let mut known = self.inner.known();
        let standing = Standing {
            machine: &parts.machine,
            boot: parts.boot,
            policy: policy.hash,
            now_ms: parts.world.now().as_millis(),
            seen: known.seen,
        };
        let command = signed.open(&keys, standing).map_err(|refusal| {
            tracing::warn!("a command is refused: {refusal}");
            verdict::disbelieved(refusal)
        })?;
        known.seen = command.sequence;
        if !is_id(&command.id) {
            return Err(verdict::denied("form", "the id of the command is none"));
        }
        if known.entries.contains_key(&command.id) || parts.journal.memory(|memory| memory.knows(&command.id)) {
            return Err(verdict::denied("replay", "a command of this id was seen before"));
        }
        if known.is_leaving {
            return Err(verdict::denied("leaving", "the bridge of this machine is being stopped"));
        }
        if known.running >= parts.most_at_once || known.entries.len() >= MOST_REMEMBERED {
            let words =
                format!("this machine runs or remembers as many commands as it may ({}): try later", known.running);
            return Err(verdict::denied("too_many", &words));
        }
        known.running += 1;
        let entry = Arc::new(Entry::new(command.id.clone()));
        if given::needs_secrets(&command) {
            entry.secrets.expect();
        }
        known.entries.insert(command.id.clone(), Arc::clone(&entry));
        Ok((command, entry))
    }

    /// It is done as soon as it is here. The journal need not know it: it has no effect that could come twice.
    fn do_nothing(&self, command: &Command, entry: &Entry) {
        let parts = &self.inner.parts;
        let now_ms = parts.world.now().as_millis();
        entry.judged(
            verdict::judge(&parts.policy.now(), parts.policy.here(), &command.operation, &command.actor.id).told,
        );
        entry.started(now_ms);
        let (outcome, usage) = (Outcome::Exited(0), Usage::default());
        entry.ended(Ended { outcome, at_ms: now_ms, output: 0, errors: 0, usage });
        self.inner.known().running -= 1;
    }

    /// Carries a command out.
    fn begin(&self, command: Command, entry: Arc<Entry>) {
        let inner = Arc::clone(&self.inner);
        let supervisor = inner.parts.supervisor.clone();
        supervisor.spawn("course of a command", ONCE, async move {
            carry_out(&inner, &entry, command).await;
            inner.known().running -= 1;
        });
    }
}

/// Ids become names of files: what is none names nothing.
pub(crate) fn is_id(id: &str) -> bool {
    let is_letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(is_letter)
}

/// Tells a command that it is not believed.
async fn refuse(mut stream: Stream, verdict: Verdict, at_ms: i64) {
    let words = verdict.reasons.first().map(|reason| reason.words.clone()).unwrap_or_default();
    let outcome = Outcome::NotStarted(words);
    let ended = Ended { outcome, at_ms, output: 0, errors: 0, usage: Usage::default() };
    for message in [FromCommand::Verdict(verdict), FromCommand::Ended(ended)] {
        if stream.send(encode(&message).into()).await.is_err() {
            return;
        }
    }
    serve::say_goodbye(stream).await;
}

#[cfg(test)]
mod tests {
    use super::is_id;

    #[test]
    fn ids_cannot_be_paths() {
        assert!(is_id("cmd_01hzzzzzzzzzzzzzzzzzzzzzzz"));
        for id in ["", ".", "..", "a/b", "a\\b", "CMD", "cmd\0", "é", &"a".repeat(65)] {
            assert!(!is_id(id), "{id:?}");
        }
    }
}
