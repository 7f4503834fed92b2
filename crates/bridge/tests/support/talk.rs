//! What a control plane says to a machine about commands, and what it hears.

use std::time::Duration;

use bytes::Bytes;
use diwan_link::{Priority, Reset, Stream};
use diwan_protocol::artifacts::Artifacts;
use diwan_protocol::command::{Actor, Exec, Place, VERSION};
use diwan_protocol::environment::{Brought, Environment};
use diwan_protocol::opening::Follow;
use diwan_protocol::run::{Decision, Ended, FromCommand, LENGTH_OF_BLANK, Outcome, Piece, ToCommand, Verdict};
use diwan_protocol::{Command, Opening, Operation, SignedCommand, decode, encode};

use diwan_protocol::control::{FromBridge, ToBridge};
use diwan_protocol::facts::PolicyInForce;

use super::bridge::Bridge;
use super::plane::{Connection, MACHINE, Plane, now_ms};

pub fn exec(argv: &[&str]) -> Operation {
    Operation::Exec(Exec {
        argv: argv.iter().map(|a| (*a).to_owned()).collect(),
        place: Place { root: "work".to_owned(), path: String::new() },
        has_input: false,
        timeout_ms: None,
    })
}

pub fn exec_with_input(argv: &[&str]) -> Operation {
    let Operation::Exec(exec) = exec(argv) else { unreachable!() };
    Operation::Exec(Exec { has_input: true, ..exec })
}

/// A sound command for this machine in this moment.
pub fn command(plane: &Plane, to: &Connection, operation: Operation) -> Command {
    let sequence = plane.next_sequence();
    // It lives as long as a command may, and not a millisecond longer.
    let issued_ms = now_ms();
    Command {
        version: VERSION,
        id: format!("cmd_{sequence}"),
        machine: MACHINE.to_owned(),
        boot: to.hello.boot,
        sequence,
        issued_ms,
        expires_ms: issued_ms + 60_000,
        policy: to.hello.policy.hash,
        actor: Actor { id: "usr_1".to_owned(), name: "Amina".to_owned() },
        approval: None,
        operation,
        retry_safe: false,
        environment: None,
        artifacts: None,
        limits: None,
    }
}

/// All that a command said.
#[derive(Debug, Default)]
pub struct Heard {
    pub verdict: Option<Verdict>,
    pub started: bool,
    pub output: Vec<u8>,
    pub errors: Vec<u8>,
    pub input_taken: u64,
    pub ended: Option<Ended>,
    /// The files that it left, if that was told.
    pub artifacts: Option<Artifacts>,
    /// How much was heard and not kept, where only the amount matters.
    pub passed_over: [u64; 2],
    keeps_nothing: bool,
}

impl Heard {
    pub fn outcome(&self) -> &Outcome {
        &self.ended.as_ref().expect("it has no end").outcome
    }

    pub fn decision(&self) -> Decision {
        self.verdict.as_ref().expect("it has no verdict").decision
    }

    pub fn code(&self) -> &str {
        &self.verdict.as_ref().expect("it has no verdict").reasons[0].code
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.output).into_owned()
    }

    /// Takes in a message; pieces must follow one another without a gap.
    pub fn take(&mut self, message: FromCommand) {
        match message {
            FromCommand::Verdict(verdict) => self.verdict = Some(verdict),
            FromCommand::Started(_) => self.started = true,
            FromCommand::Output(piece) => {
                let (channel, passed) = match piece.channel {
                    1 => (&mut self.output, &mut self.passed_over[0]),
                    _ => (&mut self.errors, &mut self.passed_over[1]),
                };
                assert_eq!(piece.at, channel.len() as u64 + *passed, "a gap");
                if self.keeps_nothing {
                    *passed += piece.bytes.len() as u64;
                } else {
                    channel.extend_from_slice(&piece.bytes);
                }
            }
            FromCommand::InputTaken(taken) => self.input_taken = taken,
            FromCommand::Artifacts(mut page) => {
                assert!(self.ended.is_none());
                let all = self.artifacts.get_or_insert_default();
                all.files.append(&mut page.files);
                all.left_out.append(&mut page.left_out);
                all.more_left_out += page.more_left_out;
            }
            FromCommand::Ended(ended) => {
                if ended.outcome != Outcome::Forgotten {
                    let heard = [self.output.len() as u64, self.errors.len() as u64];
                    assert_eq!(ended.output, heard[0] + self.passed_over[0]);
                    assert_eq!(ended.errors, heard[1] + self.passed_over[1]);
                }
                self.ended = Some(ended);
            }
        }
    }
}

