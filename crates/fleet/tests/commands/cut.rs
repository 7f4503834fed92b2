//! Output over connections that are cut wherever chance has it.

use diwan_protocol::run::{Decision, FromCommand, Outcome};
use diwan_testkit::{Person, TestServer, on_every_backend};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;

use super::machine::{ended, piece, try_say, verdict};
use super::{Machine, audit, becomes, exec, run, text};

/// What comes after a piece.
#[derive(Debug, Clone, Copy)]
enum Then {
    GoOn,
    /// The stream breaks.
    Break,
    /// The connection does.
    Cut,
}

/// A piece: on which channel, how far back it begins, how long it is.
type Step = (usize, usize, usize, Then);

#[derive(Debug, Clone)]
struct Plan {
    said: [Vec<u8>; 2],
    steps: Vec<Step>,
}

fn plan() -> impl Strategy<Value = Plan> {
    let text = || proptest::collection::vec(any::<u8>(), 0..60_000);
    let then = prop_oneof![6 => Just(Then::GoOn), 1 => Just(Then::Break), 2 => Just(Then::Cut)];
    let steps = proptest::collection::vec((0usize..2, 0usize..5000, 1usize..20_000, then), 0..14);
    ([text(), text()], steps).prop_map(|(said, steps)| Plan { said, steps })
}

/// A machine that carries the plan out: whatever happens to the connection, it ends with everything said.
async fn carry_out(server: &TestServer, machine: &mut Machine, id: &str, plan: &Plan) {
    let mut sent = machine.sent().await;
    sent.begin().await;
    let (mut stream, mut at) = (sent.stream, [0usize; 2]);
    for (channel, back, length, then) in plan.steps.iter().copied() {
        let said = &plan.said[channel];
        let from = at[channel].saturating_sub(back);
        let to = (from + length).min(said.len());
        if from < to && try_say(&mut stream, piece(channel as u8 + 1, from as u64, &said[from..to])).await {
            at[channel] = at[channel].max(to);
        }
        if matches!(then, Then::GoOn) {
            continue;
        }
        drop(stream);
        if matches!(then, Then::Cut) {
            machine.cut(server).await;
            machine.connect(server).await;
        }
        stream = again(machine, id, &mut at).await;
    }
    for (channel, at) in at.iter_mut().enumerate() {
        for rest in plan.said[channel][*at..].chunks(40_000) {
            assert!(try_say(&mut stream, piece(channel as u8 + 1, *at as u64, rest)).await, "it is heard");
            *at += rest.len();
        }
    }
    let [output, errors] = [plan.said[0].len() as u64, plan.said[1].len() as u64];
    assert!(try_say(&mut stream, ended(Outcome::Exited(0), output, errors)).await, "it is heard");
    machine.forgets(id).await;
}

/// It is asked for what is missing: never for more than was said.
async fn again(machine: &mut Machine, id: &str, at: &mut [usize; 2]) -> diwan_link::Stream {
    let (follow, mut stream) = machine.followed().await;
    assert_eq!(follow.command, id);
    assert!(follow.output <= at[0] as u64 && follow.errors <= at[1] as u64, "{follow:?} of {at:?}");
    *at = [follow.output as usize, follow.errors as usize];
    try_say(&mut stream, verdict(Decision::Allow)).await;
    try_say(&mut stream, FromCommand::Started(0)).await;
    stream
}

/// Everything that a command said on a channel, byte by byte.
pub(super) async fn bytes_of(person: &Person, command: &Value, channel: u8) -> Vec<u8> {
    let (mut all, id) = (vec![], text(command, "id"));
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    loop {
        let url =
            format!("{}/api/v1/commands/{id}/output?channel={channel}&from={}&limit=9999", person.base(), all.len());
        let cookie = format!("diwan_session={}", person.cookie("diwan_session").expect("signed in"));
        let answer = http.get(url).header("cookie", cookie).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        let is_end = answer.headers()["x-output-end"] == "true";
        all.extend_from_slice(&answer.bytes().await.expect("bytes"));
        if is_end {
            return all;
        }
    }
}

on_every_backend! {
    async fn f29_f30_f31_output_is_exact_wherever_the_connection_is_cut(backend) {
        let (server, owner) = TestServer::builder().on(backend).owned().await;
        let mut machine = Machine::connected(&server, &owner, "box").await;
        let dice = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
        let mut runner = TestRunner::new_with_rng(Config::default(), dice);
        let strategy = plan();
        for number in 0..8 {
            let plan = strategy.new_tree(&mut runner).expect("a plan").current();
            let begun = run(&owner, exec("box", &["make"])).await;
            carry_out(&server, &mut machine, text(&begun, "id"), &plan).await;
            let over = becomes(&server, &owner, &begun, "ended").await;
            assert_eq!((over["output_bytes"].as_u64(), &over["problem"]), (Some(plan.said[0].len() as u64), &Value::Null));
            for (channel, said) in (1..).zip(&plan.said) {
                assert!(bytes_of(&owner, &begun, channel).await == *said, "plan {number}, channel {channel}: {:?}", plan.steps);
            }
            assert_eq!(audit(&owner, "command.end").await.len(), number + 1, "each has one end");
        }
    }
}
