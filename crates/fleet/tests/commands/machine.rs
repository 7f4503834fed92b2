//! A machine that joined and carries out what a test has it carry out.

use diwan_link::Stream;
use diwan_protocol::artifacts::FetchArtifact;
use diwan_protocol::control::{Hello, ToBridge};
use diwan_protocol::opening::Follow;
use diwan_protocol::run::{Decision, Ended, FromCommand, Outcome, Piece, Reason, ToCommand, Usage, Verdict};
use diwan_protocol::signed::Standing;
use diwan_protocol::{Command, Opening, SignedCommand, decode, encode};
use diwan_testkit::{Person, TestServer};
use reqwest::StatusCode;
use serde_json::json;

use super::bridge::{Bridge, Connection};
use super::text;

/// It, with the connection that it has.
pub(crate) struct Machine {
    pub(crate) bridge: Bridge,
    pub(crate) connection: Option<Connection>,
    pub(crate) name: String,
    /// The highest number that it has seen.
    pub(crate) seen: u64,
}

/// A command that a machine was sent, and the stream it came on.
pub(crate) struct Sent {
    pub(crate) command: Command,
    pub(crate) stream: Stream,
}

/// What the machine was asked on a new stream.
pub(crate) enum Asked {
    Run(Box<Sent>),
    Follow(Follow, Stream),
    Judge(Stream),
    #[allow(dead_code, reason = "the stories about jobs use it")]
    Artifact(FetchArtifact, Stream),
}

impl Machine {
    /// Joins, and is not connected yet.
    pub(crate) async fn joined(server: &TestServer, owner: &Person, name: &str, labels: &[&str]) -> Self {
        let body = json!({"name": name, "labels": labels});
        let line = owner.post("/api/v1/join-tokens", body).await.expect(StatusCode::CREATED);
        let mut bridge = Bridge::new(server, text(&line, "fingerprint"));
        bridge.join(text(&line, "token")).await;
        assert!(bridge.joined.is_some(), "it joins");
        Self { bridge, connection: None, name: name.to_owned(), seen: 0 }
    }

    /// Joins and connects.
    pub(crate) async fn connected(server: &TestServer, owner: &Person, name: &str) -> Self {
        let mut machine = Self::joined(server, owner, name, &[]).await;
        machine.connect(server).await;
        machine
    }

    pub(crate) fn id(&self) -> String {
        self.bridge.joined.as_ref().expect("it has joined").machine.clone()
    }

    /// Connects, and waits until it is seen to be there.
    pub(crate) async fn connect(&mut self, server: &TestServer) {
        self.connect_with(server, |_| {}).await;
    }

    /// Connects and presents itself otherwise.
    pub(crate) async fn connect_with(&mut self, server: &TestServer, change: impl FnOnce(&mut Hello)) {
        let mut feed = server.product().events.listen(None).receiver;
        self.bridge.address = server.address();
        self.bridge.connections += 1;
        let mut hello = self.bridge.hello();
        hello.seen = self.seen;
        change(&mut hello);
        self.connection = Some(self.bridge.connect_with(hello).await.expect("it is let in"));
        let id = self.id();
        loop {
            let event = feed.recv().await.expect("the feed goes on");
            if event.name == "machine.changed" && event.data["id"] == id.as_str() && event.data["state"] == "online" {
                return;
            }
        }
    }

    /// Loses the connection, and waits until that is noticed.
    pub(crate) async fn cut(&mut self, server: &TestServer) {
        let mut feed = server.product().events.listen(None).receiver;
        self.connection = None;
        let id = self.id();
        loop {
            let event = feed.recv().await.expect("the feed goes on");
            if event.name == "machine.changed" && event.data["id"] == id.as_str() && event.data["state"] == "offline" {
                return;
            }
        }
    }

    pub(crate) fn connection(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("it is connected")
    }