/// A command's stream.
pub struct Talk {
    pub stream: Stream,
    pub heard: Heard,
}

const PATIENCE: Duration = Duration::from_secs(60);

impl Talk {
    pub async fn send(&mut self, message: &ToCommand) {
        self.stream.send(encode(message).into()).await.unwrap();
    }

    pub async fn input(&mut self, at: u64, bytes: &[u8]) {
        self.send(&ToCommand::Input(Piece { channel: 0, at, bytes: bytes.to_vec().into() })).await;
    }

    /// From here on only the amount of output matters.
    pub fn keep_nothing(&mut self) {
        self.heard.keeps_nothing = true;
    }

    /// The next message; none when the stream is over.
    pub async fn next(&mut self) -> Result<Option<()>, Reset> {
        let message =
            tokio::time::timeout(PATIENCE, self.stream.receive()).await.expect("nothing came for a minute")?;
        let Some(message) = message else { return Ok(None) };
        self.heard.take(decode(&message).unwrap().unwrap());
        Ok(Some(()))
    }

    /// Hears until something is so.
    pub async fn until(&mut self, is_so: impl Fn(&Heard) -> bool) {
        while !is_so(&self.heard) {
            self.next().await.unwrap().expect("it ended before that");
        }
    }

    /// Hears to the end.
    pub async fn until_the_end(mut self) -> Heard {
        while self.next().await.unwrap().is_some() {}
        self.stream.finish();
        assert!(self.heard.ended.is_some());
        self.heard
    }

    /// Hears until the connection breaks, or to the end.
    pub async fn while_it_lasts(mut self) -> Heard {
        while let Ok(Some(())) = self.next().await {}
        self.stream.finish();
        self.heard
    }
}

impl Connection {
    pub async fn bring(&self, signed: &SignedCommand) -> Talk {
        self.open(&Opening::Run, Some(encode(signed).into()), Heard::default()).await
    }

    /// Signs and brings a command.
    pub async fn run(&self, plane: &Plane, operation: Operation) -> Talk {
        let command = command(plane, self, operation);
        self.bring(&plane.signing.sign(&command)).await
    }

    /// Signs and brings a command that is given something, and what was promised with it.
    pub async fn run_given(
        &self,
        plane: &Plane,
        operation: Operation,
        environment: Environment,
        brought: Option<Brought>,
    ) -> Talk {
        let command = Command { environment: Some(environment), ..command(plane, self, operation) };
        let mut talk = self.bring(&plane.signing.sign(&command)).await;
        if let Some(brought) = brought {
            talk.send(&ToCommand::Secrets(brought)).await;
            talk.send(&ToCommand::Blank(vec![0; LENGTH_OF_BLANK].into())).await;
        }
        talk
    }

    /// Goes on from what was heard.
    pub async fn follow(&self, command: &str, heard: Heard) -> Talk {
        let (output, errors) = (heard.output.len() as u64, heard.errors.len() as u64);
        let follow = Follow { command: command.to_owned(), output, errors, input: heard.input_taken };
        self.open(&Opening::Follow(follow), None, heard).await
    }

    async fn open(&self, opening: &Opening, first: Option<Bytes>, heard: Heard) -> Talk {
        let mut stream = self.link.open(Priority::Interactive, encode(opening).into()).unwrap();
        stream.widen(1024 * 1024);
        if let Some(first) = first {
            stream.send(first).await.unwrap();
        }
        Talk { stream, heard }
    }
}

/// The policy that the machine tells next.
pub async fn next_policy(machine: &mut Connection) -> PolicyInForce {
    loop {
        let message = tokio::time::timeout(PATIENCE, machine.control.receive()).await.expect("no policy was told");
        let message = message.unwrap().expect("the machine left");
        if let Some(FromBridge::Policy(policy)) = decode(&message).unwrap() {
            return policy;
        }
    }
}

impl Connection {
    pub async fn tell(&mut self, message: &ToBridge) {
        self.control.send(encode(message).into()).await.unwrap();
    }

    /// Has the owner change the policy, and waits until the machine has told.
    pub async fn until_policy_is_told(&mut self, bridge: &Bridge) {
        let text = std::fs::read_to_string(bridge.policy()).unwrap();
        bridge.write_policy(&format!("{text}\n# again\n"));
        self.hello.policy = next_policy(self).await;
    }
}
