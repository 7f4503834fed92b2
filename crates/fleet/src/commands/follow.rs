//! Follows one command from when it is sent to its end: over as many connections as that takes.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use diwan_kernel::{NewEvent, TaskPolicy, Timestamp};
use diwan_link::{Priority, Receiving, Stream};
use diwan_protocol::environment::Brought;
use diwan_protocol::opening::Follow;
use diwan_protocol::run::{Ended, FromCommand, Outcome};
use diwan_protocol::{Opening, decode, encode};
use futures::FutureExt;

use super::artifacts::LeftFiles;
use super::event::{About, CommandStarted};
use super::id::CommandId;
use super::intake::{Fault, Intake, Step};
use super::live::LiveCommand;
use super::run::Begun;
use super::state::{CommandOutcome, CommandState, CommandUsage, Told, told};
use super::store::{Next, OutputWriter};
use super::table::Command;
use super::talk::talk;
use super::terminal::Recorder;
use super::words::{CommandProblem, CommandVerdict, PolicyDecision};
use crate::connections::Connected;
use crate::fleet::Fleet;

/// So much output is written at once when it comes fast.
const MOST_AT_ONCE: usize = 1024 * 1024;
/// From so much output on more of it may be under way.
const IS_BULK: u64 = 256 * 1024;
const BULK_WINDOW: u32 = 1024 * 1024;
/// A machine that breaks the rules, or a disk that does not take the output, gets so many further chances.
const CHANCES: u32 = 3;
const BEFORE_ANOTHER: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A command that says more than is taken is given this long to stop.
const TO_STOP: Duration = Duration::from_secs(30);

/// What a person types and sees overtakes what commands say.
pub(crate) fn priority(command: &Command) -> Priority {
    if command.operation.is_terminal() { Priority::Control } else { Priority::Interactive }
}

/// How the following begins.
#[derive(Debug)]
pub(crate) enum Begins {
    /// The command was just sent on this stream, and these secrets are sent behind it; without a stream it could
    /// not be.
    Sent(Option<Stream>, Option<Brought>),
    /// It was sent on an earlier connection.
    Again,
}

/// Follows a command in a task of its own.
pub(crate) fn spawn(fleet: &Fleet, connected: Arc<Connected>, begun: Begun, begins: Begins) {
    let this = fleet.clone();
    fleet.supervisor().spawn("command", TaskPolicy::Once, async move {
        let Begun { command, live } = begun;
        let turn = live.take_turn();
        let supervisor = this.supervisor().clone();
        let followed = async {
            let _following = live.following.lock().await;
            Follower::new(&this, &connected, &live, command).run(begins).await;
        };
        tokio::select! {
            biased;
            // The machine keeps everything until it is told to forget: whoever comes next goes on.
            () = turn.is_taken() => {}
            () = supervisor.stopping() => {}
            () = followed => {}
        }
    });
}

/// What came of listening to one stream.
enum Heard {
    /// It is over, so.
    Over(CommandState, Told, Option<Ended>),
    /// The machine does not know of it.
    Forgotten,
    /// The connection is gone.
    Gone,
    /// This stream is.
    Broken,
    /// The machine broke the rules.
    Fault(Fault),
}

/// Why a stream is not listened to any longer.
enum Cut {
    /// The connection is gone.
    Gone,
    /// This stream is.
    Broken,
    /// The machine broke the rules.
    Fault(Fault),
}

impl From<Cut> for Heard {
    fn from(cut: Cut) -> Self {
        match cut {
            Cut::Gone => Self::Gone,
            Cut::Broken => Self::Broken,
            Cut::Fault(fault) => Self::Fault(fault),
        }
    }
}

/// Somebody who follows a command.
struct Follower<'a> {
    fleet: &'a Fleet,
    connected: &'a Arc<Connected>,
    live: &'a Arc<LiveCommand>,
    command: Command,
    intake: Intake,
    writer: OutputWriter,
    /// Why output is not written, since when that failed.
    lost: Option<CommandProblem>,
    is_too_much: bool,
    /// Whoever records it, if it is a terminal that is recorded.
    recorder: Option<Recorder>,
    /// What is to be sent right behind it, once.
    secrets: Option<Brought>,
    /// The files that it left, as told on this stream.
    left: Option<LeftFiles>,
}