    /// What it is asked next. A command is believed only if everything about it is right.
    pub(crate) async fn asked(&mut self) -> Asked {
        let (mut stream, opening) = self.connection().link.accept().await.expect("a stream");
        match decode::<Opening>(&opening).expect("it makes sense").expect("it is known") {
            Opening::Run => {
                let bytes = stream.receive().await.expect("the stream goes on").expect("a command").to_vec();
                let signed: SignedCommand = decode(&bytes).expect("it makes sense").expect("it is known");
                let id = self.id();
                let standing = Standing {
                    machine: &id,
                    boot: self.bridge.boot,
                    policy: [7; 32],
                    now_ms: self.bridge.world.now().as_millis(),
                    seen: self.seen,
                };
                let keys = self.connection().welcome.keys.clone();
                let command = signed.open(&keys, standing).expect("it is believed");
                self.seen = command.sequence;
                Asked::Run(Box::new(Sent { command, stream }))
            }
            Opening::Follow(follow) => Asked::Follow(follow, stream),
            Opening::Judge => Asked::Judge(stream),
            Opening::Artifact(wanted) => Asked::Artifact(wanted, stream),
            other => panic!("nobody asks a machine for {other:?}"),
        }
    }

    /// The next command that it is sent.
    pub(crate) async fn sent(&mut self) -> Sent {
        match self.asked().await {
            Asked::Run(sent) => *sent,
            _ => panic!("it is asked for something else"),
        }
    }

    /// The next command that is asked for again.
    pub(crate) async fn followed(&mut self) -> (Follow, Stream) {
        match self.asked().await {
            Asked::Follow(follow, stream) => (follow, stream),
            _ => panic!("it is asked for something else"),
        }
    }

    /// Waits until it is told to forget this.
    pub(crate) async fn forgets(&mut self, command: &str) {
        loop {
            if let ToBridge::Forget(ids) = self.connection().hear().await
                && ids.iter().any(|id| id == command)
            {
                return;
            }
        }
    }
}

/// Says something about a command.
pub(crate) async fn say(stream: &mut Stream, message: FromCommand) {
    stream.send(encode(&message).into()).await.expect("it is heard");
}

/// Says something that perhaps nobody hears any more.
pub(crate) async fn try_say(stream: &mut Stream, message: FromCommand) -> bool {
    stream.send(encode(&message).into()).await.is_ok()
}

/// What the command is told next.
pub(crate) async fn hear(stream: &mut Stream) -> ToCommand {
    let message = stream.receive().await.expect("the stream goes on").expect("a message");
    decode(&message).expect("it makes sense").expect("it is known")
}

pub(crate) fn verdict(decision: Decision) -> FromCommand {
    let reason = Reason { code: "no_rule".into(), words: "no rule speaks of it".into() };
    let reasons = if decision == Decision::Allow { vec![] } else { vec![reason] };
    let rule = (decision != Decision::Deny).then(|| "git-status".to_owned());
    FromCommand::Verdict(Verdict { decision, rule, reasons, argv: vec!["/usr/bin/git".into(), "status".into()] })
}

pub(crate) fn piece(channel: u8, at: u64, bytes: &[u8]) -> FromCommand {
    FromCommand::Output(Piece { channel, at, bytes: bytes.to_vec().into() })
}

pub(crate) fn ended(outcome: Outcome, output: u64, errors: u64) -> FromCommand {
    let usage = Usage { user_us: 1200, system_us: 300, memory_bytes: 1 << 20, wall_us: 2500 };
    FromCommand::Ended(Ended { outcome, at_ms: 0, output, errors, usage })
}

impl Sent {
    /// Allows it and begins.
    pub(crate) async fn begin(&mut self) {
        let now = self.command.issued_ms;
        say(&mut self.stream, verdict(Decision::Allow)).await;
        say(&mut self.stream, FromCommand::Started(now)).await;
    }

    /// Ends it.
    pub(crate) async fn end(&mut self, code: i32, output: u64, errors: u64) {
        say(&mut self.stream, ended(Outcome::Exited(code), output, errors)).await;
    }
}