impl<'a> Follower<'a> {
    fn new(fleet: &'a Fleet, connected: &'a Arc<Connected>, live: &'a Arc<LiveCommand>, command: Command) -> Self {
        if command.cancel_asked_at.is_some() {
            live.cancel();
        }
        let writer = fleet.commands().store().fresh(command.id);
        let intake = Intake::new(writer.lengths()).approved(command.approval.is_some());
        let intake = intake.terminal(command.operation.is_terminal());
        let (lost, recorder, secrets, left) = Default::default();
        Self { fleet, connected, live, command, intake, writer, lost, is_too_much: false, recorder, secrets, left }
    }

    async fn run(&mut self, begins: Begins) {
        if self.live.progress.borrow().over.is_some() {
            return;
        }
        self.begin_to_record().await;
        let mut stream = match begins {
            Begins::Again => None,
            Begins::Sent(Some(stream), secrets) => {
                self.live.begin_input();
                self.secrets = secrets;
                Some(stream)
            }
            Begins::Sent(None, _) => return self.never_sent().await,
        };
        let (mut faults, mut pause) = (0, BEFORE_ANOTHER);
        loop {
            let before = self.writer.lengths();
            let heard = match stream.take() {
                Some(stream) => self.listen(stream).await,
                None => match self.ask_again().await {
                    Ok(stream) => self.listen(stream).await,
                    Err(heard) => heard,
                },
            };
            match heard {
                Heard::Gone => return,
                Heard::Forgotten => return self.forgotten().await,
                Heard::Over(state, told, ended) if self.lost.is_none() || faults >= CHANCES => {
                    return self.end(state, told, ended).await;
                }
                Heard::Fault(fault) if faults >= CHANCES => return self.gave_up(fault).await,
                Heard::Over(..) => faults += 1,
                Heard::Fault(fault) => {
                    faults += 1;
                    tracing::warn!(command = %self.command.id, %fault, "a machine broke the rules");
                }
                Heard::Broken => {}
            }
            if self.writer.lengths() > before {
                pause = BEFORE_ANOTHER;
            }
            if !self.fleet.supervisor().pause(pause).await {
                return;
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Asks for what is not here yet.
    async fn ask_again(&mut self) -> Result<Stream, Heard> {
        if self.is_terminal() {
            return self.ask_for_the_newest().map_err(Heard::from);
        }
        let store = self.fleet.commands().store();
        (self.writer, self.lost) = match store.open(self.command.id).await {
            Ok(writer) => (writer, None),
            Err(error) => {
                tracing::error!(command = %self.command.id, %error, "the output kept so far cannot be read");
                (store.fresh(self.command.id), Some(output_lost(&error)))
            }
        };
        self.live.progress.send_modify(|progress| progress.problem.clone_from(&self.lost));
        self.intake.resume(self.writer.lengths());
        self.tell_lengths();
        let [output, errors] = self.writer.lengths();
        self.open(output, errors).map_err(Heard::from)
    }

    fn is_terminal(&self) -> bool {
        self.command.operation.is_terminal()
    }

    /// Of a terminal, what is not here and not there either is gone.
    fn ask_for_the_newest(&mut self) -> Result<Stream, Cut> {
        let known = self.live.scrollback.end();
        self.intake.resume([known, 0]);
        self.live.go_on_with_input();
        self.open(known, 0)
    }

    fn open(&self, output: u64, errors: u64) -> Result<Stream, Cut> {
        let follow = Follow { command: self.command.id.to_string(), output, errors, input: self.live.input_taken() };
        let opening = encode(&Opening::Follow(follow)).into();
        self.connected.link.open(priority(&self.command), opening).map_err(|_| Cut::Gone)
    }

    async fn listen(&mut self, stream: Stream) -> Heard {
        // Each stream tells all of them.
        self.left = None;
        let (sending, mut receiving) = stream.split();
        let orders = self.live.take_orders();
        self.live.tell_size();
        let (live, secrets) = (Arc::clone(self.live), self.secrets.take());
        let talking = talk(&live, sending, (secrets, orders), (self.command.has_input, self.is_terminal()));
        let recording = record(self.command.id, self.recorder.clone());
        tokio::select! {
            biased;
            // Whoever types into a flood gets their turn first.
            never = talking => match never {},
            never = recording => match never {},
            heard = self.hear_all(&mut receiving) => heard,
        }
    }

    async fn begin_to_record(&mut self) {
        if !self.command.operation.is_recorded() {
            return;
        }
        match self.fleet.commands().store().recorder(&self.command, self.live).await {
            Ok(recorder) => self.recorder = Some(recorder),
            Err(error) => tracing::error!(command = %self.command.id, %error, "a terminal cannot be recorded"),
        }
    }

    /// How long the recording is, and what is wrong with it.
    async fn end_recording(&self) -> (u64, Option<CommandProblem>) {
        let problem = |code: &str, detail: &str| Some(CommandProblem::new(code, detail));
        let done = match &self.recorder {
            Some(recorder) => recorder.finish().await,
            None => Err(std::io::Error::other("it was never begun")),
        };
        match done {
            Ok(done) if done.is_cut => {
                (done.length, problem("recording_cut", "The recording was cut: it is too long."))
            }
            Ok(done) => (done.length, None),
            Err(error) => (0, problem("recording_lost", &format!("The recording could not be kept: {error}."))),
        }
    }

    async fn hear_all(&mut self, receiving: &mut Receiving) -> Heard {
        let (mut waiting, mut size): (Vec<Next>, usize) = (vec![], 0);
        loop {
            // What comes fast is written in one go.
            let ready = if size >= MOST_AT_ONCE { None } else { receiving.receive().now_or_never() };
            let message = match ready {
                Some(message) => message,
                None if !waiting.is_empty() => {
                    self.keep(std::mem::take(&mut waiting), receiving).await;
                    size = 0;
                    continue;
                }
                None => receiving.receive().await,
            };
            let step = match self.read(message) {
                Ok(Some(step)) => step,
                Ok(None) => continue,
                Err(cut) => {
                    self.keep(waiting, receiving).await;
                    return cut.into();
                }
            };
            if let (Step::Output(_, bytes), true) = (&step, self.is_terminal()) {
                self.show(bytes);
                // Whoever types into a flood gets their turn.
                tokio::task::coop::consume_budget().await;
                continue;
            }
            if let Step::Output(channel, bytes) = step {
                size += bytes.len();
                waiting.push((channel, bytes));
                continue;
            }
            // What was said before comes first.
            self.keep(std::mem::take(&mut waiting), receiving).await;
            size = 0;
            if let Some(heard) = self.take(step).await {
                return heard;
            }
            if self.is_too_much {
                return self.wait_for_stop(receiving).await;
            }
        }
    }

    fn read(&mut self, message: Result<Option<Bytes>, diwan_link::Reset>) -> Result<Option<Step>, Cut> {
        match message {
            Err(diwan_link::Reset::Link(_)) => Err(Cut::Gone),
            Err(_) | Ok(None) => Err(Cut::Broken),
            Ok(Some(bytes)) => match decode::<FromCommand>(&bytes) {
                Ok(None) => Ok(None),
                Ok(Some(message)) => {
                    self.intake.take_at_most(self.fleet.outputs().most_per_command());
                    self.intake.hear(message).map(Some).map_err(Cut::Fault)
                }
                Err(_) => Err(Cut::Fault(Fault::Piece)),
            },
        }
    }

    async fn take(&mut self, step: Step) -> Option<Heard> {
        match step {
            Step::Nothing | Step::Output(..) => None,
            Step::Verdict(verdict) => self.judged(CommandVerdict::from(&verdict)),
            Step::Started(at_ms) => {
                self.started(at_ms);
                None
            }
            Step::InputTaken(count) => {
                self.live.input_was_taken(count);
                None
            }
            Step::Artifacts(artifacts) => {
                self.left.get_or_insert_default().take(artifacts);
                None
            }
            Step::TooMuch => {
                self.is_too_much = true;
                self.live.cancel();
                None
            }
            Step::Ended(ended) => Some(match told(&ended.outcome) {
                Some((state, told)) => Heard::Over(state, told, Some(ended)),
                None => Heard::Forgotten,
            }),
        }
    }

    fn judged(&mut self, verdict: CommandVerdict) -> Option<Heard> {
        let decision = verdict.decision;
        self.command.verdict = Some(verdict.clone());
        self.live.progress.send_modify(|progress| progress.verdict = Some(verdict));
        match decision {
            PolicyDecision::Allow => None,
            PolicyDecision::Deny => Some(Heard::Over(CommandState::Refused, Told::default(), None)),
            // It goes on: somebody has said yes.
            PolicyDecision::Ask if self.command.approval.is_some() => None,
            PolicyDecision::Ask => Some(Heard::Over(CommandState::NeedsApproval, Told::default(), None)),
        }
    }

    /// By the machine's clock, which may be wrong: it cannot have begun before it was asked, nor later than now.
    fn moment(&self, at_ms: i64) -> Timestamp {
        let from = self.command.started_at.unwrap_or(self.command.issued_at);
        let to = self.fleet.world().now();
        Timestamp::from_millis(at_ms).clamp(from.min(to), to)
    }

    fn started(&mut self, at_ms: i64) {
        let at = self.moment(at_ms);
        (self.command.started_at, self.command.state) = (Some(at), CommandState::Running);
        self.live.progress.send_modify(|progress| {
            (progress.state, progress.started_at) = (Some(CommandState::Running), Some(at));
        });
        self.fleet.db().events().publish(vec![NewEvent::from(&CommandStarted(About::from(&self.command)))]);
    }

    /// Shows what a terminal says to whoever looks on, without waiting for anything.
    fn show(&self, bytes: &Bytes) {
        let at = self.intake.lengths()[0].saturating_sub(bytes.len() as u64);
        let end = self.live.scrollback.push(at, bytes);
        self.live.progress.send_modify(|progress| progress.lengths = [end, 0]);
    }

    /// Writes output down and says so. What cannot be written is asked for again when the command is over.
    async fn keep(&mut self, pieces: Vec<Next>, receiving: &mut Receiving) {
        if pieces.is_empty() || self.lost.is_some() {
            return;
        }
        let writer = std::mem::replace(&mut self.writer, self.fleet.commands().store().fresh(self.command.id));
        let (writer, written) = self.fleet.commands().store().append(self.command.id, writer, pieces).await;
        self.writer = writer;
        if let Err(error) = written {
            tracing::error!(command = %self.command.id, %error, "output cannot be kept");
            self.lost = Some(output_lost(&error));
            self.live.progress.send_modify(|progress| progress.problem.clone_from(&self.lost));
        }
        self.tell_lengths();
        if self.writer.lengths().iter().sum::<u64>() > IS_BULK {
            receiving.widen(BULK_WINDOW);
        }
    }

    fn tell_lengths(&self) {
        let lengths = self.writer.lengths();
        self.live.progress.send_modify(|progress| progress.lengths = lengths);
    }

    async fn wait_for_stop(&mut self, receiving: &mut Receiving) -> Heard {
        let stop = async {
            loop {
                match receiving.receive().await {
                    Ok(Some(bytes)) => match decode::<FromCommand>(&bytes) {
                        Ok(Some(FromCommand::Ended(Ended { outcome, .. }))) if outcome != Outcome::Forgotten => return,
                        _ => {}
                    },
                    Ok(None) | Err(_) => return,
                }
            }
        };
        // Whether it stopped or not: nothing more of it is taken.
        let _ = tokio::time::timeout(TO_STOP, stop).await;
        let kept: u64 = self.writer.lengths().iter().sum();
        let detail = format!(
            "It said more than {} MB, which is as much as one command may say (outputs.most_per_command_mb). The first {kept} bytes are kept.",
            self.fleet.outputs().most_per_command_mb
        );
        let told = Told::because(CommandOutcome::OverLimit, &detail);
        Heard::Over(CommandState::Ended, told, None)
    }

    async fn end(&mut self, state: CommandState, told: Told, ended: Option<Ended>) {
        self.command.usage = ended.as_ref().map(|ended| CommandUsage::from(ended.usage));
        let at = ended.map_or_else(|| self.fleet.world().now(), |ended| self.moment(ended.at_ms));
        let problem = self.lost.take();
        self.finish(state, told, problem, at).await;
    }

    async fn never_sent(&mut self) {
        let problem =
            CommandProblem::new("machine_offline", "The connection was lost before the command could be sent.");
        let now = self.fleet.world().now();
        self.finish(CommandState::Refused, Told::default(), Some(problem), now).await;
    }

    /// The machine knows of no such command. Where it can be told that it never came there, it is.
    async fn forgotten(&mut self) {
        let now = self.fleet.world().now();
        let hello = &self.connected.hello;
        let sent = self.command.sent.as_ref();
        let signed = sent.and_then(|sent| sent.read());
        let is_same_life = signed.is_some_and(|command| command.boot == hello.boot);
        let never_came = is_same_life && sent.is_some_and(|sent| hello.seen < sent.sequence);
        if never_came {
            let problem = CommandProblem::new("never_arrived", "The connection was lost before the command arrived.");
            return self.finish(CommandState::Refused, Told::default(), Some(problem), now).await;
        }
        let detail = "The machine does not remember the command. It may have been carried out, or not.";
        let problem = CommandProblem::new("forgotten", detail);
        self.finish(CommandState::Unknown, Told::default(), Some(problem), now).await;
    }

    async fn gave_up(&mut self, fault: Fault) {
        let detail =
            format!("What the machine said of the command cannot be: {fault}. It is not listened to any longer.");
        let now = self.fleet.world().now();
        let problem = CommandProblem::new("machine_broke_rules", detail);
        self.finish(CommandState::Unknown, Told::default(), Some(problem), now).await;
    }

    async fn finish(&mut self, state: CommandState, told: Told, problem: Option<CommandProblem>, at: Timestamp) {
        let store = self.fleet.commands().store();
        let writer = std::mem::replace(&mut self.writer, store.fresh(self.command.id));
        let (writer, synced) = store.sync(self.command.id, writer).await;
        self.writer = writer;
        let recorded = if self.command.operation.is_recorded() { Some(self.end_recording().await) } else { None };
        let unsynced = synced.err().map(|error| output_lost(&error));
        let command = &mut self.command;
        (command.state, command.told, command.problem) = (state, told, problem.or(unsynced));
        command.ended_at = Some(at);
        [command.output_bytes, command.error_bytes] = self.writer.lengths();
        if let Some((length, problem)) = recorded {
            command.output_bytes = length;
            command.problem = command.problem.take().or(problem);
        }
        command.left = self.left.take().map(Arc::new);
        command.input_bytes = self.live.input_taken();
        self.fleet.write_end(self.command.clone(), Some(self.connected)).await;
    }
}

/// Records a terminal for as long as it is listened to.
async fn record(id: CommandId, recorder: Option<Recorder>) -> Infallible {
    if let Some(recorder) = recorder {
        let error = recorder.run().await;
        tracing::error!(command = %id, %error, "the recording of a terminal cannot be written");
    }
    std::future::pending().await
}

fn output_lost(error: &std::io::Error) -> CommandProblem {
    let is_full = matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded);
    let why = if is_full { "The disk is full" } else { "The disk failed" };
    CommandProblem::new("output_lost", format!("{why}, so that not all output could be kept."))
}
